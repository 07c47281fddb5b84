"""What was refused for good waits where people see it, and holds up nothing else."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pytest

from adapters.messaging.port import MessagingPort
from adapters.warehouse.port import WarehousePort
from domain.outbox import Delivery
from domain.shipping import CarrierEvent
from ledger.errors import DeliveryNotFound
from ledger.ledger import Ledger
from starters.client import ReturnsClient
from starters.errors import ReturnsError, ServiceUnavailable
from tests.unit.ledger_builders import NOW, a_message, a_scan, a_stage
from tests.unit.test_api_support import Api, problem_of, running_api
from tests.unit.test_cli_support import Cli
from workers.relay import Relay
from workers.texts import load_message_texts

pytest_plugins = ["tests.unit.ledger_fixtures"]

POISON = 60


class Returns:
    """Returns of which one refuses every scan."""

    def __init__(self) -> None:
        self.scanned: list[str] = []
        self.fails_with: Exception = ReturnsError("too large")

    async def report_carrier_event(self, rma_id: str, event: CarrierEvent) -> bool:
        if rma_id == "R1":
            raise self.fails_with
        self.scanned.append(event.event_id)
        return True


def relay(ledger: Ledger, returns: Returns) -> Relay:
    """A relay that has only scans to pass on."""
    nobody = cast(MessagingPort, None), cast(WarehousePort, None)
    return Relay(ledger, *nobody, load_message_texts(), ZoneInfo("Asia/Shanghai"), cast(ReturnsClient, returns))


def poisoned(ledger: Ledger) -> None:
    """Many scans that their return refuses, and behind them one that is fine."""
    for rma_id, tracking_no in (("R1", "T-1"), ("R2", "T-2")):
        ledger.record(a_stage(rma_id, "parcel-1", carrier="sf", tracking_no=tracking_no))
    for number in range(POISON):
        ledger.accept_event(a_scan(f"P{number}"), NOW)
    ledger.accept_event(a_scan("E1", tracking_no="T-2"), NOW)


async def test_scans_that_are_refused_again_and_again_do_not_block_those_behind_them(ledger: Ledger) -> None:
    poisoned(ledger)
    returns = Returns()
    for _ in range(10):
        await relay(ledger, returns).pass_on_events()
    assert returns.scanned == ["E1"]
    parked = ledger.parked_events()
    assert len(parked) == POISON
    assert {item.error for item in parked} == {"too large"}
    assert ledger.undelivered_events() == []


async def test_an_outage_parks_nothing(ledger: Ledger) -> None:
    poisoned(ledger)
    returns = Returns()
    returns.fails_with = ServiceUnavailable("no answer")
    for _ in range(10):
        await relay(ledger, returns).pass_on_events()
    assert ledger.parked_events() == []
    assert len(ledger.undelivered_events(1000)) == POISON + 1


async def test_what_was_delivered_is_marked_although_another_delivery_breaks(ledger: Ledger) -> None:
    for rma_id in ("R1", "R2", "R3"):
        ledger.record(a_stage(rma_id, "s-1", outbox=(a_message("a"),)))
    broken = relay(ledger, Returns())

    async def hand_over(delivery: Delivery) -> None:
        if delivery.rma_id == "R2":
            raise RuntimeError("nobody expected it")

    broken._hand_over = hand_over  # type: ignore[method-assign]
    with pytest.raises(RuntimeError):
        await broken.deliver_due()
    later = NOW + timedelta(days=3650)
    assert [each.rma_id for each in ledger.claim_deliveries(later, 10, timedelta(seconds=10))] == ["R2"]


def test_a_parked_scan_is_passed_on_again_when_somebody_says_so(ledger: Ledger) -> None:
    poisoned(ledger)
    parked = [ledger.event_refused("sf", "P0", "too large") for _ in range(5)]
    assert parked == [False, False, False, False, True]
    assert [item.event.event_id for item in ledger.parked_events()] == ["P0"]
    ledger.retry_event("sf", "P0")
    assert ledger.parked_events() == []
    assert ledger.undelivered_events()[0] == ("R1", a_scan("P0"))


def test_a_parked_message_goes_out_again_under_its_old_id(ledger: Ledger) -> None:
    ledger.record(a_stage("R1", "s-1", outbox=(a_message("a"), a_message("b"))))
    ledger.park_delivery("R1/s-1/0", "no such field")
    (second,) = ledger.claim_deliveries(NOW, 10, timedelta(seconds=10))
    ledger.delivered([second.message_id], NOW)
    ledger.retry_delivery("R1/s-1/0")
    (again,) = ledger.claim_deliveries(NOW, 10, timedelta(seconds=10))
    assert again.message_id == "R1/s-1/0"
    for message_id in ("R1/s-1/0", "R1/s-1/1", "R1/s-9/0"):
        with pytest.raises(DeliveryNotFound):
            ledger.retry_delivery(message_id)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with running_api(tmp_path) as running:
        running.ledger.record(a_stage("R1", "s-1", outbox=(a_message("a"),)))
        running.ledger.park_delivery("R1/s-1/0", "no such field")
        poisoned(running.ledger)
        for _ in range(5):
            running.ledger.event_refused("sf", "P0", "too large")
        yield running


def test_what_is_parked_is_seen_and_retried_over_http(api: Api) -> None:
    parked = api.http.get("/v1/outbox/parked").json()
    assert [(item["id"], item["rma_id"], item["error"]) for item in parked] == [
        ("R1/s-1/0", "R1", "no such field"),
        ("sf:P0", "R1", "too large"),
    ]
    for item in parked:
        assert api.http.post("/v1/outbox/retry", json={"id": item["id"]}).json() == {"id": item["id"]}
    assert api.http.get("/v1/outbox/parked").json() == []
    for gone in ("R1/s-1/0", "sf:P99"):
        problem_of(api.http.post("/v1/outbox/retry", json={"id": gone}), 404, "parked_not_found", "id")


def test_what_is_parked_is_seen_and_retried_on_the_command_line(api: Api, tmp_path: Path) -> None:
    ledger = ("--ledger-url", f"sqlite:///{tmp_path / 'ledger.db'}")
    outcome = Cli().run("outbox", "parked", *ledger)
    assert outcome.code == 0, outcome.err
    assert "R1/s-1/0" in outcome.out
    assert "sf:P0" in outcome.out
    assert Cli().run("outbox", "retry", "R1/s-1/0", *ledger).out == "R1/s-1/0 is on its way again.\n"
    refused = Cli().run("outbox", "retry", "R1/s-1/0", *ledger)
    assert refused.code == 1
    assert "returns outbox parked" in refused.err
    assert [item["id"] for item in Cli().run("outbox", "parked", "--json", *ledger).json] == ["sf:P0"]


def test_a_ledger_that_is_not_there_is_told(tmp_path: Path) -> None:
    nowhere = Cli().run("outbox", "parked", "--ledger-url", f"sqlite:///{tmp_path / 'none.db'}")
    assert nowhere.code == 1
    assert "returns setup" in nowhere.err
