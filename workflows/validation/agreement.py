"""What a negotiation refuses."""

from collections.abc import Callable
from datetime import datetime

from domain.actions import Action, Role, Side, side_of
from domain.application import Remedy
from domain.compensation import share_compensation
from domain.inspection import Finding
from domain.offers import OfferRefused, OfferTerms, ceiling_minor, possible_after_inspection
from domain.remainder import Remainder
from domain.status import Approval
from workflows.case import ReturnCase
from workflows.contracts import (
    ActionRequest,
    CounterOffer,
    OfferAcceptance,
    OfferProposal,
    OfferRefusal,
)
from workflows.parcel import Parcel
from workflows.validation.parcels import allowed_parcel
from workflows.validation.rules import INVALID_ACTION, ROLE_NOT_PERMITTED, allowed, refuse


def offer(case: ReturnCase, request: OfferProposal, now: datetime) -> Parcel | None:
    """Refuse an offer while one is open, beyond the rounds, or beyond what was paid.

    Returns:
        The parcel whose inspection it is about; None if it is about the application.
    """
    parcel = _parcel_to_agree_on(case, request)
    _appeals_are_a_supervisors(case, request)
    _terms_can_be_kept(case, request.terms, parcel)
    most = case.rules.agreement.offer_rounds
    _possible(
        lambda: case.negotiation.propose(
            request.terms,
            request.actor,
            now,
            now,
            parcel=parcel.number if parcel else None,
            most_rounds=most,
        )
    )
    return parcel


def counter(case: ReturnCase, request: CounterOffer, now: datetime) -> None:
    """Refuse an answer to what is not open, beyond the rounds, or beyond what was paid."""
    _answerable(case, Action.COUNTER_OFFER, request, now)
    about = case.negotiation.offers[request.offer_number - 1].parcel
    _terms_can_be_kept(case, request.terms, case.parcels.numbered(about))
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


def within(case: ReturnCase, terms: OfferTerms, parcel: Parcel | None, left: Remainder) -> None:
    """Refuse a compensation of which the share of a line is above what the line has left to pay back."""
    if case.order is None:
        return
    for share in share_compensation(terms.amount_minor, case.order, case.units_to_agree_on(parcel)):
        left_minor = left.lines.get(share.line_id, 0)
        if share.amount_minor > left_minor:
            refuse(
                INVALID_ACTION,
                "terms.amount_minor",
                f"{share.line_id} has {left_minor} {case.rules.currency} minor units left to pay back, and its "
                f"share of the compensation is {share.amount_minor}. Offer less, or a coupon.",
            )


def _parcel_to_agree_on(case: ReturnCase, request: OfferProposal) -> Parcel | None:
    if len(case.parcels):
        return allowed_parcel(case, Action.MAKE_OFFER, request)
    allowed(case, Action.MAKE_OFFER, request)
    if request.parcel is not None:
        refuse(INVALID_ACTION, "parcel", "Under review an offer is about the whole application; leave it out.")
    return None


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


def _terms_can_be_kept(case: ReturnCase, terms: OfferTerms, parcel: Parcel | None) -> None:
    """Refuse an amount beyond what was paid, variants that nobody looked up, and terms that make no sense."""
    if parcel is not None:
        _fits_a_result(case, terms, parcel)
    most = ceiling_minor(case.order, case.units_to_agree_on(parcel)) if case.order else 0
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


def _fits_a_result(case: ReturnCase, terms: OfferTerms, parcel: Parcel) -> None:
    """Refuse what makes no sense for goods that were inspected and not accepted."""
    in_advance = case.rules.advance is not None and case.rules.advance.granted
    possible = possible_after_inspection(case.remedy, in_advance)
    if terms.remedy not in possible:
        refuse(
            INVALID_ACTION,
            "terms.remedy",
            f"A {terms.remedy.value} cannot be offered for what was not accepted of this {case.remedy.value}. "
            f"Possible: {', '.join(possible)}.",
        )
    if terms.item_ids:
        refuse(INVALID_ACTION, "terms.item_ids", f"With a {terms.remedy.value} nothing is sent; leave them out.")
    if terms.remedy is Remedy.STORE_CREDIT and parcel.finding is Finding.MISUSE:
        refuse(
            INVALID_ACTION,
            "terms.remedy",
            "The expert found misuse, so the goods cannot be taken after all; offer a compensation.",
        )


def _possible(step: Callable[[], object]) -> None:
    try:
        step()
    except OfferRefused as refused:
        kind = ROLE_NOT_PERMITTED if refused.field == "actor.role" else INVALID_ACTION
        refuse(kind, refused.field, str(refused))
