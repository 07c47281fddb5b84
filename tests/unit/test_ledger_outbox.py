"""What is delivered when: in order per return, by several relays, through crashes and refusals."""

import threading
from datetime import timedelta

import pytest

from domain.outbox import Delivery
from ledger import outbox
from ledger.engine import writing
from ledger.errors import DeliveryNotFound
from ledger.ledger import Ledger
from tests.unit.ledger_builders import NOW, a_message, a_stage

pytest_plugins = ["tests.unit.ledger_fixtures"]

LEASE = timedelta(seconds=30)


def tell(ledger: Ledger, rma_id: str, op: str, *texts: str) -> None:
    ledger.record(a_stage(rma_id, op, outbox=tuple(a_message(text) for text in texts)))


def claimed(ledger: Ledger, at: timedelta = timedelta(0), limit: int = 10) -> list[str]:
    return [delivery.message_id for delivery in ledger.claim_deliveries(NOW + at, limit, LEASE)]


def test_a_delivery_carries_its_item_and_a_stable_id(ledger: Ledger) -> None:
    tell(ledger, "R1", "step", "hello")

    assert ledger.claim_deliveries(NOW, 10, LEASE) == [
        Delivery(message_id="R1/step/0", rma_id="R1", at=NOW, item=a_message("hello"))
    ]


def test_a_repeated_entry_tells_nothing_again(ledger: Ledger) -> None:
    for _ in range(2):
        tell(ledger, "R1", "step", "hello")

    assert ledger.pending_deliveries() == 1


def test_only_the_oldest_item_of_each_return_is_claimed(ledger: Ledger) -> None:
    tell(ledger, "R1", "a", "1", "2")
    tell(ledger, "R2", "a", "1")
    tell(ledger, "R1", "b", "3")

    assert claimed(ledger) == ["R1/a/0", "R2/a/0"]
    assert claimed(ledger) == []
    ledger.delivered(["R1/a/0"], NOW)
    assert claimed(ledger) == ["R1/a/1"]
    ledger.delivered(["R1/a/1"], NOW)
    ledger.delivered(["R2/a/0"], NOW)
    assert claimed(ledger) == ["R1/b/0"]
    assert ledger.pending_deliveries() == 1


def test_the_limit_counts_returns(ledger: Ledger) -> None:
    for number in range(3):
        tell(ledger, f"R{number}", "a", "1")

    assert claimed(ledger, limit=2) == ["R0/a/0", "R1/a/0"]
    assert claimed(ledger, limit=2) == ["R2/a/0"]


def test_the_claims_of_a_crashed_relay_come_back(ledger: Ledger) -> None:
    tell(ledger, "R1", "a", "1", "2")
    claimed(ledger)

    assert claimed(ledger, LEASE - timedelta(seconds=1)) == []
    assert claimed(ledger, LEASE) == ["R1/a/0"]


def test_a_failed_item_waits_and_so_do_its_successors(ledger: Ledger) -> None:
    tell(ledger, "R1", "a", "1", "2")
    claimed(ledger)
    ledger.delivery_failed("R1/a/0", "503", NOW + timedelta(hours=1))

    assert claimed(ledger, timedelta(minutes=59)) == []
    assert claimed(ledger, timedelta(hours=1)) == ["R1/a/0"]


def test_a_parked_item_holds_up_nothing(ledger: Ledger) -> None:
    tell(ledger, "R1", "a", "1", "2")
    claimed(ledger)
    ledger.park_delivery("R1/a/0", "no such recipient")

    assert claimed(ledger) == ["R1/a/1"]
    assert ledger.pending_deliveries() == 1
    assert [(parked.delivery.message_id, parked.error) for parked in ledger.parked_deliveries()] == [
        ("R1/a/0", "no such recipient")
    ]


def test_what_was_delivered_stays_delivered(ledger: Ledger) -> None:
    tell(ledger, "R1", "a", "1")
    claimed(ledger)
    ledger.delivered(["R1/a/0"], NOW)

    ledger.delivery_failed("R1/a/0", "late news of a slow relay", NOW)
    ledger.park_delivery("R1/a/0", "late news of a slow relay")
    ledger.delivered(["R1/a/0"], NOW + LEASE)

    assert (ledger.pending_deliveries(), ledger.parked_deliveries(), claimed(ledger)) == (0, [], [])


def test_a_parked_item_that_arrived_after_all_is_delivered(ledger: Ledger) -> None:
    tell(ledger, "R1", "a", "1")
    ledger.park_delivery("R1/a/0", "refused")
    ledger.delivered(["R1/a/0"], NOW)

    assert ledger.parked_deliveries() == []


def test_an_unknown_message_is_told(ledger: Ledger) -> None:
    with pytest.raises(DeliveryNotFound):
        ledger.delivered(["R1/a/0"], NOW)
    with pytest.raises(DeliveryNotFound):
        ledger.delivery_failed("R1/a/0", "503", NOW)
    with pytest.raises(DeliveryNotFound):
        ledger.park_delivery("R1/a/0", "400")


def test_several_relays_keep_the_order_and_share_the_work(ledger: Ledger) -> None:
    returns, items = 4, 5
    for number in range(returns):
        tell(ledger, f"R{number}", "a", *(str(item) for item in range(items)))
    done: list[Delivery] = []
    start = threading.Barrier(3)

    def relay() -> None:
        start.wait()
        while ledger.pending_deliveries():
            for delivery in ledger.claim_deliveries(NOW, 2, LEASE):
                done.append(delivery)
                ledger.delivered([delivery.message_id], NOW)

    relays = [threading.Thread(target=relay) for _ in range(3)]
    for thread in relays:
        thread.start()
    for thread in relays:
        thread.join()

    for number in range(returns):
        assert [delivery.message_id for delivery in done if delivery.rma_id == f"R{number}"] == [
            f"R{number}/a/{item}" for item in range(items)
        ]


# SQLite has one writer at a time.
@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
def test_a_relay_does_not_wait_for_what_another_one_is_claiming(ledger: Ledger) -> None:
    for rma_id in ("R1", "R2"):
        tell(ledger, rma_id, "step", "hi")
    with writing(ledger.engine) as session:
        first = outbox.claim(session, NOW, 1, LEASE)
        second = ledger.claim_deliveries(NOW, 10, LEASE)

    assert [delivery.message_id for delivery in first] == ["R1/step/0"]
    assert [delivery.message_id for delivery in second] == ["R2/step/0"]
