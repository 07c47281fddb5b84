"""The warehouse port: its Protocol and its clients."""
