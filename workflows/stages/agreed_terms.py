"""What both sides agreed on after an inspection, carried out once beside what the return is for (section 6).

The return's own terms stay in force: for what was accepted, and for its other parcels.
"""

from domain.application import Remedy
from domain.keys import agreed_coupon_key
from domain.offers import Offer
from domain.outbox import Template
from domain.refund import UnitsToSettle
from workflows.case import ReturnCase
from workflows.parcel import Parcel
from workflows.stages.coupon_compensation import CouponCompensation
from workflows.stages.price_compensation import PriceCompensation
from workflows.stages.store_credit import StoreCredit


class AgreedTerms:
    """Pays a compensation for what was not accepted, or store credit for what was taken after all."""

    def __init__(
        self, case: ReturnCase, price: PriceCompensation, coupon: CouponCompensation, store_credit: StoreCredit
    ) -> None:
        self._case = case
        self._price = price
        self._coupon = coupon
        self._store_credit = store_credit

    async def carry_out(self, parcel: Parcel, offer: Offer, taken: tuple[UnitsToSettle, ...]) -> None:
        """Carry out an offer about a parcel; `taken` are the units that are accepted after all."""
        terms = offer.terms
        match terms.remedy:
            case Remedy.PRICE_COMPENSATION:
                units = self._case.units_to_agree_on(parcel)
                await self._price.pay(terms.amount_minor, units, parcel.subject)
            case Remedy.COUPON_COMPENSATION:
                key = agreed_coupon_key(self._case.rma_id, offer.number)
                await self._coupon.give(key, terms.amount_minor, Template.COMPENSATION_COUPON)
            case Remedy.STORE_CREDIT:
                await self._store_credit.refund_as_agreed(parcel, taken, terms.amount_minor, terms.freight)
            case _:
                raise AssertionError(f"a {terms.remedy.value} is never offered after an inspection")
