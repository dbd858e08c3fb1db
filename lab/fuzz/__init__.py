"""Fuzzing: malformed messages through every decoder and every route. `python -m lab.fuzz --help`."""
