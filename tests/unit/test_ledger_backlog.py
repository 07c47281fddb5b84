"""What those who watch are told of the ledger: how much waits, and since when."""

from datetime import timedelta

from domain.bookkeeping import ClaimEntry
from domain.claims import ClaimState
from ledger.answers import Backlog
from ledger.ledger import Ledger
from ledger.parcels import MOST_REFUSALS
from tests.unit.claim_builders import a_claim
from tests.unit.ledger_builders import NOW, a_message, a_scan, a_stage, an_order, open_and_authorize

pytest_plugins = ["tests.unit.ledger_fixtures"]

HOUR = timedelta(hours=1)


def test_nothing_waits_in_a_new_ledger(ledger: Ledger) -> None:
    assert ledger.backlog() == Backlog(
        messages_pending=0,
        messages_parked=0,
        oldest_message_at=None,
        scans_parked=0,
        intents_unknown=0,
        oldest_unknown_at=None,
        claims_open=0,
    )


def test_messages_wait_until_they_are_delivered_or_parked(ledger: Ledger) -> None:
    for number in range(3):
        at = NOW + number * HOUR
        ledger.record(a_stage(f"R{number}", "step", at=at, outbox=(a_message("hello"),)))
    ledger.delivered(["R0/step/0"], NOW)
    ledger.park_delivery("R2/step/0", "refused")
    backlog = ledger.backlog()
    assert (backlog.messages_pending, backlog.messages_parked) == (1, 1)
    assert backlog.oldest_message_at == NOW + HOUR


def test_a_scan_that_was_refused_too_often_waits(ledger: Ledger) -> None:
    ledger.accept_event(a_scan("E1"), NOW)
    ledger.accept_event(a_scan("E2"), NOW)
    for _ in range(MOST_REFUSALS):
        ledger.event_refused("sf", "E1", "refused")
    assert ledger.backlog().scans_parked == 1


def test_a_payment_waits_while_its_outcome_is_unknown(ledger: Ledger) -> None:
    (intent,) = open_and_authorize(ledger, "R1", an_order(), {"L1": 1}).intents
    ledger.intent_submitted(intent.key, NOW)
    assert ledger.backlog().intents_unknown == 0
    ledger.intent_unknown(intent.key, NOW + HOUR)
    backlog = ledger.backlog()
    assert (backlog.intents_unknown, backlog.oldest_unknown_at) == (1, NOW + HOUR)


def test_a_claim_waits_until_its_end(ledger: Ledger) -> None:
    open_and_authorize(ledger, "R1", an_order(), {"L1": 1})
    for number, state in enumerate((ClaimState.FILED, ClaimState.ACCEPTED)):
        claim = a_claim("R1").model_copy(update={"state": state})
        ledger.record_claim(ClaimEntry(rma_id="R1", op=f"claim-{number}", at=NOW, claim=claim))
        assert ledger.backlog().claims_open == (0 if state.is_final else 1)
