"""Faults that take a provider away for a time, and clocks and webhooks that go wrong."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import httpx
import pytest
from pydantic import SecretStr

from domain.shipping import CarrierEvent
from sandbox.faults import FaultKind, Faults, FaultSpec, Target
from sandbox.server import running_sandbox
from sandbox.settings import SandboxSettings
from sandbox.webhooks import Webhooks

AT = "2026-11-22T08:00:00Z"
SCANS = "/carriers/sf/tracking/SF-1/scans"


@pytest.fixture
def sandbox() -> Iterator[httpx.Client]:
    with running_sandbox() as url, httpx.Client(base_url=url) as client:
        yield client


def coupon(key: str) -> dict[str, object]:
    return {"key": key, "customer_id": "C-101", "amount_minor": 5000, "currency": "CNY", "at": AT}


def refund(reference: str) -> dict[str, object]:
    return {
        "reference": reference,
        "payment_id": "CN-1001-p1",
        "method_id": "CARD-101",
        "amount_minor": 100,
        "currency": "CNY",
        "at": AT,
    }


def test_a_reset_breaks_the_connection_and_does_nothing(sandbox: httpx.Client) -> None:
    sandbox.post("/faults", json={"target": "coupons.issue", "kind": "reset"}).raise_for_status()
    with pytest.raises(httpx.RemoteProtocolError):
        sandbox.post("/coupons", json=coupon("k-1"))
    assert sandbox.get("/books/coupons").json()["count"] == 0


def test_a_provider_is_down_for_a_time_and_does_nothing_meanwhile(sandbox: httpx.Client) -> None:
    spec = {"target": ["coupons.issue", "coupons.find"], "kind": "unavailable", "times": None, "lasts": 0.3}
    sandbox.post("/faults", json=spec).raise_for_status()
    assert [sandbox.post("/coupons", json=coupon("k-1")).status_code for _ in range(2)] == [503, 503]
    assert sandbox.get("/coupons", params={"key": "k-1"}).status_code == 503
    assert sandbox.get("/books/coupons").json()["count"] == 0
    time.sleep(0.35)
    assert sandbox.post("/coupons", json=coupon("k-1")).is_success
    first, *_, last = sandbox.get("/faults").json()["hits"]
    assert first["reference"] == last["reference"] == "k-1"
    recovery = datetime.fromisoformat(first["answered_at"]) - datetime.fromisoformat(first["at"])
    assert recovery.total_seconds() >= 0.3


def test_an_unanswered_hit_says_so(sandbox: httpx.Client) -> None:
    sandbox.post("/faults", json={"target": "coupons.issue", "kind": "error_after"}).raise_for_status()
    sandbox.post("/coupons", json=coupon("k-1"))
    sandbox.post("/coupons", json=coupon("k-2"))
    (hit,) = sandbox.get("/faults").json()["hits"]
    assert hit["answered_at"] is None
    sandbox.get("/coupons", params={"key": "k-1"})
    (hit,) = sandbox.get("/faults").json()["hits"]
    assert hit["answered_at"] is not None


def test_one_fault_stands_for_every_call_of_the_pipeline() -> None:
    spec = FaultSpec.model_validate({"target": "*", "kind": "too_busy", "times": None})
    assert spec.targets == set(Target) - {Target.SCAN}
    faults = Faults([spec])
    assert faults.strike(Target.COUPON, FaultKind.TOO_BUSY, {})
    assert faults.strike(Target.REFUND, FaultKind.TOO_BUSY, {})
    with pytest.raises(ValueError, match="pending is for payments"):
        FaultSpec.model_validate({"target": "*", "kind": "pending"})


def test_faults_of_one_kind_are_removed(sandbox: httpx.Client) -> None:
    for kind in ("reset", "latency"):
        sandbox.post("/faults", json={"target": "*", "kind": kind})
    assert sandbox.delete("/faults", params={"kind": "reset"}).json() == {"cleared": 1}
    assert [each["spec"]["kind"] for each in sandbox.get("/faults").json()["faults"]] == ["latency"]


def test_a_provider_that_forgot_a_key_moves_the_money_again(sandbox: httpx.Client) -> None:
    key = {"Idempotency-Key": "RMA-1-refund-1-t0"}
    sandbox.post("/payments/refunds", json=refund("RMA-1-refund-1-t0"), headers=key).raise_for_status()
    sandbox.post("/faults", json={"target": "payments.refund", "kind": "forgotten_key"}).raise_for_status()
    for _ in range(2):
        sandbox.post("/payments/refunds", json=refund("RMA-1-refund-1-t0"), headers=key).raise_for_status()
    assert sandbox.get("/books/refunds").json()["count"] == 2


def test_a_coupon_service_that_forgot_a_key_issues_another(sandbox: httpx.Client) -> None:
    coupon = {"key": "K-1", "customer_id": "C-1", "amount_minor": 5_000, "currency": "CNY", "at": AT}
    first = sandbox.post("/coupons", json=coupon).raise_for_status().json()
    assert sandbox.post("/coupons", json=coupon).json() == first
    sandbox.post("/faults", json={"target": "coupons.issue", "kind": "forgotten_key"}).raise_for_status()
    assert sandbox.post("/coupons", json=coupon).json()["coupon_id"] != first["coupon_id"]
    assert sandbox.get("/books/coupons").json()["count"] == 2


def test_a_carriers_clock_that_is_ahead_is_in_its_scans(sandbox: httpx.Client) -> None:
    sandbox.put("/clock", json={"ahead_seconds": 600}).raise_for_status()
    scan = {"event_id": "E-1", "kind": "delivered", "occurred_at": AT}
    sandbox.post(SCANS, json=scan).raise_for_status()
    sandbox.put("/clock", json={"ahead_seconds": 0}).raise_for_status()
    repeated = sandbox.post(SCANS, json=scan).raise_for_status().json()
    assert repeated["event"]["occurred_at"] == "2026-11-22T08:10:00Z"
    assert sandbox.get("/clock").json() == {"ahead_seconds": 0}


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[str, list[bytes]]]:
    taken: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        taken.append(await reader.readexactly(length))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", taken
    server.close()


async def test_a_late_webhook_is_overtaken(receiver: tuple[str, list[bytes]]) -> None:
    url, taken = receiver
    webhooks = Webhooks(url, "secret")
    done: list[str] = []
    for kind, wait in (("picked_up", 0.3), ("delivered", 0.0)):
        event = CarrierEvent(
            event_id=kind, carrier="sf", tracking_no="SF-1", kind=kind, occurred_at=datetime.now(UTC)
        )
        webhooks.push(event, wait, lambda kind=kind: done.append(kind))  # type: ignore[misc]
    async with asyncio.timeout(5):
        while len(done) < 2:
            await asyncio.sleep(0.02)
    await webhooks.close()
    assert done == ["delivered", "picked_up"]
    assert b"delivered" in taken[0]


async def test_a_scan_is_reported_twice(receiver: tuple[str, list[bytes]]) -> None:
    url, taken = receiver
    settings = SandboxSettings(webhook_url=url, webhook_secret=SecretStr("secret"))
    with running_sandbox(settings) as there:
        async with httpx.AsyncClient(base_url=there) as sandbox:
            await sandbox.post("/faults", json={"target": "carriers.scan", "kind": "repeat_webhook"})
            await sandbox.post(SCANS, json={"event_id": "E-1", "kind": "delivered", "occurred_at": AT})
            async with asyncio.timeout(5):
                while len(taken) < 2:
                    await asyncio.sleep(0.02)
            (hit,) = (await sandbox.get("/faults")).json()["hits"]
    assert taken[0] == taken[1]
    assert hit["reference"] == "E-1"
    assert hit["answered_at"]
