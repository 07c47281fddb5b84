"""The state of one return, and the few things that every stage does with it."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from domain.actions import Action, ContestState, Role, Standing, allowed_actions
from domain.application import Remedy
from domain.bookkeeping import Review, ReviewRequest, StageEntry
from domain.clocks import Clock, ClockName, ClockState
from domain.coupons import BreachCertificate
from domain.intents import PaymentDirection, PaymentIntent
from domain.notices import Notices, announced_at_review
from domain.orders import OrderSnapshot
from domain.outbox import OutboxItem, Template
from domain.reasons import LiableParty
from domain.refusals import Refusal
from domain.status import (
    Approval,
    Header,
    InspectionStatus,
    Logistics,
    Reimbursement,
    Stage,
    derive_header,
    derive_stage,
    is_money_settled,
)
from workflows import calls, search_attributes
from workflows.calls import Input, LedgerCall, Output
from workflows.contracts import (
    CouponStatus,
    Deadline,
    Decision,
    LineStatus,
    PaymentStatus,
    ReturnInput,
    ReturnResult,
    ReturnStatus,
    TimelineEntry,
)


class ReturnCase:
    """The state that the stages share. Every change of an axis goes through `move`, which writes the timeline."""

    def __init__(self, start: ReturnInput, opened_at: datetime) -> None:
        self.rma_id = start.rma_id
        self.opened_at = opened_at
        self.request_fingerprint = start.request_fingerprint
        self.application = start.application
        self.notices = Notices.for_application(start.rma_id, start.application)
        self.order: OrderSnapshot | None = None
        self.rules = Review()
        self.refusal: Refusal | None = None
        self.approval = Approval.REQUESTED
        self.logistics = Logistics.NOT_REQUIRED
        self.inspection = InspectionStatus.PENDING
        self.reimbursement = Reimbursement.NONE
        self.contest = ContestState.NONE
        self.appealed = False
        self.decided = False
        self.ended = False
        self.holds_units = False
        self.holds_stock = False
        self._needs: dict[str, str] = {}
        self.carrier = ""
        self.tracking_no = ""
        self.lines = {
            line.line_id: LineStatus(line_id=line.line_id, requested=line.quantity)
            for line in start.application.lines
        }
        self.liability: dict[str, LiableParty] = {}
        self.payments: dict[str, PaymentIntent] = {}
        self.breach: BreachCertificate | None = None
        self.clocks: list[Clock] = []
        self.timeline: list[TimelineEntry] = [TimelineEntry(at=opened_at, what="application received")]
        self._steps: dict[str, int] = {}
        self._approval_told = False
        self._shown: tuple[Stage, Header, str, bool] | None = None

    @property
    def remedy(self) -> Remedy:
        """What the customer asked for."""
        return self.application.desired_resolution

    @property
    def canceled(self) -> bool:
        """Whether the customer withdrew the return."""
        return self.approval is Approval.CANCELED

    @property
    def is_contested(self) -> bool:
        """Whether the customer may still earn, or waits for, more than the inspection accepted."""
        return self.contest in (ContestState.OPEN, ContestState.CONTESTED)

    def note(self, what: str, detail: str = "") -> None:
        """Write to the timeline."""
        self.timeline.append(TimelineEntry(at=workflow.now(), what=what, detail=detail))

    def move(
        self,
        axis: Approval | Logistics | InspectionStatus | Reimbursement,
        detail: str = "",
        at: datetime | None = None,
    ) -> None:
        """Move one axis to a state and write it to the timeline; to stand still writes nothing.

        `at` is the event's own time where that differs from the time of the news.
        """
        current: object
        if isinstance(axis, Approval):
            current, self.approval = self.approval, axis
        elif isinstance(axis, Logistics):
            current, self.logistics = self.logistics, axis
        elif isinstance(axis, InspectionStatus):
            current, self.inspection = self.inspection, axis
        else:
            current, self.reimbursement = self.reimbursement, axis
        if current is not axis:
            what = f"{type(axis).__name__.removesuffix('Status').lower()} {axis.value}"
            self.timeline.append(TimelineEntry(at=at or workflow.now(), what=what, detail=detail))

    def step(self, name: str) -> str:
        """Name the next ledger entry of a kind, so that each is written once: review-1, review-2, ..."""
        self._steps[name] = self._steps.get(name, 0) + 1
        return f"{name}-{self._steps[name]}"

    async def record(
        self,
        name: str,
        *outbox: OutboxItem,
        carrier: str = "",
        tracking_no: str = "",
        breach: BreachCertificate | None = None,
        coupon_id: str = "",
    ) -> None:
        """Write what a step decided, and what is to be told of it, in one ledger transaction."""
        await calls.record_stage(
            StageEntry(
                rma_id=self.rma_id,
                op=self.step(name),
                at=workflow.now(),
                outbox=outbox,
                carrier=carrier,
                tracking_no=tracking_no,
                breach=breach,
                coupon_id=coupon_id,
            )
        )

    async def review(self, order: OrderSnapshot | None, request: ReviewRequest) -> Review:
        """Have the application checked, decided and its units reserved; keep the rules it stays on."""
        self.order = order
        review = await calls.review_application(request)
        if review.refusal is None:
            self.rules = review
            self.holds_units = True
        if review.decision and announced_at_review(review.decision, self.remedy):
            self._approval_told = True
        return review

    def announcement(self) -> tuple[OutboxItem, ...]:
        """The approval, if nothing has told it yet; taken once, by the first entry that has something to tell."""
        if self._approval_told:
            return ()
        self._approval_told = True
        return (self.notices.customer(Template.APPROVED),)

    # Clocks

    async def wait(
        self,
        clock: ClockName,
        due_at: datetime,
        condition: Callable[[], bool],
        started_at: datetime | None = None,
        moot: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Wait for a condition until a promise is due, and say whether the promise was kept so far.

        Waiting again for the same promise, with a due time that moved, takes the place of its clock. A promise
        that becomes moot ends the wait and stops its clock, neither met nor broken.
        """
        self.start_clock(clock, started_at or workflow.now(), due_at)
        self.publish()
        remaining = due_at - workflow.now()
        if not condition() and not moot() and remaining > timedelta(0):
            with suppress(TimeoutError):
                await workflow.wait_condition(
                    lambda: condition() or moot(), timeout=remaining, timeout_summary=f"{clock.value} due"
                )
        kept = condition() or moot()
        if moot() and not condition():
            self._end(clock, ClockState.STOPPED)
        self.end_clock(clock, in_time=kept)
        return kept

    def start_clock(self, clock: ClockName, started_at: datetime, due_at: datetime) -> None:
        """Start a promise, in the place of one of the same name that runs."""
        self._end(clock, ClockState.STOPPED)
        self.clocks.append(Clock(name=clock, started_at=started_at, due_at=due_at))

    def end_clock(self, clock: ClockName, in_time: bool) -> None:
        """End a promise: met or broken; a withdrawal makes every promise moot."""
        kept = ClockState.MET if in_time else ClockState.BREACHED
        self._end(clock, ClockState.STOPPED if self.canceled else kept)

    def _end(self, name: ClockName, state: ClockState) -> None:
        for index, clock in enumerate(self.clocks):
            if clock.name is name and clock.state is ClockState.RUNNING:
                ended = {"state": state, "ended_at": workflow.now()}
                self.clocks[index] = clock.model_copy(update=ended)

    # Visibility

    def publish(self) -> None:
        """Show ops where the return stands, if that changed; the next deadline goes along."""
        shown = (self.stage(), self.header(), self.needs, self.breach is not None)
        if shown == self._shown:
            return
        self._shown = shown
        deadline = self.next_deadline()
        workflow.upsert_search_attributes(
            [
                search_attributes.STAGE.value_set(self.stage().value),
                search_attributes.HEADER.value_set(self.header().value),
                search_attributes.NEEDS.value_set(self.needs or search_attributes.NOBODY),
                search_attributes.BREACHED.value_set(self.breach is not None),
                search_attributes.NEXT_DEADLINE.value_set(deadline.due_at)
                if deadline
                else search_attributes.NEXT_DEADLINE.value_unset(),
            ]
        )

    # What the outside sees

    def header(self) -> Header:
        """The derived header."""
        return derive_header(self.approval, self.logistics, self.reimbursement, self.ended)

    def stage(self) -> Stage:
        """The stage that the return is in."""
        return derive_stage(self.approval, self.logistics, self.inspection, self.reimbursement, self.ended)

    def standing(self) -> Standing:
        """What decides the allowed actions."""
        return Standing(
            remedy=self.remedy,
            approval=self.approval,
            logistics=self.logistics,
            inspection=self.inspection,
            reimbursement=self.reimbursement,
            contest=self.contest,
            appealed=self.appealed,
            ended=self.ended,
        )

    def next_deadline(self) -> Deadline | None:
        """The earliest promise that is running."""
        running = [clock for clock in self.clocks if clock.state is ClockState.RUNNING]
        if not running:
            return None
        earliest = min(running, key=lambda clock: clock.due_at)
        return Deadline(clock=earliest.name, due_at=earliest.due_at)

    def decision(self) -> Decision:
        """The first decision, as the order system gets it in its start's round trip."""
        decision = self.rules.decision
        return Decision(
            rma_id=self.rma_id,
            approval=self.approval,
            refusal=self.refusal,
            reasons=decision.reasons if decision else (),
            policy_version=decision.policy_version if decision else "",
            price_difference_minor=self._price_difference(),
            currency=self.rules.currency,
        )

    def status(self) -> ReturnStatus:
        """Everything that an integrator asks."""
        decision = self.rules.decision
        return ReturnStatus(
            rma_id=self.rma_id,
            order_id=self.application.order_id,
            remedy=self.remedy,
            header=self.header(),
            approval=self.approval,
            logistics=self.logistics,
            inspection=self.inspection,
            reimbursement=self.reimbursement,
            is_final=self.ended,
            money_settled=is_money_settled(self.reimbursement, self.ended) and not self.is_contested,
            allowed_actions=allowed_actions(self.standing()),
            next_deadline=self.next_deadline(),
            needs=self.needs,
            currency=self.rules.currency,
            policy_version=decision.policy_version if decision else "",
            refusal=self.refusal,
            reasons=decision.reasons if decision else (),
            price_difference_minor=self._price_difference(),
            tracking_no=self.tracking_no,
            carrier=self.carrier,
            lines=tuple(self.lines.values()),
            payments=tuple(
                PaymentStatus(
                    key=intent.key,
                    direction=intent.direction,
                    method_id=intent.method_id,
                    amount_minor=intent.amount_minor,
                    state=intent.state,
                )
                for intent in self.payments.values()
            ),
            coupons=(
                CouponStatus(
                    clock=ClockName.INSPECTION,
                    amount_minor=self.breach.coupon_minor,
                    currency=self.breach.currency,
                    coupon_id=self.breach.coupon_id,
                ),
            )
            if self.breach
            else (),
            clocks=tuple(self.clocks),
            timeline=tuple(self.timeline),
        )

    def result(self) -> ReturnResult:
        """How the return ended."""
        return ReturnResult(
            rma_id=self.rma_id,
            header=self.header(),
            refusal=self.refusal,
            refunded_minor=self._moved(PaymentDirection.REFUND),
            charged_minor=self._moved(PaymentDirection.CHARGE),
            currency=self.rules.currency,
        )

    def _price_difference(self) -> int | None:
        if self.remedy is not Remedy.EXCHANGE or self.rules.decision is None:
            return None
        return self.rules.price_difference_minor

    def _moved(self, direction: PaymentDirection) -> int:
        return sum(
            intent.amount_minor
            for intent in self.payments.values()
            if intent.direction is direction and intent.state.is_paid
        )

    # Small helpers of more than one stage

    def cancel(self, note: str) -> None:
        """Take the customer's withdrawal; the stage that runs sees it and gives back what is booked."""
        self.move(Approval.CANCELED, note)
        self.decided = True

    def set_line(self, line_id: str, **quantities: int) -> None:
        """Set quantities of a return line."""
        self.lines[line_id] = self.lines[line_id].model_copy(update=quantities)

    def cover_the_whole_order(self) -> None:
        """Take every unit of the order into the return: a cancellation is for the whole order."""
        if self.order:
            self.lines = {
                line.line_id: LineStatus(line_id=line.line_id, requested=line.quantity)
                for line in self.order.lines
            }

    async def in_ledger(self, call: LedgerCall[Input, Output], argument: Input) -> Output:
        """Write to the books of money. What they refuse waits for a person, is told daily, and is tried again."""
        while True:
            try:
                return await call(argument)
            # A local activity fails with its own error, where another one wraps it in an ActivityError.
            except (ActivityError, ApplicationError) as error:
                if is_cancelled_exception(error):
                    raise
                self.note("the ledger refused", str(error.cause or error))
                await self.record("ledger-refused", self.supervisor_alert(Template.STAFF_SETTLEMENT_LATE))
                self.need(Role.SUPERVISOR, "ledger")
                self.publish()
                await workflow.sleep(timedelta(hours=24), summary="ask the ledger again")
                self.need("", "ledger")

    @property
    def needs(self) -> str:
        """The role that has to act before the return goes on; a supervisor comes before others."""
        roles = list(self._needs.values())
        return Role.SUPERVISOR if Role.SUPERVISOR in roles else next(iter(roles), "")

    def need(self, role: str, what_for: str) -> None:
        """Say who has to act for something; nobody (an empty role) once that is done."""
        self._needs.pop(what_for, None)
        if role:
            self._needs[what_for] = role

    def forget_needs(self) -> None:
        """Nobody has to act any more."""
        self._needs.clear()

    def supervisor_alert(self, template: Template, **params: str | int) -> OutboxItem:
        """An alert to the supervisor of the desk."""
        return self.notices.staff(template, Role.SUPERVISOR, **params)

    def allows(self, action: Action) -> bool:
        """Whether the return allows an action now."""
        return action in allowed_actions(self.standing())

    def line_quantities(self) -> dict[str, int]:
        """The units that may come back, by line."""
        return {line_id: line.authorized for line_id, line in self.lines.items()}

    def known_payment_methods(self) -> Sequence[str]:
        """The customer's means of payment, as the frozen order has them."""
        return [method.method_id for method in self.order.payment_methods] if self.order else []
