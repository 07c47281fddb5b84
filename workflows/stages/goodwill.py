"""Goodwill on a case that was reopened: money within the ledger's ceilings, or a coupon (sections 10 and 12)."""

import asyncio

from temporalio.exceptions import ActivityError, ApplicationError

from domain.bookkeeping import SettlementPlan
from domain.compensation import share_over_lines
from domain.keys import goodwill_coupon_key
from domain.outbox import OutboxItem, Template
from domain.refund import LineCompensation
from domain.remainder import RemainderQuestion
from workflows import calls
from workflows.case import ReturnCase
from workflows.contracts import ReopeningVerdict
from workflows.stages.authority import Payout
from workflows.stages.coupon_compensation import CouponCompensation
from workflows.stages.settlement import Settlement
from workflows.validation.rules import INVALID_ACTION, refuse


class Goodwill:
    """Pays what a supervisor grants, once. It settles no units: those that are free stay free."""

    def __init__(self, case: ReturnCase, settlement: Settlement, coupon: CouponCompensation) -> None:
        self._case = case
        self._settlement = settlement
        self._coupon = coupon

    def payout(self, verdict: ReopeningVerdict) -> Payout:
        """What a verdict grants beyond the rules: all of it."""
        return Payout(
            added_minor=verdict.amount_minor + verdict.coupon_minor,
            field="amount_minor" if verdict.amount_minor else "coupon_minor",
        )

    async def shares(self, verdict: ReopeningVerdict) -> tuple[LineCompensation, ...]:
        """Share the money of a verdict over the lines of the case.

        Raises:
            ApplicationError: If the lines or the order have less left; nothing has changed.
        """
        if not verdict.amount_minor:
            return ()
        case = self._case
        left = await calls.left_to_pay(RemainderQuestion(rma_id=case.rma_id))
        most = left.for_a_refund_minor
        if verdict.amount_minor > most:
            refuse(
                INVALID_ACTION,
                "amount_minor",
                f"{most} {case.rules.currency} minor units are left to pay back for this return. What "
                "is above that is no refund: give it as a coupon, coupon_minor.",
            )
        return share_over_lines(verdict.amount_minor, left.lines)

    async def give(self, verdict: ReopeningVerdict, shares: tuple[LineCompensation, ...]) -> str:
        """Pay the money and have the coupon issued, neither waiting for the other; both, or none of them.

        Returns:
            Why the ledger refuses the money; empty where it is given.
        """
        plan: SettlementPlan | None = None
        if shares:
            try:
                plan = await self._settlement.authorize_goodwill(shares, (self._told(verdict),))
            except (ActivityError, ApplicationError) as error:
                return calls.reason_of(error)
        self._case.note("goodwill granted", f"{verdict.actor.id}: {verdict.note}")
        await asyncio.gather(self._pay(plan), self._give_coupon(verdict))
        return ""

    def _told(self, verdict: ReopeningVerdict) -> OutboxItem:
        case = self._case
        return case.notices.customer(
            Template.GOODWILL_PAID,
            amount_minor=verdict.amount_minor,
            currency=case.rules.currency,
            reason=verdict.note,
        )

    async def _pay(self, plan: SettlementPlan | None) -> None:
        if plan is not None:
            await self._settlement.pay_authorized(plan)

    async def _give_coupon(self, verdict: ReopeningVerdict) -> None:
        if verdict.coupon_minor:
            key = goodwill_coupon_key(self._case.rma_id)
            await self._coupon.give(key, verdict.coupon_minor, Template.GOODWILL_COUPON)
