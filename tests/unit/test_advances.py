"""Who gets an advance, and that it is trued up to what the inspection is worth, in any order."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.advances import AdvanceAccount, AdvanceHistory, AdvanceReason, decide_advance, worth_of
from domain.application import ApplicationLine, Remedy, ReturnApplication
from domain.money import refund_for_units
from domain.orders import CustomerTier, OrderSnapshot
from domain.policy import Policy
from policy.files import load_policies
from tests.unit.ledger_builders import a_line, an_order

POLICY: Policy = load_policies(None).current
LIMIT = POLICY.advances.limits["CNY"]


def trusted(paid_minor: int = 10_000, **changes: Any) -> OrderSnapshot:
    order = an_order(lines=(a_line("L1", 2, paid_minor),))
    return order.model_copy(update={"customer_tier": CustomerTier.HIGH_VALUE} | changes)


def wish(remedy: Remedy = Remedy.RETURN_AND_REFUND, quantity: int = 2) -> ReturnApplication:
    return ReturnApplication(
        order_id="O-1",
        customer_id="C-1",
        desired_resolution=remedy,
        lines=(ApplicationLine(line_id="L1", quantity=quantity),),
        advance=True,
    )


@pytest.mark.parametrize(
    ("application", "order", "history", "difference_minor", "reason"),
    [
        (wish(), trusted(), AdvanceHistory(), 0, AdvanceReason.GRANTED),
        (wish(Remedy.EXCHANGE), trusted(), AdvanceHistory(), 0, AdvanceReason.GRANTED),
        (wish(), trusted(LIMIT), AdvanceHistory(), 0, AdvanceReason.GRANTED),
        (wish(), trusted(LIMIT + 1), AdvanceHistory(), 0, AdvanceReason.ABOVE_LIMIT),
        (wish(), trusted(), AdvanceHistory(open_minor=LIMIT - 9_999), 0, AdvanceReason.ABOVE_LIMIT),
        (wish(), trusted(), AdvanceHistory(unpaid=1), 0, AdvanceReason.EARLIER_ADVANCE_UNPAID),
        (wish(), trusted(customer_tier=CustomerTier.REGULAR), AdvanceHistory(), 0, AdvanceReason.TIER_NOT_TRUSTED),
        (wish(Remedy.REPAIR), trusted(), AdvanceHistory(), 0, AdvanceReason.REMEDY_NOT_COVERED),
        (wish(Remedy.EXCHANGE), trusted(), AdvanceHistory(), -1, AdvanceReason.PRICE_DIFFERS),
    ],
)
def test_who_gets_an_advance_and_why_not(
    application: ReturnApplication,
    order: OrderSnapshot,
    history: AdvanceHistory,
    difference_minor: int,
    reason: AdvanceReason,
) -> None:
    decision = decide_advance(application, order, POLICY, history, difference_minor)
    assert (decision.reason, decision.granted) == (reason, reason is AdvanceReason.GRANTED)


def test_a_currency_without_a_limit_has_no_advances() -> None:
    bare = POLICY.model_copy(update={"advances": POLICY.advances.model_copy(update={"limits": {}})})
    assert decide_advance(wish(), trusted(), bare, AdvanceHistory(), 0).reason is AdvanceReason.ABOVE_LIMIT


@given(st.integers(0, 10**6), st.lists(st.integers(0, 10**6), max_size=8), st.randoms(use_true_random=False))
def test_any_order_of_results_pays_what_they_are_worth(advanced: int, worths: list[int], random: Any) -> None:
    """What the customer has at the end, once the rest is recovered, is what the inspection came to."""
    random.shuffle(worths)
    account = AdvanceAccount(rma_id="R1", currency="CNY", advanced_minor=advanced)
    paid_later = 0
    for worth in worths:
        account, covered = account.earn(worth)
        assert 0 <= covered <= worth
        paid_later += worth - covered
        assert account.outstanding_minor >= 0
    assert advanced + paid_later - account.outstanding_minor == sum(worths)
    assert paid_later == max(sum(worths) - advanced, 0)


@given(st.integers(0, 10**6), st.integers(1, 50), st.data())
def test_rounding_alone_leaves_nothing_to_recover(paid_minor: int, quantity: int, data: Any) -> None:
    """An advance is quoted as the first units of the line, whichever they turn out to be."""
    units = data.draw(st.integers(1, quantity))
    settled_before = data.draw(st.integers(0, quantity - units))
    advanced = worth_of(wish(quantity=units), an_order(lines=(a_line("L1", quantity, paid_minor),)))
    worth = refund_for_units(paid_minor, quantity, settled_before, units)
    assert 0 <= worth - advanced <= 1
