"""The life of one return: application, review, ship-back, inspection, settlement.

The class holds the handlers and the order of the stages; each stage is a file in `workflows/stages`.
"""

import asyncio

from temporalio import workflow

from domain.actions import Action, ContestState
from domain.application import Remedy
from domain.bookkeeping import ReturnClosing
from domain.inspection import Verdict
from domain.intents import RefundBasis
from domain.outbox import OutboxItem, Template
from domain.refund import UnitsToSettle
from domain.shipping import CarrierEvent
from domain.status import Header, InspectionStatus, Logistics
from workflows import calls, ids, validation
from workflows.case import ReturnCase
from workflows.contracts import (
    CARRIER_EVENT_SIGNAL,
    DECISION_UPDATE,
    STATUS_QUERY,
    ActionAnswer,
    AppealRequest,
    CancelRequest,
    Contest,
    ContestVerdict,
    Decision,
    DecisionRequest,
    EvidenceSubmission,
    Handover,
    InspectionReport,
    PaymentMethodChoice,
    PickupChoice,
    Receipt,
    ResultAcceptance,
    ReturnInput,
    ReturnResult,
    ReturnStatus,
    ReviewVerdict,
)
from workflows.stages.contest import ContestStage
from workflows.stages.exchange import Exchange
from workflows.stages.inspection import InspectionStage
from workflows.stages.payment import Payments
from workflows.stages.review import ReviewStage
from workflows.stages.settlement import Settlement, accepted_units
from workflows.stages.ship_back import ShipBackEnd, ShipBackStage


@workflow.defn(name=ids.RETURN_WORKFLOW)
class ReturnWorkflow:
    """One return, from the application to its end."""

    @workflow.init
    def __init__(self, start: ReturnInput) -> None:
        case = ReturnCase(start, workflow.info().start_time)
        self._case = case
        self._review = ReviewStage(case)
        self._ship_back = ShipBackStage(case)
        self._inspection = InspectionStage(case, self._ship_back.parcel, self._ship_back.tracking)
        self._contest = ContestStage(case)
        self._payments = Payments(case)
        self._settlement = Settlement(case, self._payments)
        self._exchange = Exchange(case, self._settlement, self._payments)

    @workflow.run
    async def run(self, start: ReturnInput) -> ReturnResult:
        """Take the return through its stages and close it."""
        if await self._review.run():
            await self._carry_out()
        await self._close()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._case.result()

    async def _carry_out(self) -> None:
        if self._case.remedy is Remedy.CANCEL_ORDER:
            order_cancelled = self._case.notices.customer(Template.ORDER_CANCELLED)
            await self._settlement.refund(RefundBasis.CANCELLATION, self._all_units(), (order_cancelled,))
            return
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
                await self._settlement.refund(RefundBasis.LOST_IN_TRANSIT, self._all_units(), (lost, claim))
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
            await self._settlement.refund(RefundBasis.INSPECTION, accepted_after_all, (decided,))
        await self._inspection.look_back()
        await self._inspection.coupon_is_issued()

    async def _settle(self, accepted: tuple[UnitsToSettle, ...], outbox: tuple[OutboxItem, ...]) -> None:
        if not accepted:
            await self._case.record("inspected", *outbox)
        elif self._case.remedy is Remedy.EXCHANGE:
            await self._exchange.run(accepted, outbox)
        else:
            await self._settlement.refund(RefundBasis.INSPECTION, accepted, outbox)

    def _inspection_notices(self) -> tuple[OutboxItem, ...]:
        template = {
            InspectionStatus.ACCEPTED: Template.INSPECTION_PASSED,
            InspectionStatus.PARTIALLY_ACCEPTED: Template.INSPECTION_PARTIAL,
        }.get(self._case.inspection, Template.INSPECTION_REJECTED)
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
        await self._exchange.release_stock()
        case.ended = True
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
            return (case.notices.customer(Template.REFUSED, reason=case.refusal.detail),)
        if case.canceled:
            return (case.notices.customer(Template.RETURN_CANCELED),)
        if case.header() is Header.EXPIRED and case.logistics is Logistics.EXPIRED:
            return (case.notices.customer(Template.HANDOVER_EXPIRED),)
        return ()

    # What may be asked

    @workflow.query(name=STATUS_QUERY, description="Where the return stands: axes, deadlines, money, timeline.")
    def status(self) -> ReturnStatus:
        """Answer where the return stands."""
        return self._case.status()

    @workflow.update(name=DECISION_UPDATE, description="Wait for the first decision on the application.")
    async def decision(self, request: DecisionRequest) -> Decision:
        """Answer the first decision, in the round trip of the start."""
        await workflow.wait_condition(lambda: self._case.decided)
        return self._case.decision()

    @decision.validator
    def _validate_decision(self, request: DecisionRequest) -> None:
        validation.same_request(self._case, request)

    # What carriers report

    @workflow.signal(name=CARRIER_EVENT_SIGNAL, description="A scan of the parcel by a carrier.")
    def carrier_event(self, event: CarrierEvent) -> None:
        """Take a scan; late, repeated and unknown ones do no harm."""
        self._ship_back.parcel.take(event)

    # What people decide and report

    @workflow.update(name=Action.CANCEL, description="Withdraw the return before the goods are handed over.")
    def cancel(self, request: CancelRequest) -> ActionAnswer:
        """Withdraw the return."""
        self._case.cancel(request.note)
        return self._accepted(Action.CANCEL)

    @cancel.validator
    def _validate_cancel(self, request: CancelRequest) -> None:
        validation.allowed(self._case, Action.CANCEL, request)

    @workflow.update(name=Action.SUBMIT_EVIDENCE, description="Send the evidence that was asked for.")
    def submit_evidence(self, request: EvidenceSubmission) -> ActionAnswer:
        """Take evidence."""
        self._review.on_evidence(request)
        return self._accepted(Action.SUBMIT_EVIDENCE)

    @submit_evidence.validator
    def _validate_submit_evidence(self, request: EvidenceSubmission) -> None:
        validation.evidence(self._case, request)

    @workflow.update(name=Action.REVIEW, description="Approve or decline the return, with the reason.")
    def review(self, request: ReviewVerdict) -> ActionAnswer:
        """Take a person's decision."""
        self._review.on_verdict(request)
        return self._accepted(Action.REVIEW)

    @review.validator
    def _validate_review(self, request: ReviewVerdict) -> None:
        validation.review(self._case, request)

    @workflow.update(name=Action.APPEAL, description="Appeal once against a declined return.")
    def appeal(self, request: AppealRequest) -> ActionAnswer:
        """Take an appeal."""
        self._review.on_appeal(request)
        return self._accepted(Action.APPEAL)

    @appeal.validator
    def _validate_appeal(self, request: AppealRequest) -> None:
        validation.allowed(self._case, Action.APPEAL, request)

    @workflow.update(name=Action.BOOK_PICKUP, description="Book a pickup again, or a label instead.")
    def book_pickup(self, request: PickupChoice) -> ActionAnswer:
        """Take a choice after every carrier failed."""
        self._ship_back.on_pickup_choice(request)
        return self._accepted(Action.BOOK_PICKUP)

    @book_pickup.validator
    def _validate_book_pickup(self, request: PickupChoice) -> None:
        validation.pickup(self._case, request)

    @workflow.update(name=Action.RECORD_HANDOVER, description="The parcel was handed over; its tracking number.")
    def record_handover(self, request: Handover) -> ActionAnswer:
        """Take a hand-over."""
        self._ship_back.on_handover(request)
        return self._accepted(Action.RECORD_HANDOVER)

    @record_handover.validator
    def _validate_record_handover(self, request: Handover) -> None:
        validation.handover(self._case, request, workflow.now())

    @workflow.update(name=Action.RECEIVE, description="The warehouse's receipt scan.")
    def receive(self, request: Receipt) -> ActionAnswer:
        """Take a receipt."""
        self._ship_back.on_receipt(request)
        return self._accepted(Action.RECEIVE)

    @receive.validator
    def _validate_receive(self, request: Receipt) -> None:
        validation.receipt(self._case, request, workflow.now())

    @workflow.update(name=Action.INSPECT, description="The finished inspection, per quantity.")
    def inspect(self, request: InspectionReport) -> ActionAnswer:
        """Take an inspection."""
        self._inspection.on_report(request)
        return self._accepted(Action.INSPECT)

    @inspect.validator
    def _validate_inspect(self, request: InspectionReport) -> None:
        validation.inspection(self._case, request)

    @workflow.update(name=Action.ACCEPT_RESULT, description="The customer accepts the inspection's result.")
    def accept_result(self, request: ResultAcceptance) -> ActionAnswer:
        """Take the customer's agreement."""
        self._contest.on_acceptance()
        return self._accepted(Action.ACCEPT_RESULT)

    @accept_result.validator
    def _validate_accept_result(self, request: ResultAcceptance) -> None:
        validation.allowed(self._case, Action.ACCEPT_RESULT, request)

    @workflow.update(name=Action.CONTEST, description="The customer contests the inspection's result.")
    def contest(self, request: Contest) -> ActionAnswer:
        """Take the customer's objection."""
        self._contest.on_contest(request)
        return self._accepted(Action.CONTEST)

    @contest.validator
    def _validate_contest(self, request: Contest) -> None:
        validation.allowed(self._case, Action.CONTEST, request)

    @workflow.update(name=Action.DECIDE_CONTEST, description="The supervisor decides a contest.")
    def decide_contest(self, request: ContestVerdict) -> ActionAnswer:
        """Take the supervisor's decision."""
        self._contest.on_verdict(request)
        return self._accepted(Action.DECIDE_CONTEST)

    @decide_contest.validator
    def _validate_decide_contest(self, request: ContestVerdict) -> None:
        validation.contest_verdict(self._case, request)

    @workflow.update(
        name=Action.CHOOSE_PAYMENT_METHOD, description="Another means of payment for one that was declined."
    )
    def choose_payment_method(self, request: PaymentMethodChoice) -> ActionAnswer:
        """Take another means of payment."""
        self._payments.on_choice(request)
        return self._accepted(Action.CHOOSE_PAYMENT_METHOD)

    @choose_payment_method.validator
    def _validate_choose_payment_method(self, request: PaymentMethodChoice) -> None:
        validation.payment_method(self._case, request)

    def _accepted(self, action: Action) -> ActionAnswer:
        return ActionAnswer(rma_id=self._case.rma_id, action=action, accepted_at=workflow.now())
