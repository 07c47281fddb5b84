"""The claims port: its Protocol and its clients."""
