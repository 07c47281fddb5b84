"""What a negotiation refuses."""

from collections.abc import Callable
from datetime import datetime

from domain.actions import Action, Role, Side, side_of
from domain.application import Remedy
from domain.offers import OfferRefused, OfferTerms, ceiling_minor
from domain.status import Approval
from workflows.case import ReturnCase
from workflows.contracts import (
    ActionRequest,
    CounterOffer,
    OfferAcceptance,
    OfferProposal,
    OfferRefusal,
)
from workflows.validation.rules import INVALID_ACTION, ROLE_NOT_PERMITTED, allowed, refuse


def offer(case: ReturnCase, request: OfferProposal, now: datetime) -> None:
    """Refuse an offer while one is open, beyond the rounds, or beyond what was paid."""
    allowed(case, Action.MAKE_OFFER, request)
    _appeals_are_a_supervisors(case, request)
    _terms_can_be_kept(case, request.terms)
    most = case.rules.agreement.offer_rounds
    _possible(
        lambda: case.negotiation.propose(
            request.terms, request.actor, now, now, subject=case.offer_subject(), most_rounds=most
        )
    )


def counter(case: ReturnCase, request: CounterOffer, now: datetime) -> None:
    """Refuse an answer to what is not open, beyond the rounds, or beyond what was paid."""
    _answerable(case, Action.COUNTER_OFFER, request, now)
    _terms_can_be_kept(case, request.terms)
    most = case.rules.agreement.offer_rounds
    _possible(
        lambda: case.negotiation.counter(
            request.offer_number, request.terms, request.actor, now, now, most_rounds=most
        )
    )


def acceptance(case: ReturnCase, request: OfferAcceptance, now: datetime) -> None:
    """Refuse consent to what is not open, or by the side that made it."""
    _answerable(case, Action.ACCEPT_OFFER, request, now)


def refusal(case: ReturnCase, request: OfferRefusal, now: datetime) -> None:
    """Refuse an answer to what is not open, or by the side that made it."""
    _answerable(case, Action.DECLINE_OFFER, request, now)


def _answerable(
    case: ReturnCase, action: Action, request: CounterOffer | OfferAcceptance | OfferRefusal, now: datetime
) -> None:
    # What became of the offer comes first: "accepted already" helps more than "not allowed now".
    if not case.ended and case.negotiation.offers:
        _possible(lambda: case.negotiation.answerable(request.offer_number, request.actor, now))
    allowed(case, action, request)
    _appeals_are_a_supervisors(case, request)


def _appeals_are_a_supervisors(case: ReturnCase, request: ActionRequest) -> None:
    speaks_for_the_shop = side_of(request.actor.role) is Side.SHOP
    if case.approval is Approval.APPEALED and speaks_for_the_shop and request.actor.role is not Role.SUPERVISOR:
        refuse(ROLE_NOT_PERMITTED, "actor.role", "While an appeal is open, a supervisor speaks for the shop.")
    if case.approval is Approval.APPEALED and speaks_for_the_shop and request.actor.id == case.declined_by:
        refuse(ROLE_NOT_PERMITTED, "actor.id", "An appeal is settled by another person than the one who declined.")


def _terms_can_be_kept(case: ReturnCase, terms: OfferTerms) -> None:
    """Refuse an amount beyond what was paid, and an exchange for variants that nobody looked up."""
    most = ceiling_minor(case.order, case.units_to_agree_on()) if case.order else 0
    if terms.amount_minor > most:
        refuse(
            INVALID_ACTION,
            "terms.amount_minor",
            f"The units were paid {most} {case.rules.currency} minor units; an offer cannot be above that.",
        )
    if terms.remedy is Remedy.EXCHANGE and terms.item_ids != case.application.replacement_item_ids():
        refuse(
            INVALID_ACTION,
            "terms.item_ids",
            "An exchange is offered for the variants that were applied for, one for each unit; others were not "
            "looked up.",
        )


def _possible(step: Callable[[], object]) -> None:
    try:
        step()
    except OfferRefused as refused:
        kind = ROLE_NOT_PERMITTED if refused.field == "actor.role" else INVALID_ACTION
        refuse(kind, refused.field, str(refused))
