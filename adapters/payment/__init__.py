"""The payment port: its Protocol and its clients."""
