"""Deterministic orchestration. `contracts` and `ids` are what others import."""
