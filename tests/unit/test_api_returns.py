"""Applying for a return over HTTP, following it, and listing those of an order."""

from collections.abc import Iterator

import pytest

from domain.refusals import Refusal, RefusalCode
from domain.status import Approval
from starters.errors import DecisionPending, RequestIdReused, ReturnsError, ServiceUnavailable
from tests.unit.test_api_support import APPLICATION, Api, problem_of, running_api
from workflows.contracts import Decision

NOT_FOUND = {RefusalCode.ORDER_NOT_FOUND}
CONFLICTS = {
    RefusalCode.ORDER_NOT_DELIVERED,
    RefusalCode.ORDER_NOT_PENDING,
    RefusalCode.REPLACEMENT_UNAVAILABLE,
    RefusalCode.UNITS_ALREADY_CLAIMED,
    RefusalCode.RETURN_ALREADY_CLOSED,
    RefusalCode.TOO_MANY_APPLICATIONS,
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("api")) as api:
        yield api


@pytest.fixture
def api(running: Api) -> Api:
    running.returns.forget()
    return running


def test_an_application_is_answered_with_its_decision_and_where_to_follow_it(api: Api) -> None:
    answer = api.apply(APPLICATION)
    assert answer.status_code == 201
    body = answer.json()
    assert body["decision"]["approval"] == "APPROVED"
    assert answer.headers["location"] == body["status_url"] == f"/v1/returns/{body['rma_id']}"
    status = api.http.get(answer.headers["location"])
    assert status.status_code == 200
    assert status.json()["allowed_actions"] == ["cancel"]


def test_a_repeat_is_the_same_return(api: Api) -> None:
    assert api.apply(APPLICATION).json() == api.apply(APPLICATION).json()
    assert len(api.returns.applied) == 1


def test_a_decision_that_is_not_there_yet_can_be_polled(api: Api) -> None:
    api.returns.fails_with = DecisionPending("RMA-1")
    answer = api.apply(APPLICATION)
    assert answer.status_code == 202
    assert answer.headers["location"] == "/v1/returns/RMA-1"
    assert answer.headers["retry-after"] == "2"
    assert answer.json() == {"rma_id": "RMA-1", "status_url": "/v1/returns/RMA-1", "decision": None}


@pytest.mark.parametrize("code", list(RefusalCode))
def test_a_refusal_is_a_problem_with_its_code_field_and_return(api: Api, code: RefusalCode) -> None:
    refusal = Refusal(code=code, field="lines[0].line_id", detail="What to do.")
    api.returns.answers_with = Decision(rma_id="RMA-1", approval=Approval.REFUSED, refusal=refusal)
    status = 404 if code in NOT_FOUND else 409 if code in CONFLICTS else 422
    problem = problem_of(api.apply(APPLICATION), status, code.value, "lines[0].line_id")
    assert (problem["rma_id"], problem["detail"]) == ("RMA-1", "What to do.")


def test_the_same_key_with_another_body_is_refused(api: Api) -> None:
    api.returns.fails_with = RequestIdReused("Use a new id for a new request.", "Idempotency-Key")
    problem_of(api.apply(APPLICATION), 422, "idempotency_key_reused", "Idempotency-Key")


@pytest.mark.parametrize("key", ["", "a b", "a/b", "ключ", "k" * 129])
def test_the_key_has_a_form(api: Api, key: str) -> None:
    answer = api.http.post("/v1/returns", json=APPLICATION, headers=[(b"Idempotency-Key", key.encode())])
    problem_of(answer, 422, "invalid_request", "Idempotency-Key")


def test_the_key_is_required(api: Api) -> None:
    problem_of(api.http.post("/v1/returns", json=APPLICATION), 422, "invalid_request", "Idempotency-Key")


def test_temporal_down_is_503_and_tells_nothing_of_the_inside(api: Api) -> None:
    api.returns.fails_with = ServiceUnavailable("Temporal does not answer: tcp 10.0.0.3:7233.")
    for answer in (api.apply(APPLICATION), api.http.get("/v1/returns/RMA-1")):
        problem = problem_of(answer, 503, "service_unavailable")
        assert answer.headers["retry-after"] == "5"
        assert "10.0.0.3" not in problem["detail"]


def test_what_the_pipeline_cannot_carry_out_is_502(api: Api) -> None:
    api.returns.fails_with = ReturnsError("Temporal refused the request: quota of namespace x")
    problem = problem_of(api.apply(APPLICATION), 502, "pipeline_error")
    assert "quota" not in problem["detail"]


def test_an_unknown_return_is_404(api: Api) -> None:
    problem_of(api.http.get("/v1/returns/RMA-0"), 404, "return_not_found", "rma_id")


def test_a_number_that_no_return_can_have_is_422(api: Api) -> None:
    problem_of(api.http.get("/v1/returns/a%20b"), 422, "invalid_request", "rma_id")


def test_the_returns_of_an_order_are_listed(api: Api) -> None:
    rma_ids = [api.new_return(key) for key in ("k-1", "k-2")]
    assert [each["rma_id"] for each in api.http.get("/v1/returns?order_id=O-1").json()] == rma_ids
    assert api.http.get("/v1/returns?order_id=O-2").json() == []


@pytest.mark.parametrize("query", ["", "?order_id=", "?order_id=%22%20OR%20%22", "?order=O-1"])
def test_a_list_is_of_one_order(api: Api, query: str) -> None:
    problem_of(api.http.get(f"/v1/returns{query}"), 422, "invalid_request", "order_id")
