"""The opening of a return, its claims on units, and its end."""

import pytest

from domain.refusals import RefusalCode
from ledger.answers import ClosedReturn, LineBalance
from ledger.errors import EntryKeyReused, OrderNotFound
from ledger.ledger import Ledger
from tests.unit.ledger_builders import (
    NOW,
    REVIEW,
    a_closing,
    a_line,
    a_message,
    a_stage,
    an_authorization,
    an_opening,
    an_order,
    open_and_authorize,
    row_counts,
)

pytest_plugins = ["tests.unit.ledger_fixtures"]

TWO_LINES = an_order(lines=(a_line("L1", 2, 2000), a_line("L2", 3, 900)))


def line(ledger: Ledger, line_id: str = "L1", order_id: str = "O-1") -> LineBalance:
    return next(each for each in ledger.order_balance(order_id).lines if each.line_id == line_id)


def test_opening_holds_the_units_and_gives_the_review(ledger: Ledger) -> None:
    answer = ledger.open_return(an_opening("R1", TWO_LINES, {"L1": 1, "L2": 3}, outbox=(a_message("hi"),)))

    assert answer == REVIEW
    assert (line(ledger, "L1").held, line(ledger, "L2").held) == (1, 3)
    assert ledger.open_returns("O-1") == ["R1"]
    assert ledger.pending_deliveries() == 1


def test_a_repeat_gets_the_first_answer_and_changes_nothing(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", TWO_LINES, {"L1": 1}, outbox=(a_message("hi"),)))
    before = row_counts(ledger.engine)

    other_review = REVIEW.model_copy(update={"currency": "USD"})
    answer = ledger.open_return(
        an_opening("R1", TWO_LINES, {"L1": 2}, review=other_review, outbox=(a_message("again"),))
    )

    assert answer == REVIEW
    assert row_counts(ledger.engine) == before
    assert line(ledger).held == 1


def test_a_second_review_of_an_open_return_keeps_its_claims(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", TWO_LINES, {"L1": 2}, max_applications_per_line=1))
    other_review = REVIEW.model_copy(update={"currency": "USD"})

    answer = ledger.open_return(
        an_opening(
            "R1",
            TWO_LINES,
            {"L1": 2},
            op="open-again",
            review=other_review,
            outbox=(a_message("again"),),
            max_applications_per_line=1,
        )
    )

    assert answer == other_review
    assert line(ledger).held == 2
    assert ledger.pending_deliveries() == 1


@pytest.mark.parametrize(
    ("units", "code", "field"),
    [
        ({"L2": 1, "L1": 2}, RefusalCode.UNITS_ALREADY_CLAIMED, "lines[1].quantity"),
        ({"L1": 1, "L2": 4}, RefusalCode.UNITS_ALREADY_CLAIMED, "lines[1].quantity"),
        ({"L2": 1, "nowhere": 1}, RefusalCode.ITEM_NOT_IN_ORDER, "lines[1].line_id"),
    ],
)
def test_units_that_are_not_there_are_refused_and_nothing_is_written(
    ledger: Ledger, units: dict[str, int], code: RefusalCode, field: str
) -> None:
    ledger.open_return(an_opening("R1", TWO_LINES, {"L1": 1}))
    before = row_counts(ledger.engine)

    answer = ledger.open_return(an_opening("R2", TWO_LINES, units, outbox=(a_message("hi"),)))

    assert answer.decision is None
    assert answer.refusal is not None
    assert (answer.refusal.code, answer.refusal.field) == (code, field)
    assert answer == REVIEW.model_copy(update={"decision": None, "refusal": answer.refusal})
    assert row_counts(ledger.engine) == before


def test_a_refusal_of_the_first_return_does_not_even_keep_the_order(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", TWO_LINES, {"L1": 3}))

    assert set(row_counts(ledger.engine).values()) == {0}
    with pytest.raises(OrderNotFound):
        ledger.order_balance("O-1")


def test_settled_units_cannot_be_claimed_again(ledger: Ledger) -> None:
    open_and_authorize(ledger, "R1", TWO_LINES, {"L1": 1})
    ledger.close_return(a_closing("R1"))

    refused = ledger.open_return(an_opening("R2", TWO_LINES, {"L1": 2})).refusal
    accepted = ledger.open_return(an_opening("R3", TWO_LINES, {"L1": 1})).refusal

    assert refused is not None
    assert refused.code is RefusalCode.UNITS_ALREADY_CLAIMED
    assert accepted is None


def test_units_of_a_withdrawn_return_can_be_claimed_again(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", TWO_LINES, {"L1": 2}))
    ledger.close_return(a_closing("R1", header="CANCELED"))

    assert ledger.open_return(an_opening("R2", TWO_LINES, {"L1": 2})).refusal is None


def test_every_return_ever_opened_on_a_line_is_counted(ledger: Ledger) -> None:
    for number in (1, 2):
        ledger.open_return(an_opening(f"R{number}", TWO_LINES, {"L1": 1}, max_applications_per_line=2))
        ledger.close_return(a_closing(f"R{number}"))
    before = row_counts(ledger.engine)

    refused = ledger.open_return(
        an_opening("R3", TWO_LINES, {"L2": 1, "L1": 1}, max_applications_per_line=2)
    ).refusal

    assert refused is not None
    assert (refused.code, refused.field) == (RefusalCode.TOO_MANY_APPLICATIONS, "lines[1].line_id")
    assert row_counts(ledger.engine) == before
    assert ledger.open_return(an_opening("R3", TWO_LINES, {"L2": 1})).refusal is None


def test_a_closed_return_is_not_opened_again(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", TWO_LINES, {"L1": 1}))
    ledger.close_return(a_closing("R1"))
    before = row_counts(ledger.engine)

    answer = ledger.open_return(an_opening("R1", TWO_LINES, {"L1": 1}, op="open-again"))

    assert answer.refusal is not None
    assert (answer.refusal.code, answer.refusal.field) == (
        RefusalCode.RETURN_ALREADY_CLOSED,
        "idempotency_key",
    )
    assert answer.decision is None
    assert row_counts(ledger.engine) == before
    again = ledger.open_return(an_opening("R1", TWO_LINES, {"L1": 1}))
    assert again.refusal is not None, "a repeat after Temporal forgot the return must not bring it back"


def test_the_order_stays_as_its_first_return_found_it(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", TWO_LINES, {"L1": 1}))
    dearer = an_order(lines=(a_line("L1", 9, 9000), a_line("L2", 3, 900)), payments={"P1": 9900})

    refused = ledger.open_return(an_opening("R2", dearer, {"L1": 2})).refusal

    assert refused is not None
    assert ledger.order_balance("O-1").captured_minor == 2900


def test_closing_releases_what_is_held_and_keeps_how_it_ended(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", TWO_LINES, {"L1": 2, "L2": 3}))
    ledger.authorize_refund(an_authorization("R1", {"L2": 2}))
    closing = a_closing("R1", request_fingerprint="f1", outbox=(a_message("bye"),))
    for _ in range(2):
        ledger.close_return(closing)

    assert (line(ledger, "L1").held, line(ledger, "L1").settled) == (0, 0)
    assert (line(ledger, "L2").held, line(ledger, "L2").settled) == (0, 2)
    assert ledger.open_returns("O-1") == []
    assert ledger.pending_deliveries() == 1
    assert ledger.closed_return("R1") == ClosedReturn(
        rma_id="R1",
        order_id="O-1",
        closed_at=NOW,
        header="COMPLETED",
        refusal_code="",
        request_fingerprint="f1",
    )


def test_a_return_that_was_refused_keeps_its_end_alone(ledger: Ledger) -> None:
    ledger.close_return(a_closing("R1", header="DECLINED", refusal_code="order_not_found"))

    closed = ledger.closed_return("R1")
    assert closed is not None
    assert (closed.order_id, closed.refusal_code) == ("", "order_not_found")
    refusal = ledger.open_return(an_opening("R1", TWO_LINES, {"L1": 1})).refusal
    assert refusal is not None
    assert refusal.code is RefusalCode.RETURN_ALREADY_CLOSED


def test_an_open_return_has_no_end(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", TWO_LINES, {"L1": 1}))

    assert ledger.closed_return("R1") is None
    assert ledger.closed_return("R2") is None


def test_an_op_is_not_used_for_two_kinds_of_entry(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", TWO_LINES, {"L1": 1}, op="same"))

    with pytest.raises(EntryKeyReused, match="same of R1"):
        ledger.record(a_stage("R1", "same"))
