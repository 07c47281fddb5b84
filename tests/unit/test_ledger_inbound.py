"""Parcels, the scans of carriers, broken promises."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from domain.shipping import CarrierEvent
from ledger.errors import CouponNotOwed, EventNotFound
from ledger.ledger import Ledger
from tests.unit.ledger_builders import (
    NOW,
    a_breach,
    a_closing,
    a_message,
    a_scan,
    a_stage,
    an_opening,
    an_order,
)

pytest_plugins = ["tests.unit.ledger_fixtures"]


def ship(ledger: Ledger, rma_id: str, tracking_no: str = "T-1", op: str = "ship") -> None:
    ledger.record(a_stage(rma_id, op, carrier="sf", tracking_no=tracking_no))


def test_a_parcel_leads_to_its_return(ledger: Ledger) -> None:
    ship(ledger, "R1")
    ship(ledger, "R1", op="ship-again")

    assert ledger.find_parcel("sf", "T-1") == "R1"
    assert ledger.find_parcel("yto", "T-1") is None
    assert ledger.find_parcel("sf", "T-2") is None


def test_a_closed_return_keeps_its_parcel(ledger: Ledger) -> None:
    ship(ledger, "R1")
    ledger.close_return(a_closing("R1"))

    assert ledger.find_parcel("sf", "T-1") == "R1"


def test_a_number_that_is_used_again_leads_to_the_open_return(ledger: Ledger) -> None:
    ship(ledger, "R1")
    ledger.close_return(a_closing("R1"))
    ship(ledger, "R2")
    assert ledger.find_parcel("sf", "T-1") == "R2"

    ship(ledger, "R3")
    assert ledger.find_parcel("sf", "T-1") == "R3"
    ledger.close_return(a_closing("R3"))
    assert ledger.find_parcel("sf", "T-1") == "R2"


def test_a_scan_is_stored_once_and_delivered_once(ledger: Ledger) -> None:
    ship(ledger, "R1")

    assert ledger.accept_event(a_scan("E1"), NOW) == ("R1", False)
    assert ledger.accept_event(a_scan("E1"), NOW) == ("R1", False)
    assert ledger.undelivered_events() == [("R1", a_scan("E1"))]
    for _ in range(2):
        ledger.event_delivered("sf", "E1", NOW)
    assert ledger.accept_event(a_scan("E1"), NOW) == ("R1", True)
    assert ledger.undelivered_events() == []


def test_event_ids_are_a_carriers_own(ledger: Ledger) -> None:
    ledger.accept_event(a_scan("E1"), NOW)
    ledger.event_delivered("sf", "E1", NOW)

    assert ledger.accept_event(a_scan("E1", carrier="yto"), NOW) == (None, False)


def test_a_scan_that_comes_before_its_parcel_waits_for_it(ledger: Ledger) -> None:
    for event_id in ("E1", "E2"):
        assert ledger.accept_event(a_scan(event_id), NOW) == (None, False)
    ledger.accept_event(a_scan("E3", tracking_no="T-unknown"), NOW)
    assert ledger.undelivered_events() == []

    ship(ledger, "R1")

    assert ledger.undelivered_events() == [("R1", a_scan("E1")), ("R1", a_scan("E2"))]
    assert ledger.undelivered_events(limit=1) == [("R1", a_scan("E1"))]


def test_an_unknown_scan_is_told(ledger: Ledger) -> None:
    with pytest.raises(EventNotFound):
        ledger.event_delivered("sf", "E1", NOW)


def test_moments_come_back_aware_in_utc(ledger: Ledger) -> None:
    ship(ledger, "R1")
    in_china = datetime(2026, 3, 1, 16, 30, 15, 123456, tzinfo=timezone(timedelta(hours=8)))
    ledger.accept_event(
        CarrierEvent(event_id="E1", carrier="sf", tracking_no="T-1", kind="delivered", occurred_at=in_china), NOW
    )

    (_, event), *_ = ledger.undelivered_events()
    assert event.occurred_at == NOW
    assert event.occurred_at.tzinfo is UTC


def test_a_naive_moment_is_refused(ledger: Ledger) -> None:
    with pytest.raises(Exception, match="aware moments only"):
        ledger.accept_event(a_scan("E1"), NOW.replace(tzinfo=None))


def test_a_breach_owes_its_coupon_until_it_is_issued(ledger: Ledger) -> None:
    ledger.record(a_stage("R1", "late", breach=a_breach("R1"), outbox=(a_message("sorry"),)))
    assert ledger.coupon("R1-inspection") == a_breach("R1")

    ledger.record(a_stage("R1", "late-issued", breach=a_breach("R1"), coupon_id="C-77"))
    assert ledger.coupon("R1-inspection") == a_breach("R1", coupon_id="C-77")
    assert ledger.coupon("R2-inspection") is None


def test_a_breach_and_its_coupon_in_one_step(ledger: Ledger) -> None:
    ledger.record(a_stage("R1", "late", breach=a_breach("R1"), coupon_id="C-77"))

    assert ledger.coupon("R1-inspection") == a_breach("R1", coupon_id="C-77")


def test_a_return_earns_one_coupon(ledger: Ledger) -> None:
    ledger.record(a_stage("R1", "late", breach=a_breach("R1"), coupon_id="C-77"))
    ledger.record(a_stage("R1", "late-2", breach=a_breach("R1", coupon_minor=1)))
    ledger.record(a_stage("R1", "late-3", breach=a_breach("R1", key="R1-other"), coupon_id="C-78"))

    assert ledger.coupon("R1-inspection") == a_breach("R1", coupon_id="C-77")
    assert ledger.coupon("R1-other") is None


def test_a_coupon_that_nobody_earned_is_not_noted(ledger: Ledger) -> None:
    with pytest.raises(CouponNotOwed):
        ledger.record(a_stage("R1", "late", coupon_id="C-77", outbox=(a_message("sorry"),)))

    assert ledger.pending_deliveries() == 0


def test_a_young_scan_is_left_to_the_webhook_that_accepted_it(ledger: Ledger) -> None:
    ship(ledger, "R1")
    ledger.accept_event(a_scan("E1"), NOW)
    assert ledger.undelivered_events(received_before=NOW - timedelta(seconds=1)) == []
    assert ledger.undelivered_events(received_before=NOW) == [("R1", a_scan("E1"))]


def test_a_waybill_names_the_other_returns_that_a_person_should_look_at(ledger: Ledger) -> None:
    for number, customer_id in ((1, "C-1"), (2, "C-1"), (3, "C-2")):
        order = an_order(order_id=f"O-{number}").model_copy(update={"customer_id": customer_id})
        ledger.open_return(an_opening(f"R{number}", order, {"L1": 1}))

    def hand_over(rma_id: str, carrier: str, op: str = "handover-1") -> tuple[str, ...]:
        entry = a_stage(rma_id, op, carrier=carrier, tracking_no="T-1", returns_per_waybill=2)
        return ledger.record(entry).shares_waybill_with

    assert hand_over("R1", "sf") == ()
    assert hand_over("R2", "sf") == (), "two returns of one customer in a parcel"
    assert hand_over("R3", "yto") == (), "another carrier's number"
    ledger.close_return(a_closing("R1"))
    assert hand_over("R3", "sf", "handover-2") == ("R1", "R2")
    assert hand_over("R3", "sf", "handover-2") == ("R1", "R2"), "the same answer to a repeat"
    assert hand_over("R2", "", "receipt-1") == ("R1", "R3"), "a receipt does not tell the carrier"
    assert ledger.record(a_stage("R2", "plain", carrier="sf", tracking_no="T-1")).shares_waybill_with == ()
