"""What is wrong in the ledger is found, and where ledger and Temporal disagree."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.actions import Actor, Role
from domain.differences import Difference, DifferenceKind
from domain.receiving import BlindReceipt, Goods
from ledger.ledger import Ledger
from ledger.parcels import MOST_REFUSALS
from ledger.schema import migrate
from starters.doctor.codes import Code
from starters.doctor.findings import CheckState, Verdict
from starters.doctor.limits import Limits
from testkit.pipeline import Pipeline
from tests.doctor.conftest import Installed, finding, found
from tests.unit.ledger_builders import NOW, a_closing, a_message, a_scan, a_stage, an_order, open_and_authorize
from workflows import ids

HOUR = timedelta(hours=1)
AT_ONCE = Limits(settled_in=timedelta(0))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger that nobody works on."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    migrate(url)
    ledger = Ledger.open(url)
    yield ledger
    ledger.engine.dispose()


@pytest.fixture
def over(installed: Installed, ledger: Ledger) -> Installed:
    """The shop, as if it had that ledger."""
    return Installed(installed.client, installed.address, installed.task_queue, str(ledger.engine.url))


def receipt(receipt_id: str, **fields: object) -> BlindReceipt:
    actor = Actor(role=Role.WAREHOUSE, id="dock-2")
    given = {"receipt_id": receipt_id, "actor": actor, "received_at": NOW, **fields}
    return BlindReceipt.model_validate(given)


async def test_what_lies_in_the_ledger_is_found(over: Installed, ledger: Ledger) -> None:
    (unknown,) = open_and_authorize(ledger, "R1", an_order(order_id="O-1"), {"L1": 1}).intents
    ledger.intent_submitted(unknown.key, NOW)
    ledger.intent_unknown(unknown.key, NOW)
    (untouched,) = open_and_authorize(ledger, "R2", an_order(order_id="O-2"), {"L1": 1}).intents
    ledger.record(
        a_stage("R3", "parcel", carrier="sf", tracking_no="T-1", outbox=(a_message("one"), a_message("two")))
    )
    ledger.park_delivery("R3/parcel/0", "refused")
    ledger.accept_event(a_scan("E1"), NOW)
    ledger.accept_event(a_scan("E2"), NOW)
    for _ in range(MOST_REFUSALS):
        ledger.event_refused("sf", "E2", "refused")
    ledger.open_task(Difference(kind=DifferenceKind.PAYMENT_NOT_IN_LEDGER, subject="by-hand-1"), NOW)
    ledger.accept_receipt(receipt("D1", rma_ids=("R1",)))
    ledger.accept_receipt(receipt("D2", goods=(Goods(item_id="HAT", quantity=1),)))

    examination = await over.examined()

    assert found(examination, Code.PAYMENTS_UNKNOWN).rma_ids == ("R1",)
    lying = found(examination, Code.PAYMENTS_UNTOUCHED)
    assert (lying.count, lying.rma_ids) == (1, (untouched.rma_id,))
    assert found(examination, Code.DIFFERENCES_OPEN).what.endswith("differ: 1 payment not in ledger.")
    undelivered = found(examination, Code.MESSAGES_UNDELIVERED)
    # The alert of the difference waits as well.
    assert (undelivered.count, undelivered.rma_ids) == (2, ("R3", "reconciliation"))
    assert undelivered.what.endswith("none was tried, so no worker delivers.")
    parked = found(examination, Code.MESSAGES_PARKED)
    assert (parked.count, parked.rma_ids) == (2, ("R3",))
    assert found(examination, Code.SCANS_NOT_PASSED_ON).rma_ids == ("R3",)
    assert found(examination, Code.RECEIPTS_NOT_TAKEN).rma_ids == ("R1",)
    assert found(examination, Code.PARCELS_PARKED).severity == "information"
    assert found(examination, Code.RETURN_WITHOUT_WORKFLOW).what.endswith("2, 2 forgotten.")


async def test_a_locked_ledger_is_found(over: Installed) -> None:
    holder = sqlite3.connect(over.ledger_url.removeprefix("sqlite:///"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    impatient = Limits(lock=timedelta(seconds=0.2))
    locked = found(await over.examined(impatient), Code.LEDGER_LOCKED)
    assert "another process has held its lock for over 0.2 seconds" in locked.what
    holder.execute("ROLLBACK")
    holder.close()
    assert finding(await over.examined(impatient), Code.LEDGER_LOCKED) is None


async def test_a_ledger_that_cannot_be_opened_is_told_without_its_url(installed: Installed) -> None:
    secret = "postgresql+pg8000://shop:hunter2@127.0.0.1:1/ledger"
    examination = await Installed(installed.client, installed.address, installed.task_queue, secret).examined()
    away = found(examination, Code.LEDGER_AWAY)
    assert "RETURNFLOW_LEDGER_URL" in away.steps[0].say
    assert "hunter2" not in examination.model_dump_json()
    notes = {check.name: check.note for check in examination.checks if check.state is CheckState.NOT_MADE}
    assert notes["messages"] == "since the ledger cannot be examined"
    assert examination.verdict is Verdict.NOT_WELL


async def test_a_return_that_lost_its_workflow_is_found_and_goes_on_by_the_command(
    shop: Pipeline, installed: Installed
) -> None:
    rma_id = (await shop.apply(await shop.order())).rma_id
    await shop.until(rma_id, lambda status: status.logistics == "PICKUP_BOOKED")
    await installed.client.get_workflow_handle(ids.return_workflow_id(rma_id)).terminate()
    lost = await installed.until_found(Code.RETURN_WITHOUT_WORKFLOW, AT_ONCE)
    assert (lost.rma_ids, lost.count) == ((rma_id,), 1)
    assert lost.what.endswith("1, 1 terminated.")
    assert finding(await installed.examined(), Code.RETURN_WITHOUT_WORKFLOW) is None, "it has only just opened"

    await installed.mend(lost)

    await installed.until_gone(Code.RETURN_WITHOUT_WORKFLOW, AT_ONCE)
    assert (await shop.returns.status(rma_id)).logistics == "PICKUP_BOOKED"


async def test_a_workflow_of_a_closed_return_is_found(shop: Pipeline, installed: Installed) -> None:
    rma_id = (await shop.apply(await shop.order())).rma_id
    shop.ledger.close_return(a_closing(rma_id, at=datetime.now(UTC) - HOUR))
    undead = await installed.until_found(Code.WORKFLOW_OF_CLOSED_RETURN)
    assert undead.rma_ids == (rma_id,)
    await installed.mend(undead, 2)
    await installed.until_gone(Code.WORKFLOW_OF_CLOSED_RETURN)
