"""What the two sides say to each other's offers."""

from temporalio import workflow

from domain.actions import Action, Actor, Side, side_of
from domain.application import Remedy
from domain.offers import OfferTerms
from domain.remainder import RemainderQuestion
from workflows import calls
from workflows.contracts import ActionAnswer, CounterOffer, OfferAcceptance, OfferProposal, OfferRefusal
from workflows.gates import all_open
from workflows.handlers.base import CaseHandlers
from workflows.handlers.described import described
from workflows.parcel import Parcel
from workflows.stages.agreement import AgreementStage
from workflows.stages.authority import Authority, Payout
from workflows.validation import agreement as validation


class AgreementHandlers(CaseHandlers):
    """What the two sides say to each other's offers."""

    _agreement: AgreementStage
    _authority: Authority

    @workflow.update(
        name=Action.MAKE_OFFER,
        description=described("Offer the customer another way to settle.", OfferProposal, Action.MAKE_OFFER),
    )
    async def make_offer(self, request: OfferProposal) -> ActionAnswer:
        """Make an offer, once its payout is granted."""
        parcel = validation.offer(self._case, request, workflow.now())
        proposal = request.model_copy(update={"parcel": parcel.number if parcel else None})
        await self._can_be_paid(proposal.terms, parcel)
        awaits_approval = await self._authority.grant(
            proposal,
            Action.MAKE_OFFER,
            self._agreement.payout(proposal.terms, parcel),
            lambda: self._validate_make_offer(proposal),
            lambda grant: self._agreement.on_offer(proposal, grant),
        )
        return self._accepted(Action.MAKE_OFFER, awaits_approval)

    @make_offer.validator
    def _validate_make_offer(self, request: OfferProposal) -> None:
        validation.offer(self._case, request, workflow.now())

    @workflow.update(
        name=Action.COUNTER_OFFER,
        description=described("Answer an offer with another one.", CounterOffer, Action.COUNTER_OFFER),
    )
    async def counter_offer(self, request: CounterOffer) -> ActionAnswer:
        """Take a counter-offer; one of the shop once its payout is granted."""
        await self._can_be_paid(request.terms, self._agreement.parcel_of(request.offer_number))
        awaits_approval = await self._authority.grant(
            request,
            Action.COUNTER_OFFER,
            self._payout_by(request.actor, request.offer_number, request.terms),
            lambda: validation.counter(self._case, request, workflow.now()),
            lambda grant: self._agreement.on_counter(request, grant),
        )
        return self._accepted(Action.COUNTER_OFFER, awaits_approval)

    @counter_offer.validator
    def _validate_counter_offer(self, request: CounterOffer) -> None:
        validation.counter(self._case, request, workflow.now())

    @workflow.update(
        name=Action.ACCEPT_OFFER,
        description=described("Consent to the other side's offer.", OfferAcceptance, Action.ACCEPT_OFFER),
    )
    async def accept_offer(self, request: OfferAcceptance) -> ActionAnswer:
        """Take the consent; the shop's once its payout is granted."""
        terms = self._agreement.terms_of(request.offer_number)
        await self._can_be_paid(terms, self._agreement.parcel_of(request.offer_number))
        awaits_approval = await self._authority.grant(
            request,
            Action.ACCEPT_OFFER,
            self._payout_by(request.actor, request.offer_number, terms),
            lambda: validation.acceptance(self._case, request, workflow.now()),
            lambda grant: self._agreement.on_acceptance(request, grant),
        )
        return self._accepted(Action.ACCEPT_OFFER, awaits_approval)

    @accept_offer.validator
    def _validate_accept_offer(self, request: OfferAcceptance) -> None:
        validation.acceptance(self._case, request, workflow.now())

    @workflow.update(
        name=Action.DECLINE_OFFER,
        description=described("Turn the other side's offer down.", OfferRefusal, Action.DECLINE_OFFER),
    )
    def decline_offer(self, request: OfferRefusal) -> ActionAnswer:
        """Take the refusal."""
        self._agreement.on_refusal(request)
        return self._accepted(Action.DECLINE_OFFER)

    @decline_offer.validator
    def _validate_decline_offer(self, request: OfferRefusal) -> None:
        validation.refusal(self._case, request, workflow.now())

    async def _can_be_paid(self, terms: OfferTerms, parcel: Parcel | None) -> None:
        """Refuse a compensation in money that the ledger would refuse: an earlier one has used up its line."""
        if terms.remedy is Remedy.PRICE_COMPENSATION and (
            all_open() or workflow.patched("offer-within-what-is-left")
        ):
            left = await calls.left_to_pay(RemainderQuestion(rma_id=self._case.rma_id))
            validation.within(self._case, terms, parcel, left)

    def _payout_by(self, actor: Actor, answered: int, terms: OfferTerms) -> Payout:
        """What the actor grants by terms that answer an offer: nothing where the customer speaks."""
        if side_of(actor.role) is not Side.SHOP:
            return Payout()
        return self._agreement.payout(terms, self._agreement.parcel_of(answered))
