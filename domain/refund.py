"""What is owed for units that come back (section 9). Pure: the same code quotes and executes."""

from collections.abc import Mapping, Sequence

from domain.money import diminished_value, refund_for_units, split_over_tenders
from domain.orders import OrderSnapshot, paid_by_line
from domain.record import MinorUnits, Quantity, Record


class UnitsToSettle(Record):
    """Units of an order line that are paid for, with the deduction for diminished value if any."""

    line_id: str
    quantity: Quantity
    deduction_bps: int = 0


class RefundLine(Record):
    """What is owed for one entry; minor units. `tax_minor` is contained in the gross."""

    line_id: str
    quantity: Quantity
    gross_minor: MinorUnits
    deduction_minor: MinorUnits
    tax_minor: MinorUnits

    @property
    def net_minor(self) -> int:
        """What the customer gets for the entry."""
        return self.gross_minor - self.deduction_minor


class RefundQuote(Record):
    """The whole of what is owed, in minor units of the order's currency."""

    currency: str
    lines: tuple[RefundLine, ...]
    shipping_minor: MinorUnits = 0

    @property
    def total_minor(self) -> int:
        """The sum of the lines and the outbound shipping."""
        return sum(line.net_minor for line in self.lines) + self.shipping_minor


class Source(Record):
    """A captured payment that a refund can draw from."""

    payment_id: str
    method_id: str
    captured_minor: MinorUnits
    left_minor: MinorUnits


class Draw(Record):
    """An amount drawn from one payment and sent to one means of payment."""

    payment_id: str
    method_id: str
    amount_minor: MinorUnits


def quote_refund(
    order: OrderSnapshot,
    settled_units: Mapping[str, int],
    units: Sequence[UnitsToSettle],
    shipping_minor: int = 0,
) -> RefundQuote:
    """Compute what is owed for `units`, after `settled_units` of each line were settled before.

    Raises:
        KeyError: If a line is not in the order.
        ValueError: If more units than the line holds would be settled.
    """
    paid = paid_by_line(order)
    by_id = {line.line_id: line for line in order.lines}
    settled = dict(settled_units)
    lines = []
    for entry in units:
        line = by_id[entry.line_id]
        before = settled.get(entry.line_id, 0)
        gross = refund_for_units(paid[entry.line_id], line.quantity, before, entry.quantity)
        lines.append(
            RefundLine(
                line_id=entry.line_id,
                quantity=entry.quantity,
                gross_minor=gross,
                deduction_minor=diminished_value(gross, entry.deduction_bps),
                tax_minor=sum(
                    refund_for_units(component.amount_minor, line.quantity, before, entry.quantity)
                    for component in line.tax
                ),
            )
        )
        settled[entry.line_id] = before + entry.quantity
    return RefundQuote(currency=order.currency, lines=tuple(lines), shipping_minor=shipping_minor)


def draw_refund(amount_minor: int, sources: Sequence[Source], destination: str | None) -> list[Draw]:
    """Decide which payments an amount is drawn from and where each part goes (rule 10).

    Without a destination every part goes back to where it came from, pro rata. A destination that paid for
    the order is filled first, as far as it paid; any other one, which the customer consented to, gets all.

    Raises:
        ValueError: If the payments together have less left than the amount.
    """
    originals = [source for source in sources if source.method_id == destination]
    others = [source for source in sources if source.method_id != destination]
    first = min(amount_minor, sum(source.left_minor for source in originals))
    draws = _draw_from(originals, first, None)
    send_to = None if originals else destination
    return draws + _draw_from(others, amount_minor - first, send_to)


def _draw_from(sources: Sequence[Source], amount_minor: int, destination: str | None) -> list[Draw]:
    shares = split_over_tenders(
        amount_minor,
        [source.captured_minor for source in sources],
        [source.left_minor for source in sources],
    )
    return [
        Draw(payment_id=source.payment_id, method_id=destination or source.method_id, amount_minor=share)
        for source, share in zip(sources, shares, strict=True)
        if share
    ]
