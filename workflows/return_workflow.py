"""The life of one return: application, review, ship-back, inspection, settlement.

The class holds the order of the stages. Each stage is a file in `workflows/stages`; what may be sent to it is in
the file of the same name in `workflows/handlers`.
"""

from temporalio import workflow

from domain.application import Remedy
from domain.bookkeeping import ReturnClosing
from domain.explanation import MoneyOfReturn
from domain.follow_up import ClosedLine, KeptCase
from domain.intents import RefundBasis
from domain.outbox import OutboxItem, Template
from domain.refund import UnitsToSettle
from domain.status import Header, Logistics, Reimbursement
from workflows import calls, ids, metrics
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
from workflows.gates import ask_at_start
from workflows.handlers.agreement import AgreementHandlers
from workflows.handlers.authority import AuthorityHandlers
from workflows.handlers.chargeback import ChargebackHandlers
from workflows.handlers.clocks import ClockHandlers
from workflows.handlers.complaint import ComplaintHandlers
from workflows.handlers.follow_up import FollowUpHandlers
from workflows.handlers.inspection import InspectionHandlers
from workflows.handlers.payment import PaymentHandlers
from workflows.handlers.remedy_change import RemedyChangeHandlers
from workflows.handlers.repair import RepairHandlers
from workflows.handlers.review import ReviewHandlers
from workflows.handlers.ship_back import ShipBackHandlers
from workflows.handlers.substitute import SubstituteHandlers
from workflows.stages.advance_exchange import AdvanceExchange
from workflows.stages.advance_refund import AdvanceRefund
from workflows.stages.advances import Advances
from workflows.stages.agreed_terms import AgreedTerms
from workflows.stages.agreement import AgreementStage
from workflows.stages.authority import Authority
from workflows.stages.chargeback import ChargebackLane
from workflows.stages.complaint import ComplaintLane
from workflows.stages.coupon_compensation import CouponCompensation
from workflows.stages.exchange import Exchange
from workflows.stages.follow_up import FollowUpStage
from workflows.stages.goodwill import Goodwill
from workflows.stages.journeys import Journeys
from workflows.stages.outcome import Outcome
from workflows.stages.payment import Payments
from workflows.stages.payment_hold import HoldOnPayment
from workflows.stages.price_compensation import PriceCompensation
from workflows.stages.recovery import Recovery
from workflows.stages.refund_only import RefundOnly
from workflows.stages.reissue_parts import ReissueParts
from workflows.stages.remedy_change import RemedyChanges
from workflows.stages.repair import Repair
from workflows.stages.review import ReviewStage
from workflows.stages.settlement import Settlement
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
    ChargebackHandlers,
    RemedyChangeHandlers,
    FollowUpHandlers,
):
    """One return, from the application to its end."""

    @workflow.init
    def __init__(self, start: ReturnInput) -> None:
        case = ReturnCase(start, workflow.info().start_time)
        self._case = case
        self._authority = Authority(case)
        self._agreement = AgreementStage(case)
        self._review = ReviewStage(case, self._agreement)
        self._payments = Payments(case)
        self._settlement = Settlement(case, self._payments)
        self._complaints = ComplaintLane(case, self._settlement)
        self._chargebacks = ChargebackLane(case)
        self._advance_refund = AdvanceRefund(case, self._settlement, self._payments)
        self._lease = StockLease(case)
        self._substitutes = Substitutes(case)
        substitution = Substitution(case, self._substitutes)
        self._exchange = Exchange(case, self._settlement, self._payments, self._lease, substitution)
        self._refund_only = RefundOnly(case, self._settlement)
        self._parts = ReissueParts(case, self._substitutes)
        self._price = PriceCompensation(case, self._settlement)
        self._coupon = CouponCompensation(case, self._payments)
        store_credit = StoreCredit(case, self._settlement)
        trade_in = TradeIn(case)
        self._repair = Repair(case, self._exchange)
        advance_exchange = AdvanceExchange(case, self._exchange, HoldOnPayment(case, self._payments))
        self._advances = Advances(self._advance_refund, advance_exchange)
        outcome = Outcome(
            case,
            self._settlement,
            self._advances,
            self._exchange,
            store_credit,
            trade_in,
            self._repair,
            AgreedTerms(case, self._price, self._coupon, store_credit),
        )
        self._journeys = Journeys(case, outcome, self._agreement)
        self._remedy_changes = RemedyChanges(case, self._lease)
        self._recovery = Recovery(case)
        self._goodwill = Goodwill(case, self._settlement, self._coupon)
        self._follow_up = FollowUpStage(case, self._journeys, self._settlement, self._goodwill)

    @workflow.run
    async def run(self, start: ReturnInput) -> ReturnResult:
        """Take the return through its stages and close it."""
        ask_at_start()
        metrics.return_opened(start.application.desired_resolution)
        if start.follows:
            await self._follow_up.run(start.follows)
        elif await self._review.run():
            await self._carry_out()
        await self._disputes_end()
        await self._close()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return result_of(self._case)

    async def _disputes_end(self) -> None:
        """Wait for what is still in dispute when the rest is done; without a dispute nothing is waited for."""
        self._case.at_rest = True
        while self._complaints.is_pending or self._chargebacks.is_pending:
            self._case.closing = False
            await self._complaints.has_ended()
            await self._chargebacks.has_ended()
        self._case.closing = True

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
        self._advances.begin()
        await self._journeys.run()
        await self._advances.true_up(self._journeys.rest, lambda: self._journeys.found)

    def _all_units(self) -> tuple[UnitsToSettle, ...]:
        return tuple(
            UnitsToSettle(line_id=line_id, quantity=quantity)
            for line_id, quantity in self._case.line_quantities().items()
        )

    async def _close(self) -> None:
        """Give back what is still held, keep the end beyond Temporal's retention, and tell the customer."""
        case = self._case
        await self._lease.end()
        await self._agreement.close()
        await self._authority.close()
        await self._recovery.start()
        case.ended = True
        if case.reimbursement is Reimbursement.QUOTED:
            case.move(Reimbursement.NONE, "nothing was paid")
        case.forget_needs()
        case.parcels.close_contests()
        if case.holds_units:
            events = case.events.to_tell(case)
            await calls.close_return(
                ReturnClosing(
                    rma_id=case.rma_id,
                    op=case.step("close"),
                    at=workflow.now(),
                    outbox=self._farewell(),
                    header=case.header().value,
                    refusal_code=case.refusal.code.value if case.refusal else "",
                    request_fingerprint=case.request_fingerprint,
                    kept=self._kept(),
                    events=events,
                )
            )
            case.events.told(events)
        case.note("closed", case.header().value)
        case.publish()

    def _kept(self) -> KeptCase:
        """What a follow-up case would need of this one."""
        lines = tuple(ClosedLine.model_validate(line.model_dump()) for line in self._case.lines.values())
        return KeptCase(application=self._case.application, lines=lines)

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
