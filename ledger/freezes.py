"""Whether the money of an order is frozen: while a chargeback of one of its payments is open."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.chargebacks import ChargebackState
from ledger.tables import ChargebackRow


def is_frozen(session: Session, order_id: str) -> bool:
    """Whether no new refund of the order may be sent."""
    open_ones = select(ChargebackRow.id).where(
        ChargebackRow.order_id == order_id, ChargebackRow.state == ChargebackState.OPEN
    )
    return session.scalars(open_ones.limit(1)).first() is not None
