"""A refund that goes to store credit, with the customer's consent and perhaps a bonus (section 6).

The refund is drawn from the order's payments like any other. The bonus is not: it is a grant of its own.
"""

from collections.abc import Sequence

from domain.intents import RefundBasis
from domain.keys import bonus_key
from domain.outbox import OutboxItem, Template
from domain.refund import LoweredDeduction, UnitsToSettle
from workflows.case import ReturnCase
from workflows.parcel import Parcel
from workflows.stages.credit import credit_account, grant_credit
from workflows.stages.settlement import Settlement


class StoreCredit:
    """Pays to the customer's account with the shop. To apply for it, or to agree to it, is the consent."""

    def __init__(self, case: ReturnCase, settlement: Settlement) -> None:
        self._case = case
        self._settlement = settlement
        self._refunds = 0

    async def refund(
        self,
        basis: RefundBasis,
        units: Sequence[UnitsToSettle],
        outbox: tuple[OutboxItem, ...],
        parcel: Parcel | None = None,
        lowered: tuple[LoweredDeduction, ...] = (),
    ) -> None:
        """Pay what the units are worth, or what lowered deductions give back, to the account; then the bonus."""
        case = self._case
        self._refunds += 1
        number = self._refunds
        case.credit_account = case.credit_account or await credit_account(case)
        plan = await self._settlement.refund(basis, units, outbox, parcel=parcel, lowered=lowered)
        bonus_minor = self._agreed_bonus(number) if case.terms.agreed_offer else plan.bonus_minor
        if bonus_minor:
            await grant_credit(
                case, bonus_key(case.rma_id, number), case.credit_account, bonus_minor, "store-credit bonus"
            )
            bonus = case.notices.customer(
                Template.STORE_CREDIT_BONUS, amount_minor=bonus_minor, currency=case.rules.currency
            )
            await case.record("store-credit-bonus", bonus)

    def _agreed_bonus(self, number: int) -> int:
        """A bonus that was agreed is given once, however many refunds the return comes to."""
        return self._case.terms.amount_minor if number == 1 else 0
