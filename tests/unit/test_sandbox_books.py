"""The books: what they hold, how they are read, and that they survive the process."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from sandbox.journal import Journal, JournalError
from sandbox.server import running_sandbox
from sandbox.settings import SandboxSettings

ROOT = Path(__file__).parents[2]
AT = "2026-11-20T09:00:00Z"

REFUND = {
    "reference": "RMA-1-refund-1-t1",
    "rma_id": "RMA-1",
    "payment_id": "CN-1003-p2",
    "method_id": "GIFT-101",
    "amount_minor": 2500,
    "currency": "CNY",
    "at": AT,
}
PICKUP = {
    "reference": "RMA-1-pickup-1",
    "rma_id": "RMA-1",
    "slot_start": "2026-11-21T09:00:00Z",
    "slot_end": "2026-11-21T12:00:00Z",
    "address": {"lines": ["1 Lake Road"], "city": "Hangzhou", "postal_code": "310000", "country": "CN"},
    "at": AT,
}
CLAIM = {
    "reference": "RMA-1-claim-carrier",
    "rma_id": "RMA-1",
    "reason": "lost_in_transit",
    "currency": "CNY",
    "claimed_minor": 2500,
    "evidence": [{"kind": "tracking", "reference": "sf SF-1"}],
    "at": AT,
}


@contextmanager
def sandbox_process(*arguments: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    command = [sys.executable, "-m", "sandbox", "--port", "0", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("sandbox ready on http://127.0.0.1:")
        yield line.split()[-1], process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def act(url: str) -> None:
    """Leave an entry in every book."""
    with httpx.Client(base_url=url) as http:
        answers = [
            http.post("/payments/refunds", json=REFUND, headers={"Idempotency-Key": "k-1"}),
            http.post("/payments/charges", json={**_charge("c-1"), "order_id": "CN-1003"}),
            http.post("/carriers/sf/pickups", json=PICKUP),
            http.post("/carriers/sf/labels", json={"reference": "RMA-1-label", "rma_id": "RMA-1", "at": AT}),
            http.post("/inventory/holds", json={"reference": "RMA-1-x", "item_ids": ["LAMP-BRASS"], "at": AT}),
            http.post(
                "/replacements",
                json={"reference": "RMA-1-x", "order_id": "CN-1008", "item_ids": ["LAMP-BRASS"], "at": AT},
            ),
            http.post("/orders/CN-1009/cancel-fulfilment", json={"reference": "RMA-1", "at": AT}),
            http.post(
                "/coupons",
                json={"key": "k", "customer_id": "C-101", "amount_minor": 5000, "currency": "CNY", "at": AT},
            ),
            http.post(
                "/workshop/repairs",
                json={"reference": "RMA-1-repair-1", "order_id": "CN-1001", "units": {"1": 1}, "at": AT},
            ),
            http.post(
                "/payments/holds",
                json={**_charge("RMA-1-hold-1"), "order_id": "CN-1003", "method_id": "CARD-101"},
            ),
            http.post("/store-credit/accounts", json={"customer_id": "C-101", "currency": "CNY", "at": AT}),
            http.post(
                "/messages",
                json={
                    "message_id": "m-1",
                    "recipient": "C-101",
                    "audience": "customer",
                    "template": "approved",
                    "locale": "en",
                    "subject": "Your return",
                    "body": "Approved.",
                    "at": AT,
                },
            ),
            http.post(
                "/warehouse/notices",
                json={"notice_id": "n-1", "rma_id": "RMA-1", "subject": "expected", "details": {}, "at": AT},
            ),
            http.post("/claims/carrier", json=CLAIM),
        ]
        tracking_no = answers[2].json()["tracking_no"]
        scan = {"kind": "picked_up", "occurred_at": AT, "event_id": "ev-1"}
        answers.append(http.post(f"/carriers/sf/tracking/{tracking_no}/scans", json=scan))
    assert [each.status_code for each in answers] == [200] * len(answers)


def _charge(reference: str) -> dict[str, object]:
    return {
        "reference": reference,
        "method_id": "GIFT-101",
        "amount_minor": 1000,
        "currency": "CNY",
        "at": AT,
    }


def read_all(url: str) -> dict[str, object]:
    with httpx.Client(base_url=url) as http:
        books = http.get("/books").json()["books"]
        return {
            **{book: http.get(f"/books/{book}").json() for book in books},
            "order": http.get("/orders/CN-1003").json(),
            "stock": http.get("/catalog/variants", params={"item_id": "LAMP-BRASS"}).json(),
            "cancelled": http.get("/orders/CN-1009").json(),
            "claim": http.get("/claims/carrier", params={"reference": "RMA-1-claim-carrier"}).json(),
            "pickup": http.get("/carriers/sf/pickups", params={"reference": "RMA-1-pickup-1"}).json(),
        }


def test_the_books_survive_a_kill(tmp_path: Path) -> None:
    with sandbox_process("--data", str(tmp_path)) as (url, process):
        act(url)
        before = read_all(url)
        process.send_signal(signal.SIGKILL)
        process.wait()
    with (tmp_path / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"seq":999,"book":"refu')
    with sandbox_process("--data", str(tmp_path)) as (url, _):
        assert read_all(url) == before
        counts = httpx.get(f"{url}/books").json()["books"]
        empty = [book for book, count in counts.items() if not count]
        assert not empty, f"no entry in {empty}: add what writes one to act()"
        repeat = httpx.post(f"{url}/payments/refunds", json=REFUND, headers={"Idempotency-Key": "k-1"})
        assert repeat.headers["Idempotent-Replayed"] == "true"
        next_one = httpx.post(f"{url}/payments/charges", json=_charge("c-2"))
        assert next_one.json()["status"] == "succeeded"
    with running_sandbox(SandboxSettings(journal_dir=tmp_path)) as url:
        charges = httpx.get(f"{url}/books/charges", params={"key": "c-2"}).json()
        assert charges["count"] == 1


def test_a_journal_belongs_to_one_process(tmp_path: Path) -> None:
    settings = SandboxSettings(journal_dir=tmp_path)
    with running_sandbox(settings), pytest.raises(JournalError, match="in use"), running_sandbox(settings):
        pass
    with running_sandbox(settings) as url:
        assert httpx.get(f"{url}/healthz").json() == {"status": "ok"}


def test_a_damaged_journal_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_text('{"seq": 1}\n{"seq": 2')
    with (
        pytest.raises(JournalError, match=r"journal\.jsonl:1 "),
        running_sandbox(SandboxSettings(journal_dir=tmp_path)),
    ):
        pass
    journal = Journal(tmp_path)
    journal.close()


def test_a_book_is_read_by_what_its_entries_are_about() -> None:
    with running_sandbox() as url, httpx.Client(base_url=url) as http:
        act(url)
        assert http.get("/books/refunds", params={"rma_id": "RMA-1"}).json()["count"] == 1
        assert http.get("/books/refunds", params={"order_id": "CN-1003"}).json()["count"] == 1
        assert http.get("/books/refunds", params={"order_id": "CN-1001"}).json()["count"] == 0
        assert http.get("/books/coupons", params={"rma_id": "RMA-1"}).json()["count"] == 0
        assert http.get("/books/refunds", params={"rma": "RMA-1"}).status_code == 422
        assert http.get("/books/nothing").status_code == 422
        entry = http.get("/books/refunds").json()["entries"][0]
    assert (entry["key"], entry["at"], entry["data"]["status"]) == (REFUND["reference"], AT, "succeeded")


def test_all_books_together_are_read_in_the_order_of_what_happened() -> None:
    reference = str(REFUND["reference"])
    with running_sandbox() as url, httpx.Client(base_url=url) as http:
        act(url)
        everything = http.get("/entries").json()
        of_key = http.get("/entries", params={"key_prefix": reference}).json()
        assert http.get("/entries", params={"rma": "RMA-1"}).status_code == 422
        books = http.get("/books").json()["books"]
    assert everything["count"] == sum(books.values())
    assert [entry["seq"] for entry in everything["entries"]] == list(range(1, everything["count"] + 1))
    assert of_key["entries"] == [entry for entry in everything["entries"] if entry["key"].startswith(reference)]
    assert 0 < of_key["count"] < everything["count"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"at": "2026-11-20T09:00:00"}, "at"),
        ({"at": None}, "at"),
        ({"amount_minor": 25.0}, "amount_minor"),
        ({"amount_minor": "2500"}, "amount_minor"),
        ({"amount_minor": -1}, "amount_minor"),
        ({"currency": "cny"}, "currency"),
        ({"amount": 2500}, "amount"),
    ],
)
def test_a_body_is_checked(shared_url: str, change: dict[str, object], field: str) -> None:
    answer = httpx.post(f"{shared_url}/payments/refunds", json={**REFUND, **change})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert httpx.get(f"{shared_url}/books/refunds").json()["count"] == 0


def test_times_are_kept_in_utc(shared_url: str) -> None:
    body = {"reference": "RMA-9-label", "at": "2026-11-20T17:00:00+08:00"}
    httpx.post(f"{shared_url}/carriers/sf/labels", json=body)
    (entry,) = httpx.get(f"{shared_url}/books/labels").json()["entries"]
    assert datetime.fromisoformat(entry["at"]) == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert entry["at"].endswith("Z")


@pytest.fixture(scope="module")
def shared_url() -> Iterator[str]:
    with running_sandbox() as url:
        yield url
