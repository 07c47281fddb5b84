"""What an authorised refund comes to, and the ceilings that hold it."""

import pytest
from sqlalchemy import text

from domain.intents import IntentState, PaymentDirection
from domain.orders import Payment
from domain.refund import UnitsToSettle
from ledger.errors import CeilingExceeded, IntentKeyTaken, LedgerError, ReturnNotFound, UnitsNotHeld
from ledger.ledger import Ledger
from tests.unit.ledger_builders import (
    SHOP_IS_LIABLE,
    a_closing,
    a_line,
    a_message,
    an_authorization,
    an_opening,
    an_order,
    decline,
    open_and_authorize,
    pay,
    row_counts,
)

pytest_plugins = ["tests.unit.ledger_fixtures"]
pytestmark = pytest.mark.parametrize("databases", ["sqlite", "postgresql"], indirect=True)


def test_units_are_quoted_reserved_and_settled(ledger: Ledger) -> None:
    order = an_order(payments={"P1": 700, "P2": 300})
    refund = open_and_authorize(ledger, "R1", order, {"L1": 1}, outbox=(a_message("soon"),))

    assert refund.quote.total_minor == 333
    assert [
        (intent.key, intent.payment_id, intent.method_id, intent.amount_minor) for intent in refund.intents
    ] == [
        ("R1-refund-1-t0", "P1", "M1", 233),
        ("R1-refund-1-t1", "P2", "M2", 100),
    ]
    assert {(intent.state, intent.direction, intent.currency) for intent in refund.intents} == {
        (IntentState.INTENT, PaymentDirection.REFUND, "CNY")
    }
    balance = ledger.order_balance("O-1")
    assert [payment.reserved_minor for payment in balance.payments] == [233, 100]
    assert (balance.lines[0].held, balance.lines[0].settled) == (0, 1)
    assert ledger.payment_intent("R1-refund-1-t0") == refund.intents[0]
    assert ledger.pending_deliveries() == 1


def test_a_repeat_gets_the_first_answer_and_changes_nothing(ledger: Ledger) -> None:
    refund = open_and_authorize(ledger, "R1", an_order(), {"L1": 2})
    before, books = row_counts(ledger.engine), ledger.order_balance("O-1")

    assert ledger.authorize_refund(an_authorization("R1", {"L1": 2})) == refund
    assert (row_counts(ledger.engine), ledger.order_balance("O-1")) == (before, books)


def test_partial_returns_sum_to_exactly_what_was_paid(ledger: Ledger) -> None:
    amounts = []
    for number in (1, 2, 3):
        refund = open_and_authorize(ledger, f"R{number}", an_order(), {"L1": 1})
        amounts.append(refund.quote.total_minor)
        for intent in refund.intents:
            pay(ledger, intent)

    assert amounts == [333, 333, 334]
    assert ledger.order_balance("O-1").refunded_minor == 1000


def test_parts_of_one_return_are_settled_one_after_the_other(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", an_order(), {"L1": 3}))
    first = ledger.authorize_refund(
        an_authorization(
            "R1",
            units=(
                UnitsToSettle(line_id="L1", quantity=1, deduction_bps=1500),
                UnitsToSettle(line_id="L1", quantity=1),
            ),
        )
    )
    second = ledger.authorize_refund(an_authorization("R1", {"L1": 1}, op="refund-2", round=2))

    assert [line.net_minor for line in first.quote.lines] == [333 - 49, 333]
    assert second.quote.total_minor == 334
    assert second.intents[0].key == "R1-refund-2-t0"


def test_a_destination_with_consent_gets_all(ledger: Ledger) -> None:
    order = an_order(payments={"P1": 700, "P2": 300})
    refund = open_and_authorize(ledger, "R1", order, {"L1": 1}, destination="gift-card")

    assert [(intent.payment_id, intent.method_id) for intent in refund.intents] == [
        ("P1", "gift-card"),
        ("P2", "gift-card"),
    ]


def test_shipping_is_granted_once_for_an_order(ledger: Ledger) -> None:
    order = an_order(shipping_minor=800)
    without = open_and_authorize(ledger, "R1", order, {"L1": 1})
    first = open_and_authorize(ledger, "R2", order, {"L1": 1}, circumstances=SHOP_IS_LIABLE)
    second = open_and_authorize(ledger, "R3", order, {"L1": 1}, circumstances=SHOP_IS_LIABLE)

    assert [refund.quote.shipping_minor for refund in (without, first, second)] == [0, 800, 0]
    assert ledger.order_balance("O-1").shipping_granted_minor == 800
    assert sum(refund.quote.total_minor for refund in (without, first, second)) == 1800


def test_what_falls_short_of_the_replacement_is_owed_by_the_customer(ledger: Ledger) -> None:
    refund = open_and_authorize(ledger, "R1", an_order(), {"L1": 1}, less_minor=500)

    assert (refund.intents, refund.owed_by_customer_minor) == ((), 500 - 333)
    assert ledger.order_balance("O-1").lines[0].settled == 1
    assert ledger.order_balance("O-1").reserved_minor == 0


@pytest.mark.parametrize(("less_minor", "amounts"), [(333, []), (300, [33])])
def test_the_replacement_is_taken_off_the_quote(ledger: Ledger, less_minor: int, amounts: list[int]) -> None:
    refund = open_and_authorize(ledger, "R1", an_order(), {"L1": 1}, less_minor=less_minor)

    assert [intent.amount_minor for intent in refund.intents] == amounts
    assert refund.owed_by_customer_minor == 0


def test_a_whole_order_pays_back_what_is_left_of_each_payment(ledger: Ledger) -> None:
    order = an_order(
        lines=(a_line("L1", 3, 1000), a_line("L2", 1, 500)), payments={"P1": 700, "P2": 1000}, shipping_minor=200
    )
    partly_refunded = order.model_copy(
        update={
            "payments": (
                order.payments[0],
                Payment(payment_id="P2", method_id="M2", captured_minor=1000, refunded_minor=1),
                Payment(payment_id="P3", method_id="M3", captured_minor=5, refunded_minor=5),
            )
        }
    )
    ledger.open_return(an_opening("R1", partly_refunded, {"L2": 1, "L1": 3}))

    refund = ledger.authorize_refund(an_authorization("R1", order_entirely=True, destination="gift-card"))

    assert refund.quote.total_minor == 1700
    assert [line.line_id for line in refund.quote.lines] == ["L1", "L2"]
    assert [(intent.method_id, intent.amount_minor) for intent in refund.intents] == [("M1", 700), ("M2", 999)]
    assert refund.owed_by_customer_minor == 0
    assert [line.settled for line in ledger.order_balance("O-1").lines] == [3, 1]


@pytest.mark.parametrize("units", [{"L1": 2}, {"L2": 1}, {"nowhere": 1}])
def test_only_held_units_are_settled(ledger: Ledger, units: dict[str, int]) -> None:
    order = an_order(lines=(a_line("L1", 3, 1000), a_line("L2", 1, 500)))
    ledger.open_return(an_opening("R1", order, {"L1": 1}))
    ledger.open_return(an_opening("R2", order, {"L1": 2, "L2": 1}))

    refuses(ledger, UnitsNotHeld, "R1", units)


def test_units_are_settled_once(ledger: Ledger) -> None:
    open_and_authorize(ledger, "R1", an_order(), {"L1": 1})

    with pytest.raises(UnitsNotHeld, match="holds 0 units"):
        ledger.authorize_refund(an_authorization("R1", {"L1": 1}, op="refund-2", round=2))


def test_released_units_are_not_settled(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", an_order(), {"L1": 1}))
    ledger.close_return(a_closing("R1"))

    refuses(ledger, UnitsNotHeld, "R1", {"L1": 1})


def test_the_ceiling_of_the_order(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", an_order(payments={"P1": 300, "P2": 200}), {"L1": 2}))

    refuses(ledger, CeilingExceeded, "R1", {"L1": 2})


def test_the_ceiling_of_the_order_counts_what_is_reserved(ledger: Ledger) -> None:
    order = an_order(payments={"P1": 600})
    refund = open_and_authorize(ledger, "R1", order, {"L1": 1})
    ledger.open_return(an_opening("R2", order, {"L1": 1}))
    refuses(ledger, CeilingExceeded, "R2", {"L1": 1})

    decline(ledger, refund.intents[0])

    assert ledger.authorize_refund(an_authorization("R2", {"L1": 1})).quote.total_minor == 333


def test_the_ceiling_of_a_line_holds_against_a_damaged_claim(ledger: Ledger) -> None:
    open_and_authorize(ledger, "R1", an_order(), {"L1": 2})
    ledger.open_return(an_opening("R2", an_order(), {"L1": 1}))
    with ledger.engine.execution_options(ledger_writes=True).begin() as connection:
        connection.execute(text("UPDATE claims SET held = 2, claimed = 2 WHERE rma_id = 'R2'"))

    refuses(ledger, CeilingExceeded, "R2", {"L1": 2})


def test_an_order_whose_payments_make_no_sense_is_not_taken(ledger: Ledger) -> None:
    order = an_order()
    overpaid = order.model_copy(
        update={
            "payments": (Payment(payment_id="P1", method_id="M1", captured_minor=10, refunded_minor=11),),
        }
    )
    with pytest.raises(CeilingExceeded, match="P1"):
        ledger.open_return(an_opening("R1", overpaid, {"L1": 1}))

    assert set(row_counts(ledger.engine).values()) == {0}


def test_a_round_is_not_used_twice(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", an_order(), {"L1": 2}))
    ledger.authorize_refund(an_authorization("R1", {"L1": 1}))

    with pytest.raises(IntentKeyTaken):
        ledger.authorize_refund(an_authorization("R1", {"L1": 1}, op="refund-2"))
    assert ledger.order_balance("O-1").lines[0].held == 1


def test_a_return_must_be_open(ledger: Ledger) -> None:
    refuses(ledger, ReturnNotFound, "R1", {"L1": 1})


def test_amounts_far_beyond_32_bits(ledger: Ledger) -> None:
    order = an_order(lines=(a_line("L1", 1, 10**15),))
    refund = open_and_authorize(ledger, "R1", order, {"L1": 1})

    assert pay(ledger, refund.intents[0]).amount_minor == 10**15
    assert ledger.order_balance("O-1").refunded_minor == 10**15


def refuses(ledger: Ledger, error: type[LedgerError], rma_id: str, units: dict[str, int]) -> None:
    rows = row_counts(ledger.engine)
    books = ledger.order_balance("O-1") if rows["orders"] else None
    with pytest.raises(error):
        ledger.authorize_refund(an_authorization(rma_id, units, outbox=(a_message("soon"),)))
    assert row_counts(ledger.engine) == rows
    assert books is None or ledger.order_balance("O-1") == books
