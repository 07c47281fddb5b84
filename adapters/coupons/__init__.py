"""The coupons port: its Protocol and its clients."""
