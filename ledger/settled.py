"""What earlier refunds of an order came to, read from the answers that they got. The order must be locked.

The stored quotes are the one book of what a line was paid: nothing beside them could disagree.
"""

from collections import Counter

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.bookkeeping import AuthorizedRefund
from domain.refund import FeeKind, RefundQuote, SettledBefore
from ledger.tables import EntryKind, EntryRow, OrderRow, ReturnRow
from ledger.units import settled_units


def settled_before(session: Session, order: OrderRow, rma_id: str) -> SettledBefore:
    """Sum up the refunds of an order; `rma_id` names the return whose own freight and compensation are told."""
    kept: Counter[str] = Counter()
    refunded: Counter[str] = Counter()
    compensated: Counter[str] = Counter()
    compensated_here: Counter[str] = Counter()
    offset: Counter[str] = Counter()
    promotion_lost_minor = freight_minor = 0
    of_return: dict[str, RefundQuote] = {}
    for of, op, quote, fell_through in _quotes(session, order.order_id):
        for line in quote.lines:
            refunded[line.line_id] += line.net_minor
            offset[line.line_id] += line.offset_minor
            # The units of an exchange that fell through came back after all.
            if quote.keeps_goods and not fell_through:
                kept[line.line_id] += line.quantity
        for each in quote.lowered:
            refunded[each.line_id] += each.net_minor
            offset[each.line_id] += each.offset_minor
        for compensation in quote.compensations:
            compensated[compensation.line_id] += compensation.amount_minor
            if of == rma_id:
                compensated_here[compensation.line_id] += compensation.amount_minor
        promotion_lost_minor += quote.promotion_lost_minor
        if of == rma_id:
            of_return[op] = quote
            freight_minor += sum(fee.amount_minor for fee in quote.fees if fee.kind is FeeKind.RETURN_FREIGHT)
    return SettledBefore(
        units=settled_units(session, order.order_id),
        kept=dict(kept),
        refunded_minor=dict(refunded),
        compensated_minor=dict(compensated),
        compensated_here_minor=dict(compensated_here),
        offset_minor=dict(offset),
        promotion_lost_minor=promotion_lost_minor,
        freight_minor=freight_minor,
        shipping_minor=order.shipping_granted_minor,
        of_return=of_return,
    )


def _quotes(session: Session, order_id: str) -> list[tuple[str, str, RefundQuote, bool]]:
    """The return, op, quote, and whether it fell through, of every refund that was quoted for the order."""
    rows = session.execute(
        select(EntryRow.rma_id, EntryRow.op, EntryRow.kind, EntryRow.answer, EntryRow.superseded_by)
        .join(ReturnRow, ReturnRow.rma_id == EntryRow.rma_id)
        .where(
            ReturnRow.order_id == order_id,
            EntryRow.kind.in_((EntryKind.REFUND, EntryKind.SUBSTITUTE, EntryKind.FALL_THROUGH)),
            EntryRow.answer.is_not(None),
        )
        .order_by(EntryRow.id)
    ).all()
    takes_the_place = {(row.rma_id, row.op): row for row in rows}

    def fell_through(rma_id: str, op: str) -> bool:
        """Whether the last of the entries that took its place was a payout and not another exchange."""
        row = takes_the_place[rma_id, op]
        while row.superseded_by:
            row = takes_the_place[rma_id, row.superseded_by]
        return row.kind is EntryKind.FALL_THROUGH

    return [
        (row.rma_id, row.op, AuthorizedRefund.model_validate(row.answer).quote, fell_through(row.rma_id, row.op))
        for row in rows
        if row.kind is EntryKind.REFUND
    ]
