"""The command line: `returns`."""
