"""The carrier port against the sandbox."""

import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from adapters.carrier.sandbox import SandboxCarrier
from adapters.errors import OutcomeUnknown, ProviderRefused
from adapters.http import make_http_client
from domain.application import PickupAddress
from domain.shipping import (
    BookingOutcome,
    LabelRequest,
    LabelVoiding,
    PickupCancellation,
    PickupReference,
    PickupRequest,
    TrackingRequest,
)
from sandbox.books import Book
from sandbox.faults import FaultKind, FaultSpec, Target
from tests.unit.sandbox_remote import SandboxRemote

pytest_plugins = ["tests.unit.sandbox_fixtures"]

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)

_NUMBERS = itertools.count(1)


@pytest.fixture
def rma() -> str:
    return f"RMA-{next(_NUMBERS)}"


@pytest.fixture
async def carrier(url: str) -> AsyncIterator[SandboxCarrier]:
    async with make_http_client(url) as client:
        yield SandboxCarrier(client)


def pickup(
    rma: str, number: int, carrier: str = "sf", *replaces: tuple[str, int], postal_code: str = "310000"
) -> PickupRequest:
    return PickupRequest(
        reference=f"{rma}-pickup-{number}",
        rma_id=rma,
        carrier=carrier,
        slot_start=AT + timedelta(hours=20),
        slot_end=AT + timedelta(hours=24),
        address=PickupAddress(lines=("1 Lake Road",), city="Hangzhou", postal_code=postal_code, country="CN"),
        at=AT,
        replaces=tuple(
            PickupReference(carrier=earlier, reference=f"{rma}-pickup-{each}") for earlier, each in replaces
        ),
    )


async def statuses(remote: SandboxRemote, rma: str, number: int) -> list[object]:
    return [each.data["status"] for each in await remote.book(Book.PICKUPS, key=f"{rma}-pickup-{number}")]


async def test_a_pickup_is_booked_once(carrier: SandboxCarrier, remote: SandboxRemote, rma: str) -> None:
    first = await carrier.book_pickup(pickup(rma, 1))
    assert first.outcome is BookingOutcome.BOOKED
    assert await carrier.book_pickup(pickup(rma, 1)) == first
    entries = await remote.book(Book.PICKUPS, rma_id=rma)
    found = [(each.key, each.at, each.data["tracking_no"]) for each in entries]
    assert found == [(f"{rma}-pickup-1", AT, first.tracking_no)]
    assert (await carrier.book_pickup(pickup(rma, 2))).tracking_no != first.tracking_no


async def test_a_booking_cancels_those_that_it_replaces(
    carrier: SandboxCarrier, remote: SandboxRemote, rma: str
) -> None:
    await carrier.book_pickup(pickup(rma, 1))
    await carrier.book_pickup(pickup(rma, 2, "yto"))
    third = await carrier.book_pickup(pickup(rma, 3, "zto", ("sf", 1), ("yto", 2), ("sf", 9)))
    assert third.outcome is BookingOutcome.BOOKED
    assert await statuses(remote, rma, 1) == ["booked", "cancelled"]
    assert await statuses(remote, rma, 2) == ["booked", "cancelled"]
    late_repeat = await carrier.book_pickup(pickup(rma, 1))
    assert late_repeat.outcome is BookingOutcome.BOOKED
    assert await statuses(remote, rma, 1) == ["booked", "cancelled"]


@pytest.mark.parametrize("kind", ["picked_up", "accepted", "in_transit", "delivered"])
async def test_a_collected_parcel_is_not_booked_again(
    carrier: SandboxCarrier, remote: SandboxRemote, kind: str, rma: str
) -> None:
    first = await carrier.book_pickup(pickup(rma, 1))
    await remote.scan("sf", first.tracking_no, kind, AT)
    second = await carrier.book_pickup(pickup(rma, 2, "yto", ("sf", 1)))
    assert second.outcome is BookingOutcome.ALREADY_COLLECTED
    assert (second.carrier, second.tracking_no) == ("sf", first.tracking_no)
    assert await statuses(remote, rma, 2) == []


async def test_a_failed_attempt_does_not_collect(carrier: SandboxCarrier, remote: SandboxRemote, rma: str) -> None:
    first = await carrier.book_pickup(pickup(rma, 1))
    await remote.scan("sf", first.tracking_no, "pickup_failed", AT)
    second = await carrier.book_pickup(pickup(rma, 2, "sf", ("sf", 1)))
    assert second.outcome is BookingOutcome.BOOKED


async def test_an_address_that_no_courier_reaches(
    carrier: SandboxCarrier, remote: SandboxRemote, rma: str
) -> None:
    answer = await carrier.book_pickup(pickup(rma, 1, postal_code="999077"))
    assert answer.outcome is BookingOutcome.NOT_COVERED
    fault = FaultSpec(target=Target.PICKUP, kind=FaultKind.NOT_COVERED, times=None, match={"carrier": "sf"})
    await remote.set_fault(fault)
    assert (await carrier.book_pickup(pickup(rma, 1))).outcome is BookingOutcome.NOT_COVERED
    assert (await carrier.book_pickup(pickup(rma, 1, "yto"))).outcome is BookingOutcome.BOOKED


async def test_a_pickup_is_withdrawn_until_it_is_collected(
    carrier: SandboxCarrier, remote: SandboxRemote, rma: str
) -> None:
    await carrier.book_pickup(pickup(rma, 1))
    withdrawal = PickupCancellation(carrier="sf", reference=f"{rma}-pickup-1", at=AT)
    assert await carrier.cancel_pickup(withdrawal)
    assert await carrier.cancel_pickup(withdrawal)
    assert await statuses(remote, rma, 1) == ["booked", "cancelled"]
    collected = await carrier.book_pickup(pickup(rma, 2))
    await remote.scan("sf", collected.tracking_no, "accepted", AT)
    assert not await carrier.cancel_pickup(PickupCancellation(carrier="sf", reference=f"{rma}-pickup-2", at=AT))
    assert await carrier.cancel_pickup(PickupCancellation(carrier="sf", reference=f"{rma}-pickup-9", at=AT))


@pytest.mark.parametrize("kind", [FaultKind.LOST_RESPONSE, FaultKind.ERROR_AFTER])
async def test_a_booking_whose_answer_was_lost_is_found(
    carrier: SandboxCarrier, remote: SandboxRemote, kind: FaultKind, rma: str
) -> None:
    await remote.set_fault(FaultSpec(target=Target.PICKUP, kind=kind))
    with pytest.raises(OutcomeUnknown):
        await carrier.book_pickup(pickup(rma, 1))
    assert (await carrier.book_pickup(pickup(rma, 1))).outcome is BookingOutcome.BOOKED
    assert await statuses(remote, rma, 1) == ["booked"]


async def test_a_label_is_bought_once(carrier: SandboxCarrier, remote: SandboxRemote, rma: str) -> None:
    request = LabelRequest(reference=f"{rma}-label", rma_id=rma, carrier="sf", at=AT)
    await remote.set_fault(FaultSpec(target=Target.LABEL, kind=FaultKind.LOST_RESPONSE))
    with pytest.raises(OutcomeUnknown):
        await carrier.create_label(request)
    label = await carrier.create_label(request)
    assert label.url.startswith("https://")
    assert await carrier.create_label(request) == label
    bought = await remote.book(Book.LABELS, key=f"{rma}-label")
    assert [each.data["tracking_no"] for each in bought] == [label.tracking_no]


async def test_a_label_is_looked_up_and_voided_and_another_one_can_be_bought(
    carrier: SandboxCarrier, remote: SandboxRemote, rma: str
) -> None:
    request = LabelRequest(reference=f"{rma}-label", rma_id=rma, carrier="sf", at=AT)
    voiding = LabelVoiding(carrier="sf", reference=f"{rma}-label", at=AT)
    await carrier.void_label(voiding)
    label = await carrier.create_label(request)
    for _ in range(2):
        await carrier.void_label(voiding)
    bought = await remote.book(Book.LABELS, key=f"{rma}-label")
    assert [each.data["status"] for each in bought] == ["live", "voided"]
    another = await carrier.create_label(request)
    assert another.tracking_no != label.tracking_no
    await remote.scan("sf", another.tracking_no, "accepted", AT)
    with pytest.raises(ProviderRefused) as refused:
        await carrier.void_label(voiding)
    assert refused.value.code == "label_in_use"


async def test_tracking_reads_every_scan(carrier: SandboxCarrier, remote: SandboxRemote, rma: str) -> None:
    booking = await carrier.book_pickup(pickup(rma, 1))
    asked = TrackingRequest(carrier="sf", tracking_no=booking.tracking_no, at=AT)
    assert (await carrier.track(asked)).events == ()
    first = await remote.scan("sf", booking.tracking_no, "picked_up", AT, event_id=f"{rma}-scan")
    again = await remote.scan("sf", booking.tracking_no, "picked_up", AT, event_id=f"{rma}-scan")
    customs = await remote.scan("sf", booking.tracking_no, "customs", AT - timedelta(hours=1))
    assert first == again
    assert (await carrier.track(asked)).events == (first, customs)
    assert len(await remote.book(Book.SCANS, tracking_no=booking.tracking_no)) == 2


async def test_a_parcel_that_the_customer_handed_in(
    carrier: SandboxCarrier, remote: SandboxRemote, rma: str
) -> None:
    asked = TrackingRequest(carrier="yto", tracking_no=f"YT {rma}", at=AT)
    assert (await carrier.track(asked)).events == ()
    await remote.scan("yto", f"YT {rma}", "accepted", AT)
    asked = TrackingRequest(carrier="yto", tracking_no=f"YT {rma}", at=AT)
    assert [each.kind for each in (await carrier.track(asked)).events] == ["accepted"]


async def test_a_slot_without_length_is_refused(carrier: SandboxCarrier, rma: str) -> None:
    with pytest.raises(ProviderRefused) as refused:
        await carrier.book_pickup(pickup(rma, 1).model_copy(update={"slot_end": AT}))
    assert refused.value.code == "invalid_request"


async def test_carriers_honour_no_key(url: str, rma: str) -> None:
    body = pickup(rma, 1).model_dump(mode="json", exclude={"carrier", "replaces"})
    async with httpx.AsyncClient(base_url=url) as http:
        answers = [
            (await http.post("/carriers/sf/pickups", json=body, headers={"Idempotency-Key": "k"})).json()
            for _ in range(2)
        ]
        wrong = await http.post(
            f"/carriers/yto/tracking/{answers[0]['tracking_no']}/scans",
            json={"kind": "accepted", "occurred_at": AT.isoformat()},
        )
    assert answers[0]["tracking_no"] != answers[1]["tracking_no"]
    assert (wrong.status_code, wrong.json()["code"]) == (409, "other_carrier")
