"""Histories for engineers: export them without personal data, and replay them on today's code."""
