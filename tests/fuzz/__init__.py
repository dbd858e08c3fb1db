"""Fuzzing: malformed messages through every decoder and every route. `python -m tests.fuzz --help`."""
