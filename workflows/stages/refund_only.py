"""A refund without the goods: the customer keeps them, or never had them (sections 4 and 6)."""

from domain.intents import RefundBasis
from domain.outbox import Template
from domain.refund import UnitsToSettle
from workflows.case import ReturnCase
from workflows.stages.settlement import Settlement


class RefundOnly:
    """Pays at once what policy or a person decided to pay without seeing the goods."""

    def __init__(self, case: ReturnCase, settlement: Settlement) -> None:
        self._case = case
        self._settlement = settlement

    async def run(self) -> None:
        """Pay every unit of the return; no parcel, no inspection."""
        case = self._case
        units = tuple(
            UnitsToSettle(line_id=line_id, quantity=quantity)
            for line_id, quantity in case.line_quantities().items()
        )
        case.note("paid without the goods")
        keep_the_goods = case.notices.customer(Template.REFUND_WITHOUT_RETURN)
        await self._settlement.refund(RefundBasis.POLICY_EXCEPTION, units, (keep_the_goods,))
