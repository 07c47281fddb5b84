"""What the doctor asks of the ledger: what waits for too long, which returns are open, whether it takes writes."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from domain.bookkeeping import ChargebackReport
from ledger.answers import Waiting
from ledger.engine import open_engine, writing
from ledger.ledger import Ledger
from tests.unit.ledger_builders import (
    NOW,
    a_closing,
    a_message,
    a_stage,
    an_opening,
    an_order,
    open_and_authorize,
)

pytest_plugins = ["tests.unit.ledger_fixtures"]

HOUR = timedelta(hours=1)
A_MOMENT = timedelta(seconds=0.2)


def test_a_payment_counts_as_unknown_from_the_first_time_on(ledger: Ledger) -> None:
    (intent,) = open_and_authorize(ledger, "R1", an_order(), {"L1": 1}).intents
    ledger.intent_submitted(intent.key, NOW)
    ledger.intent_unknown(intent.key, NOW)
    assert ledger.unknown_payments(NOW - HOUR, 5) == Waiting()
    assert ledger.unknown_payments(NOW, 5) == Waiting(count=1, oldest_at=NOW, rma_ids=("R1",))
    ledger.intent_submitted(intent.key, NOW + HOUR)
    assert ledger.unknown_payments(NOW, 5) == Waiting(), "it is being asked for"


def test_an_untouched_payment_is_told_unless_a_chargeback_holds_it_back(ledger: Ledger) -> None:
    order = an_order()
    (intent,) = open_and_authorize(ledger, "R1", order, {"L1": 1}).intents
    assert ledger.untouched_payments(NOW - HOUR, 5) == Waiting()
    assert ledger.untouched_payments(NOW, 5).rma_ids == ("R1",)
    report = {"chargeback_id": "CB-1", "payment_id": intent.payment_id, "amount_minor": 100}
    ledger.report_chargeback(ChargebackReport(rma_id="R1", op="chargeback", at=NOW, **report))
    assert ledger.untouched_payments(NOW, 5) == Waiting()


def test_messages_are_told_by_return_the_oldest_first(ledger: Ledger) -> None:
    for number in (2, 1, 0):
        outbox = (a_message("one"), a_message("two"))
        ledger.record(a_stage(f"R{number}", "step", at=NOW + number * HOUR, outbox=outbox))
    ledger.delivery_failed("R0/step/0", "busy", NOW)
    waiting = ledger.undelivered_messages(NOW + HOUR, 1)
    assert waiting == Waiting(count=4, oldest_at=NOW, rma_ids=("R0",), failed=1)
    ledger.park_delivery("R1/step/0", "refused")
    assert ledger.undelivered_messages(NOW + HOUR, 5).count == 3
    assert ledger.parked_messages(5).rma_ids == ("R1",)


def test_open_and_closed_returns_are_told_apart(ledger: Ledger) -> None:
    for number in range(3):
        opening = an_opening(f"R{number}", an_order(order_id=f"O-{number}"), {"L1": 1}, at=NOW + number * HOUR)
        ledger.open_return(opening)
    ledger.close_return(a_closing("R1", at=NOW + 9 * HOUR))
    assert ledger.all_open_returns(NOW + 2 * HOUR, 10) == ["R2", "R0"]
    assert ledger.all_open_returns(NOW + HOUR, 10) == ["R0"]
    assert ledger.all_open_returns(NOW + 2 * HOUR, 1) == ["R2"]
    many = [f"R{number}" for number in range(1200)]
    assert ledger.closed_among(many) == ["R1"]
    assert ledger.closed_among(many, NOW + 8 * HOUR) == []


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
def test_on_sqlite_the_lock_of_another_writer_is_noticed(ledger: Ledger) -> None:
    assert ledger.refuses_writes(A_MOMENT) == ""
    with writing(ledger.engine) as holder:
        holder.execute(text("SELECT 1"))
        assert "another process has held its lock" in ledger.refuses_writes(A_MOMENT)
    assert ledger.refuses_writes(A_MOMENT) == ""


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
def test_on_postgresql_sessions_that_wait_for_a_lock_are_noticed(ledger: Ledger) -> None:
    with writing(ledger.engine) as holder, ThreadPoolExecutor(1) as others:
        holder.execute(text("LOCK TABLE returns"))
        waiting = others.submit(ledger.close_return, a_closing("R1"))
        deadline = time.monotonic() + 10
        while "sessions that wait for a lock for over 0.2 seconds: 1" not in ledger.refuses_writes(A_MOMENT):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        holder.rollback()
        waiting.result(10)
    assert ledger.refuses_writes(A_MOMENT) == ""


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
def test_on_postgresql_a_server_that_only_reads_is_noticed(empty_url: str) -> None:
    engine = open_engine(empty_url)
    with engine.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {engine.url.database} SET default_transaction_read_only = on"))
        connection.commit()
    engine.dispose()
    assert "the server only reads" in Ledger(engine).refuses_writes(A_MOMENT)
    engine.dispose()
