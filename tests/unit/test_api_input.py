"""What comes in: its size, its JSON, its fields, and the paths and methods that there are not."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from starters.api.body_limit import MAX_BODY_BYTES
from tests.unit.test_api_support import APPLICATION, Api, problem_of, running_api

LINE = {"line_id": "1", "quantity": 1}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"order_id": None}, "order_id"),
        ({"order_id": ""}, "order_id"),
        ({"order_id": "a b"}, "order_id"),
        ({"order_id": 1}, "order_id"),
        ({"coupon": 1}, "coupon"),
        ({"a.b c": 1}, '["a.b c"]'),
        ({"": 1}, '[""]'),
        ({"desired_resolution": "gift"}, "desired_resolution"),
        ({"channel": "smoke"}, "channel"),
        ({"lines": []}, "lines"),
        ({"lines": [LINE, LINE]}, "lines"),
        ({"lines": [{**LINE, "quantity": 0}]}, "lines[0].quantity"),
        ({"lines": [{**LINE, "quantity": "1"}]}, "lines[0].quantity"),
        ({"lines": [{**LINE, "quantity": 1.5}]}, "lines[0].quantity"),
        ({"lines": [{**LINE, "quantity": True}]}, "lines[0].quantity"),
        ({"lines": [{"line_id": "1"}]}, "lines[0].quantity"),
        ({"lines": [LINE, {**LINE, "line_id": "2", "price": 1}]}, "lines[1].price"),
        ({"lines": [{**LINE, "evidence": [{"kind": "image"}]}]}, "lines[0].evidence[0].reference"),
        ({"contact": {"phon": "1"}}, "contact.phon"),
        ({"pickup_address": {"lines": [], "city": "x", "country": "CN"}}, "pickup_address.lines"),
        (
            {"pickup_window": {"start": "2026-11-22T08:00:00Z", "end": "2026-11-22T08:00:00Z"}},
            "pickup_window",
        ),
    ],
)
def test_a_wrong_field_is_named(api: Api, change: dict[str, Any], field: str) -> None:
    problem = problem_of(api.apply({**APPLICATION, **change}), 422, "invalid_request", field)
    [error] = problem["errors"]
    assert error["field"] == field
    assert error["detail"] in problem["detail"]


def test_all_wrong_fields_are_named_without_what_was_sent(api: Api) -> None:
    body = {**APPLICATION, "order_id": "ada@example.org", "lines": [{"line_id": "?", "quantity": 0}]}
    answer = api.apply(body)
    problem = problem_of(answer, 422, "invalid_request", "order_id")
    assert [error["field"] for error in problem["errors"]] == ["order_id", "lines[0].line_id", "lines[0].quantity"]
    assert "ada@example.org" not in answer.text


def test_no_more_errors_are_told_than_anybody_reads(api: Api) -> None:
    problem = problem_of(
        api.apply({**APPLICATION, "lines": [{}] * 400}), 422, "invalid_request", "lines[0].line_id"
    )
    assert len(problem["errors"]) == 50


@pytest.mark.parametrize(
    ("body", "position"),
    [
        (b"", "line 1 column 0"),
        (b"{", "line 1 column 1"),
        (b'{"order_id": "O-1",\n "customer_id" "C-1"}', "line 2 column 16"),
        (b'{"order_id": "\xff"}', "line 1 column"),
        (b'{"order_id": "\\ud800"}', "line 1 column"),
        (b"[" * 10_000, "line 1 column"),
        (b"order_id=O-1", "line 1 column 1"),
    ],
)
def test_what_is_not_json_is_told_where(api: Api, body: bytes, position: str) -> None:
    assert position in problem_of(api.apply_raw(body), 400, "malformed_json")["detail"]


@pytest.mark.parametrize("body", [b"[]", b"null", b"1", b'"text"'])
def test_json_of_another_form_is_invalid(api: Api, body: bytes) -> None:
    problem_of(api.apply_raw(body), 422, "invalid_request")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/json5"]
)
def test_a_body_must_say_that_it_is_json(api: Api, content_type: str) -> None:
    answer = api.apply_raw(json.dumps(APPLICATION).encode(), content_type)
    problem_of(answer, 415, "unsupported_media_type", "Content-Type")


def test_json_may_name_its_charset(api: Api) -> None:
    answer = api.apply_raw(json.dumps(APPLICATION).encode(), "application/json; charset=utf-8")
    assert answer.status_code == 201


@pytest.mark.parametrize("size", [MAX_BODY_BYTES + 1, 20 * MAX_BODY_BYTES])
def test_a_body_that_says_that_it_is_too_large_is_refused(api: Api, size: int) -> None:
    problem_of(api.apply_raw(b" " * size), 413, "payload_too_large")


@pytest.mark.parametrize("chunks", [17, 320])
def test_a_body_that_turns_out_too_large_is_refused(api: Api, chunks: int) -> None:
    problem_of(api.apply_raw(b" " * 65_536 for _ in range(chunks)), 413, "payload_too_large")


def test_the_largest_body_is_read(api: Api) -> None:
    body = json.dumps(APPLICATION).encode().ljust(MAX_BODY_BYTES)
    assert api.apply_raw(body).status_code == 201
    assert api.apply_raw(body[start : start + 65_536] for start in range(0, len(body), 65_536)).status_code == 201


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/returns/", "/v1/returns/RMA-1/", "/v2/returns", "/v1/returns/a/b"]
)
def test_a_path_that_there_is_not_is_404(api: Api, path: str) -> None:
    problem_of(api.http.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/returns/RMA-1", "GET"),
        ("GET", "/v1/returns/RMA-1/actions/cancel", "POST"),
        ("PUT", "/v1/carrier-events/sf", "POST"),
        ("POST", "/healthz", "GET"),
    ],
)
def test_a_method_that_there_is_not_is_405(api: Api, method: str, path: str, allowed: str) -> None:
    answer = api.http.request(method, path)
    problem_of(answer, 405, "method_not_allowed")
    assert allowed in answer.headers["allow"]
