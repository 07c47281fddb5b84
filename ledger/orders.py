"""The frozen facts of an order, and the lock on its units and money."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.orders import OrderSnapshot
from ledger.errors import CeilingExceeded, OrderNotFound, ReturnNotFound
from ledger.tables import OrderRow, PaymentRow, ReturnRow
from ledger.writes import insert_once


def freeze_order(session: Session, order: OrderSnapshot) -> None:
    """Keep the facts of an order as its first return finds them; a later snapshot changes nothing.

    Raises:
        CeilingExceeded: If the snapshot says that more of a payment was paid back than was captured.
    """
    is_new = insert_once(
        session,
        OrderRow,
        {
            "order_id": order.order_id,
            "snapshot": order.model_dump(mode="json"),
            "shipping_granted_minor": 0,
        },
    )
    if not is_new:
        return
    for position, payment in enumerate(order.payments):
        if payment.refunded_minor > payment.captured_minor:
            raise CeilingExceeded(
                f"payment {payment.payment_id} of order {order.order_id}: {payment.refunded_minor} paid back "
                f"of {payment.captured_minor} captured"
            )
        session.add(
            PaymentRow(
                order_id=order.order_id,
                payment_id=payment.payment_id,
                position=position,
                method_id=payment.method_id,
                captured_minor=payment.captured_minor,
                refunded_minor=payment.refunded_minor,
                reserved_minor=0,
            )
        )


def lock_order(session: Session, order_id: str) -> OrderRow:
    """Keep every other writer away from the order's units and money until the transaction ends.

    Raises:
        OrderNotFound: If no return of the order was opened.
    """
    row = session.scalars(
        select(OrderRow)
        .where(OrderRow.order_id == order_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise OrderNotFound(f"order {order_id} is not in the ledger")
    return row


def lock_order_of(session: Session, rma_id: str) -> OrderRow:
    """Lock the order of a return.

    Raises:
        ReturnNotFound: If the return was never opened.
    """
    order_id = session.scalars(select(ReturnRow.order_id).where(ReturnRow.rma_id == rma_id)).one_or_none()
    if order_id is None:
        raise ReturnNotFound(f"return {rma_id} was never opened")
    return lock_order(session, order_id)


def order_of(session: Session, rma_id: str) -> OrderRow:
    """The order of a return, unlocked.

    Raises:
        ReturnNotFound: If the return was never opened.
    """
    row = session.scalars(
        select(OrderRow).join(ReturnRow, ReturnRow.order_id == OrderRow.order_id).where(ReturnRow.rma_id == rma_id)
    ).one_or_none()
    if row is None:
        raise ReturnNotFound(f"return {rma_id} was never opened")
    return row


def frozen(order: OrderRow) -> OrderSnapshot:
    """The order as it was when its first return opened."""
    return OrderSnapshot.model_validate(order.snapshot)
