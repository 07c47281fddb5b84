"""The state of one return, and the few things that every stage does with it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from domain.actions import Action, ContestState, Role, Side, Standing, allowed_actions
from domain.advances import RecoveryState
from domain.application import Remedy
from domain.authority import PendingPayout
from domain.bookkeeping import Review, ReviewRequest, StageAnswer, StageEntry
from domain.chargebacks import Chargeback
from domain.complaints import ComplaintState
from domain.coupons import BreachCertificate
from domain.explanation import Authorization
from domain.facts import settling_method_id
from domain.intents import PaymentIntent
from domain.liability import Liability
from domain.notices import Notices, announced_at_review
from domain.offers import Negotiation
from domain.orders import OrderSnapshot
from domain.outbox import OutboxItem, Template
from domain.refusals import Refusal
from domain.status import (
    Approval,
    Header,
    Reimbursement,
    Stage,
    derive_header,
    derive_stage,
)
from domain.terms import Terms
from workflows import calls, metrics
from workflows.calls import Input, LedgerCall, Output
from workflows.clocks import Clocks
from workflows.contracts import (
    CouponStatus,
    CreditStatus,
    LineStatus,
    RepairStatus,
    ReturnInput,
    TimelineEntry,
)
from workflows.details import details_of
from workflows.gates import all_open
from workflows.parcel import Parcel
from workflows.parcels import Parcels
from workflows.parcels_view import ParcelsView
from workflows.status_events import StatusEvents
from workflows.visibility import ShownAttributes


class ReturnCase(ParcelsView):
    """The state that the stages share. Every change of an axis goes through `move`, which writes the timeline."""

    def __init__(self, start: ReturnInput, opened_at: datetime) -> None:
        self.rma_id = start.rma_id
        self.opened_at = opened_at
        self.request_fingerprint = start.request_fingerprint
        self.application = start.application
        self._version = 1
        self._terms = Terms.applied_for(start.application)
        self.follows = start.follows
        self.paid_before_minor = 0
        self.notices = Notices.for_application(start.rma_id, start.application)
        self.order: OrderSnapshot | None = None
        self.rules = Review()
        self.refusal: Refusal | None = None
        self.why: tuple[str, ...] = ()
        self.approval = Approval.REQUESTED
        self.reimbursement = Reimbursement.NONE
        self.negotiation = Negotiation()
        self.parcels = Parcels(opened_at, self.note)
        self.recovery = RecoveryState.NONE
        self.appealed = False
        self.declined_by = ""
        self.complaint = ComplaintState.NONE
        self.at_rest = False
        self.chargebacks: dict[str, Chargeback] = {}
        self.freezes: list[str] = []
        self.in_flight: list[str] = []
        self.decided = False
        self.closing = False
        self.ended = False
        self.holds_units = False
        self.holds_stock = False
        self.stock_held_until: datetime | None = None
        self._needs: dict[str, str] = {}
        self._lines = {
            line.line_id: LineStatus(line_id=line.line_id, requested=line.quantity)
            for line in start.application.lines
        }
        self._liability: Mapping[str, Liability] = {}
        self.pending_payout: PendingPayout | None = None
        self.payments: dict[str, PaymentIntent] = {}
        self.authorizations: list[Authorization] = []
        self.breach: BreachCertificate | None = None
        self.coupons: list[CouponStatus] = []
        self.credit_account = ""
        self.credits: dict[str, CreditStatus] = {}
        self.repairs: dict[str, RepairStatus] = {}
        self.substitutes: tuple[Remedy, ...] = ()
        self.substitute_units = 0
        self.events = StatusEvents()
        self.clocks = Clocks(self.publish, lambda: self.canceled, lambda: self.rules.peaks)
        self.timeline: list[TimelineEntry] = [TimelineEntry(at=opened_at, what="application received")]
        self._steps: dict[str, int] = {}
        self._approval_told = False
        self._shown: tuple[Stage, Header, str, bool, int] | None = None
        self._shown_attributes = ShownAttributes()

    @property
    def terms(self) -> Terms:
        """What the return is carried out as; another one is a change of what is decided."""
        return self._terms

    @terms.setter
    def terms(self, terms: Terms) -> None:
        self._version += terms != self._terms
        self._terms = terms

    @property
    def liability(self) -> Mapping[str, Liability]:
        """Who answers for each line; another answer is a change of what is decided."""
        return self._liability

    @liability.setter
    def liability(self, liability: Mapping[str, Liability]) -> None:
        self._version += liability != self._liability
        self._liability = liability

    @property
    def remedy(self) -> Remedy:
        """What the return is carried out as."""
        return self.terms.remedy

    @property
    def is_returnless(self) -> bool:
        """Whether policy pays a return without the goods coming back; an agreement on other terms ends that."""
        decision = self.rules.decision
        undecided_otherwise = self.remedy is Remedy.RETURN_AND_REFUND and not self.terms.agreed_offer
        return undecided_otherwise and decision is not None and decision.returnless

    @property
    def version(self) -> int:
        """Counts what was decided: the approval, the terms, the liability, the units authorised and accepted."""
        return self._version + self.parcels.decisions

    @property
    def canceled(self) -> bool:
        """Whether the customer withdrew the return."""
        return self.approval is Approval.CANCELED

    def note(self, what: str, detail: str = "", at: datetime | None = None) -> None:
        """Write to the timeline; `at` is the event's own time where that differs from the time of the news."""
        self.timeline.append(TimelineEntry(at=at or workflow.now(), what=what, detail=detail))
        self.events.observe(self)

    def move(
        self,
        axis: Approval | Reimbursement,
        detail: str = "",
    ) -> None:
        """Move one axis to a state and write it to the timeline; to stand still writes nothing.

        The other two follow from the parcels, which are moved themselves.
        """
        current: object
        if isinstance(axis, Approval):
            current, self.approval = self.approval, axis
            self._version += current is not axis
        else:
            current, self.reimbursement = self.reimbursement, axis
        if current is not axis:
            self.note(f"{type(axis).__name__.lower()} {axis.value}", detail)

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
        releases: tuple[str, ...] = (),
        released: dict[str, int] | None = None,
        returns_per_waybill: int | None = None,
    ) -> StageAnswer:
        """Write what a step decided, and what is to be told of it, in one ledger transaction."""
        events = self.events.to_tell(self)
        answer = await calls.record_stage(
            StageEntry(
                rma_id=self.rma_id,
                op=self.step(name),
                at=workflow.now(),
                outbox=outbox,
                carrier=carrier,
                tracking_no=tracking_no,
                breach=breach,
                coupon_id=coupon_id,
                releases=releases,
                released=released or {},
                returns_per_waybill=returns_per_waybill,
                events=events,
            )
        )
        self.events.told(events)
        return answer

    async def review(self, order: OrderSnapshot | None, request: ReviewRequest) -> Review:
        """Have the application checked, decided and its units reserved; keep the rules it stays on."""
        self.order = order
        events = self.events.to_tell(self)
        review = await self.in_ledger(calls.review_application, request.model_copy(update={"events": events}))
        self.why = review.why
        if review.refusal is None:
            self.events.told(events)
            self.rules = review
            self._take_the_offer_for_a_trade_in()
            self.holds_units = True
            if review.quote and self.reimbursement is Reimbursement.NONE:
                self.move(Reimbursement.QUOTED, f"{review.quote.total_minor} {review.quote.currency}")
            self.notices = self.notices.routed_to(review.warehouse)
            for line_id, rules in review.lines.items():
                self._lines[line_id] = self._lines[line_id].model_copy(update=rules.model_dump())
        if review.decision and announced_at_review(review.decision, self.remedy):
            self._approval_told = True
        return review

    def _take_the_offer_for_a_trade_in(self) -> None:
        if self.remedy is Remedy.TRADE_IN and not self.terms.amount_minor:
            self.terms = self.terms.model_copy(update={"amount_minor": self.rules.trade_in_minor})

    def announcement(self) -> tuple[OutboxItem, ...]:
        """The approval, if nothing has told it yet; taken once, by the first entry that has something to tell."""
        if self._approval_told:
            return ()
        self._approval_told = True
        return (self.notices.customer(Template.APPROVED),)

    def announce_as(self, template: Template, **params: str | int) -> OutboxItem:
        """The approval in the words of another template, in the place of the usual one."""
        self._approval_told = True
        return self.notices.customer(template, **params)

    async def make_final(self, what: str, ends: bool = False) -> None:
        """Have the history keep a decision that a silence or a withdrawal brought, before the ledger acts on it.

        A workflow task whose commands are lost, because its worker died or because news came in just as the
        workflow ended, is run again together with the news, and might then decide otherwise. What its local
        activities have written in the ledger stays written. So the task that decides ends here, with a timer.

        Args:
            what: The decision, for the timer's summary.
            ends: Whether it ends the return, so that nothing may be sent to it any more but to a dispute.
        """
        self.closing = self.closing or ends
        if all_open() or workflow.patched("final-before-ledger"):
            await workflow.sleep(timedelta(milliseconds=1), summary=what)

    def publish(self, deadline_moved: bool = False) -> None:
        """Show ops where the return stands: always in the details, and in the attributes if that changed.

        An update of the attributes is an event and costs. It is made where the stage, the header, who must act or
        a promise to the customer changed; a deadline, a carrier or an amount goes along the next time.
        """
        self.events.observe(self)
        workflow.set_current_details(details_of(self))
        shown = (self.stage(), self.header(), self.needs, self.breach is not None, len(self.clocks.told_late))
        if shown == self._shown and not deadline_moved:
            return
        metrics.stage_shown(self._shown[0] if self._shown else None, self.stage(), self.header())
        self._shown = shown
        workflow.upsert_search_attributes(self._shown_attributes.updates(self))

    # What the outside sees

    def header(self) -> Header:
        """The derived header."""
        return derive_header(
            self.approval, self.logistics, self.reimbursement, self.ended, follows=self.follows is not None
        )

    def stage(self) -> Stage:
        """The stage that the return is in."""
        return derive_stage(self.approval, self.logistics, self.inspection, self.reimbursement, self.ended)

    def standing(self, parcel: Parcel | None = None) -> Standing:
        """What decides the allowed actions: of the whole return, or as one of its parcels stands."""
        return Standing(
            remedy=self.remedy,
            approval=self.approval,
            logistics=parcel.logistics if parcel else self.logistics,
            inspection=parcel.inspection if parcel else self.inspection,
            reimbursement=self.reimbursement,
            contest=parcel.contest if parcel else self.contest,
            recovery=self.recovery,
            appealed=self.appealed,
            complaint=self.complaint,
            closing=self.closing,
            at_rest=self.at_rest,
            charged_back=bool(self.open_chargebacks()),
            suspended=self.clocks.are_suspended,
            ended=self.ended,
            offer_awaits=self.negotiation.awaits,
            in_talks=parcel is not None and self.talks_about(parcel) is not None,
            not_accepted=parcel is not None and any(self.units_to_agree_on(parcel).values()),
            payout_pending=self.pending_payout is not None and self.pending_payout.version == self.version,
            substitutes=self.substitutes,
            in_repair=bool(self.open_repairs()),
            reopened=self.follows is not None,
        )

    def allowed_actions(self) -> tuple[Action, ...]:
        """What may be sent now, whoever sends it."""
        return allowed_actions(self.standing(), [self.standing(parcel) for parcel in self.parcels])

    # Small helpers of more than one stage

    def cancel(self, note: str) -> None:
        """Take the customer's withdrawal; the stage that runs sees it and gives back what is booked."""
        self.move(Approval.CANCELED, note)
        self.end_talks()
        self.decided = True

    def agree(self, terms: Terms) -> None:
        """Carry the return out as both sides agreed, which tells the approval as well."""
        self.terms = terms
        self._approval_told = True

    def end_talks(self) -> None:
        """Let an open offer lapse: the return goes another way."""
        self.negotiation = self.negotiation.lapse(workflow.now())

    def talks_about(self, parcel: Parcel) -> Side | None:
        """The side that has to answer an open offer about what was not accepted of a parcel; None without one."""
        offer = self.negotiation.open
        return self.negotiation.awaits if offer is not None and offer.parcel == parcel.number else None

    def agree_on(self, parcel: Parcel) -> None:
        """Both sides agreed about what was not accepted of a parcel: nothing of it is left to contest."""
        parcel.contest = ContestState.CLOSED
        self._version += 1

    def units_to_agree_on(self, parcel: Parcel | None) -> dict[str, int]:
        """The units that an offer is about, by line: what was applied for, or what was not accepted of a parcel.

        The latter leave out units that were paid for before.
        """
        if parcel is None:
            return {line_id: line.requested for line_id, line in self.lines.items()}
        return {line_id: parcel.not_accepted(line_id) for line_id in parcel.lines}

    def set_line(self, line_id: str, **quantities: int) -> None:
        """Set quantities of a return line that do not follow from its parcels: authorised, refunded."""
        before = self._lines[line_id]
        after = before.model_copy(update=quantities)
        self._version += before.authorized != after.authorized
        self._lines[line_id] = after

    def cover_the_whole_order(self) -> None:
        """Take every unit of the order into the return: a cancellation is for the whole order."""
        if self.order:
            self.take_lines({line.line_id: line.quantity for line in self.order.lines})

    def take_lines(self, requested: dict[str, int]) -> None:
        """Be about other units than those of the application."""
        self._lines = {
            line_id: LineStatus(line_id=line_id, requested=quantity) for line_id, quantity in requested.items()
        }

    async def in_ledger(self, call: LedgerCall[Input, Output], argument: Input) -> Output:
        """Ask for a decision or write the books of money.

        What is refused waits for a person, who is told daily, and is tried again.
        """
        while True:
            try:
                return await call(argument)
            except (ActivityError, ApplicationError) as error:
                refused = calls.reason_of(error)
                self.note("the ledger refused", refused)
                await self.record(
                    "ledger-refused", self.supervisor_alert(Template.STAFF_LEDGER_REFUSED, refused=refused)
                )
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
        return action in self.allowed_actions()

    def open_repairs(self) -> tuple[str, ...]:
        """The references of the repairs that have not come to an end."""
        return tuple(reference for reference, repair in self.repairs.items() if repair.repaired is None)

    def line_quantities(self) -> dict[str, int]:
        """The units that may come back, by line."""
        return {line_id: line.authorized for line_id, line in self.lines.items()}

    def price_replacements(self, prices_minor: dict[str, int]) -> None:
        """Take the prices of variants that were chosen after the review, and what pays a difference."""
        if self.order is None:
            return
        self.rules = self.rules.model_copy(
            update={
                "replacement_prices_minor": self.rules.replacement_prices_minor | prices_minor,
                "settle_method_id": settling_method_id(self.application, self.order),
            }
        )

    def known_payment_methods(self) -> Sequence[str]:
        """The customer's means of payment, as the frozen order has them."""
        return [method.method_id for method in self.order.payment_methods] if self.order else []
