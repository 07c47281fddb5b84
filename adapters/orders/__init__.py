"""The orders port: its Protocol and its clients."""
