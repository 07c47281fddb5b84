"""Settlement: what is owed is authorised once and paid under its promise (section 9)."""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow

from domain.application import Remedy
from domain.bookkeeping import RefundAuthorization, SettlementPlan, SettlementRequest
from domain.clocks import ClockName
from domain.explanation import Authorization
from domain.fees import way_that_counts
from domain.inspection import InspectedUnits, Verdict
from domain.intents import RefundBasis
from domain.outbox import OutboxItem, Template
from domain.reasons import LiableParty
from domain.refund import Circumstances, LineCompensation, LoweredDeduction, UnitsToSettle
from domain.status import Logistics, Reimbursement
from workflows import calls
from workflows.case import ReturnCase
from workflows.parcel import Parcel
from workflows.stages.payment import Payments

_ALERT_EVERY = timedelta(days=1)


class Settlement:
    """Authorises a refund in the ledger and has it paid."""

    def __init__(self, case: ReturnCase, payments: Payments) -> None:
        self._case = case
        self._payments = payments

    async def refund(
        self,
        basis: RefundBasis,
        units: Sequence[UnitsToSettle],
        outbox: tuple[OutboxItem, ...] = (),
        instead_of: str = "",
        parcel: Parcel | None = None,
        subject: str = "",
        compensations: tuple[LineCompensation, ...] = (),
        lowered: tuple[LoweredDeduction, ...] = (),
        less_minor: int = 0,
        destination: str = "",
        freight: LiableParty | None = None,
    ) -> SettlementPlan:
        """Pay back what the units are worth, what was agreed on top of it, and what lowered deductions give back.

        For a cancellation that is everything that is left of the order. Several refunds of one return may run
        side by side, each for the units of a `parcel`; without one they are of all parcels, and `subject` tells
        the promises apart. `less_minor` is what the customer still owes of it. `destination` and `freight` are
        what was agreed for this refund only; without them the return's own hold.
        """
        self._payments.settlements += 1
        plan = await self.authorize(
            self._authorization(
                basis,
                units,
                outbox,
                compensations=compensations,
                lowered=lowered,
                less_minor=less_minor,
                parcel=parcel,
                destination=destination,
                freight=freight,
                order_entirely=basis is RefundBasis.CANCELLATION,
                instead_of=instead_of,
            )
        )
        await self._pay(plan, units, parcel.subject if parcel else subject)
        return plan

    async def authorize_ruling(
        self, units: Sequence[UnitsToSettle], ruled_minor: int, outbox: tuple[OutboxItem, ...]
    ) -> SettlementPlan:
        """Authorise what the platform ruled: units, or an amount that the ledger shares over the lines.

        Raises:
            ApplicationError: If the ledger refuses it; nothing is authorised then.
        """
        return await self.authorize_once(
            self._authorization(RefundBasis.ARBITRATION, units, outbox, ruled_minor=ruled_minor)
        )

    async def authorize_goodwill(
        self, shares: tuple[LineCompensation, ...], outbox: tuple[OutboxItem, ...]
    ) -> SettlementPlan:
        """Authorise what a supervisor pays though no rule owes it.

        Raises:
            ApplicationError: If the ledger refuses it; nothing is authorised then.
        """
        return await self.authorize_once(
            self._authorization(RefundBasis.AGREEMENT, (), outbox, compensations=shares)
        )

    async def pay_authorized(
        self, plan: SettlementPlan, units: Sequence[UnitsToSettle] = (), subject: str = ""
    ) -> None:
        """Pay what was authorised before."""
        self._payments.settlements += 1
        await self._pay(plan, units, subject=subject)

    async def _pay(self, plan: SettlementPlan, units: Sequence[UnitsToSettle], subject: str = "") -> None:
        await self.under_the_promise(
            plan.due_at, *self._payments.refunds(plan.refund.intents, subject), subject=subject
        )
        self._count_refunded(units)
        self._payments.settlements -= 1
        self._payments.show_settled()

    def _authorization(
        self,
        basis: RefundBasis,
        units: Sequence[UnitsToSettle],
        outbox: tuple[OutboxItem, ...],
        parcel: Parcel | None = None,
        destination: str = "",
        freight: LiableParty | None = None,
        **more: Any,
    ) -> RefundAuthorization:
        case = self._case
        return RefundAuthorization(
            rma_id=case.rma_id,
            op=case.step("settle"),
            at=workflow.now(),
            outbox=outbox,
            round=self._payments.next_round(),
            basis=basis,
            units=tuple(units),
            destination=destination or self._destination(basis),
            circumstances=self.circumstances(parcel, freight),
            **more,
        )

    async def authorize(self, authorization: RefundAuthorization) -> SettlementPlan:
        """Have the ledger quote the units, hold every ceiling and record the intents."""
        case = self._case
        plan = await case.in_ledger(calls.authorize_refund, self._request(authorization))
        return self._planned(authorization, plan)

    async def authorize_once(self, authorization: RefundAuthorization) -> SettlementPlan:
        """The same for what need not be paid now: what the ledger refuses is the caller's to handle.

        Raises:
            ApplicationError: If the ledger refuses it.
        """
        plan = await calls.authorize_refund(self._request(authorization))
        return self._planned(authorization, plan)

    def _request(self, authorization: RefundAuthorization) -> SettlementRequest:
        case = self._case
        return SettlementRequest(
            authorization=authorization,
            business_days=case.rules.clocks.settlement_business_days,
            policy_version=case.rules.decision.policy_version if case.rules.decision else "",
            to_store_credit=self._goes_to_credit(authorization.basis),
        )

    def _planned(self, authorization: RefundAuthorization, plan: SettlementPlan) -> SettlementPlan:
        case = self._case
        case.authorizations.append(
            Authorization(op=authorization.op, at=authorization.at, basis=authorization.basis, refund=plan.refund)
        )
        if plan.provisional:
            case.clocks.mark_provisional(ClockName.SETTLEMENT)
        quote = plan.refund.quote
        self._payments.show(Reimbursement.AUTHORIZED, f"{quote.total_minor} {quote.currency}")
        for intent in plan.refund.intents:
            case.payments[intent.key] = intent
        return plan

    async def under_the_promise(
        self, due_at: datetime, *work: Coroutine[Any, Any, Any], subject: str = ""
    ) -> list[Any]:
        """Do the work; when the promise is broken the supervisor is told, and again each day."""
        case = self._case
        tasks = [asyncio.create_task(part) for part in work]
        started_at = workflow.now()
        while not all(task.done() for task in tasks):
            in_time = await case.clocks.wait(
                ClockName.SETTLEMENT,
                due_at,
                lambda: all(task.done() for task in tasks),
                started_at=started_at,
                subject=subject,
            )
            if not in_time:
                case.note("settlement promise broken")
                await case.record("settlement-late", case.supervisor_alert(Template.STAFF_SETTLEMENT_LATE))
                due_at = due_at + _ALERT_EVERY
        return [await task for task in tasks]

    def circumstances(self, parcel: Parcel | None = None, freight: LiableParty | None = None) -> Circumstances:
        """The facts that decide about shipping and fees, of one parcel or of all.

        How the goods travelled is what happened, not what was applied for. What that comes to is for the ledger
        to say.
        """
        case = self._case
        travelled = case.logistics is not Logistics.NOT_REQUIRED
        parcels = [parcel] if parcel else case.parcels
        return Circumstances(
            liability=case.liability,
            ship_back=way_that_counts(each.travelled_by for each in parcels) if travelled else None,
            freight=freight or case.terms.freight,
            pickup_service=case.rules.pickup_service,
        )

    def _destination(self, basis: RefundBasis) -> str | None:
        """Where the customer wants a refund; an exchange names a means for its difference only."""
        case = self._case
        if self._goes_to_credit(basis):
            return case.credit_account
        return None if case.remedy is Remedy.EXCHANGE else case.application.payment_method_id

    def _goes_to_credit(self, basis: RefundBasis) -> bool:
        """Whether a refund goes to store credit because the return does, and not because that alone was agreed.

        An amount that was agreed on for goods that the customer keeps goes back to how they paid.
        """
        to_credit = bool(self._case.credit_account) and self._case.remedy is Remedy.STORE_CREDIT
        return to_credit and basis is not RefundBasis.AGREEMENT

    def _count_refunded(self, units: Sequence[UnitsToSettle]) -> None:
        case = self._case
        for entry in units:
            refunded = case.lines[entry.line_id].refunded + entry.quantity
            case.set_line(entry.line_id, refunded=refunded)


def accepted_units(found: Sequence[InspectedUnits]) -> tuple[UnitsToSettle, ...]:
    """The units that an inspection accepted, with their deductions."""
    return tuple(
        UnitsToSettle(line_id=entry.line_id, quantity=entry.quantity, deduction_bps=entry.deduction_bps)
        for entry in found
        if entry.verdict is Verdict.ACCEPTED
    )
