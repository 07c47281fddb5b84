"""The life of one return: application, review, ship-back, inspection, settlement.

The class holds the order of the stages. Each stage is a file in `workflows/stages`; what may be sent to it is in
the file of the same name in `workflows/handlers`.
"""

import asyncio

from temporalio import workflow

from domain.actions import ContestState
from domain.application import Remedy
from domain.bookkeeping import ReturnClosing
from domain.explanation import MoneyOfReturn
from domain.inspection import Verdict
from domain.intents import RefundBasis
from domain.outbox import OutboxItem, Template
from domain.refund import UnitsToSettle
from domain.status import Header, InspectionStatus, Logistics, Reimbursement
from workflows import calls, ids
from workflows.answers import decision_of, money_of, result_of, status_of
from workflows.case import ReturnCase
from workflows.contracts import (
    DECISION_UPDATE,
    EXPLAIN_QUERY,
    STATUS_QUERY,
    Decision,
    DecisionRequest,
    ReturnInput,
    ReturnResult,
    ReturnStatus,
)
from workflows.handlers.agreement import AgreementHandlers
from workflows.handlers.authority import AuthorityHandlers
from workflows.handlers.clocks import ClockHandlers
from workflows.handlers.complaint import ComplaintHandlers
from workflows.handlers.inspection import InspectionHandlers
from workflows.handlers.payment import PaymentHandlers
from workflows.handlers.repair import RepairHandlers
from workflows.handlers.review import ReviewHandlers
from workflows.handlers.ship_back import ShipBackHandlers
from workflows.handlers.substitute import SubstituteHandlers
from workflows.stages.agreement import AgreementStage
from workflows.stages.authority import Authority
from workflows.stages.complaint import ComplaintLane
from workflows.stages.contest import ContestStage
from workflows.stages.coupon_compensation import CouponCompensation
from workflows.stages.exchange import Exchange
from workflows.stages.inspection import InspectionStage
from workflows.stages.payment import Payments
from workflows.stages.price_compensation import PriceCompensation
from workflows.stages.refund_only import RefundOnly
from workflows.stages.reissue_parts import ReissueParts
from workflows.stages.repair import Repair
from workflows.stages.review import ReviewStage
from workflows.stages.settlement import Settlement, accepted_units
from workflows.stages.ship_back import ShipBackEnd, ShipBackStage
from workflows.stages.stock_lease import StockLease
from workflows.stages.store_credit import StoreCredit
from workflows.stages.substitute import Substitutes
from workflows.stages.substitution import Substitution
from workflows.stages.trade_in import TradeIn
from workflows.validation.review import same_request


@workflow.defn(name=ids.RETURN_WORKFLOW)
class ReturnWorkflow(
    ReviewHandlers,
    AgreementHandlers,
    AuthorityHandlers,
    ShipBackHandlers,
    InspectionHandlers,
    PaymentHandlers,
    SubstituteHandlers,
    RepairHandlers,
    ClockHandlers,
    ComplaintHandlers,
):
    """One return, from the application to its end."""

    @workflow.init
    def __init__(self, start: ReturnInput) -> None:
        case = ReturnCase(start, workflow.info().start_time)
        self._case = case
        self._authority = Authority(case)
        self._agreement = AgreementStage(case)
        self._review = ReviewStage(case, self._agreement)
        self._ship_back = ShipBackStage(case)
        self._inspection = InspectionStage(case, self._ship_back.parcel, self._ship_back.tracking)
        self._contest = ContestStage(case)
        self._payments = Payments(case)
        self._settlement = Settlement(case, self._payments)
        self._complaints = ComplaintLane(case, self._settlement)
        self._lease = StockLease(case)
        self._exchange = Exchange(case, self._settlement, self._payments, self._lease)
        self._substitutes = Substitutes(case)
        self._refund_only = RefundOnly(case, self._settlement)
        self._parts = ReissueParts(case, self._substitutes)
        self._price = PriceCompensation(case, self._settlement)
        self._coupon = CouponCompensation(case)
        self._store_credit = StoreCredit(case, self._settlement)
        self._trade_in = TradeIn(case)
        substitution = Substitution(case, self._substitutes, self._exchange, self._settlement)
        self._repair = Repair(case, substitution)

    @workflow.run
    async def run(self, start: ReturnInput) -> ReturnResult:
        """Take the return through its stages and close it."""
        if await self._review.run():
            await self._carry_out()
        await self._complaints.has_ended()
        await self._close()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return result_of(self._case)

    async def _carry_out(self) -> None:
        """Carry out the terms in force."""
        match self._case.remedy:
            case Remedy.CANCEL_ORDER:
                order_cancelled = self._case.notices.customer(Template.ORDER_CANCELLED)
                await self._settlement.refund(RefundBasis.CANCELLATION, self._all_units(), (order_cancelled,))
            case Remedy.REFUND_ONLY:
                await self._refund_only.run()
            case Remedy.PRICE_COMPENSATION:
                await self._price.run()
            case Remedy.COUPON_COMPENSATION:
                await self._coupon.run()
            case Remedy.REISSUE_PARTS:
                await self._parts.run()
                if self._case.remedy is not Remedy.REISSUE_PARTS:
                    await self._carry_out()
            case _ if self._case.is_returnless:
                await self._refund_only.run()
            case _:
                await self._take_back()

    async def _take_back(self) -> None:
        """Have the goods back, look at them, and settle what was found."""
        if self._case.remedy is Remedy.EXCHANGE:
            self._lease.keep()
        match await self._ship_back.run():
            case ShipBackEnd.ARRIVED:
                await self._inspection.run()
                await self._settle_what_was_found()
            case ShipBackEnd.LOST:
                lost = self._case.notices.customer(Template.PARCEL_LOST)
                claim = self._case.supervisor_alert(
                    Template.STAFF_CARRIER_CLAIM,
                    carrier=self._case.carrier,
                    tracking_no=self._case.tracking_no,
                )
                await self._pay(RefundBasis.LOST_IN_TRANSIT, self._all_units(), (lost, claim))
            case ShipBackEnd.EXPIRED | ShipBackEnd.CANCELED:
                pass

    async def _settle_what_was_found(self) -> None:
        """Pay what was accepted at once; what is contested goes its own way meanwhile."""
        self._contest.open()
        accepted = accepted_units(self._inspection.units)
        _, accepted_after_all = await asyncio.gather(
            self._settle(accepted, self._inspection_notices()), self._contest.run()
        )
        if accepted_after_all:
            decided = self._case.notices.customer(Template.CONTEST_DECIDED)
            await self._pay(RefundBasis.INSPECTION, accepted_after_all, (decided,))
        await self._inspection.look_back()
        await self._inspection.coupon_is_issued()

    async def _settle(self, accepted: tuple[UnitsToSettle, ...], outbox: tuple[OutboxItem, ...]) -> None:
        if not accepted:
            await self._case.record("inspected", *outbox)
        elif self._case.remedy is Remedy.EXCHANGE:
            await self._exchange.run(accepted, outbox)
        else:
            await self._pay(RefundBasis.INSPECTION, accepted, outbox)

    async def _pay(
        self, basis: RefundBasis, units: tuple[UnitsToSettle, ...], outbox: tuple[OutboxItem, ...]
    ) -> None:
        """Pay for units in the way of the remedy; a repair pays only for what was lost."""
        match self._case.remedy:
            case Remedy.STORE_CREDIT:
                await self._store_credit.refund(basis, units, outbox)
            case Remedy.TRADE_IN:
                await self._trade_in.pay(units, outbox)
            case Remedy.REPAIR if basis is RefundBasis.INSPECTION:
                await self._repair.run(units, outbox)
            case _:
                await self._settlement.refund(basis, units, outbox)

    def _inspection_notices(self) -> tuple[OutboxItem, ...]:
        template = {
            InspectionStatus.ACCEPTED: Template.INSPECTION_PASSED,
            InspectionStatus.PARTIALLY_ACCEPTED: Template.INSPECTION_PARTIAL,
        }.get(self._case.inspection, Template.INSPECTION_REJECTED)
        if self._case.remedy is Remedy.REPAIR:
            template = Template.DIAGNOSED
        findings = "; ".join(
            entry.note or ", ".join(check.code for check in entry.checks)
            for entry in self._inspection.units
            if entry.verdict is Verdict.REJECTED
        )
        message = self._case.notices.customer(
            template,
            accepted=sum(line.accepted for line in self._case.lines.values()),
            rejected=sum(line.rejected for line in self._case.lines.values()),
            missing=sum(line.missing for line in self._case.lines.values()),
            findings=findings,
        )
        return (message, *self._case.notices.dispositions(self._inspection.units))

    def _all_units(self) -> tuple[UnitsToSettle, ...]:
        return tuple(
            UnitsToSettle(line_id=line_id, quantity=quantity)
            for line_id, quantity in self._case.line_quantities().items()
        )

    async def _close(self) -> None:
        """Give back what is still held, keep the end beyond Temporal's retention, and tell the customer."""
        case = self._case
        await self._ship_back.courier_is_withdrawn()
        await self._lease.end()
        await self._agreement.close()
        await self._authority.close()
        case.ended = True
        if case.reimbursement is Reimbursement.QUOTED:
            case.move(Reimbursement.NONE, "nothing was paid")
        case.forget_needs()
        case.contest = ContestState.NONE if case.contest is ContestState.NONE else ContestState.CLOSED
        if case.holds_units:
            await calls.close_return(
                ReturnClosing(
                    rma_id=case.rma_id,
                    op=case.step("close"),
                    at=workflow.now(),
                    outbox=self._farewell(),
                    header=case.header().value,
                    refusal_code=case.refusal.code.value if case.refusal else "",
                    request_fingerprint=case.request_fingerprint,
                )
            )
        case.note("closed", case.header().value)
        case.publish()

    def _farewell(self) -> tuple[OutboxItem, ...]:
        case = self._case
        if case.refusal:
            return (case.notices.customer(Template.REFUSED, reason=" ".join(case.why) or case.refusal.detail),)
        if case.canceled:
            return (case.notices.customer(Template.RETURN_CANCELED),)
        if case.header() is Header.EXPIRED and case.logistics is Logistics.EXPIRED:
            return (case.notices.customer(Template.HANDOVER_EXPIRED),)
        return ()

    # What may be asked

    @workflow.query(name=STATUS_QUERY, description="Where the return stands: axes, deadlines, money, timeline.")
    def status(self) -> ReturnStatus:
        """Answer where the return stands."""
        return status_of(self._case)

    @workflow.query(name=EXPLAIN_QUERY, description="The money: quote, refunds, worksheets, movements.")
    def explain(self) -> MoneyOfReturn:
        """Answer every amount of the return with the worksheet behind it."""
        return money_of(self._case)

    @workflow.update(name=DECISION_UPDATE, description="Wait for the first decision on the application.")
    async def decision(self, request: DecisionRequest) -> Decision:
        """Answer the first decision, in the round trip of the start."""
        await workflow.wait_condition(lambda: self._case.decided)
        return decision_of(self._case)

    @decision.validator
    def _validate_decision(self, request: DecisionRequest) -> None:
        same_request(self._case, request)
