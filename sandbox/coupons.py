"""The coupon service: one coupon for a key."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.routing import APIRoute

from domain.record import MinorUnits, Record
from sandbox.bodies import Amount, Currency, Id, TimedBody, make_id
from sandbox.books import Book, Books, Draft, Entry
from sandbox.faults import FaultKind, Faults, Target
from sandbox.refusals import Refused


class CouponBody(TimedBody):
    """Issue a coupon, once for the key. The amount is in minor units."""

    key: Id
    rma_id: str = ""
    customer_id: Id
    amount_minor: Amount
    currency: Currency


class IssuedCoupon(Record):
    """A coupon that a customer can use."""

    key: str
    coupon_id: str
    rma_id: str
    customer_id: str
    amount_minor: MinorUnits
    currency: str


class CouponsAnswer(Record):
    """The coupons of a key, oldest first; empty if there are none."""

    coupons: tuple[IssuedCoupon, ...]


class CouponDesk:
    """Issues coupons: a fold over their book."""

    def __init__(self, books: Books, faults: Faults) -> None:
        self._books = books
        self._faults = faults
        self._by_key: dict[str, list[IssuedCoupon]] = {}
        books.fold(Book.COUPONS, self._take)

    def find(self, key: str) -> list[IssuedCoupon]:
        """Every coupon of a key; more than one only by a fault."""
        return list(self._by_key.get(key, ()))

    def issue(self, body: CouponBody) -> IssuedCoupon:
        """Issue a coupon. A repeat of the key gets the first one.

        Raises:
            Refused: ``key_conflict`` if the key stands for another coupon.
        """
        asked = body.model_dump(exclude={"at"})
        first = next(iter(self._by_key.get(body.key, ())), None)
        if first and first.model_dump(exclude={"coupon_id"}) != asked:
            raise Refused(409, "key_conflict", f"{body.key} stands for another coupon.")
        if first and self._faults.strike(Target.COUPON, FaultKind.FORGOTTEN_KEY, asked):
            self._append(body)
            return self._by_key[body.key][-1]
        if first is None:
            self._append(body)
        if self._faults.strike(Target.COUPON, FaultKind.DUPLICATE, asked):
            self._append(body)
        return self._by_key[body.key][0]

    def _append(self, body: CouponBody) -> None:
        coupon = IssuedCoupon(
            **body.model_dump(exclude={"at"}), coupon_id=make_id("co_", body.key, self._books.next_seq)
        )
        self._books.append(Draft(book=Book.COUPONS, key=body.key, at=body.at, data=coupon))

    def _take(self, entry: Entry) -> None:
        coupon = IssuedCoupon.model_validate(entry.data)
        self._by_key.setdefault(coupon.key, []).append(coupon)


def coupons_router(desk: CouponDesk, route_class: type[APIRoute]) -> APIRouter:
    """Make the routes of the coupon service."""
    router = APIRouter(prefix="/coupons", tags=["coupons"], route_class=route_class)

    @router.post("", name=Target.COUPON)
    async def issue(body: CouponBody) -> IssuedCoupon:
        """Issue a coupon, once for the key. 409 ``key_conflict``."""
        return desk.issue(body)

    @router.get("", name=Target.FIND_COUPON)
    async def find(key: Annotated[str, Query(min_length=1)]) -> CouponsAnswer:
        """Look up coupons by key."""
        return CouponsAnswer(coupons=tuple(desk.find(key)))

    return router
