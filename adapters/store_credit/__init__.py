"""The store-credit port: its Protocol and its clients."""
