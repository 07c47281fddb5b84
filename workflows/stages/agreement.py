"""Agreement: the two sides negotiate beside the review or the contest that waits for a decision (section 6).

Nothing of this runs, and nothing is written, until somebody makes an offer.
"""

import asyncio
from datetime import datetime

from temporalio import workflow

from domain.actions import UNDER_REVIEW, ContestState, Role, Side
from domain.application import Remedy
from domain.clocks import ClockName
from domain.offers import Negotiation, Offer, OfferInWords, OfferState, OfferTerms, ceiling_minor
from domain.outbox import OutboxItem, Template
from domain.status import Approval
from workflows.case import ReturnCase
from workflows.contracts import CounterOffer, OfferAcceptance, OfferProposal, OfferRefusal
from workflows.parcel import Parcel
from workflows.stages.authority import Payout

_ANSWERED = (OfferState.ACCEPTED, OfferState.COUNTERED, OfferState.DECLINED)
_TOLD = {
    OfferState.ACCEPTED: Template.OFFER_AGREED,
    OfferState.DECLINED: Template.OFFER_DECLINED,
}
"""The answers that the customer is told; a counter-offer speaks for itself."""


class AgreementStage:
    """Keeps the offers, tells them, and lets them lapse.

    What was agreed on an application takes the place of the case's terms. What was agreed after an inspection
    closes the contest of its parcel, whose journey carries it out. `reviewer` is the tier that goes on with a
    review once the customer has answered.
    """

    def __init__(self, case: ReturnCase) -> None:
        self._case = case
        self.reviewer: str = ""
        self._grants: dict[int, str] = {}
        self._followed: dict[int, asyncio.Task[None]] = {}

    @property
    def awaits_customer(self) -> bool:
        """Whether the customer has to answer, so that the shop's own clocks pause."""
        return self._case.negotiation.awaits is Side.CUSTOMER

    def payout(self, terms: OfferTerms, parcel: Parcel | None) -> Payout:
        """What the shop would grant beyond the rules by standing to some terms."""
        case = self._case
        worth = ceiling_minor(case.order, case.units_to_agree_on(parcel)) if case.order else 0
        taken_after_all = worth if parcel is not None and terms.remedy is Remedy.STORE_CREDIT else 0
        return Payout(
            added_minor=terms.amount_minor + taken_after_all,
            kept_minor=worth if terms.remedy is Remedy.REFUND_ONLY else 0,
            field="terms.remedy" if taken_after_all else "terms.amount_minor",
            releases=self._unused_grants(),
        )

    def terms_of(self, number: int) -> OfferTerms:
        """The terms of an offer."""
        return self._offer(number).terms

    def parcel_of(self, number: int) -> Parcel | None:
        """The parcel whose inspection an offer is about; None if it is about the application."""
        return self._case.parcels.numbered(self._offer(number).parcel)

    async def is_told(self, offer: Offer) -> None:
        """Wait until the end of an offer is told."""
        await self._followed[offer.number]

    def on_offer(self, request: OfferProposal, grant: str) -> None:
        """Take an offer of the shop, under its grant."""
        case, now = self._case, workflow.now()
        self._go_on_with(
            case.negotiation.propose(
                request.terms,
                request.actor,
                now,
                self._ends_at(len(case.negotiation.offers) + 1, now),
                parcel=request.parcel,
                most_rounds=case.rules.agreement.offer_rounds,
            ),
            grant,
        )

    def on_counter(self, request: CounterOffer, grant: str) -> None:
        """Take an offer in the place of another one; one of the shop comes under its grant."""
        case, now = self._case, workflow.now()
        self._go_on_with(
            case.negotiation.counter(
                request.offer_number,
                request.terms,
                request.actor,
                now,
                self._ends_at(len(case.negotiation.offers) + 1, now),
                most_rounds=case.rules.agreement.offer_rounds,
            ),
            grant,
        )

    def on_acceptance(self, request: OfferAcceptance, grant: str) -> None:
        """Take the consent: what was agreed is what the return, or the result of an inspection, is carried out as.

        The shop's consent to an offer of the customer comes under its grant.
        """
        case = self._case
        case.negotiation = case.negotiation.accept(request.offer_number, request.actor, workflow.now())
        offer = case.negotiation.offers[-1]
        self._keep_grant(offer.number, grant)
        case.note(f"offer {offer.number} accepted", f"{request.actor.role.value} {request.actor.id}")
        parcel = self.parcel_of(offer.number)
        if parcel is not None:
            case.agree_on(parcel)
            return
        case.agree(offer.agreed_terms())
        case.move(Approval.APPROVED, f"offer {offer.number} agreed")

    def on_refusal(self, request: OfferRefusal) -> None:
        """Take the refusal."""
        case = self._case
        case.negotiation = case.negotiation.decline(request.offer_number, request.actor, workflow.now())
        case.note(f"offer {request.offer_number} declined", request.note)

    def move_end(self) -> None:
        """Let an open offer end when its clock does, which a pause or its end has moved."""
        negotiation = self._case.negotiation
        if negotiation.open is not None:
            offer = negotiation.open
            self._case.negotiation = negotiation.until(self._ends_at(offer.number, offer.proposed_at))

    async def close(self) -> None:
        """Let go of what is open, and wait until everything is told."""
        self._case.end_talks()
        for task in list(self._followed.values()):
            await task

    def _go_on_with(self, negotiation: Negotiation, grant: str) -> None:
        offer = negotiation.offers[-1]
        self._keep_grant(offer.number, grant)
        self._case.negotiation = negotiation
        self._case.note(f"offer {offer.number} made", f"{offer.proposer.role.value}: {offer.terms.remedy.value}")
        self._answer_is_awaited(offer)
        # The update's own id, so that a workflow task that is run again never takes one offer for another.
        update = workflow.current_update_info()
        told_as = f"offer-{update.id if update else offer.number}"
        self._followed[offer.number] = asyncio.create_task(self._follow(offer.number, told_as))

    def _answer_is_awaited(self, offer: Offer) -> None:
        """The clock of what is negotiated rests while the customer is awaited, never while the shop is."""
        case, parcel = self._case, self.parcel_of(offer.number)
        customer_awaited = f"customer awaited: offer {offer.number}"
        if parcel is None:
            if offer.side is Side.SHOP:
                case.clocks.pause(ClockName.MANUAL_REVIEW, customer_awaited, offer.proposer.id)
                case.need(Role.CUSTOMER, "review")
        elif offer.side is Side.SHOP:
            case.clocks.pause(ClockName.CONTEST, customer_awaited, offer.proposer.id, subject=parcel.subject)
            case.need("", parcel.task("contest"))
            case.need(Role.CUSTOMER, parcel.task("offer"))
        else:
            case.need(self._offer(offer.number - 1).proposer.role, parcel.task("offer"))

    def _answer_is_there(self, offer: Offer) -> None:
        """The clock of what is negotiated runs again, and whoever decided before goes on."""
        case, parcel = self._case, self.parcel_of(offer.number)
        if parcel is None:
            if offer.side is Side.SHOP:
                case.clocks.resume(ClockName.MANUAL_REVIEW)
                if case.approval in UNDER_REVIEW:
                    case.need(self.reviewer, "review")
            return
        awaited = case.talks_about(parcel)
        if awaited is None:
            case.need("", parcel.task("offer"))
        if awaited is not Side.CUSTOMER:
            case.clocks.resume(ClockName.CONTEST, subject=parcel.subject)
            if parcel.contest is ContestState.CONTESTED:
                case.need(Role.SUPERVISOR, parcel.task("contest"))
        case.publish()

    async def _follow(self, number: int, told_as: str) -> None:
        """Tell an offer, wait for the answer under its clock, and tell what came of it."""
        case = self._case
        offer = self._offer(number)
        await case.record(told_as, *self._announcements(offer))
        in_time = await case.clocks.wait(
            ClockName.OFFER,
            # The clock adds the pauses itself.
            offer.proposed_at + case.rules.clocks.offer,
            lambda: self._offer(number).state in _ANSWERED,
            started_at=offer.proposed_at,
            moot=lambda: self._offer(number).state is OfferState.LAPSED,
            subject=str(number),
        )
        if not in_time:
            case.end_talks()
            case.note(f"offer {number} lapsed")
        self._answer_is_there(offer)
        outcome = Template.OFFER_LAPSED if not in_time else _TOLD.get(self._offer(number).state)
        told = (self._customer(outcome, offer),) if outcome else ()
        releases = (self._grants[number],) if number in self._unused_offers() else ()
        if told or releases:
            await case.record(f"{told_as}-ended", *told, releases=releases)

    def _ends_at(self, number: int, proposed_at: datetime) -> datetime:
        """When an offer ends without an answer, with the pauses of its clock."""
        case = self._case
        ends_at = proposed_at + case.rules.clocks.offer
        return case.clocks.due_at(ClockName.OFFER, proposed_at, ends_at, subject=str(number))

    def _keep_grant(self, number: int, grant: str) -> None:
        if grant:
            self._grants[number] = grant

    def _unused_offers(self) -> list[int]:
        """The offers that ended without agreement and had drawn on somebody's budget."""
        unused = (OfferState.COUNTERED, OfferState.DECLINED, OfferState.LAPSED)
        return [number for number in self._grants if self._offer(number).state in unused]

    def _unused_grants(self) -> tuple[str, ...]:
        return tuple(self._grants[number] for number in self._unused_offers())

    def _announcements(self, offer: Offer) -> tuple[OutboxItem, ...]:
        if offer.side is Side.SHOP:
            return (self._customer(Template.OFFER_MADE, offer),)
        countered = self._offer(offer.number - 1)
        staff = self._case.notices.staff(
            Template.STAFF_OFFER_COUNTERED, countered.proposer.role, **self._params(offer)
        )
        return (self._customer(Template.OFFER_COUNTERED, offer), staff)

    def _customer(self, template: Template, offer: Offer) -> OutboxItem:
        return self._case.notices.customer(template, **self._params(offer))

    def _params(self, offer: Offer) -> dict[str, str | int]:
        case = self._case
        terms = offer.terms
        if offer.parcel is not None and len(case.parcels) > 1:
            terms = OfferInWords(**terms.model_dump(), parcel=offer.parcel)
        return {
            "number": offer.number,
            "currency": case.rules.currency,
            "terms_offer": terms.model_dump_json(),
            "expires_at": offer.expires_at.isoformat(),
        }

    def _offer(self, number: int) -> Offer:
        return self._case.negotiation.offers[number - 1]
