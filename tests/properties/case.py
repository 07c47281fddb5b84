"""A return as its actors see it."""

import itertools

from domain.inspection import Disposition, Grade, InspectedUnits, Verdict
from domain.refund import UnitsToSettle
from domain.shipping import PickupReference


class Case:
    """What the actors know of one return; the books are the providers'.

    `root` is the first case of a return that was taken up again. `due_minor` is what its refunds came to, however
    they were paid. What is `final` is not settled any more: its end is being drawn up.
    """

    def __init__(self, rma_id: str, units: dict[str, int], root: str = "") -> None:
        self.rma_id = rma_id
        self.root = root or rma_id
        self.authorized = units
        self.received: dict[str, int] = {}
        self.accepted: dict[str, int] = {}
        self.rejected: dict[str, int] = {}
        self.wrong: dict[str, int] = {}
        self.settled: dict[str, int] = {}
        self.captured: dict[str, int] = {}
        self.inspected = False
        self.inspected_late = False
        self.contested = False
        self.final = False
        self.closed_as = ""
        self.follows_kind = ""
        self.advanced = False
        self.advance_is_over = False
        self.hold_key = ""
        self.hold_is_given_up = False
        self.due_minor = 0
        self.rounds = itertools.count(1)
        self.ops = itertools.count(1)
        self.bookings: list[PickupReference] = []

    def __repr__(self) -> str:
        return self.rma_id

    @property
    def closed(self) -> bool:
        """Whether the case has ended."""
        return bool(self.closed_as)

    @property
    def is_exchange(self) -> bool:
        """Whether the units are replaced: the replacement is sent in advance, against a hold."""
        return bool(self.hold_key)

    def op(self, name: str) -> str:
        """The next entry of a kind in this return."""
        return f"{name}-{next(self.ops)}"

    def held(self) -> dict[str, int]:
        """The units that an open case holds: authorised and not settled."""
        return {line: units - self.settled.get(line, 0) for line, units in self.authorized.items()}

    def unsettled(self) -> dict[str, int]:
        """The units that were accepted and are not settled yet."""
        return {
            line: units - self.settled.get(line, 0)
            for line, units in self.accepted.items()
            if units > self.settled.get(line, 0)
        }

    def awaited(self) -> dict[str, int]:
        """The units that did not come."""
        return {
            line: units - self.accepted.get(line, 0) - self.rejected.get(line, 0)
            for line, units in self.authorized.items()
        }

    def found(self) -> tuple[InspectedUnits, ...]:
        """What the inspection says of goods that are something else than what was sold."""
        return tuple(
            InspectedUnits(
                line_id=line,
                quantity=units,
                verdict=Verdict.REJECTED,
                grade=Grade.FAIL,
                disposition=Disposition.HOLD,
                note="another product",
            )
            for line, units in self.wrong.items()
            if units
        )


def to_settle(units: dict[str, int], deduction_bps: int = 0) -> tuple[UnitsToSettle, ...]:
    """Units by line, as the ledger is asked for them."""
    return tuple(
        UnitsToSettle(line_id=line, quantity=quantity, deduction_bps=deduction_bps)
        for line, quantity in units.items()
        if quantity
    )
