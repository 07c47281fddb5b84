"""Alembic migrations of the ledger, run by `ledger.schema.migrate`."""
