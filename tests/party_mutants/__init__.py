"""Breaking the parties' programs, one change at a time, to see whether a test notices."""
