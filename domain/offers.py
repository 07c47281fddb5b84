"""Offers: what one side proposes, the other may accept, counter or decline (section 6).

An offer takes effect only on the other side's consent, which is kept: who, when, which number. Silence has its
outcome too: the offer lapses, and the return goes on as it was first decided. Nothing is imposed one-sidedly.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from domain.actions import Actor, Side, side_of
from domain.application import COMPENSATIONS, Remedy
from domain.money import refund_for_units
from domain.orders import OrderSnapshot, paid_by_line
from domain.reasons import LiableParty
from domain.record import Identifier, MinorUnits, Record, UtcDatetime
from domain.terms import Terms

NAMES_ITS_AMOUNT = (*COMPENSATIONS, Remedy.TRADE_IN)
"""Remedies whose amount follows from nothing but what the two sides agree on."""

MAY_ADD_AN_AMOUNT = (Remedy.STORE_CREDIT,)
"""Remedies whose amount follows from the goods, and that may add a bonus to it."""


def possible_after_inspection(remedy: Remedy, in_advance: bool) -> tuple[Remedy, ...]:
    """What may be offered for units that an inspection did not accept.

    A compensation leaves the goods to the customer; store credit takes them after all, at their worth.

    Args:
        remedy: What the return is carried out as. A trade-in pays nothing of the order back.
        in_advance: Whether the customer was granted the money or the replacement before the inspection: no worth
            is given a second time.
    """
    if remedy is Remedy.TRADE_IN or (remedy is Remedy.EXCHANGE and in_advance):
        return (Remedy.COUPON_COMPENSATION,)
    return COMPENSATIONS if in_advance else (*COMPENSATIONS, Remedy.STORE_CREDIT)


class OfferState(StrEnum):
    """Where an offer stands; only a proposed one can be answered."""

    PROPOSED = "PROPOSED"
    ACCEPTED = "ACCEPTED"
    COUNTERED = "COUNTERED"
    DECLINED = "DECLINED"
    LAPSED = "LAPSED"


class OfferFee(Record):
    """A fee with the party that pays it, in minor units of the order's currency."""

    name: str = Field(min_length=1, max_length=100)
    amount_minor: MinorUnits
    payer: LiableParty


class OfferTerms(Record):
    """What an offer says, complete enough to consent to.

    Attributes:
        remedy: What the customer gets.
        amount_minor: What a compensation or a trade-in pays, or the bonus of a store credit, in minor units of
            the order's currency; 0 where the amount follows from the goods.
        basis: What the remedy rests on, in words for the customer.
        process: What happens after the consent, step by step.
        time_limits: By when each step is done.
        freight: Who pays the return freight.
        fees: Every other fee; one that is not named is not owed.
        item_ids: The parts that are sent, or the variants of an exchange.
    """

    remedy: Remedy
    amount_minor: MinorUnits = 0
    basis: str = Field(min_length=1, max_length=1_000)
    process: str = Field(min_length=1, max_length=1_000)
    time_limits: str = Field(min_length=1, max_length=500)
    freight: LiableParty
    fees: tuple[OfferFee, ...] = Field(default=(), max_length=20)
    item_ids: tuple[Identifier, ...] = Field(default=(), max_length=1_000)

    @model_validator(mode="after")
    def _amount_fits_the_remedy(self) -> Self:
        if self.remedy is Remedy.CANCEL_ORDER:
            raise ValueError("remedy: an order that has not shipped is cancelled as a whole, not negotiated")
        if self.remedy in NAMES_ITS_AMOUNT and not self.amount_minor:
            raise ValueError(f"amount_minor: {self.remedy.value} needs an amount")
        if self.amount_minor and self.remedy not in NAMES_ITS_AMOUNT + MAY_ADD_AN_AMOUNT:
            raise ValueError(
                f"amount_minor: the amount of {self.remedy.value} follows from the goods; leave it out"
            )
        return self


class OfferInWords(OfferTerms):
    """The terms as a text gets them; `parcel` is told where a return has several."""

    parcel: int | None = None


class Offer(Record):
    """One offer with its number, its maker and its end; moments are UTC.

    `parcel` is the number of the parcel whose inspection it would settle; None for the application.
    """

    number: int = Field(ge=1)
    parcel: int | None = None
    terms: OfferTerms
    proposer: Actor
    proposed_at: UtcDatetime
    expires_at: UtcDatetime
    state: OfferState = OfferState.PROPOSED
    answered_by: Actor | None = None
    answered_at: UtcDatetime | None = None

    @property
    def side(self) -> Side:
        """The side that made it."""
        return side_of(self.proposer.role)

    @property
    def is_open(self) -> bool:
        """Whether it can still be answered."""
        return self.state is OfferState.PROPOSED

    def agreed_terms(self) -> Terms:
        """What the return is carried out as once it is accepted."""
        return Terms(
            remedy=self.terms.remedy,
            amount_minor=self.terms.amount_minor,
            freight=self.terms.freight,
            item_ids=self.terms.item_ids,
            agreed_offer=self.number,
        )


class OfferRefused(Exception):
    """An offer or an answer that the negotiation does not take; `field` names what is wrong."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


class Negotiation(Record):
    """Every offer of a return, in the sequence of their numbers. At most one is open.

    Each method gives the negotiation as it is afterwards; what is refused raises and changes nothing.
    """

    offers: tuple[Offer, ...] = ()

    @property
    def open(self) -> Offer | None:
        """The offer that waits for an answer."""
        return self.offers[-1] if self.offers and self.offers[-1].is_open else None

    @property
    def awaits(self) -> Side | None:
        """The side that has to answer."""
        return None if self.open is None else self.open.side.other

    def agreed_on(self, parcel: int | None = None) -> Offer | None:
        """The offer that was accepted: about the inspection of a parcel or, without one, about the application."""
        about = self._about(parcel)
        return next((offer for offer in about if offer.state is OfferState.ACCEPTED), None)

    def rounds_left(self, parcel: int | None, most_rounds: int) -> int:
        """How many more offers may follow the first one about a parcel or, without one, the application."""
        return most_rounds - max(len(self._about(parcel)) - 1, 0)

    def propose(
        self,
        terms: OfferTerms,
        proposer: Actor,
        now: datetime,
        expires_at: datetime,
        *,
        parcel: int | None = None,
        most_rounds: int,
    ) -> Self:
        """Make an offer where none is open, about the application or the inspection of a parcel.

        Raises:
            OfferRefused: If one is open, or the rounds are used up.
        """
        if self.open is not None:
            raise OfferRefused("action", f"Offer {self.open.number} is still open; answer or counter that one.")
        self._check_rounds(parcel, most_rounds)
        return self._with(terms, proposer, now, expires_at, parcel)

    def counter(
        self,
        number: int,
        terms: OfferTerms,
        proposer: Actor,
        now: datetime,
        expires_at: datetime,
        *,
        most_rounds: int,
    ) -> Self:
        """Answer the other side's offer with another one.

        Raises:
            OfferRefused: If the offer cannot be answered by this actor now, or the rounds are used up.
        """
        offer = self.answerable(number, proposer, now)
        self._check_rounds(offer.parcel, most_rounds)
        answered = self._answered(OfferState.COUNTERED, now, proposer)
        return answered._with(terms, proposer, now, expires_at, offer.parcel)

    def accept(self, number: int, actor: Actor, now: datetime) -> Self:
        """Consent to the other side's offer.

        Raises:
            OfferRefused: If the offer cannot be answered by this actor now.
        """
        self.answerable(number, actor, now)
        return self._answered(OfferState.ACCEPTED, now, actor)

    def decline(self, number: int, actor: Actor, now: datetime) -> Self:
        """Turn the other side's offer down.

        Raises:
            OfferRefused: If the offer cannot be answered by this actor now.
        """
        self.answerable(number, actor, now)
        return self._answered(OfferState.DECLINED, now, actor)

    def until(self, expires_at: datetime) -> Self:
        """Let what is open end at another moment."""
        if self.open is None:
            return self
        moved = self.open.model_copy(update={"expires_at": expires_at})
        return self.model_copy(update={"offers": (*self.offers[:-1], moved)})

    def lapse(self, now: datetime) -> Self:
        """End what is open without an answer: its time is over, or the return went another way."""
        return self if self.open is None else self._answered(OfferState.LAPSED, now)

    def answerable(self, number: int, actor: Actor, now: datetime) -> Offer:
        """Give the offer that is answered.

        Raises:
            OfferRefused: If there is no such offer, it has ended, or the actor's own side made it.
        """
        offer = next((offer for offer in self.offers if offer.number == number), None)
        if offer is None:
            known = ", ".join(str(offer.number) for offer in self.offers) or "none"
            raise OfferRefused("offer_number", f"There is no offer {number}. Offers so far: {known}.")
        if not offer.is_open:
            at = f" on {offer.answered_at.isoformat()}" if offer.answered_at else ""
            how = "has" if offer.state is OfferState.LAPSED else "was"
            then = f" Answer offer {self.open.number}." if self.open else ""
            raise OfferRefused("offer_number", f"Offer {number} {how} {offer.state.value.lower()}{at}.{then}")
        if now >= offer.expires_at:
            raise OfferRefused(
                "offer_number", f"Offer {number} ended on {offer.expires_at.isoformat()}; ask for a new one."
            )
        if offer.side is side_of(actor.role):
            raise OfferRefused(
                "actor.role", f"Offer {number} was made by the {offer.side.value}; the other side answers it."
            )
        return offer

    def _about(self, parcel: int | None) -> list[Offer]:
        return [offer for offer in self.offers if offer.parcel == parcel]

    def _check_rounds(self, parcel: int | None, most_rounds: int) -> None:
        if self._about(parcel) and self.rounds_left(parcel, most_rounds) <= 0:
            raise OfferRefused(
                "action",
                f"All {most_rounds} rounds are used. Accept or decline what is open; else the return goes on as "
                "it was first decided.",
            )

    def _answered(self, state: OfferState, now: datetime, actor: Actor | None = None) -> Self:
        answered = self.offers[-1].model_copy(update={"state": state, "answered_by": actor, "answered_at": now})
        return self.model_copy(update={"offers": (*self.offers[:-1], answered)})

    def _with(
        self, terms: OfferTerms, proposer: Actor, now: datetime, expires_at: datetime, parcel: int | None
    ) -> Self:
        offer = Offer(
            number=len(self.offers) + 1,
            parcel=parcel,
            terms=terms,
            proposer=proposer,
            proposed_at=now,
            expires_at=expires_at,
        )
        return self.model_copy(update={"offers": (*self.offers, offer)})


def ceiling_minor(order: OrderSnapshot, units: Mapping[str, int]) -> int:
    """The most that an offer for some units may name: what was paid for them, in minor units."""
    paid = paid_by_line(order)
    quantities = {line.line_id: line.quantity for line in order.lines}
    return sum(
        refund_for_units(paid[line_id], quantities[line_id], 0, quantity) for line_id, quantity in units.items()
    )
