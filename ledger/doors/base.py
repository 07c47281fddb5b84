"""What every door has: the engine."""

from sqlalchemy import Engine


class Door:
    """The base of the doors of the ledger. Each method of a door is one transaction, safe to repeat."""

    engine: Engine
