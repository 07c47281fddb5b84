"""The books of an order, for reports and for tests that compare them with the provider's."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.answers import LineBalance, OrderBalance, PaymentBalance
from ledger.errors import OrderNotFound
from ledger.money import payments_of
from ledger.orders import frozen
from ledger.tables import ClaimRow, OrderRow


def order_balance(session: Session, order_id: str) -> OrderBalance:
    """What was captured, paid back and set aside, and which units are held and settled.

    Raises:
        OrderNotFound: If no return of the order was opened.
    """
    row = session.get(OrderRow, order_id)
    if row is None:
        raise OrderNotFound(f"order {order_id} is not in the ledger")
    order = frozen(row)
    units = {
        line_id: (int(held), int(settled))
        for line_id, held, settled in session.execute(
            select(ClaimRow.line_id, func.sum(ClaimRow.held), func.sum(ClaimRow.settled))
            .where(ClaimRow.order_id == order_id)
            .group_by(ClaimRow.line_id)
        )
    }
    lines = []
    for line in order.lines:
        held, settled = units.get(line.line_id, (0, 0))
        lines.append(LineBalance(line_id=line.line_id, quantity=line.quantity, held=held, settled=settled))
    return OrderBalance(
        order_id=order_id,
        currency=order.currency,
        payments=tuple(
            PaymentBalance(
                payment_id=payment.payment_id,
                method_id=payment.method_id,
                captured_minor=payment.captured_minor,
                refunded_minor=payment.refunded_minor,
                reserved_minor=payment.reserved_minor,
                charged_back_minor=payment.charged_back_minor,
            )
            for payment in payments_of(session, order_id)
        ),
        lines=tuple(lines),
        shipping_granted_minor=row.shipping_granted_minor,
    )
