"""What the pipeline asks of the coupon service."""

from typing import Protocol

from domain.coupons import Coupon, CouponOrder


class CouponsPort(Protocol):
    """Coupons by key. Every method raises the errors of `adapters.errors`."""

    async def find(self, key: str) -> Coupon | None:
        """Look up the coupon of a key; None if none was issued."""
        ...

    async def issue(self, order: CouponOrder) -> Coupon:
        """Issue a coupon."""
        ...
