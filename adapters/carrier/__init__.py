"""The carrier port: its Protocol and its clients."""
