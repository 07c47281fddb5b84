"""Another remedy for goods that are on their way back, as long as nothing was settled (section 6)."""

from collections.abc import Collection, Mapping

from pydantic import Field

from domain.application import Remedy, ReturnApplication
from domain.exchange import is_free_size_swap, with_free_freight
from domain.facts import check_facts, price_difference, settling_method_id
from domain.orders import OrderSnapshot, Variant
from domain.record import Record
from domain.refusals import Refusal
from domain.terms import Terms

CHANGEABLE = (Remedy.RETURN_AND_REFUND, Remedy.EXCHANGE, Remedy.STORE_CREDIT)
"""Remedies that take the goods back and differ in what the customer gets for them."""


class RemedyQuestion(Record):
    """Can a return be carried out as another application would have it, on its own version of the policy?"""

    application: ReturnApplication
    order: OrderSnapshot
    variants: tuple[Variant, ...] = ()
    policy_version: str


class RemedyAnswer(Record):
    """The terms that it would be carried out on, with the prices of an exchange; or why it cannot be."""

    refusal: Refusal | None = None
    terms: Terms | None = None
    price_difference_minor: int = 0
    settle_method_id: str = ""
    replacement_prices_minor: dict[str, int] = Field(default_factory=dict)


def applied_otherwise(
    application: ReturnApplication,
    remedy: Remedy,
    authorized: Mapping[str, int],
    replacements: Mapping[str, tuple[str, ...]],
    payment_method_id: str | None,
) -> ReturnApplication:
    """The application for the authorised units as if the other remedy had been asked for at once.

    Args:
        application: The application in force.
        remedy: What is wanted now.
        authorized: The units that may come back, by line.
        replacements: The variants that are wanted for them, one per unit, by line.
        payment_method_id: The means that is named now; without one an exchange keeps the one it has, and a refund
            goes back to where the money came from.

    Raises:
        ValueError: If nobody could have applied like this.
    """
    kept = application.payment_method_id if remedy is Remedy.EXCHANGE else None
    lines = tuple(
        line.model_copy(
            update={
                "quantity": authorized[line.line_id],
                "replacement_item_ids": replacements.get(line.line_id, ()),
            }
        )
        for line in application.lines
        if authorized.get(line.line_id)
    )
    changes = {"desired_resolution": remedy, "lines": lines, "payment_method_id": payment_method_id or kept}
    return ReturnApplication.model_validate(application.model_copy(update=changes).model_dump())


def consider_remedy(
    question: RemedyQuestion, currencies: frozenset[str], free_size_swap: Collection[str]
) -> RemedyAnswer:
    """Check the facts of the other application, and say on which terms it would be carried out."""
    application, order = question.application, question.order
    variants = {variant.item_id: variant for variant in question.variants}
    refusal = check_facts(application, order, variants, currencies)
    if refusal:
        return RemedyAnswer(refusal=refusal)
    terms = Terms.applied_for(application)
    if application.desired_resolution is not Remedy.EXCHANGE:
        return RemedyAnswer(terms=terms)
    is_free = is_free_size_swap(application, order, free_size_swap)
    return RemedyAnswer(
        terms=with_free_freight(terms) if is_free else terms,
        price_difference_minor=price_difference(application, order, variants),
        settle_method_id=settling_method_id(application, order),
        replacement_prices_minor={item: variant.unit_price_minor for item, variant in variants.items()},
    )
