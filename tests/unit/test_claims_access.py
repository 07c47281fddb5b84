"""Recovery claims over HTTP and on the command line."""

from collections.abc import Iterator
from typing import Any

import pytest

from domain.actions import Role
from domain.bookkeeping import ClaimEntry
from domain.claims import ClaimParty, ClaimState
from starters.api.examples import CLAIM_ACTIONS
from starters.errors import ReturnNotFound
from tests.unit.claim_builders import a_claim
from tests.unit.ledger_builders import NOW, an_opening, an_order
from tests.unit.test_api_support import Api, problem_of, running_api
from tests.unit.test_cli_support import Cli
from workflows.contracts.claims import CLAIM_REQUESTS, ClaimAction


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.mark.parametrize("action", list(ClaimAction))
def test_each_action_on_a_claim_has_a_route(api: Api, action: ClaimAction) -> None:
    api.returns.forget()
    rma_id = api.new_return()
    answer = api.http.post(
        f"/v1/returns/{rma_id}/claims/insurer/{action.value}",
        json=CLAIM_ACTIONS[action],
        headers={"Idempotency-Key": "k-3"},
    )
    assert answer.status_code == 200, answer.text
    [(of, party, sent, request, request_id)] = api.returns.claimed
    assert (of, party, sent, request_id) == (rma_id, ClaimParty.INSURER, action, f"{action.value}:k-3")
    assert type(request) is CLAIM_REQUESTS[action]


def test_where_a_claim_stands(api: Api) -> None:
    rma_id = api.new_return("k-4")
    status = api.http.get(f"/v1/returns/{rma_id}/claims/carrier").json()
    assert (status["claim"]["claimed_minor"], status["needs"]) == (29_900, "supervisor")


def test_a_claim_that_does_not_exist(api: Api) -> None:
    api.returns.fails_with = ReturnNotFound("RMA-1 gave rise to no claim against the carrier.", "party")
    answer = api.http.get("/v1/returns/RMA-1/claims/carrier")
    api.returns.forget()
    problem_of(answer, 404, "return_not_found", "party")
    assert api.http.get("/v1/returns/RMA-1/claims/neighbour").status_code == 422


def test_the_claims_come_from_the_ledger(api: Api) -> None:
    api.ledger.open_return(an_opening("R1", an_order(), {"L1": 1}))
    for party, state in ((ClaimParty.CARRIER, ClaimState.FILED), (ClaimParty.INSURER, ClaimState.ACCEPTED)):
        claim = a_claim("R1", party, state=state)
        api.ledger.record_claim(ClaimEntry(rma_id="R1", op=f"claim-{party}-1", at=NOW, claim=claim))
    assert [claim["party"] for claim in api.http.get("/v1/claims").json()] == ["carrier", "insurer"]
    only_open = api.http.get("/v1/claims", params={"open_only": True}).json()
    assert [claim["state"] for claim in only_open] == ["FILED"]


def test_a_claim_on_the_screen() -> None:
    outcome = Cli().run("claim", "status", "RMA-1")
    assert outcome.code == 0, outcome.err
    assert "RMA-1-claim-carrier  FILED" in outcome.out
    assert "¥299.00 claimed" in outcome.out
    assert "sf SF-1" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "action", "role", "field", "value"),
    [
        (("evidence", "RMA-1", "--reference", "p/1"), ClaimAction.ADD_EVIDENCE, Role.AGENT_TIER_1, "", None),
        (
            ("answer", "RMA-1", "accepted", "--amount-minor", "29900"),
            ClaimAction.ANSWER,
            Role.AGENT_TIER_1,
            "amount_minor",
            29_900,
        ),
        (("write-off", "RMA-1", "--note", "why"), ClaimAction.WRITE_OFF, Role.SUPERVISOR, "note", "why"),
    ],
)
def test_each_command_says_what_was_meant(
    arguments: tuple[str, ...], action: ClaimAction, role: Role, field: str, value: Any
) -> None:
    cli = Cli()
    outcome = cli.run("claim", *arguments)
    assert outcome.code == 0, outcome.err
    [(rma_id, party, sent, request, _)] = cli.returns.claimed
    assert (rma_id, party, sent, request.actor.role) == ("RMA-1", ClaimParty.CARRIER, action, role)
    assert not field or getattr(request, field) == value


def test_a_claim_is_not_given_up_without_a_reason() -> None:
    Cli().run("claim", "write-off", "RMA-1").assert_usage_error("--note")
