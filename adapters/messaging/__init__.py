"""The messaging port: its Protocol and its clients."""
