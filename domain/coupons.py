"""Coupons that the system grants by itself. They lie outside every refund ceiling (rule 9 of section 9)."""

from domain.record import MinorUnits, Record, UtcDatetime


class BreachCertificate(Record):
    """The proof of a broken promise: which clock, when it started, was due and was seen to be late.

    `key` is the clock's own, so that a breach cannot earn two coupons.
    """

    key: str
    rma_id: str
    clock: str
    started_at: UtcDatetime
    due_at: UtcDatetime
    observed_at: UtcDatetime
    coupon_minor: MinorUnits
    currency: str
    coupon_id: str = ""


class CouponOrder(Record):
    """Issue a coupon to a customer, once for the key."""

    key: str
    rma_id: str
    customer_id: str
    amount_minor: MinorUnits
    currency: str
    at: UtcDatetime


class Coupon(Record):
    """A coupon as the coupon service knows it."""

    key: str
    coupon_id: str
    amount_minor: MinorUnits
    currency: str
