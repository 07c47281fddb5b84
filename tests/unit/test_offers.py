"""Offers: who may answer which number until when, how often, and what can never happen."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.actions import Actor, Role, Side
from domain.application import Locale, Remedy
from domain.offer_text import offer_text
from domain.offers import (
    Negotiation,
    OfferFee,
    OfferRefused,
    OfferState,
    OfferTerms,
    ceiling_minor,
    possible_after_inspection,
)
from domain.reasons import LiableParty
from tests.unit.ledger_builders import a_line, an_order

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
END = NOW + timedelta(hours=72)
ROUNDS = 3
AGENT = Actor(role=Role.AGENT_TIER_1, id="agent-1")
CUSTOMER = Actor(role=Role.CUSTOMER, id="C-1")
SHOP_SYSTEM = Actor(role=Role.ORDER_SYSTEM, id="shop")


def terms(amount_minor: int = 2_000, **changes: Any) -> OfferTerms:
    fields = {
        "remedy": Remedy.PRICE_COMPENSATION,
        "amount_minor": amount_minor,
        "basis": "a loose seam",
        "process": "we pay it to your card",
        "time_limits": "3 business days",
        "freight": LiableParty.MERCHANT,
    }
    return OfferTerms.model_validate(fields | changes)


def proposed(talks: Negotiation | None = None, parcel: int | None = None) -> Negotiation:
    return (talks or Negotiation()).propose(terms(), AGENT, NOW, END, parcel=parcel, most_rounds=ROUNDS)


def countered(talks: Negotiation, by: Actor) -> Negotiation:
    number = len(talks.offers)
    return talks.counter(number, terms(number * 100), by, NOW, END, most_rounds=ROUNDS)


def test_an_offer_that_is_accepted_keeps_who_when_and_which() -> None:
    talks = proposed().accept(1, CUSTOMER, NOW + timedelta(hours=1))
    (offer,) = talks.offers
    assert (offer.state, offer.answered_by, offer.answered_at, talks.open) == (
        OfferState.ACCEPTED,
        CUSTOMER,
        NOW + timedelta(hours=1),
        None,
    )
    agreed = offer.agreed_terms()
    assert (agreed.remedy, agreed.amount_minor, agreed.freight, agreed.agreed_offer) == (
        Remedy.PRICE_COMPENSATION,
        2_000,
        LiableParty.MERCHANT,
        1,
    )


def test_each_counter_is_a_new_number_by_the_other_side() -> None:
    talks = countered(countered(proposed(), CUSTOMER), AGENT)
    assert [(offer.number, offer.side, offer.state) for offer in talks.offers] == [
        (1, Side.SHOP, OfferState.COUNTERED),
        (2, Side.CUSTOMER, OfferState.COUNTERED),
        (3, Side.SHOP, OfferState.PROPOSED),
    ]
    assert talks.awaits is Side.CUSTOMER


@pytest.mark.parametrize(
    ("number", "actor", "at", "field", "words"),
    [
        (1, AGENT, NOW, "actor.role", "made by the shop"),
        (2, CUSTOMER, NOW, "offer_number", "There is no offer 2. Offers so far: 1"),
        (1, CUSTOMER, END, "offer_number", "ended on"),
        (1, SHOP_SYSTEM, END + timedelta(days=1), "offer_number", "ended on"),
    ],
)
def test_an_answer_that_does_not_count_is_refused(
    number: int, actor: Actor, at: datetime, field: str, words: str
) -> None:
    talks = proposed()
    for answer in (talks.accept, talks.decline):
        with pytest.raises(OfferRefused, match=words) as refused:
            answer(number, actor, at)
        assert refused.value.field == field
    with pytest.raises(OfferRefused, match=words):
        talks.counter(number, terms(), actor, at, END, most_rounds=ROUNDS)


def test_what_has_ended_says_how_and_names_what_is_open() -> None:
    accepted = proposed().accept(1, CUSTOMER, NOW)
    with pytest.raises(OfferRefused, match=r"Offer 1 was accepted on 2026-11-22T08:00:00\+00:00\.$"):
        accepted.accept(1, CUSTOMER, NOW)
    with pytest.raises(OfferRefused, match=r"was countered on .*\. Answer offer 2\.$"):
        countered(proposed(), CUSTOMER).accept(1, CUSTOMER, NOW)


def test_the_rounds_of_a_subject_end_and_another_subject_has_its_own() -> None:
    talks = proposed()
    for by in (CUSTOMER, AGENT, CUSTOMER):
        talks = countered(talks, by)
    with pytest.raises(OfferRefused, match="All 3 rounds are used"):
        countered(talks, AGENT)
    lapsed = talks.lapse(END)
    assert lapsed.offers[-1].state is OfferState.LAPSED
    with pytest.raises(OfferRefused, match="All 3 rounds are used"):
        proposed(lapsed)
    first = proposed(lapsed, parcel=1)
    assert first.open is not None
    assert first.open.parcel == 1
    assert proposed(first.lapse(END), parcel=2).open is not None


def test_what_was_agreed_on_is_told_apart_by_what_it_is_about() -> None:
    talks = proposed(proposed().accept(1, CUSTOMER, NOW), parcel=2).accept(2, CUSTOMER, NOW)
    assert [getattr(talks.agreed_on(parcel), "number", None) for parcel in (None, 1, 2)] == [1, None, 2]


@pytest.mark.parametrize(
    ("remedy", "in_advance", "possible"),
    [
        (Remedy.RETURN_AND_REFUND, False, "price_compensation coupon_compensation store_credit"),
        (Remedy.RETURN_AND_REFUND, True, "price_compensation coupon_compensation"),
        (Remedy.EXCHANGE, False, "price_compensation coupon_compensation store_credit"),
        (Remedy.EXCHANGE, True, "coupon_compensation"),
        (Remedy.TRADE_IN, False, "coupon_compensation"),
    ],
)
def test_after_an_inspection_no_worth_is_given_twice(remedy: Remedy, in_advance: bool, possible: str) -> None:
    assert " ".join(possible_after_inspection(remedy, in_advance)) == possible


def test_only_one_offer_is_open() -> None:
    with pytest.raises(OfferRefused, match="Offer 1 is still open"):
        proposed(proposed())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"remedy": "price_compensation", "amount_minor": 0}, "needs an amount"),
        ({"remedy": "trade_in", "amount_minor": 0}, "needs an amount"),
        ({"remedy": "return_and_refund"}, "follows from the goods"),
        ({"remedy": "cancel_order", "amount_minor": 0}, "not negotiated"),
        ({"basis": ""}, "basis"),
        ({"amount_minor": -1}, "amount_minor"),
    ],
)
def test_terms_that_nobody_could_consent_to_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        terms(**changes)


@pytest.mark.parametrize("remedy", [remedy for remedy in Remedy if remedy is not Remedy.CANCEL_ORDER])
@pytest.mark.parametrize("locale", Locale)
def test_every_remedy_reads_with_amount_freight_and_fees(remedy: Remedy, locale: Locale) -> None:
    names_amount = remedy in (Remedy.PRICE_COMPENSATION, Remedy.COUPON_COMPENSATION, Remedy.TRADE_IN)
    fee = OfferFee(name="label", amount_minor=800, payer=LiableParty.CUSTOMER)
    text = offer_text(terms(2_000 if names_amount else 0, remedy=remedy, fees=(fee,)), "CNY", locale)
    assert ("20.00" in text) is names_amount
    assert "8.00" in text
    assert "_" not in text
    assert {Locale.EN: "paid by the shop", Locale.ZH_CN: "运费由商家承担"}[locale] in text


def test_the_ceiling_is_what_the_units_were_paid() -> None:
    order = an_order(lines=(a_line("L1", 3, 1000), a_line("L2", 1, 500)))
    assert ceiling_minor(order, {"L1": 1}) == 333
    assert ceiling_minor(order, {"L1": 3, "L2": 1}) == 1500
    assert ceiling_minor(order, {}) == 0


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["propose", "counter", "accept", "decline", "lapse"]),
        st.integers(1, 6),
        st.sampled_from([AGENT, CUSTOMER, SHOP_SYSTEM]),
        st.integers(0, 100),
    ),
    max_size=30,
)


@given(STEPS)
def test_whatever_both_sides_send_nothing_is_imposed(steps: list[tuple[str, int, Actor, int]]) -> None:
    talks, now = Negotiation(), NOW
    for what, number, actor, hours in steps:
        now += timedelta(hours=hours)
        before = talks
        end = now + timedelta(hours=72)
        try:
            if what == "propose":
                talks = talks.propose(terms(), actor, now, end, most_rounds=ROUNDS)
            elif what == "counter":
                talks = talks.counter(number, terms(), actor, now, end, most_rounds=ROUNDS)
            elif what == "accept":
                talks = talks.accept(number, actor, now)
            elif what == "decline":
                talks = talks.decline(number, actor, now)
            else:
                talks = talks.lapse(now)
        except OfferRefused:
            assert talks == before
    assert [offer.number for offer in talks.offers] == list(range(1, len(talks.offers) + 1))
    assert len(talks.offers) <= 1 + ROUNDS
    assert sum(offer.is_open for offer in talks.offers) <= 1
    for offer in talks.offers:
        if offer.state in (OfferState.ACCEPTED, OfferState.DECLINED, OfferState.COUNTERED):
            assert offer.answered_by is not None
            assert offer.answered_at is not None
            assert (offer.answered_by.role in (AGENT.role,)) is (offer.side is Side.CUSTOMER)
            assert offer.answered_at < offer.expires_at
