"""What is asked again and again reads what waits, not what was ever written, however large the ledger is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from ledger.ledger import Ledger
from tests.unit.ledger_builders import NOW, a_message, a_stage

pytest_plugins = ["tests.unit.ledger_fixtures"]

LEASE = timedelta(seconds=30)
ASKED: dict[str, Callable[[Ledger], object]] = {
    "relay": lambda ledger: ledger.claim_deliveries(NOW, 50, LEASE),
    "gauges": lambda ledger: ledger.backlog(),
    "parked messages": lambda ledger: ledger.parked_deliveries(),
    "reconciliation": lambda ledger: ledger.unsettled_intents(50, NOW),
    "doctor, unknown payments": lambda ledger: ledger.unknown_payments(NOW, 5),
    "doctor, untouched payments": lambda ledger: ledger.untouched_payments(NOW, 5),
}
NEW_TABLES = ("recovery_claims", "chargebacks")
"""Read whole while they are empty."""


@contextmanager
def statements(ledger: Ledger) -> Iterator[list[tuple[str, Any]]]:
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        seen.append((statement, values))

    event.listen(ledger.engine, "before_cursor_execute", note)
    yield seen
    event.remove(ledger.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.parametrize("who", ASKED)
def test_no_question_that_is_repeated_reads_a_whole_table(who: str, ledger: Ledger) -> None:
    ledger.record(a_stage("R1", "a", outbox=(a_message("1"),)))
    with statements(ledger) as asked:
        ASKED[who](ledger)

    plans = []
    with ledger.engine.connect() as connection:
        for statement, values in asked:
            if statement.startswith("SELECT"):
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
                plans += [(statement, row[-1]) for row in rows]
    whole = [plan for plan in plans if plan[1].startswith("SCAN") and " INDEX " not in plan[1]]
    assert plans
    assert not [each for each in whole if not each[1].endswith(NEW_TABLES)]


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
def test_a_backlog_is_claimed_without_comparing_each_item_with_each_other(ledger: Ledger) -> None:
    waiting = 3000
    with ledger.engine.begin() as connection:
        # As in an outage: what the planner knows is from the time before it.
        connection.execute(text("ANALYZE outbox"))
        connection.execute(
            text(
                "INSERT INTO outbox (message_id, rma_id, at, item, state, error) "
                "SELECT 'R' || n || '/a/0', 'R' || n, now(), :item, 'pending', '' FROM generate_series(1, :many) n"
            ),
            {"item": a_message("1").model_dump_json(), "many": waiting},
        )
    with statements(ledger) as asked:
        assert len(ledger.claim_deliveries(NOW, 50, LEASE)) == 50
    [(claim, values)] = [each for each in asked if "min(" in each[0]]
    with ledger.engine.connect() as connection:
        plan = [row[0] for row in connection.exec_driver_sql(f"EXPLAIN ANALYZE {claim}", values)]
    read = [line for line in plan if "Rows Removed" in line and int(line.split(":")[1]) > waiting]
    assert not read, plan
