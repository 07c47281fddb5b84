"""Actions over HTTP: what people decide and report."""

from collections.abc import Iterator

import pytest

from domain.actions import Action
from starters.api.examples import ACTIONS
from starters.errors import ActionNotAllowed, InvalidAction, ReturnsError, RoleNotPermitted, ServiceUnavailable
from tests.unit.test_api_support import CUSTOMER, Api, problem_of, running_api
from workflows.contracts import ACTION_REQUESTS


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("api")) as api:
        yield api


@pytest.fixture
def api(running: Api) -> Api:
    running.returns.forget()
    return running


@pytest.mark.parametrize("action", list(Action))
def test_each_action_takes_its_own_request(api: Api, action: Action) -> None:
    rma_id = api.new_return()
    answer = api.act(rma_id, action.value, ACTIONS[action])
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "rma_id": rma_id,
        "action": action.value,
        "accepted_at": "2026-11-22T08:00:00Z",
        "awaits_approval": False,
    }
    [(_, sent, request, request_id)] = api.returns.acted
    assert (sent, type(request), request_id) == (action, ACTION_REQUESTS[action], None)


def test_a_key_makes_a_repeat_of_this_action_the_same_one(api: Api) -> None:
    rma_id = api.new_return()
    api.act(rma_id, "cancel", CUSTOMER, {"Idempotency-Key": "k-7"})
    assert [request_id for _, _, _, request_id in api.returns.acted] == ["cancel:k-7"]


def test_an_unknown_action_is_told_the_known_ones(api: Api) -> None:
    problem = problem_of(api.act(api.new_return(), "teleport", CUSTOMER), 404, "unknown_action", "action")
    assert all(action.value in problem["detail"] for action in Action)


@pytest.mark.parametrize(
    ("error", "status", "code", "field"),
    [
        (ActionNotAllowed("Not now.", "action"), 409, "action_not_allowed", "action"),
        (RoleNotPermitted("Not you.", "actor.role"), 403, "role_not_permitted", "actor.role"),
        (InvalidAction("No such line.", "lines[1].line_id"), 422, "invalid_action", "lines[1].line_id"),
        (ServiceUnavailable("No worker."), 503, "service_unavailable", None),
        (ReturnsError("?"), 502, "pipeline_error", None),
    ],
)
def test_each_no_has_a_status(api: Api, error: ReturnsError, status: int, code: str, field: str | None) -> None:
    rma_id = api.new_return()
    api.returns.fails_with = error
    problem_of(api.act(rma_id, "cancel", CUSTOMER), status, code, field)


def test_an_unknown_return_is_404(api: Api) -> None:
    problem_of(api.act("RMA-0", "cancel", CUSTOMER), 404, "return_not_found", "rma_id")


@pytest.mark.parametrize(
    ("action", "body", "field"),
    [
        ("cancel", {}, "actor"),
        ("cancel", {**CUSTOMER, "note": 1}, "note"),
        ("cancel", {**CUSTOMER, "reason": "x"}, "reason"),
        ("cancel", {"actor": {"role": "king", "id": "1"}}, "actor.role"),
        ("cancel", {"actor": {**CUSTOMER["actor"], "name": "x"}}, "actor.name"),
        ("review", {**CUSTOMER, "approve": "yes", "note": "x"}, "approve"),
        ("receive", {**CUSTOMER, "received_at": "2026-11-22T08:00:00"}, "received_at"),
        ("receive", {**CUSTOMER, "received_at": "0001-01-01T00:00:00+14:00"}, "received_at"),
        (
            "receive",
            {**CUSTOMER, "received_at": "2026-11-22T08:00:00Z", "lines": [{"line_id": "1", "quantity": -1}]},
            "lines[0].quantity",
        ),
        (
            "inspect",
            {**CUSTOMER, "units": [{"line_id": "1", "quantity": 1, "verdict": "rejected", "grade": "C"}]},
            "units[0].note",
        ),
        ("submit_evidence", {**CUSTOMER, "lines": [{"line_id": "1", "evidence": []}]}, "lines[0].evidence"),
    ],
)
def test_a_wrong_body_names_its_field(api: Api, action: str, body: object, field: str | None) -> None:
    problem = problem_of(api.act(api.new_return(), action, body), 422, "invalid_request", field)
    assert [error["field"] for error in problem["errors"]] == [field or ""]
    assert api.returns.acted == []


@pytest.mark.parametrize("key", ["a b", "k" * 129])
def test_the_key_has_a_form(api: Api, key: str) -> None:
    answer = api.act(api.new_return(), "cancel", CUSTOMER, {"Idempotency-Key": key})
    problem_of(answer, 422, "invalid_request", "Idempotency-Key")


def test_a_return_that_has_ended_is_reopened_under_a_number_of_its_own(api: Api) -> None:
    rma_id = api.new_return()
    answer = api.http.post(
        f"/v1/returns/{rma_id}/reopen", json={**CUSTOMER, "note": "why"}, headers={"Idempotency-Key": "k-9"}
    )
    assert (answer.status_code, answer.json()["rma_id"]) == (201, f"{rma_id}-2")
    assert answer.headers["location"] == f"/v1/returns/{rma_id}-2"
    [(of, request, request_id)] = api.returns.reopened
    assert (of, request.note, request_id) == (rma_id, "why", "k-9")


@pytest.mark.parametrize(
    ("body", "field"),
    [(CUSTOMER, "note"), ({**CUSTOMER, "note": ""}, "note"), ({**CUSTOMER, "note": "x", "until": 1}, "until")],
)
def test_a_reopening_says_why_and_nothing_else(api: Api, body: dict[str, object], field: str) -> None:
    rma_id = api.new_return()
    problem_of(api.http.post(f"/v1/returns/{rma_id}/reopen", json=body), 422, "invalid_request", field)
    assert api.returns.reopened == []
