"""The feed of events: once each, in order per return, and nothing left out by a reader that is faster."""

import random
import threading
import time

import pytest

from domain.events import StatusEvent
from ledger import returns
from ledger.engine import writing
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
