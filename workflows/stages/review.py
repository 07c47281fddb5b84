"""Application and review: check the facts, decide, ask a person, hear an appeal (sections 3 and 4)."""

from collections.abc import Mapping
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from domain.actions import AGENTS, Role
from domain.application import Remedy
from domain.bookkeeping import ReviewRequest
from domain.clocks import ClockName
from domain.exchange import StockHold, first_lease_until, with_free_freight
from domain.keys import replacement_reference
from domain.liability import Liability
from domain.offers import ceiling_minor
from domain.orders import FactsRequest, FulfilmentCancellation, OrderFacts
from domain.outbox import Template
from domain.reasons import REASON_RULES, LiableParty
from domain.refusals import Refusal, RefusalCode
from domain.review import ReviewOutcome
from domain.status import Approval
from workflows import calls
from workflows.case import ReturnCase
from workflows.contracts import (
    AppealRequest,
    EvidenceRequest,
    EvidenceSubmission,
    LiabilityVerdict,
    ReviewVerdict,
)
from workflows.gates import all_open
from workflows.stages.agreement import AgreementStage
from workflows.stages.authority import Payout
from workflows.stages.evidence import Evidence

AUTO_REVIEW_PROMISE = timedelta(hours=1)
"""The facts decide which policy applies, so the promise for fetching them cannot come from it."""

FIRST_RESPONSE_PROMISE = timedelta(minutes=1)
"""At once, as far as another system may still be asked: the customer gets the number and the next step."""


class ReviewStage:
    """Decides whether the return happens. Handlers leave messages in the inbox attributes."""

    def __init__(self, case: ReturnCase, agreement: AgreementStage) -> None:
        self._case = case
        self._agreement = agreement
        self._verdict: ReviewVerdict | None = None
        self._evidence = Evidence(case)
        self._appeal: AppealRequest | None = None
        self._auto_review_late = False

    def on_evidence(self, submission: EvidenceSubmission) -> None:
        """Take evidence, asked for or not."""
        self._evidence.take(submission)

    def on_evidence_request(self, request: EvidenceRequest) -> None:
        """Take a reviewer's wish to see more: the customer is awaited, so the review's clock rests."""
        self._evidence.ask(request)

    def on_verdict(self, verdict: ReviewVerdict) -> None:
        """Take a person's decision."""
        self._verdict = verdict
        self._case.end_talks()
        self._decide_liability(verdict.liability)
        self._case.why = (verdict.note,)
        if not verdict.approve:
            self._case.declined_by = verdict.actor.id
        self._case.move(
            Approval.APPROVED if verdict.approve else Approval.DECLINED,
            f"{verdict.actor.role.value} {verdict.actor.id}: {verdict.note}",
        )

    def payout(self, verdict: ReviewVerdict) -> Payout:
        """What a verdict grants beyond the rules: the worth of goods that are paid and need not come back."""
        case = self._case
        if not verdict.approve or case.remedy is not Remedy.REFUND_ONLY or case.order is None:
            return Payout()
        units = {line.line_id: line.requested for line in case.lines.values()} | verdict.authorized
        return Payout(kept_minor=ceiling_minor(case.order, units), field="approve")

    def on_liability(self, verdict: LiabilityVerdict) -> None:
        """Take a supervisor's second thought on who is liable."""
        self._decide_liability(verdict.liability)
        self._case.note("liability decided", f"{verdict.actor.id}: {verdict.note}")

    def on_appeal(self, appeal: AppealRequest) -> None:
        """Take the customer's appeal."""
        self._appeal = appeal
        self._verdict = None
        self._case.appealed = True
        self._case.move(Approval.APPEALED, appeal.note)

    async def run(self) -> bool:
        """Say whether the return was approved; if not, the approval axis says what it came to."""
        case = self._case
        case.move(Approval.AUTO_REVIEW)
        case.clocks.start(ClockName.FIRST_RESPONSE, case.opened_at, case.opened_at + FIRST_RESPONSE_PROMISE)
        case.clocks.start(ClockName.AUTO_REVIEW, case.opened_at, case.opened_at + AUTO_REVIEW_PROMISE)
        facts = await self._facts()
        is_late = self._first_response_is_late()
        outcome = await self._decide(facts)
        if is_late:
            await self._tell_late_first_response()
        case.clocks.end(ClockName.AUTO_REVIEW, in_time=not self._auto_review_late)
        while outcome is ReviewOutcome.EVIDENCE_REQUESTED:
            if not await self._evidence.arrives_for_auto_review():
                return False
            outcome = await self._decide(facts)
        if outcome is None or case.canceled:
            return False
        if outcome is ReviewOutcome.MANUAL_REVIEW and not await self._person_approves():
            return False
        return await self._others_agree()

    def _first_response_is_late(self) -> bool:
        """The decision, which follows at once, is the acknowledgement. Whether it is late and nobody was told yet.

        This is found out before the ledger decides: right after it the gate's answer would not be safe.
        """
        case = self._case
        in_time = workflow.now() <= case.opened_at + FIRST_RESPONSE_PROMISE
        case.clocks.end(ClockName.FIRST_RESPONSE, in_time)
        return not in_time and not self._auto_review_late and (all_open() or workflow.patched("first-response"))

    async def _tell_late_first_response(self) -> None:
        case = self._case
        case.note("first response late")
        await case.record("first-response-late", case.supervisor_alert(Template.STAFF_FIRST_RESPONSE_LATE))

    async def _facts(self) -> OrderFacts:
        case = self._case
        request = FactsRequest(
            order_id=case.application.order_id,
            item_ids=tuple(dict.fromkeys(case.terms.item_ids)),
            at=workflow.now(),
        )
        while True:
            try:
                return await calls.fetch_facts(
                    request, summary="the order as it was sold", give_up_after=AUTO_REVIEW_PROMISE
                )
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                await self._auto_review_is_late()

    async def _auto_review_is_late(self) -> None:
        """The order system did not answer in time: a person is told once, and it is asked again."""
        case = self._case
        if not self._auto_review_late:
            self._auto_review_late = True
            case.note("auto-review late", "the order system does not answer")
            await case.record(
                "auto-review-late",
                case.notices.customer(Template.RECEIVED),
                case.supervisor_alert(Template.STAFF_AUTO_REVIEW_LATE),
            )
            case.need(Role.SUPERVISOR, "review")
            case.publish()
        await workflow.sleep(timedelta(minutes=5), summary="ask the order system again")

    async def _decide(self, facts: OrderFacts) -> ReviewOutcome | None:
        case = self._case
        review = await case.review(
            facts.order,
            ReviewRequest(
                rma_id=case.rma_id,
                op=case.step("review"),
                at=workflow.now(),
                applied_at=case.opened_at,
                application=case.application,
                order=facts.order,
                variants=facts.variants,
                auto_review_late=self._auto_review_late,
                policy_version=case.rules.decision.policy_version if case.rules.decision else "",
            ),
        )
        if review.refusal:
            self._refuse(review.refusal)
            return None
        if review.decision is None:
            return None
        if review.free_size_swap:
            case.terms = with_free_freight(case.terms)
        if facts.order and case.remedy is Remedy.CANCEL_ORDER:
            case.cover_the_whole_order()
        by_reason = {
            line.line_id: Liability.of(REASON_RULES[line.reason].liable) for line in case.application.lines
        }
        case.liability = {**by_reason, **case.liability}
        return review.decision.outcome

    def _decide_liability(self, decided: Mapping[str, LiableParty | Liability]) -> None:
        shares = {line_id: Liability.of(liability) for line_id, liability in decided.items()}
        self._case.liability = {**self._case.liability, **shares}

    def _refuse(self, refusal: Refusal, about: str = "") -> None:
        """Close with a refusal. One that comes after the decision is explained by what it is `about`."""
        case = self._case
        case.refusal = refusal
        if about:
            case.why = (case.rules.late_refusals.get(about, refusal.detail),)
        case.move(Approval.REFUSED, refusal.code.value)
        case.decided = True

    async def _person_approves(self) -> bool:
        """Wait for a person; each breach goes one tier up and says so. A declined customer may appeal once."""
        case = self._case
        case.move(Approval.MANUAL_REVIEW)
        case.decided = True
        verdict = await self._await_verdict(AGENTS[AGENTS.index(case.rules.reviewer) :])
        if self._is_agreed():
            return True
        if verdict is None:
            return False
        if verdict.approve:
            return True
        case.need("", "review")
        await case.record("declined", case.notices.customer(Template.DECLINED, reason=verdict.note))
        due_at = workflow.now() + case.rules.clocks.appeal
        await case.clocks.wait(ClockName.APPEAL, due_at, lambda: self._appeal is not None)
        if self._appeal is None:
            await case.make_final("no appeal came", ends=True)
            return False
        await case.record("appealed", case.notices.customer(Template.APPEAL_RECEIVED))
        verdict = await self._await_verdict((Role.SUPERVISOR,))
        if self._is_agreed():
            return True
        if verdict is not None and not verdict.approve:
            await case.record("declined", case.notices.customer(Template.APPEAL_DISMISSED, reason=verdict.note))
        return verdict is not None and verdict.approve

    async def _await_verdict(self, tiers: tuple[Role, ...]) -> ReviewVerdict | None:
        """Wait for the verdict; None if the customer withdrew or fell silent, or both sides agreed."""
        case = self._case
        started_at = workflow.now()
        escalations = 0
        while True:
            tier = tiers[min(escalations, len(tiers) - 1)]
            self._evidence.reviewer = self._agreement.reviewer = tier
            awaits_customer = self._evidence.is_awaited or self._agreement.awaits_customer
            case.need(Role.CUSTOMER if awaits_customer else tier, "review")
            due_at = started_at + case.rules.clocks.manual_review * (escalations + 1)
            await case.clocks.wait(
                ClockName.MANUAL_REVIEW,
                due_at,
                lambda: self._verdict is not None or self._is_agreed() or case.canceled,
                started_at=started_at,
                moot=lambda: self._evidence.has_lapsed,
            )
            await self._evidence.request_is_done()
            if case.canceled or self._is_agreed() or self._evidence.has_lapsed:
                return None
            if self._verdict is not None:
                return self._verdict
            escalations += 1
            next_tier = tiers[min(escalations, len(tiers) - 1)]
            case.note("review overdue", f"escalated to {next_tier.value}")
            await case.record(
                "review-overdue", case.notices.staff(Template.STAFF_REVIEW_OVERDUE, next_tier, waited=escalations)
            )

    def _is_agreed(self) -> bool:
        return self._case.negotiation.agreed_on() is not None

    async def _others_agree(self) -> bool:
        """Approve, once the stock is held for an exchange or the fulfilment stopped for a cancellation."""
        case = self._case
        await self._agreement.close()
        authorized = self._authorized()
        if case.remedy is Remedy.EXCHANGE and self._verdict and self._verdict.authorized:
            items = case.application.replacement_item_ids(authorized)
            case.terms = case.terms.model_copy(update={"item_ids": items})
        if case.remedy is Remedy.EXCHANGE and not await self._stock_is_held():
            return False
        if case.remedy is Remedy.CANCEL_ORDER and not await self._fulfilment_is_stopped():
            return False
        if case.canceled:
            return False
        for line_id, quantity in authorized.items():
            case.set_line(line_id, authorized=quantity)
        case.need("", "review")
        case.move(Approval.APPROVED)
        case.decided = True
        await self._let_go_of_the_rest()
        return True

    def _authorized(self) -> dict[str, int]:
        """The units that may come back, by line: all, unless a person approved fewer."""
        fewer = self._verdict.authorized if self._verdict else {}
        return {line_id: fewer.get(line_id, line.requested) for line_id, line in self._case.lines.items()}

    async def _let_go_of_the_rest(self) -> None:
        """Release the units that were not authorised, and tell the customer which may come back."""
        case = self._case
        lines = case.lines.values()
        released = {
            line.line_id: line.requested - line.authorized for line in lines if line.authorized < line.requested
        }
        if not released or self._verdict is None:
            return
        await case.record(
            "partly-authorised",
            case.announce_as(
                Template.PARTLY_APPROVED,
                requested=sum(line.requested for line in lines),
                authorized=sum(line.authorized for line in lines),
                reason=self._verdict.note,
            ),
            released=released,
        )

    async def _stock_is_held(self) -> bool:
        case = self._case
        items = case.terms.item_ids
        hold = StockHold(
            reference=replacement_reference(case.rma_id),
            item_ids=items,
            at=workflow.now(),
            until=first_lease_until(workflow.now(), case.rules.clocks),
        )
        try:
            answer = await calls.hold_stock(hold, summary=f"hold {len(items)} replacement units")
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            # It may be held all the same; the close gives back what is.
            case.holds_stock = True
            self._refuse(
                Refusal(
                    code=RefusalCode.REPLACEMENT_UNAVAILABLE,
                    field="lines",
                    detail="The stock could not be held; apply again later or ask for a refund.",
                ),
                about=items[0],
            )
            return False
        if not answer.held:
            self._refuse(
                Refusal(
                    code=RefusalCode.REPLACEMENT_UNAVAILABLE,
                    field="lines",
                    detail=f"{answer.missing_item_id} went out of stock.",
                ),
                about=answer.missing_item_id or items[0],
            )
        case.holds_stock = answer.held
        case.stock_held_until = hold.until
        return answer.held

    async def _fulfilment_is_stopped(self) -> bool:
        case = self._case
        request = FulfilmentCancellation(
            order_id=case.application.order_id, reference=case.rma_id, at=workflow.now()
        )
        while True:
            try:
                answer = await calls.cancel_fulfilment(request, summary="stop the fulfilment")
                break
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                await self._auto_review_is_late()
        if not answer.cancelled:
            self._refuse(
                Refusal(
                    code=RefusalCode.ORDER_NOT_PENDING,
                    field="order_id",
                    detail="The order was shipped in the meantime; return it once it is delivered.",
                ),
                about=case.application.order_id,
            )
        return answer.cancelled
