"""The SQL store that is the single serial owner of the units and the money of each order."""
