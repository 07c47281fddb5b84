"""What is left of the payments of an order, and every movement on them. The order must be locked for each."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.orders import OrderSnapshot, TenderKind, paid_by_line
from domain.refund import RefundQuote, SettledBefore
from domain.tenders import Draw, Source, draw_refund
from ledger.errors import CeilingExceeded
from ledger.tables import PaymentRow


def check_lines(order: OrderSnapshot, before: SettledBefore, quote: RefundQuote) -> None:
    """Hold what a quote pays for units and as compensations against what each line has left (rule 9).

    Raises:
        CeilingExceeded: If a line would be paid back more than was paid for it.
    """
    for line_id, left in left_by_line(order, before).items():
        asked = quote.paid_for_line(line_id)
        if asked > left:
            raise CeilingExceeded(
                f"line {line_id} of order {order.order_id} has {left} left to pay back, {asked} would be paid"
            )


def left_by_line(order: OrderSnapshot, before: SettledBefore) -> dict[str, int]:
    """What each line has left to pay back, after what earlier refunds of the order came to; minor units."""
    return {
        line_id: paid - before.refunded_minor.get(line_id, 0) - before.compensated_minor.get(line_id, 0)
        for line_id, paid in paid_by_line(order).items()
    }


def draw(session: Session, order: OrderSnapshot, amount_minor: int, destination: str | None) -> list[Draw]:
    """Decide which payments an amount is drawn from and where each part goes (rule 10).

    Raises:
        CeilingExceeded: If the payments of the order together have less left.
    """
    tenders = {payment.payment_id: payment.tender for payment in order.payments}
    sources = [
        Source(
            payment_id=payment.payment_id,
            method_id=payment.method_id,
            captured_minor=payment.captured_minor,
            left_minor=payment.left_minor,
            # What an exchange charged is not in the frozen order.
            tender=tenders.get(payment.payment_id, TenderKind.MONEY),
        )
        for payment in payments_of(session, order.order_id)
    ]
    left = sum(source.left_minor for source in sources)
    if amount_minor > left:
        raise CeilingExceeded(f"order {order.order_id} has {left} left to pay back, {amount_minor} would be paid")
    return draw_refund(amount_minor, sources, destination)


def draw_everything(session: Session, order_id: str) -> list[Draw]:
    """Send what is left of each payment back to where it came from."""
    return [
        Draw(payment_id=payment.payment_id, method_id=payment.method_id, amount_minor=payment.left_minor)
        for payment in payments_of(session, order_id)
        if payment.left_minor
    ]


def reserve(session: Session, order_id: str, payment_id: str, amount_minor: int) -> None:
    """Set an amount aside for a refund that is authorised and not yet paid.

    Raises:
        CeilingExceeded: If the payment has less left.
    """
    payment = _payment(session, order_id, payment_id)
    if amount_minor > payment.left_minor:
        raise CeilingExceeded(
            f"payment {payment_id} of order {order_id} has {payment.left_minor} left to pay back, "
            f"{amount_minor} would be paid"
        )
    payment.reserved_minor += amount_minor


def release(session: Session, order_id: str, payment_id: str, amount_minor: int) -> None:
    """Free what was set aside for a refund that was declined."""
    _payment(session, order_id, payment_id).reserved_minor -= amount_minor


def commit(session: Session, order_id: str, payment_id: str, amount_minor: int) -> None:
    """Count a refund that was set aside as paid."""
    payment = _payment(session, order_id, payment_id)
    payment.reserved_minor -= amount_minor
    payment.refunded_minor += amount_minor


def check_captured(session: Session, order_id: str, payment_id: str, amount_minor: int) -> None:
    """Hold a chargeback against the payment that it is of.

    Raises:
        CeilingExceeded: If the order has no such payment, or it captured less.
    """
    payment = session.get(PaymentRow, (order_id, payment_id))
    captured_minor = payment.captured_minor if payment else 0
    if amount_minor > captured_minor:
        raise CeilingExceeded(f"payment {payment_id} of order {order_id} captured {captured_minor} only")


def charge_back(session: Session, order_id: str, payment_id: str, amount_minor: int) -> None:
    """Count what a bank took back of a payment: no refund draws from it any more."""
    _payment(session, order_id, payment_id).charged_back_minor += amount_minor


def take_back(session: Session, order_id: str, payment_id: str, amount_minor: int) -> None:
    """Count a refund that was paid, and that the provider then reported as returned, as not paid."""
    _payment(session, order_id, payment_id).refunded_minor -= amount_minor


def capture(session: Session, order_id: str, payment_id: str, method_id: str, amount_minor: int) -> None:
    """Add a charge that succeeded to the payments of the order."""
    session.add(
        PaymentRow(
            order_id=order_id,
            payment_id=payment_id,
            position=len(payments_of(session, order_id)),
            method_id=method_id,
            captured_minor=amount_minor,
            refunded_minor=0,
            reserved_minor=0,
        )
    )


def payments_of(session: Session, order_id: str) -> Sequence[PaymentRow]:
    """The payments of an order in their own sequence."""
    return session.scalars(
        select(PaymentRow).where(PaymentRow.order_id == order_id).order_by(PaymentRow.position)
    ).all()


def _payment(session: Session, order_id: str, payment_id: str) -> PaymentRow:
    return session.get_one(PaymentRow, (order_id, payment_id))
