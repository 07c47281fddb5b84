"""A coupon that is owed: issued once for its key, however long the coupon service takes."""

from domain.coupons import Coupon, CouponOrder
from domain.outbox import Template
from workflows import calls
from workflows.case import ReturnCase
from workflows.stages.owed import owed


async def issue_coupon(case: ReturnCase, order: CouponOrder, what: str) -> Coupon:
    """Have a coupon issued."""
    coupon = await owed(case, calls.issue_coupon, order, what, Template.STAFF_COUPON_REFUSED, order.key)
    case.note("coupon issued", coupon.coupon_id)
    return coupon
