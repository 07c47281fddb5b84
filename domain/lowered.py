"""A deduction that a contest lowers: what it gives back for units that were paid less it (section 8).

With the refund before it, it comes to exactly what the lower deduction would have given at once, less what has
been compensated on the line since.
"""

from collections.abc import Iterator, Sequence

from domain.money import diminished_value
from domain.offers import ceiling_minor
from domain.orders import OrderSnapshot, paid_by_line
from domain.refund import LoweredDeduction, LoweredUnits, RefundLine, SettledBefore, UnitsToSettle
from domain.units_worth import compensation_share, worth_of_units
from domain.worksheet import WorksheetRow, WorksheetRule


class NotDeducted(ValueError):
    """The return was not paid less such a deduction for so many units, or it was lowered for them already."""


def choose_units(
    deducted: Sequence[UnitsToSettle], line_id: str, quantity: int, to_bps: int
) -> tuple[LoweredDeduction, ...]:
    """Choose which of the deducted units a verdict lowers: those with the highest deduction first.

    Raises:
        NotDeducted: If fewer units of the line have a deduction above `to_bps`.
    """
    chosen = []
    for entry in sorted(candidates(deducted, line_id, to_bps), key=lambda entry: -entry.deduction_bps):
        taken = min(entry.quantity, quantity)
        if taken:
            chosen.append(
                LoweredDeduction(line_id=line_id, quantity=taken, from_bps=entry.deduction_bps, to_bps=to_bps)
            )
        quantity -= taken
    if quantity:
        raise NotDeducted(
            f"{quantity} units of line {line_id} too many are to be lowered to {to_bps} basis points"
        )
    return tuple(chosen)


def after_lowering(
    deducted: Sequence[UnitsToSettle], lowered: Sequence[LoweredDeduction]
) -> tuple[UnitsToSettle, ...]:
    """The deducted units as they are afterwards; what has no deduction any more is left out."""
    left = list(deducted)
    for entry in lowered:
        quantity = entry.quantity
        for index, units in enumerate(left):
            if (units.line_id, units.deduction_bps) == (entry.line_id, entry.from_bps):
                taken = min(units.quantity, quantity)
                left[index] = units.model_copy(update={"quantity": units.quantity - taken})
                quantity -= taken
    now = [
        UnitsToSettle(line_id=entry.line_id, quantity=entry.quantity, deduction_bps=entry.to_bps)
        for entry in lowered
        if entry.to_bps
    ]
    return tuple(units for units in (*left, *now) if units.quantity)


def candidates(deducted: Sequence[UnitsToSettle], line_id: str, to_bps: int) -> tuple[UnitsToSettle, ...]:
    """The units of a line whose deduction is above `to_bps`."""
    return tuple(entry for entry in deducted if entry.line_id == line_id and entry.deduction_bps > to_bps)


def worth_of_lowering(order: OrderSnapshot, lowered: Sequence[LoweredDeduction]) -> int:
    """What lowered deductions would give back of the first units of each line, in minor units."""
    worth_minor = 0
    for entry in lowered:
        gross_minor = ceiling_minor(order, {entry.line_id: entry.quantity})
        worth_minor += diminished_value(gross_minor, entry.from_bps) - diminished_value(gross_minor, entry.to_bps)
    return worth_minor


def lower_deductions(
    order: OrderSnapshot, lowered: Sequence[LoweredDeduction], before: SettledBefore, rows: list[WorksheetRow]
) -> tuple[LoweredUnits, ...]:
    """Work out what lowered deductions give back, and write the rows. The units that were paid first come first.

    Raises:
        KeyError: If a line is not in the order.
        NotDeducted: If the return was paid less such a deduction for fewer units.
    """
    lowering = _Lowering(order, before, rows)
    for entry in lowered:
        lowering.lower(entry)
    return tuple(lowering.given)


class _Lowering:
    """Lowers one deduction after another; each finds what those before it have given."""

    def __init__(self, order: OrderSnapshot, before: SettledBefore, rows: list[WorksheetRow]) -> None:
        self._order = order
        self._before = before
        self._rows = rows
        self.given: list[LoweredUnits] = []

    def lower(self, entry: LoweredDeduction) -> None:
        """Lower a deduction for units of one line."""
        left = entry.quantity
        for of, position, line in _paid_less(self._before, entry):
            done = self._lowered_of(of, position)
            units = min(left, line.quantity - done)
            if units:
                self.given.append(self._lower_units(of, position, line, done, units, entry))
                left -= units
        if left:
            raise NotDeducted(
                f"{entry.quantity - left} units of line {entry.line_id} were paid less {entry.from_bps} basis "
                f"points, {entry.quantity} are to be lowered"
            )

    def _lowered_of(self, of: str, position: int) -> int:
        """How many units of a line of an earlier quote have a lower deduction already."""
        earlier = [each for quote in self._before.of_return.values() for each in quote.lowered]
        return sum(each.quantity for each in (*earlier, *self.given) if (each.of, each.position) == (of, position))

    def _outstanding(self, line_id: str) -> int:
        """What of a compensation was not taken off any unit by now."""
        taken_minor = self._before.offset_minor.get(line_id, 0) + sum(
            each.offset_minor for each in self.given if each.line_id == line_id
        )
        return self._before.compensated_minor.get(line_id, 0) - taken_minor

    def _left_of_the_line(self, line_id: str) -> int:
        """What the line has left to pay back: a compensation of since the refund may have used it (rule 9)."""
        before = self._before
        paid_back_minor = before.refunded_minor.get(line_id, 0) + before.compensated_minor.get(line_id, 0)
        given_minor = sum(each.net_minor for each in self.given if each.line_id == line_id)
        return paid_by_line(self._order)[line_id] - paid_back_minor - given_minor

    def _lower_units(
        self, of: str, position: int, line: RefundLine, done: int, units: int, entry: LoweredDeduction
    ) -> LoweredUnits:
        """Hold what a line of a quote was paid against what it would have been as lowered units and the rest."""
        outstanding_minor = self._outstanding(line.line_id)
        paid_minor = paid_by_line(self._order)[line.line_id]
        quantity = next(each.quantity for each in self._order.lines if each.line_id == line.line_id)
        settled, rest = line.settled_before + done, line.quantity - done - units
        from_bps, to_bps = entry.from_bps, entry.to_bps
        then_minor = line.outstanding_minor - compensation_share(
            paid_minor, quantity, line.settled_before, done, line.outstanding_minor, line.apart_minor
        )
        apart_minor = line.apart_minor
        was = worth_of_units(paid_minor, quantity, settled, units + rest, from_bps, then_minor, apart_minor)
        first = worth_of_units(paid_minor, quantity, settled, units, to_bps, then_minor, apart_minor)
        then_minor -= first.offset_minor
        second = worth_of_units(paid_minor, quantity, settled + units, rest, from_bps, then_minor, apart_minor)
        due_minor = first.deduction_minor + second.deduction_minor
        returned_minor = was.deduction_minor - due_minor
        # What the lower deduction leaves room for, unless units that came later have borne it by now.
        more_minor = first.offset_minor + second.offset_minor - was.offset_minor
        share_minor = min(more_minor, returned_minor, max(outstanding_minor, 0))
        offset_minor = max(share_minor, returned_minor - self._left_of_the_line(line.line_id))
        self._rows.append(
            WorksheetRow(
                rule=WorksheetRule.DEDUCTION_LOWERED,
                amount_minor=returned_minor,
                line_id=line.line_id,
                inputs={
                    "units": units,
                    "quantity": units + rest,
                    "before_bps": from_bps,
                    "deduction_bps": to_bps,
                    "gross_minor": was.gross_minor,
                    "before_minor": was.deduction_minor,
                    "deduction_minor": due_minor,
                },
            )
        )
        if offset_minor:
            self._rows.append(
                WorksheetRow(
                    rule=WorksheetRule.COMPENSATED_BEFORE,
                    amount_minor=-offset_minor,
                    line_id=line.line_id,
                    inputs={"outstanding_minor": outstanding_minor},
                )
            )
        return LoweredUnits(
            of=of,
            position=position,
            line_id=line.line_id,
            quantity=units,
            returned_minor=returned_minor,
            offset_minor=offset_minor,
        )


def _paid_less(before: SettledBefore, entry: LoweredDeduction) -> Iterator[tuple[str, int, RefundLine]]:
    for of, quote in before.of_return.items():
        for position, line in enumerate(quote.lines):
            if (line.line_id, line.deduction_bps) == (entry.line_id, entry.from_bps):
                yield of, position, line
