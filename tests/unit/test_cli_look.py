"""`returns status` and `returns list`."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from domain.actions import Action
from domain.application import Remedy
from domain.clocks import ClockState
from domain.offers import Offer
from domain.status import Approval
from starters.api.examples import ACTIONS
from starters.cli.next_steps import example_for
from starters.errors import ReturnNotFound, ReturnsError, ServiceUnavailable
from tests.unit.test_cli_support import STATUS, SUMMARY, Cli
from workflows.contracts import ACTION_REQUESTS


@pytest.fixture
def cli() -> Cli:
    return Cli()


def test_a_status_shows_everything_a_person_asks(cli: Cli) -> None:
    out = cli.run("status", "RMA-1").out
    for words in (
        "RMA-1  OPEN",
        "order O-1, return and refund",
        "waits for: warehouse",
        "next due: inspection, 2026-11-24 08:00 UTC",
        "parcel:  sf SF-1",
        "within window and resale unaffected",
        "APPROVED",
        "DELIVERED",
        "EXECUTING",
        "CN¥123.45",
        "CN¥50.00",
        "OWED",
        "RMA-1-refund-1-t0",
        "running",
        "logistics DELIVERED",
        "sf [red]SF-1",
        "returns receive RMA-1",
        "returns inspect RMA-1 --accept-all",
        'returns act RMA-1 contest --json-body \'{"note":',
    ):
        assert words in out, words


def test_a_status_as_json_is_the_whole_of_it(cli: Cli) -> None:
    assert cli.run("status", "RMA-1", "--json").json == STATUS.model_dump(mode="json")


def test_a_return_that_ended_has_nothing_to_do(cli: Cli) -> None:
    cli.returns.status_now = STATUS.model_copy(
        update={"approval": Approval.DECLINED, "is_final": True, "allowed_actions": (), "currency": ""}
    )
    assert "Nothing more can be done with it." in cli.run("status", "RMA-1").out


def test_returns_are_listed(cli: Cli) -> None:
    cli.returns.summaries = [SUMMARY, SUMMARY.model_copy(update={"rma_id": "RMA-2", "needs": ""})]
    out = cli.run("list").out
    for words in ("RMA-1", "RMA-2", "O-1", "ship back", "warehouse", "2026-11-22 08:00 UTC", "yes"):
        assert words in out
    assert [each["rma_id"] for each in cli.run("list", "--json").json] == ["RMA-1", "RMA-2"]


def test_a_list_may_be_empty(cli: Cli) -> None:
    assert cli.run("list").out == "There are no such returns.\n"
    assert cli.run("list", "--json").json == []


@pytest.mark.parametrize(
    ("arguments", "query", "limit"),
    [
        ((), "", 50),
        (("--order", "O-1"), 'ReturnOrderId = "O-1"', 50),
        (("--query", "A = 1 OR B = 2", "--limit", "3"), "(A = 1 OR B = 2)", 3),
        (("--order", "O-1", "--query", "A = 1"), '(A = 1) AND ReturnOrderId = "O-1"', 50),
    ],
)
def test_a_list_is_a_query(cli: Cli, arguments: tuple[str, ...], query: str, limit: int) -> None:
    assert cli.run("list", *arguments).code == 0
    assert cli.returns.searched == [(query, limit)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("list", "--order", '" OR "'), "order: String should match pattern"),
        (("list", "--limit", "0"), "--limit"),
        (("status",), "RMA"),
        (("stauts", "RMA-1"), "stauts"),
    ],
)
def test_wrong_usage_ends_with_2(cli: Cli, arguments: tuple[str, ...], words: str) -> None:
    cli.run(*arguments).assert_usage_error(words)


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (ReturnNotFound("There is no return RMA-1."), "See which there are: returns list"),
        (ServiceUnavailable("No Temporal server answers. Start one with `returns up`."), ""),
        (ReturnsError("The query is not understood:\n  at 3"), ""),
    ],
)
def test_a_failure_ends_with_1_in_one_or_two_lines(cli: Cli, error: Exception, hint: str) -> None:
    cli.returns.fails_with = error
    for arguments in (("status", "RMA-1"), ("status", "RMA-1", "--json"), ("list",)):
        outcome = cli.run(*arguments)
        assert (outcome.code, outcome.out) == (1, "")
        lines = outcome.err.splitlines()
        assert lines[0] == f"returns: {' '.join(str(error).split())}"
        assert lines[1:] == ([hint] if hint else [])


def test_a_status_shows_its_offers(cli: Cli) -> None:
    offer = Offer.model_validate(
        {
            "number": 1,
            "subject": "application",
            "terms": ACTIONS[Action.MAKE_OFFER]["terms"],
            "proposer": {"role": "agent_tier_1", "id": "a-1"},
            "proposed_at": "2026-11-22T08:00:00Z",
            "expires_at": "2026-11-25T08:00:00Z",
        }
    )
    cli.returns.status_now = STATUS.model_copy(update={"offers": (offer,)})
    out = cli.run("status", "RMA-1").out
    for words in ("shop", "price compensation", "CN¥20.00", "PROPOSED", "2026-11-25 08:00 UTC"):
        assert words in out, words


@pytest.mark.parametrize("action", Action)
def test_every_next_step_is_a_body_that_the_action_takes(action: Action) -> None:
    for status in (STATUS, STATUS.model_copy(update={"lines": (), "parcels": (), "clocks": ()})):
        body = example_for(action, status)
        ACTION_REQUESTS[action].model_validate_json(
            json.dumps(body | {"actor": {"role": "customer", "id": "C-1"}})
        )


def test_a_next_step_names_what_the_return_has(cli: Cli) -> None:
    running = STATUS.model_copy(update={"remedy": Remedy.RETURN_AND_REFUND})
    assert example_for(Action.CHANGE_REMEDY, running)["remedy"] == "store_credit"
    pause = example_for(Action.PAUSE_CLOCKS, STATUS)
    assert pause["clocks"] == [next(c.name.value for c in STATUS.clocks if c.state is ClockState.RUNNING)]
    assert datetime.now(UTC) < datetime.fromisoformat(pause["until"]) < datetime.now(UTC) + timedelta(days=30)
