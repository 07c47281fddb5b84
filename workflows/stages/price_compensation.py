"""A price reduction that was agreed: the customer keeps the goods and is paid back a part (section 6)."""

from collections.abc import Mapping

from domain.compensation import share_compensation
from domain.intents import RefundBasis
from domain.outbox import Template
from workflows.case import ReturnCase
from workflows.stages.settlement import Settlement


class PriceCompensation:
    """Pays an agreed amount back to where the money came from, under the ceilings of the lines and the order.

    The units stay with the customer and go free: one that comes back later is worth that much less.
    """

    def __init__(self, case: ReturnCase, settlement: Settlement) -> None:
        self._case = case
        self._settlement = settlement

    async def run(self) -> None:
        """Pay what the terms of the return say, for all its units."""
        case = self._case
        await self.pay(case.terms.amount_minor, case.line_quantities())

    async def pay(self, amount_minor: int, units: Mapping[str, int], subject: str = "") -> None:
        """Share an amount in minor units over the lines of some units and pay it."""
        case = self._case
        assert case.order is not None, "an approved return has its order"
        currency = case.rules.currency
        agreed = case.notices.customer(Template.PRICE_COMPENSATION, amount_minor=amount_minor, currency=currency)
        case.note("paid without the goods", f"{amount_minor} {currency} as agreed")
        compensations = share_compensation(amount_minor, case.order, units)
        await self._settlement.refund(
            RefundBasis.AGREEMENT, (), (agreed,), subject=subject, compensations=compensations
        )
