"""An exchange that falls through after it was authorised is paid out."""

import pytest

from domain.bookkeeping import RefundAuthorization
from ledger.errors import AlreadySuperseded, AuthorizationNotFound, ChargeOutstanding
from ledger.ledger import Ledger
from tests.unit.ledger_builders import (
    NOW,
    SHOP_IS_LIABLE,
    a_charge,
    a_line,
    a_replacement,
    an_authorization,
    an_opening,
    an_order,
    decline,
    open_and_authorize,
    pay,
    row_counts,
)

pytest_plugins = ["tests.unit.ledger_fixtures"]

ORDER = an_order(lines=(a_line("L1", 2, 2000),))


def a_payout(op: str = "payout", round_: int = 5, instead_of: str = "refund-1") -> RefundAuthorization:
    return an_authorization("R1", {"L1": 1}, op=op, round=round_, instead_of=instead_of)


def test_an_even_exchange_pays_its_whole_quote(ledger: Ledger) -> None:
    exchange = open_and_authorize(ledger, "R1", ORDER, {"L1": 1}, less_minor=1000)
    assert exchange.intents == ()

    payout = ledger.authorize_refund(a_payout())

    assert payout.quote == exchange.quote
    assert [(intent.key, intent.amount_minor) for intent in payout.intents] == [("R1-refund-5-t0", 1000)]
    assert ledger.authorize_refund(a_payout()) == payout
    assert ledger.order_balance("O-1").lines[0].settled == 1


def test_what_was_paid_back_is_taken_off(ledger: Ledger) -> None:
    exchange = open_and_authorize(ledger, "R1", ORDER, {"L1": 1}, less_minor=700)
    pay(ledger, exchange.intents[0])

    payout = ledger.authorize_refund(a_payout())

    assert [intent.amount_minor for intent in payout.intents] == [700]


def test_what_is_on_its_way_counts_as_paid_back(ledger: Ledger) -> None:
    exchange = open_and_authorize(ledger, "R1", ORDER, {"L1": 1}, less_minor=700)

    payout = ledger.authorize_refund(a_payout())
    assert [intent.amount_minor for intent in payout.intents] == [700]

    decline(ledger, exchange.intents[0])
    assert ledger.replace_tender(a_replacement(exchange.intents[0])).amount_minor == 300


def test_what_was_declined_is_paid_out_and_replaced_no_more(ledger: Ledger) -> None:
    exchange = open_and_authorize(ledger, "R1", ORDER, {"L1": 1}, less_minor=700)
    decline(ledger, exchange.intents[0])

    payout = ledger.authorize_refund(a_payout())

    assert [intent.amount_minor for intent in payout.intents] == [1000]
    with pytest.raises(AlreadySuperseded, match="payout"):
        ledger.replace_tender(a_replacement(exchange.intents[0]))


def test_what_was_replaced_counts_once(ledger: Ledger) -> None:
    exchange = open_and_authorize(ledger, "R1", ORDER, {"L1": 1}, less_minor=700)
    decline(ledger, exchange.intents[0])
    pay(ledger, ledger.replace_tender(a_replacement(exchange.intents[0])))

    assert [intent.amount_minor for intent in ledger.authorize_refund(a_payout()).intents] == [700]


def test_the_charge_is_paid_back_too(ledger: Ledger) -> None:
    exchange = open_and_authorize(ledger, "R1", ORDER, {"L1": 2}, less_minor=2500)
    assert exchange.owed_by_customer_minor == 500
    pay(ledger, ledger.authorize_charge(a_charge("R1", 500, method_id="M2")))

    payout = ledger.authorize_refund(a_payout())

    assert [(intent.payment_id, intent.method_id, intent.amount_minor) for intent in payout.intents] == [
        ("P1", "M1", 2000),
        ("R1-charge-1", "M2", 500),
    ]
    for intent in payout.intents:
        pay(ledger, intent)
    balance = ledger.order_balance("O-1")
    assert (balance.captured_minor, balance.refunded_minor, balance.reserved_minor) == (2500, 2500, 0)


def test_a_charge_by_another_tender_is_paid_back_once(ledger: Ledger) -> None:
    open_and_authorize(ledger, "R1", ORDER, {"L1": 1}, less_minor=1500)
    declined = decline(ledger, ledger.authorize_charge(a_charge("R1", 500)))
    pay(ledger, ledger.replace_tender(a_replacement(declined, method_id="M2", round=2)))

    payout = ledger.authorize_refund(a_payout())

    assert sum(intent.amount_minor for intent in payout.intents) == 1500


def test_a_declined_charge_is_not_paid_back(ledger: Ledger) -> None:
    open_and_authorize(ledger, "R1", ORDER, {"L1": 1}, less_minor=1500)
    declined = decline(ledger, ledger.authorize_charge(a_charge("R1", 500)))

    payout = ledger.authorize_refund(a_payout())

    assert [intent.amount_minor for intent in payout.intents] == [1000]
    with pytest.raises(AlreadySuperseded):
        ledger.replace_tender(a_replacement(declined))


@pytest.mark.parametrize("attempts", [0, 1, 2])
def test_a_charge_without_outcome_holds_the_payout_up(ledger: Ledger, attempts: int) -> None:
    open_and_authorize(ledger, "R1", ORDER, {"L1": 1}, less_minor=1500)
    charge = ledger.authorize_charge(a_charge("R1", 500))
    for _ in range(attempts):
        ledger.intent_submitted(charge.key, NOW)
        ledger.intent_unknown(charge.key, NOW)
    before = row_counts(ledger.engine)

    with pytest.raises(ChargeOutstanding, match="R1-charge-1"):
        ledger.authorize_refund(a_payout())

    assert row_counts(ledger.engine) == before
    assert ledger.order_balance("O-1").reserved_minor == 0


def test_an_exchange_is_paid_out_once(ledger: Ledger) -> None:
    open_and_authorize(ledger, "R1", ORDER, {"L1": 1}, less_minor=1000)
    ledger.authorize_refund(a_payout())

    with pytest.raises(AlreadySuperseded, match="payout"):
        ledger.authorize_refund(a_payout(op="payout-again", round_=6))

    assert ledger.order_balance("O-1").reserved_minor == 1000


def test_the_payout_may_owe_the_shipping_that_the_exchange_did_not(ledger: Ledger) -> None:
    order = an_order(lines=(a_line("L1", 2, 2000),), shipping_minor=80)
    open_and_authorize(ledger, "R1", order, {"L1": 1}, less_minor=1000)
    with_shipping = a_payout().model_copy(update={"circumstances": SHOP_IS_LIABLE})

    payout = ledger.authorize_refund(with_shipping)

    assert (payout.quote.shipping_minor, payout.quote.total_minor) == (80, 1080)
    assert [intent.amount_minor for intent in payout.intents] == [1080]
    second = open_and_authorize(ledger, "R2", order, {"L1": 1}, circumstances=SHOP_IS_LIABLE)
    assert second.quote.total_minor == 1000


def test_the_shipping_that_the_exchange_owed_is_not_owed_again(ledger: Ledger) -> None:
    order = an_order(lines=(a_line("L1", 2, 2000),), shipping_minor=80)
    exchange = open_and_authorize(ledger, "R1", order, {"L1": 1}, less_minor=1000, circumstances=SHOP_IS_LIABLE)
    assert [intent.amount_minor for intent in exchange.intents] == [80]

    payout = ledger.authorize_refund(a_payout().model_copy(update={"circumstances": SHOP_IS_LIABLE}))

    assert payout.quote == exchange.quote
    assert [intent.amount_minor for intent in payout.intents] == [1000]


def test_another_exchange_of_the_return_is_left_alone(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", ORDER, {"L1": 2}))
    ledger.authorize_refund(an_authorization("R1", {"L1": 1}, less_minor=1300))
    ledger.authorize_refund(an_authorization("R1", {"L1": 1}, op="refund-2", round=2, less_minor=1100))
    declined = decline(ledger, ledger.authorize_charge(a_charge("R1", 300)))
    pay(ledger, ledger.replace_tender(a_replacement(declined, round=3)))
    pay(ledger, ledger.authorize_charge(a_charge("R1", 100, op="charge-2", round=2)))

    payout = ledger.authorize_refund(a_payout(instead_of="refund-2"))

    assert sum(intent.amount_minor for intent in payout.intents) == 1100


def test_a_charge_of_another_amount_counts_for_the_exchange_that_falls_through(ledger: Ledger) -> None:
    open_and_authorize(ledger, "R1", ORDER, {"L1": 1}, less_minor=1300)
    pay(ledger, ledger.authorize_charge(a_charge("R1", 290)))

    payout = ledger.authorize_refund(a_payout())

    assert sum(intent.amount_minor for intent in payout.intents) == 1290


@pytest.mark.parametrize("instead_of", ["open", "nothing", "payout"])
def test_only_an_authorised_refund_falls_through(ledger: Ledger, instead_of: str) -> None:
    open_and_authorize(ledger, "R1", ORDER, {"L1": 1}, less_minor=1000)
    ledger.authorize_refund(a_payout())

    with pytest.raises(AuthorizationNotFound, match=instead_of):
        ledger.authorize_refund(a_payout(op="another", round_=6, instead_of=instead_of))
