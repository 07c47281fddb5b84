"""A return as its actors see it."""

import itertools

from domain.shipping import PickupReference


class Case:
    """What the actors know of one return; the books are the providers'."""

    def __init__(self, rma_id: str, units: dict[str, int]) -> None:
        self.rma_id = rma_id
        self.authorized = units
        self.received: dict[str, int] = {}
        self.accepted: dict[str, int] = {}
        self.rejected: dict[str, int] = {}
        self.settled: dict[str, int] = {}
        self.inspected = False
        self.inspected_late = False
        self.contested = False
        self.closed = False
        self.rounds = itertools.count(1)
        self.ops = itertools.count(1)
        self.bookings: list[PickupReference] = []

    def op(self, name: str) -> str:
        """The next entry of a kind in this return."""
        return f"{name}-{next(self.ops)}"
