"""The payment providers' webhooks: what cannot be trusted is refused, what can is kept before it is answered."""

import base64
import hashlib
import hmac
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from adapters.payment.stripe_reports import StripeReports
from ledger.tables import PaymentNewsRow
from tests.unit.ledger_builders import an_order, open_and_authorize
from tests.unit.test_api_support import Api, problem_of, running_api

SECRET = "whsec_of_the_tests"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("api"), reports={"stripe": StripeReports(SecretStr(SECRET))}) as api:
        yield api


@pytest.fixture
def api(running: Api) -> Api:
    running.empty()
    return running


def an_event(event_id: str = "evt_1", kind: str = "refund.updated", **changes: Any) -> dict[str, Any]:
    refund = {
        "id": "re_1",
        "object": "refund",
        "amount": 8_000,
        "currency": "cny",
        "status": "succeeded",
        "payment_intent": "pi_1",
        "metadata": {"returnflow_reference": "RMA-1-refund-1-t0"},
    }
    return {"id": event_id, "object": "event", "type": kind, "data": {"object": refund | changes}}


def signed(body: bytes, secret: str = SECRET, sent_at: int | None = None) -> str:
    at = int(time.time()) if sent_at is None else sent_at
    return f"t={at},v1={hmac.new(secret.encode(), f'{at}.'.encode() + body, hashlib.sha256).hexdigest()}"


def push(api: Api, event: Any, provider: str = "stripe") -> httpx.Response:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    return api.http.post(f"/v1/webhooks/{provider}", content=body, headers={"Stripe-Signature": signed(body)})


def kept(api: Api) -> int:
    with api.ledger.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(PaymentNewsRow)) or 0


def test_a_report_is_kept_until_its_payment_is_known(api: Api) -> None:
    answer = push(api, an_event())
    assert (answer.status_code, answer.json()) == (200, {"state": "kept"})
    assert api.ledger.due_news(datetime.now(UTC)) == []
    intent = open_and_authorize(api.ledger, "RMA-1", an_order(), {"L1": 1}).intents[0]
    assert intent.key == "RMA-1-refund-1-t0"
    [due] = api.ledger.due_news(datetime.now(UTC))
    assert (due.intent.key, due.news.provider_reference, due.news.status) == (intent.key, "re_1", "succeeded")


def test_a_repeat_is_kept_once(api: Api) -> None:
    for _ in range(3):
        assert push(api, an_event()).json() == {"state": "kept"}
    assert kept(api) == 1


@pytest.mark.parametrize(
    "event",
    [
        an_event(kind="charge.updated"),
        an_event(metadata={}),
        an_event(metadata=None),
        {"id": "evt_2", "type": "customer.created", "data": {"object": {"id": "cus_1"}}},
    ],
)
def test_what_we_did_not_ask_for_is_answered_and_not_kept(api: Api, event: dict[str, Any]) -> None:
    answer = push(api, event)
    assert (answer.status_code, answer.json()) == (200, {"state": "not_ours"})
    assert kept(api) == 0


@pytest.mark.parametrize(
    "event",
    [
        b"",
        b"nothing",
        b"[]",
        b"\xff\xfe",
        b'{"id": "evt_1"}',
        {"id": "evt_1", "type": "refund.updated", "data": {}},
        an_event(amount="8000"),
        an_event(currency=None),
        an_event(event_id="an id with blanks"),
        an_event(metadata={"returnflow_reference": "x" * 200}),
    ],
)
def test_a_report_that_cannot_be_read_is_refused_without_its_values(api: Api, event: Any) -> None:
    answer = push(api, event)
    problem_of(answer, 400, "unreadable_report")
    assert "8000" not in answer.text
    assert "blanks" not in answer.text
    assert kept(api) == 0


def test_only_providers_with_a_secret_are_listened_to(api: Api) -> None:
    problem_of(push(api, an_event(), "wechat"), 404, "unknown_provider", "provider")
    problem_of(push(api, an_event(), "x" * 5000), 404, "unknown_provider", "provider")


def hostile(number: int) -> tuple[str, bytes, list[tuple[str, str | bytes]]]:
    """A request that must not be trusted: what is wrong with it, its body, and its signature headers."""
    draw = random.Random(number)
    body = json.dumps(an_event(f"evt_{number}", amount=draw.randint(1, 10**9))).encode()
    now = int(time.time())
    name, right = "Stripe-Signature", signed(body)
    noise = bytes(draw.randrange(128, 256) for _ in range(40))
    garbled = bytearray(body)
    garbled[draw.randrange(len(body))] ^= 1 << draw.randrange(7)
    wrong: dict[str, tuple[bytes, list[tuple[str, str | bytes]]]] = {
        "no signature": (body, []),
        "empty signature": (body, [(name, "")]),
        "another secret": (body, [(name, signed(body, f"whsec_{number}"))]),
        "another body": (bytes(garbled), [(name, right)]),
        "cut body": (body[: draw.randrange(len(body))], [(name, right)]),
        "cut signature": (body, [(name, right[: draw.randrange(len(right))])]),
        "base64 for hex": (body, [(name, f"t={now},v1={base64.b64encode(noise).decode()}")]),
        "bytes that are no text": (body, [(name, f"t={now},v1=".encode() + noise)]),
        "a body that is no text": (noise, [(name, right)]),
        "no time": (body, [(name, right.partition(",")[2])]),
        "a time that is no number": (
            body,
            [(name, f"t={draw.choice(['now', 'NaN', 'inf', '-1', '1e9', '٢', ''])},v1=00")],
        ),
        "a long time": (body, [(name, f"t={'9' * draw.randint(12, 4000)},v1=00")]),
        "ten days old": (body, [(name, signed(body, sent_at=now - 864_000 - number))]),
        "of the future": (body, [(name, signed(body, sent_at=now + 400 + number))]),
        "two times": (body, [(name, right.replace(",", f",t={now},", 1))]),
        "duplicate headers": (body, [(name, right), (name, signed(body, "whsec_other"))]),
        "many signatures": (body, [(name, f"t={now}" + ",v1=00" * draw.randint(2, 500))]),
        "another scheme": (body, [(name, right.replace("v1=", "v0="))]),
    }
    kind = list(wrong)[number % len(wrong)]
    return kind, *wrong[kind]


@pytest.mark.parametrize("count", [90, pytest.param(1000, marks=pytest.mark.deep)])
def test_hostile_requests_are_refused(api: Api, count: int) -> None:
    seen: Counter[tuple[str, int]] = Counter()
    for number in range(count):
        kind, body, given = hostile(number)
        headers = [(name.encode(), value.encode() if isinstance(value, str) else value) for name, value in given]
        answer = api.http.post("/v1/webhooks/stripe", content=body, headers=headers)
        seen[kind, answer.status_code] += 1
    assert {status for _, status in seen} <= {400, 401}, seen
    assert (sum(seen.values()), kept(api)) == (count, 0)


def test_ten_megabytes_are_refused_before_they_are_read(api: Api) -> None:
    body = b"x" * 10_000_000
    answer = api.http.post("/v1/webhooks/stripe", content=body, headers={"Stripe-Signature": signed(body)})
    problem_of(answer, 413, "payload_too_large")
    assert kept(api) == 0
