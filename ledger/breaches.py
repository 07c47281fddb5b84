"""Broken promises and the coupons they earned: at most one per return (I10)."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.coupons import BreachCertificate
from ledger.errors import CouponNotOwed
from ledger.tables import BreachRow
from ledger.writes import insert_once


def owe_coupon(session: Session, breach: BreachCertificate) -> None:
    """Keep the certificate and owe its coupon, unless the return has earned one already."""
    insert_once(
        session,
        BreachRow,
        {
            "key": breach.key,
            "rma_id": breach.rma_id,
            "certificate": breach.model_dump(mode="json"),
            "coupon_id": "",
        },
    )


def coupon_issued(session: Session, rma_id: str, coupon_id: str) -> None:
    """Note the id of the coupon that a return had earned; the first one stays.

    Raises:
        CouponNotOwed: If the return had earned none.
    """
    row = session.scalars(select(BreachRow).where(BreachRow.rma_id == rma_id)).one_or_none()
    if row is None:
        raise CouponNotOwed(f"coupon {coupon_id}: return {rma_id} has no breach that earned it")
    row.coupon_id = row.coupon_id or coupon_id


def of_return(session: Session, rma_id: str) -> BreachCertificate | None:
    """The certificate that a return has earned its coupon with, if any."""
    key = session.scalars(select(BreachRow.key).where(BreachRow.rma_id == rma_id)).one_or_none()
    return find(session, key) if key else None


def find(session: Session, key: str) -> BreachCertificate | None:
    """The certificate under a clock's key; its coupon is owed while `coupon_id` is empty."""
    row = session.get(BreachRow, key)
    if row is None:
        return None
    return BreachCertificate.model_validate({**row.certificate, "coupon_id": row.coupon_id})
