"""How a parcel travelled, by what is known of it."""

from datetime import UTC, datetime

import pytest

from domain.actions import Actor, Role
from domain.application import ShipBackMethod
from domain.fees import way_that_counts
from domain.quantities import packed
from domain.shipping import CarrierEvent, CarrierEventKind
from workflows.contracts import Receipt
from workflows.parcel import Parcel
from workflows.parcels import Parcels

AT = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)


def parcel() -> Parcel:
    made = Parcel(1, packed({"A": 1}), AT, lambda *_: None)
    made.follow("swift", "PICKUP-1", ShipBackMethod.PICKUP)
    made.follow("sf", "OWN-1", ShipBackMethod.CUSTOMER_SHIPS)
    return made


def receipt(tracking_no: str | None = None) -> Receipt:
    return Receipt(actor=Actor(role=Role.WAREHOUSE, id="w"), received_at=AT, tracking_no=tracking_no)


def test_a_parcel_that_came_is_known_by_its_number_or_not_at_all() -> None:
    known, unknown = parcel(), parcel()
    known.receive(receipt("PICKUP-1"))
    unknown.receive(receipt())
    assert (known.travelled_by, unknown.travelled_by) == (ShipBackMethod.PICKUP, None)


def test_the_courier_knows_better_than_the_customer() -> None:
    sent = parcel()
    sent.hand_over("OWN-1", AT)
    told = sent.travelled_by
    sent.collected_by_us()
    assert [told, sent.travelled_by] == [ShipBackMethod.CUSTOMER_SHIPS, ShipBackMethod.PICKUP]


def test_a_number_of_ours_stays_ours_whoever_names_it() -> None:
    sent = parcel()
    sent.follow("swift", "PICKUP-1", ShipBackMethod.CUSTOMER_SHIPS)
    sent.hand_over("PICKUP-1", AT)
    assert sent.travelled_by is ShipBackMethod.PICKUP


def test_a_way_that_ended_at_the_door_counts_no_more() -> None:
    refused = parcel()
    refused.hand_over("OWN-1", AT)
    refused.refuse_collect("sf OWN-1", AT)
    assert refused.travelled_by is None


def test_a_number_that_was_refused_at_the_door_may_be_named_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """The carrier's scan of the refusal came after ours: it is waiting for the number when that is named again."""
    monkeypatch.setattr("workflows.parcel.workflow.now", lambda: AT)
    parcels = Parcels(AT, lambda *_: None)
    sent = parcels.add(packed({"A": 1}))
    parcels.follow(sent, "sf", "OWN-1", ShipBackMethod.CUSTOMER_SHIPS)
    sent.refuse_collect("freight collect was not agreed", AT)
    parcels.scan(
        CarrierEvent(
            event_id="e-1",
            carrier="sf",
            tracking_no="OWN-1",
            kind=CarrierEventKind.REFUSED_COLLECT,
            occurred_at=AT,
        )
    )
    parcels.follow(sent, "sf", "OWN-1", ShipBackMethod.CUSTOMER_SHIPS)
    sent.hand_over("OWN-1", AT)
    assert sent.travelled_by is None


@pytest.mark.parametrize(
    ("ways", "counts"),
    [
        ([None], ShipBackMethod.CUSTOMER_SHIPS),
        ([ShipBackMethod.CUSTOMER_SHIPS, ShipBackMethod.PICKUP], ShipBackMethod.PICKUP),
        ([ShipBackMethod.PICKUP, ShipBackMethod.LABEL], ShipBackMethod.LABEL),
    ],
)
def test_what_we_carried_counts(ways: list[ShipBackMethod | None], counts: ShipBackMethod) -> None:
    assert way_that_counts(ways) is counts
