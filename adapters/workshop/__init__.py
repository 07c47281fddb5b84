"""The workshop port: its Protocol and its clients."""
