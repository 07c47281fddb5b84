"""The units of a return in its parcels: how they are packed, and what became of them (section 2).

Quantities are separate numbers: expected, shipped, received, accepted, rejected, missing. Every function keeps
their sums: nothing is negative, no more arrives than was expected, and once a parcel is inspected its expected
units are accepted, rejected or missing.
"""

from collections.abc import Mapping, Sequence
from typing import Self

from domain.application import PlannedParcel
from domain.record import Quantity, Record


class ParcelLine(Record):
    """The units of one return line in one parcel."""

    line_id: str
    expected: Quantity
    shipped: Quantity = 0
    received: Quantity = 0
    accepted: Quantity = 0
    rejected: Quantity = 0
    missing: Quantity = 0

    def expecting(self, more: int) -> Self:
        """More of them were packed here than planned, or fewer; what was sent follows."""
        expected = self.expected + more
        return self.model_copy(update={"expected": expected, "shipped": expected if self.shipped else 0})

    def sent(self) -> Self:
        """All of them are on their way."""
        return self.model_copy(update={"shipped": self.expected})

    def not_sent(self) -> Self:
        """None of them is on its way any more."""
        return self.model_copy(update={"shipped": 0})

    def came(self, quantity: int) -> Self:
        """More of them arrived; what is beyond the expected units belongs to no line and is not counted here."""
        received = min(self.received + quantity, self.expected)
        return self.model_copy(update={"shipped": self.expected, "received": received})

    def found(self, accepted: int, rejected: int) -> Self:
        """The inspection's result: what it does not name is missing."""
        return self.model_copy(
            update={
                "shipped": self.expected,
                "received": accepted + rejected,
                "accepted": accepted,
                "rejected": rejected,
                "missing": self.expected - accepted - rejected,
            }
        )

    def accepted_after_all(self, quantity: int) -> Self:
        """A contest was won: rejected units count first, then missing ones."""
        from_rejected = min(quantity, self.rejected)
        return self.model_copy(
            update={
                "accepted": self.accepted + quantity,
                "rejected": self.rejected - from_rejected,
                "missing": self.missing - (quantity - from_rejected),
            }
        )


Packing = dict[str, ParcelLine]
"""The lines of one parcel by line id."""


def packed(units: Mapping[str, int]) -> Packing:
    """The lines of a parcel that is still to be sent; lines without units are left out."""
    return {
        line_id: ParcelLine(line_id=line_id, expected=quantity) for line_id, quantity in units.items() if quantity
    }


def planned(authorized: Mapping[str, int], plan: Sequence[PlannedParcel]) -> list[Packing]:
    """Pack the authorised units as the customer planned; without a plan into one parcel.

    Where fewer units were authorised than applied for, the last parcels hold fewer; one that is left empty is
    not sent.
    """
    if not plan:
        return [packed(authorized)]
    left = dict(authorized)
    parcels = []
    for parcel in plan:
        units: dict[str, int] = {}
        for line in parcel.lines:
            taken = min(line.quantity, left.get(line.line_id, 0))
            units[line.line_id] = units.get(line.line_id, 0) + taken
            left[line.line_id] = left.get(line.line_id, 0) - taken
        if packing := packed(units):
            parcels.append(packing)
    return parcels


def split(packing: Packing, sent: Mapping[str, int]) -> tuple[Packing, Packing]:
    """Divide a parcel that was not sent yet into what is sent now and the rest.

    Args:
        packing: The parcel; its lines hold at least the units that are sent.
        sent: The units that are sent now, by line.
    """
    first = packed({line_id: sent.get(line_id, 0) for line_id in packing})
    rest = packed({line_id: line.expected - sent.get(line_id, 0) for line_id, line in packing.items()})
    return first, rest


def total(parcels: Sequence[Packing], line_id: str) -> ParcelLine:
    """What all the parcels together hold of a line."""
    lines = [packing[line_id] for packing in parcels if line_id in packing]
    return ParcelLine(
        line_id=line_id,
        expected=sum(line.expected for line in lines),
        shipped=sum(line.shipped for line in lines),
        received=sum(line.received for line in lines),
        accepted=sum(line.accepted for line in lines),
        rejected=sum(line.rejected for line in lines),
        missing=sum(line.missing for line in lines),
    )
