"""The inventory port: its Protocol and its clients."""
