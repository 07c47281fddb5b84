"""`returns reconciliation list` and `accept`: what waits for a person, and what to do."""

import pytest

from domain.differences import Difference, DifferenceKind
from domain.intents import PaymentDirection
from domain.reconciliation import ReconciliationTask
from ledger.ledger import Ledger
from starters.reconciliation import what_to_do
from tests.unit.ledger_builders import NOW
from tests.unit.test_cli_support import Cli

pytest_plugins = ["tests.unit.ledger_fixtures"]

KEY = "payment_amount/R1-refund-1-t1"


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
def test_differences_are_listed_with_what_to_do_and_accepted(ledger: Ledger, ledger_url: str) -> None:
    where = ("--ledger-url", ledger_url)
    assert Cli().run("reconciliation", "list", *where).out == "Nothing differs.\n"
    difference = Difference(
        kind=DifferenceKind.PAYMENT_AMOUNT,
        subject="R1-refund-1-t1",
        rma_id="R1",
        direction=PaymentDirection.REFUND,
        details={"ledger": "SUCCEEDED 100 CNY", "provider": "succeeded 90 CNY"},
    )
    ledger.open_task(difference, NOW)
    (listed,) = Cli().run("reconciliation", "list", "--json", *where).json
    assert (listed["key"], listed["details"]) == (KEY, difference.details)
    assert "R1-refund-1-t1" in listed["to_do"]
    assert "too much or" in Cli().run("reconciliation", "list", *where).out

    Cli().run("reconciliation", "accept", KEY, *where).assert_usage_error("--note")
    accepted = Cli().run("reconciliation", "accept", KEY, "--note", "Rest paid.", *where)
    assert accepted.out == f"{KEY} was accepted by somebody.\n"
    assert Cli().run("reconciliation", "list", "--json", *where).json == []
    ledger.close_task(KEY, NOW)
    refused = Cli().run("reconciliation", "accept", KEY, "--note", "Rest paid.", *where)
    assert (refused.code, "returns reconciliation list" in refused.err) == (1, True)


@pytest.mark.parametrize("kind", DifferenceKind)
def test_every_kind_says_what_to_do(kind: DifferenceKind) -> None:
    task = ReconciliationTask(kind=kind, key="k", subject="RMA-1-refund-1-t0", rma_id="RMA-1", opened_at=NOW)
    assert "RMA-1" in what_to_do(task)
