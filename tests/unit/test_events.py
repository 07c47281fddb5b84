"""The feed of events: once each, in order per return, and nothing left out by a reader that is faster."""

import random
import threading
import time
from datetime import timedelta

import pytest

from domain.events import StatusEvent
from ledger import returns
from ledger.engine import writing
from ledger.errors import EventsGone
from ledger.ledger import Ledger
from tests.unit.ledger_builders import NOW, a_closing, a_stage, an_opening, an_order

pytest_plugins = ["tests.unit.ledger_fixtures"]


def an_event(rma_id: str, number: int) -> StatusEvent:
    return StatusEvent(event_id=f"{rma_id}-{number}", at=NOW, snapshot={"number": number})


def fed(ledger: Ledger, position: int = 0, limit: int = 1_000) -> list[str]:
    return [event.event_id for event in ledger.events_after(position, limit)]


def test_an_entry_brings_its_events_once_and_its_repeat_what_the_first_lacked(ledger: Ledger) -> None:
    ledger.record(a_stage("R1", "a", events=(an_event("R1", 1),)))
    ledger.record(a_stage("R1", "a", events=(an_event("R1", 1), an_event("R1", 2))))
    ledger.record(a_stage("R1", "b", events=(an_event("R1", 2), an_event("R1", 3))))

    assert fed(ledger) == ["R1-1", "R1-2", "R1-3"]
    assert ledger.events_after(0, 1)[0].snapshot == {"number": 1}


def test_openings_and_ends_bring_events(ledger: Ledger) -> None:
    ledger.open_return(an_opening("R1", an_order(), {"L1": 1}, events=(an_event("R1", 1),)))
    ledger.close_return(a_closing("R1", events=(an_event("R1", 2),)))

    assert fed(ledger) == ["R1-1", "R1-2"]


def test_what_a_refused_opening_carried_is_not_told(ledger: Ledger) -> None:
    refused = ledger.open_return(an_opening("R1", an_order(), {"L1": 99}, events=(an_event("R1", 1),)))

    assert refused.refusal is not None
    assert fed(ledger) == []


@pytest.mark.parametrize("databases", ["sqlite", "postgresql"], indirect=True)
def test_a_reader_skips_nothing_although_transactions_overlap(ledger: Ledger) -> None:
    ended = threading.Event()
    seen: list[str] = []

    def write(rma_id: str) -> None:
        pauses = random.Random(rma_id)
        for number in range(1, 16):
            with writing(ledger.engine) as session:
                entry = a_stage(rma_id, f"s-{number}", events=(an_event(rma_id, number),))
                returns.record(session, entry)
                time.sleep(pauses.uniform(0, 0.004))

    def read() -> None:
        position = 0
        while True:
            was_last = ended.is_set()
            for event in ledger.events_after(position, 5):
                seen.append(event.event_id)
                position = event.position
            if was_last and not ledger.events_after(position, 1):
                return

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(f"R{number}",)) for number in range(4)]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    ended.set()
    reader.join()

    for number in range(4):
        mine = [event for event in seen if event.startswith(f"R{number}-")]
        assert mine == [f"R{number}-{step}" for step in range(1, 16)]


def older(ledger: Ledger, days: int, at_any_rate: int = 60, limit: int = 100) -> int:
    """Delete what is older than some days, seen a hundred days after the events of these tests."""
    now = NOW + timedelta(days=100)
    return ledger.forget_events(now - timedelta(days=days), now - timedelta(days=at_any_rate), limit)


def days_old(rma_id: str, *ages: int) -> tuple[StatusEvent, ...]:
    return tuple(
        StatusEvent(event_id=f"{rma_id}-{age}", at=NOW + timedelta(days=100 - age), snapshot={}) for age in ages
    )


def test_old_events_are_deleted_and_a_reader_behind_them_is_told(ledger: Ledger) -> None:
    ledger.record(a_stage("R1", "a", events=days_old("R1", 50, 40, 20)))
    first, second, third = (event.position for event in ledger.events_after(0, 10))
    assert older(ledger, 30, limit=1) == 1
    assert older(ledger, 30) == 1
    assert older(ledger, 30) == 0
    assert fed(ledger) == ["R1-20"]
    assert [event.position for event in ledger.events_after_cursor(second, 10)] == [third]
    for reached in (0, first):
        with pytest.raises(EventsGone):
            ledger.events_after_cursor(reached, 10)


def test_a_subscriber_that_lags_is_waited_for_and_a_dead_one_is_not(ledger: Ledger) -> None:
    ledger.register_subscriber("shop")
    ledger.record(a_stage("R1", "a", events=days_old("R1", 50, 40, 39, 38)))
    first, second, *_ = (event.position for event in ledger.events_after(0, 10))
    assert older(ledger, 30) == 0
    ledger.events_taken("shop", first)
    assert older(ledger, 30) == 1
    ledger.event_not_taken("shop", second, "HTTP 410", NOW, timedelta(0), is_gone=True)
    assert older(ledger, 30, limit=1) == 1
    ledger.revive_subscriber("shop")
    assert older(ledger, 30) == 0
    assert older(ledger, 20, at_any_rate=30) == 1
    assert fed(ledger) == ["R1-38"]


def test_places_are_not_given_twice(ledger: Ledger) -> None:
    ledger.record(a_stage("R1", "a", events=days_old("R1", 50, 40)))
    _, newest = (event.position for event in ledger.events_after(0, 10))
    assert (older(ledger, 30), older(ledger, 30)) == (1, 0)
    ledger.record(a_stage("R1", "b", events=days_old("R1", 1)))
    assert [event.event_id for event in ledger.events_after_cursor(newest, 10)] == ["R1-1"]
