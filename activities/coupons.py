"""Coupons of broken promises."""

from temporalio import activity

from activities.errors import provider_errors
from activities.metrics import coupon_issued
from adapters.coupons.port import CouponsPort
from domain.coupons import Coupon, CouponOrder


class CouponActivities:
    """Issues coupons, each once for its key."""

    def __init__(self, coupons: CouponsPort) -> None:
        self._coupons = coupons

    @activity.defn(name="coupons.issue")
    async def issue(self, order: CouponOrder) -> Coupon:
        """Find the coupon of the key, or issue it: an answer that was lost must not earn a second one."""
        with provider_errors():
            found = await self._coupons.find(order.key)
            if found:
                return found
            coupon = await self._coupons.issue(order)
        coupon_issued(coupon.currency)
        return coupon
