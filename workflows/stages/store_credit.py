"""A refund that goes to store credit, with the customer's consent and perhaps a bonus (section 6).

The refund is drawn from the order's payments like any other. The bonus is not: it is a grant of its own.
"""

from collections.abc import Sequence

from domain.intents import RefundBasis
from domain.keys import bonus_key
from domain.outbox import OutboxItem, Template
from domain.reasons import LiableParty
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
        self._bonus_is_given = False

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
        number = await self._next_refund()
        plan = await self._settlement.refund(basis, units, outbox, parcel=parcel, lowered=lowered)
        await self._give_bonus(number, self._agreed_bonus() if case.terms.agreed_offer else plan.bonus_minor)

    async def refund_as_agreed(
        self, parcel: Parcel, units: Sequence[UnitsToSettle], bonus_minor: int, freight: LiableParty
    ) -> None:
        """Pay units that were taken after all to the account, and the bonus that was agreed; no other refund.

        Args:
            parcel: What it came in.
            units: What was taken.
            bonus_minor: In the place of the policy's, in minor units.
            freight: Who was agreed to pay the return freight.
        """
        number = await self._next_refund()
        await self._settlement.refund(
            RefundBasis.INSPECTION,
            units,
            parcel=parcel,
            destination=self._case.credit_account,
            freight=freight,
        )
        await self._give_bonus(number, bonus_minor)

    async def _next_refund(self) -> int:
        """Count a refund, for the key of its bonus, and make sure that there is an account."""
        case = self._case
        self._refunds += 1
        number = self._refunds
        case.credit_account = case.credit_account or await credit_account(case)
        return number

    async def _give_bonus(self, number: int, bonus_minor: int) -> None:
        case = self._case
        if not bonus_minor:
            return
        await grant_credit(
            case, bonus_key(case.rma_id, number), case.credit_account, bonus_minor, "store-credit bonus"
        )
        bonus = case.notices.customer(
            Template.STORE_CREDIT_BONUS, amount_minor=bonus_minor, currency=case.rules.currency
        )
        await case.record("store-credit-bonus", bonus)

    def _agreed_bonus(self) -> int:
        """A bonus that was agreed on the application is given once, however many refunds the return comes to."""
        is_given, self._bonus_is_given = self._bonus_is_given, True
        return 0 if is_given else self._case.terms.amount_minor
