"""The coupon service of the sandbox."""

import httpx

from adapters.coupons.port import CouponsPort
from adapters.http import ProviderHttp
from domain.coupons import Coupon, CouponOrder
from domain.record import Record


class _Coupons(Record):
    coupons: tuple[Coupon, ...]


class SandboxCoupons(CouponsPort):
    """The coupons port on the sandbox, which issues one coupon for a key."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._http = ProviderHttp(client, "coupons")

    async def find(self, key: str) -> Coupon | None:
        """Look up the coupon of a key; None if none was issued."""
        answer = await self._http.read("/coupons", _Coupons, {"key": key})
        return next(iter(answer.coupons), None)

    async def issue(self, order: CouponOrder) -> Coupon:
        """Issue a coupon. A repeat of the key gets the first one."""
        return await self._http.write("/coupons", order.model_dump(mode="json"), Coupon)
