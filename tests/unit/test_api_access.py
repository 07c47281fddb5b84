"""Who may call, what is logged of it, and how the process says that it is well."""

import json
from collections.abc import Iterator

import pytest
import structlog
from sqlalchemy import text

from starters.errors import ServiceUnavailable
from tests.unit.test_api_support import APPLICATION, CUSTOMER, Api, problem_of, running_api

TOKEN = "a-token-of-the-shop"


@pytest.fixture
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("guarded"), TOKEN) as running:
        yield running


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer é"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/returns"),
        ("GET", "/v1/returns"),
        ("GET", "/v1/returns/RMA-1"),
        ("POST", "/v1/returns/RMA-1/actions/cancel"),
        ("POST", "/v1/returns/RMA-1/actions/teleport"),
    ],
)
def test_a_call_without_the_token_is_refused(guarded: Api, method: str, path: str, authorization: str) -> None:
    headers = [(b"Authorization", authorization.encode())] if authorization else []
    answer = guarded.http.request(method, path, headers=headers)
    problem_of(answer, 401, "unauthorized", "Authorization")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_call_with_the_token_is_answered(guarded: Api) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": "k-1"}
    answer = guarded.http.post("/v1/returns", json=APPLICATION, headers=headers)
    assert answer.status_code == 201
    assert guarded.act(answer.json()["rma_id"], "cancel", CUSTOMER, headers).status_code == 200


def test_carriers_and_probes_need_no_token(guarded: Api) -> None:
    problem_of(guarded.http.post("/v1/carrier-events/sf"), 401, "invalid_signature", "X-Returnflow-Signature")
    assert guarded.http.get("/healthz").status_code == 200
    assert guarded.http.get("/readyz").status_code == 200


def test_ready_names_what_does_not_answer(api: Api) -> None:
    assert api.http.get("/readyz").json() == {"status": "ok"}
    api.returns.fails_with = ServiceUnavailable("Temporal is down.")
    problem = problem_of(api.http.get("/readyz"), 503, "not_ready", "temporal")
    assert problem["detail"] == "temporal does not answer."
    with api.ledger.engine.begin() as connection:
        connection.execute(text("DROP TABLE parcels"))
    problem = problem_of(api.http.get("/readyz"), 503, "not_ready", "temporal")
    assert [error["field"] for error in problem["errors"]] == ["temporal", "ledger"]
    assert api.http.get("/healthz").status_code == 200


def test_what_nobody_expected_is_500_and_tells_nothing_of_the_inside(api: Api) -> None:
    api.returns.fails_with = KeyError("ada@example.org")
    with structlog.testing.capture_logs() as logs:
        answer = api.apply(APPLICATION)
    problem = problem_of(answer, 500, "internal_error")
    assert answer.headers["x-request-id"] in problem["detail"]
    assert "KeyError" not in answer.text
    [failure] = [log for log in logs if log["event"] == "request_failed"]
    assert failure["error"] == "KeyError"
    assert any("returns.py" in frame for frame in failure["frames"])
    assert "ada@example.org" not in json.dumps(logs)


def test_a_request_is_logged_without_personal_data(api: Api) -> None:
    body = {**APPLICATION, "contact": {"email": "ada@example.org"}}
    with structlog.testing.capture_logs() as logs:
        api.apply(body)
        api.http.get("/v1/returns/ada@example.org?order_id=ada@example.org")
        api.http.get("/ada@example.org")
    assert [(log["event"], log["method"], log["route"], log["status"]) for log in logs] == [
        ("request", "POST", "/v1/returns", 201),
        ("request", "GET", "/v1/returns/{rma_id}", 422),
        ("request", "GET", "", 404),
    ]
    assert "ada" not in json.dumps(logs)
