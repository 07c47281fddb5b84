"""Versioned policy data (TOML) and the texts of messages. Data only; `domain.policy` gives it meaning."""
