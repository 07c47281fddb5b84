"""Bad input through the real API: a clear problem, the right status, and nothing left behind."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr

from ledger.errors import OrderNotFound
from starters.api.app import create_app
from starters.api.server import ApiServer, listen
from starters.api.settings import ApiSettings
from testkit.pipeline import Pipeline, line, variant

CUSTOMER = {"role": "customer", "id": "C-1"}


@pytest.fixture(scope="module")
async def api(pipeline: Pipeline) -> AsyncIterator[httpx.AsyncClient]:
    """The API on a real socket, over the real pipeline."""
    settings = ApiSettings(
        ledger_url=SecretStr("sqlite:///unused"), carrier_webhook_secret=SecretStr("0123456789abcdef")
    )
    ready = asyncio.Event()
    listener, url = listen("127.0.0.1", 0)
    server = ApiServer(create_app(pipeline.returns, pipeline.ledger, settings), ready.set)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await ready.wait()
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        with pipeline.skipper.with_time_skipping_disabled():
            yield client
    server.should_exit = True
    await serving


async def post(api: httpx.AsyncClient, body: Any, key: str | None = None) -> httpx.Response:
    return await api.post("/v1/returns", json=body, headers={"Idempotency-Key": key or f"K-{uuid4().hex}"})


def application(order: dict[str, Any], **changes: Any) -> dict[str, Any]:
    asked = {
        "order_id": order["order_id"],
        "customer_id": order["customer_id"],
        "desired_resolution": "return_and_refund",
        "lines": [{"line_id": "SHIRT-M", "quantity": 1, "condition": "unopened"}],
    }
    return asked | changes


def one_line(**changes: Any) -> dict[str, Any]:
    return {"lines": [{"line_id": "SHIRT-M", "quantity": 1, "condition": "unopened"} | changes]}


async def assert_nothing_is_left(pipeline: Pipeline, order_id: str) -> None:
    assert pipeline.ledger.open_returns(order_id) == []
    with pytest.raises(OrderNotFound):
        pipeline.ledger.order_balance(order_id)
    running = f'ReturnOrderId = "{order_id}" AND ExecutionStatus = "Running"'
    assert [found async for found in pipeline.returns.search(running)] == []


@pytest.mark.parametrize(
    ("order", "changes", "status", "code", "field"),
    [
        ({}, {"order_id": "O-unknown"}, 404, "order_not_found", "order_id"),
        ({}, {"customer_id": "C-another"}, 422, "customer_mismatch", "customer_id"),
        ({"currency": "XAG"}, {}, 422, "currency_not_supported", "order.currency"),
        ({"status": "pending"}, {}, 409, "order_not_delivered", "order_id"),
        ({}, {"desired_resolution": "cancel_order", "lines": []}, 409, "order_not_pending", "order_id"),
        ({}, one_line(line_id="HAT"), 422, "item_not_in_order", "lines[0].line_id"),
        ({}, one_line(quantity=2), 422, "item_not_in_order", "lines[0].quantity"),
        ({}, {"payment_method_id": "CARD-foreign"}, 422, "payment_method_unknown", "payment_method_id"),
        (
            {},
            {"desired_resolution": "exchange"},
            422,
            "item_count_mismatch",
            "lines[0].replacement_item_ids",
        ),
        (
            {},
            {"desired_resolution": "exchange", **one_line(replacement_item_ids=["SHIRT-GONE"])},
            409,
            "replacement_unavailable",
            "lines[0].replacement_item_ids[0]",
        ),
        ({}, one_line(quantity=0), 422, "invalid_request", "lines[0].quantity"),
        ({}, one_line(quantity=-1), 422, "invalid_request", "lines[0].quantity"),
        ({}, one_line(quantity=1.5), 422, "invalid_request", "lines[0].quantity"),
        ({}, {"lines": []}, 422, "invalid_request", "lines"),
        ({}, {"currency": "ZZZ"}, 422, "invalid_request", "currency"),
        ({}, one_line(reason="boredom"), 422, "invalid_request", "lines[0].reason"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_wrong_request_is_refused_and_leaves_nothing(
    pipeline: Pipeline,
    api: httpx.AsyncClient,
    order: dict[str, Any],
    changes: dict[str, Any],
    status: int,
    code: str,
    field: str,
) -> None:
    await pipeline.product(variant("SHIRT-M"), variant("SHIRT-GONE", stock=0))
    placed = await pipeline.order(**order)
    answer = await post(api, application(placed, **changes))
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["field"]) == (status, code, field), problem
    assert answer.headers["content-type"] == "application/problem+json"
    await assert_nothing_is_left(pipeline, placed["order_id"])


async def test_a_refund_to_another_card_is_refused(pipeline: Pipeline, api: httpx.AsyncClient) -> None:
    own = f"CARD-{uuid4().hex[:8]}"
    other = f"CARD-{uuid4().hex[:8]}"
    order = await pipeline.order(
        payment_methods=[{"id": own, "source": "credit_card"}, {"id": other, "source": "credit_card"}]
    )
    answer = await post(api, application(order, payment_method_id=other))
    assert (answer.status_code, answer.json()["code"]) == (422, "refund_method_not_allowed")
    await assert_nothing_is_left(pipeline, order["order_id"])


async def test_malformed_json_is_refused(api: httpx.AsyncClient) -> None:
    answer = await api.post(
        "/v1/returns",
        content=b'{"order_id": ',
        headers={"Idempotency-Key": "K-malformed", "Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")


async def test_a_payload_over_a_mebibyte_is_refused(pipeline: Pipeline, api: httpx.AsyncClient) -> None:
    order = await pipeline.order()
    answer = await post(api, application(order, contact={"name": "x" * 2**20}))
    assert answer.status_code == 413
    await assert_nothing_is_left(pipeline, order["order_id"])


async def test_the_same_id_is_the_same_return_and_another_body_is_refused(
    pipeline: Pipeline, api: httpx.AsyncClient
) -> None:
    order = await pipeline.order(lines=[line(quantity=2)])
    key = f"K-{uuid4().hex}"
    first, again = await asyncio.gather(post(api, application(order), key), post(api, application(order), key))
    assert first.json()["rma_id"] == again.json()["rma_id"]
    other = await post(api, application(order, **one_line(quantity=2)), key)
    assert (other.status_code, other.json()["field"]) == (422, "Idempotency-Key")
    assert pipeline.ledger.open_returns(order["order_id"]) == [first.json()["rma_id"]]


async def test_actions_that_cannot_be_are_refused(pipeline: Pipeline, api: httpx.AsyncClient) -> None:
    order = await pipeline.order()
    rma_id = (await post(api, application(order))).json()["rma_id"]
    path = f"/v1/returns/{rma_id}/actions"
    not_now = await api.post(f"{path}/contest", json={"actor": CUSTOMER, "note": "no"})
    assert (not_now.status_code, not_now.json()["field"]) == (409, "action")
    wrong_role = await api.post(f"{path}/receive", json={"actor": CUSTOMER, "received_at": "2026-11-22T08:00:00Z"})
    assert (wrong_role.status_code, wrong_role.json()["field"]) == (403, "actor.role")
    unknown = await api.post("/v1/returns/RMA-0000000000000000/actions/cancel", json={"actor": CUSTOMER})
    assert unknown.status_code == 404
    await pipeline.until(rma_id, lambda status: status.logistics == "PICKUP_BOOKED")
    assert (await api.post(f"{path}/cancel", json={"actor": CUSTOMER})).status_code == 200
    await pipeline.end(rma_id)
    finished = await api.post(f"{path}/cancel", json={"actor": CUSTOMER})
    assert (finished.status_code, finished.json()["field"]) == (409, "action")
    assert pipeline.ledger.open_returns(order["order_id"]) == []


async def test_two_returns_of_the_same_unit_cannot_both_be_accepted(
    pipeline: Pipeline, api: httpx.AsyncClient
) -> None:
    order = await pipeline.order()
    answers = await asyncio.gather(*(post(api, application(order)) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    refused = next(answer.json() for answer in answers if answer.status_code == 409)
    assert (refused["code"], refused["field"]) == ("units_already_claimed", "lines[0].quantity")
