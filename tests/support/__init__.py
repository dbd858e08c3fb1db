"""One world of test parties, for the tests of every room."""
