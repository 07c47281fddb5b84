"""Differences in the ledger: opened and told once, closed when gone, opened again when they come back."""

from datetime import timedelta

import pytest

from domain.differences import Difference, DifferenceKind
from domain.intents import IntentState, PaymentDirection
from ledger.errors import TaskNotFound
from ledger.ledger import Ledger
from tests.unit.ledger_builders import (
    NOW,
    a_closing,
    a_replacement,
    an_order,
    an_outcome,
    decline,
    open_and_authorize,
)

pytest_plugins = ["tests.unit.ledger_fixtures"]

DIFFERENCE = Difference(
    kind=DifferenceKind.PAYMENT_AMOUNT,
    subject="R1-refund-1-t1",
    rma_id="R1",
    direction=PaymentDirection.REFUND,
    details={"ledger": "SUCCEEDED 100 CNY", "provider": "succeeded 90 CNY"},
)


def told(ledger: Ledger) -> list[str]:
    """The message ids of what is to be told."""
    claimed = ledger.claim_deliveries(NOW + timedelta(days=9), 10, timedelta(0))
    ledger.delivered([each.message_id for each in claimed], NOW)
    return [each.message_id for each in claimed]


def test_a_difference_is_told_once_until_it_is_gone(ledger: Ledger) -> None:
    assert ledger.open_task(DIFFERENCE, NOW)
    assert not ledger.open_task(DIFFERENCE, NOW + timedelta(days=1))
    (task,) = ledger.open_tasks()
    assert (task.key, task.opened_at, task.details) == (DIFFERENCE.key, NOW, DIFFERENCE.details)
    assert told(ledger) == [task.told] == [f"R1/reconciliation-{DIFFERENCE.key}-1/0"]

    assert ledger.close_task(DIFFERENCE.key, NOW)
    assert not ledger.close_task(DIFFERENCE.key, NOW)
    assert (ledger.open_tasks(), ledger.open_task_count()) == ([], 0)

    assert ledger.open_task(DIFFERENCE, NOW + timedelta(days=2))
    assert told(ledger) == [f"R1/reconciliation-{DIFFERENCE.key}-2/0"]


def test_an_accepted_difference_is_watched_and_no_longer_listed(ledger: Ledger) -> None:
    ledger.open_task(DIFFERENCE, NOW)
    ledger.accept_task(DIFFERENCE.key, "S-1", "Paid.", NOW)
    assert ledger.accept_task(DIFFERENCE.key, "S-2", "Me too.", NOW).accepted_by == "S-1"
    assert (ledger.open_tasks(), ledger.open_task_count()) == ([], 0)
    assert not ledger.open_task(DIFFERENCE, NOW)
    assert [task.key for _, task in ledger.live_tasks(0, 10)] == [DIFFERENCE.key]
    ledger.close_task(DIFFERENCE.key, NOW)
    assert ledger.live_tasks(0, 10) == []
    with pytest.raises(TaskNotFound):
        ledger.accept_task(DIFFERENCE.key, "S-1", "Paid.", NOW)


def test_a_difference_of_no_return_is_told_too(ledger: Ledger) -> None:
    ledger.open_task(DIFFERENCE.model_copy(update={"subject": "invoice-7", "rma_id": ""}), NOW)
    assert told(ledger) == ["reconciliation/reconciliation-payment_amount/invoice-7-1/0"]


def test_tasks_returns_and_intents_are_read_in_pages(ledger: Ledger) -> None:
    for number in range(3):
        ledger.open_task(DIFFERENCE.model_copy(update={"subject": f"S{number}"}), NOW)
        order = an_order(order_id=f"O-{number}")
        (intent,) = open_and_authorize(ledger, f"R{number}", order, {"L1": 1}).intents
        if number:
            ledger.intent_outcome(an_outcome(intent, IntentState.SUCCEEDED))
    ledger.close_return(a_closing("R1"))

    first, second = ledger.live_tasks(0, 2)
    assert [task.subject for _, task in ledger.live_tasks(second[0], 2)] == ["S2"]
    assert first[1].subject == "S0"
    later = NOW + timedelta(hours=1)
    assert ledger.returns_opened_before(later, "", 1) == [("R0", "O-0")]
    assert ledger.returns_opened_before(later, "R0", 9) == [("R2", "O-2")]
    assert ledger.returns_opened_before(NOW, "", 9) == []
    assert ledger.returns_closed_before(later, ["R0", "R1", "R2"]) == [("R1", "O-1")]
    assert ledger.returns_closed_before(NOW, ["R1"]) == []
    assert [ledger.is_open(rma_id) for rma_id in ("R0", "R1", "R9")] == [True, False, False]
    one, two = ledger.paid_between(NOW, later, "", 9)
    assert ledger.paid_between(NOW, later, one, 9) == [two]
    assert ledger.paid_between(later, later + timedelta(hours=1), "", 9) == []
    known = ledger.booked_payments([one, "none"])
    assert (list(known), known[one].touched_at) == ([one], NOW)
    (unsettled,) = ledger.unsettled_intents(9, later)
    assert ledger.unsettled_intents(9, later, unsettled.key) == []


def test_a_declined_intent_says_whether_another_took_its_place(ledger: Ledger) -> None:
    (intent,) = open_and_authorize(ledger, "R1", an_order(), {"L1": 1}).intents
    decline(ledger, intent)
    assert not ledger.booked_payments([intent.key])[intent.key].is_replaced
    ledger.replace_tender(a_replacement(intent))
    assert ledger.booked_payments([intent.key])[intent.key].is_replaced
