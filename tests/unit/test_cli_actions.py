"""The commands that change a return: what they send, who sends it, and how a no is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from domain.actions import PERMITTED_ROLES, Action, Role
from domain.inspection import Disposition, Grade, Verdict
from domain.quantities import ParcelLine
from domain.status import InspectionStatus, Logistics
from starters.api.examples import ACTIONS
from starters.errors import ActionNotAllowed, InvalidAction, ReturnsError, RoleNotPermitted
from tests.unit.test_cli_support import STATUS, Cli
from workflows.contracts import (
    ACTION_REQUESTS,
    InspectionReport,
    OfferProposal,
    ParcelStatus,
    Receipt,
    ReviewVerdict,
)


@pytest.fixture
def cli() -> Cli:
    return Cli()


def sent(cli: Cli) -> Any:
    [(_, _, request)] = cli.returns.acted
    return request


@pytest.mark.parametrize(
    ("arguments", "action", "role"),
    [
        (("review", "RMA-1", "--approve", "--note", "fine"), Action.REVIEW, Role.AGENT_TIER_1),
        (("cancel", "RMA-1"), Action.CANCEL, Role.CUSTOMER),
        (("receive", "RMA-1"), Action.RECEIVE, Role.WAREHOUSE),
        (("inspect", "RMA-1", "--accept-all"), Action.INSPECT, Role.WAREHOUSE),
        (("act", "RMA-1", "accept_result"), Action.ACCEPT_RESULT, Role.CUSTOMER),
        (
            ("act", "RMA-1", "decide_contest", "--json-body", '{"note": "no"}'),
            Action.DECIDE_CONTEST,
            Role.SUPERVISOR,
        ),
    ],
)
def test_each_command_has_a_usual_role(cli: Cli, arguments: tuple[str, ...], action: Action, role: Role) -> None:
    outcome = cli.run(*arguments)
    assert outcome.code == 0, outcome.err
    assert "accepted, 2026-11-22 08:00 UTC" in outcome.out
    [(rma_id, done, request)] = cli.returns.acted
    assert (rma_id, done, type(request)) == ("RMA-1", action, ACTION_REQUESTS[action])
    assert (request.actor.role, request.actor.id) == (role, "somebody")


def test_anybody_can_be_named(cli: Cli) -> None:
    cli.run("review", "RMA-1", "--decline", "--note", "worn", "--as", "supervisor", "--actor", "s-1")
    request = sent(cli)
    assert isinstance(request, ReviewVerdict)
    assert (request.actor.role, request.actor.id, request.approve) == (Role.SUPERVISOR, "s-1", False)


def test_an_answer_as_json(cli: Cli) -> None:
    document = cli.run("cancel", "RMA-1", "--json").json
    assert document == {
        "rma_id": "RMA-1",
        "action": "cancel",
        "accepted_at": "2026-11-22T08:00:00Z",
        "awaits_approval": False,
    }


def test_a_receipt_names_lines_and_its_own_time(cli: Cli) -> None:
    cli.run("receive", "RMA-1", "--line", "1:2", "--line", "a:b:0", "--at", "2026-11-22T16:00:00+08:00")
    request = sent(cli)
    assert isinstance(request, Receipt)
    assert request.received_at.isoformat() == "2026-11-22T08:00:00+00:00"
    assert [(line.line_id, line.quantity) for line in request.lines] == [("1", 2), ("a:b", 0)]


def test_units_are_accepted_and_rejected_with_grades(cli: Cli) -> None:
    outcome = cli.run(
        *(
            "inspect",
            "RMA-1",
            "--accept",
            "1:2",
            "--accept",
            "a:b:1:b",
            "--reject",
            "2:1:FAIL",
            "--note",
            "not ours",
        )
    )
    assert outcome.code == 0, outcome.err
    request = sent(cli)
    assert isinstance(request, InspectionReport)
    assert [
        (unit.line_id, unit.quantity, unit.verdict, unit.grade, unit.disposition, unit.note)
        for unit in request.units
    ] == [
        ("1", 2, Verdict.ACCEPTED, Grade.A, Disposition.RESTOCK, ""),
        ("a:b", 1, Verdict.ACCEPTED, Grade.B, Disposition.OPEN_BOX, ""),
        ("2", 1, Verdict.REJECTED, Grade.FAIL, Disposition.HOLD, "not ours"),
    ]


@pytest.mark.parametrize(
    ("received", "inspected"),
    [((0, 0), [("1", 2), ("2", 1)]), ((2, 0), [("1", 2)]), ((1, 1), [("1", 1), ("2", 1)])],
)
def test_accept_all_is_what_came(cli: Cli, received: tuple[int, int], inspected: list[tuple[str, int]]) -> None:
    cli.returns.status_now = STATUS.model_copy(update={"parcels": (a_parcel(1, {"1": 2, "2": 1}, received),)})
    cli.run("inspect", "RMA-1", "--accept-all")
    assert [(unit.line_id, unit.quantity) for unit in sent(cli).units] == inspected


def a_parcel(number: int, expected: dict[str, int], received: tuple[int, ...]) -> ParcelStatus:
    lines = zip(expected.items(), received, strict=True)
    return ParcelStatus(
        number=number,
        carrier="sf",
        tracking_no=f"SF-{number}",
        logistics=Logistics.RECEIVED,
        inspection=InspectionStatus.PENDING,
        lines=tuple(
            ParcelLine(line_id=line_id, expected=count, received=came) for (line_id, count), came in lines
        ),
        allowed_actions=(Action.INSPECT,),
    )


def test_accept_all_is_of_the_parcel_that_is_named(cli: Cli) -> None:
    parcels = (a_parcel(1, {"1": 2}, (2,)), a_parcel(2, {"1": 1, "2": 1}, (1, 1)))
    cli.returns.status_now = STATUS.model_copy(update={"parcels": parcels})
    cli.run("inspect", "RMA-1", "--accept-all", "--parcel", "2")
    request = sent(cli)
    assert (request.parcel, [(unit.line_id, unit.quantity) for unit in request.units]) == (2, [("1", 1), ("2", 1)])


def test_a_receipt_names_its_parcel(cli: Cli) -> None:
    cli.run("receive", "RMA-1", "--parcel", "2")
    assert sent(cli).parcel == 2


def test_several_parcels_are_shown_in_a_table(cli: Cli) -> None:
    parcels = (a_parcel(1, {"1": 2}, (2,)), a_parcel(2, {"2": 1}, (0,)))
    cli.returns.status_now = STATUS.model_copy(update={"parcels": parcels})
    shown = cli.run("status", "RMA-1").out
    assert all(text in shown for text in ("SF-1", "SF-2", "2 x 1", "1 x 2"))


def test_accept_all_of_nothing_is_refused(cli: Cli) -> None:
    cli.returns.status_now = STATUS.model_copy(update={"parcels": ()})
    outcome = cli.run("inspect", "RMA-1", "--accept-all")
    assert outcome.code == 1
    assert outcome.err == "returns: RMA-1 has no units to inspect.\nSee where it stands: returns status RMA-1\n"


@pytest.mark.parametrize("action", list(Action))
def test_any_action_can_be_sent_from_a_file_or_the_command_line(cli: Cli, tmp_path: Path, action: Action) -> None:
    file = tmp_path / "action.json"
    file.write_text(json.dumps(ACTIONS[action]))
    assert cli.run("act", "RMA-1", action.value, "--file", str(file)).code == 0
    body = {name: value for name, value in ACTIONS[action].items() if name != "actor"}
    assert cli.run("act", "RMA-1", action.value, "--json-body", json.dumps(body)).code == 0
    (_, _, named), (_, _, usual) = cli.returns.acted
    assert named == ACTION_REQUESTS[action].model_validate(ACTIONS[action])
    assert usual.actor.role in PERMITTED_ROLES[action]
    assert usual.model_copy(update={"actor": named.actor}) == named


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("review", "RMA-1", "--note", "x"), "--approve or --decline"),
        (("review", "RMA-1", "--approve"), "--note"),
        (("cancel", "RMA-1", "--as", "king"), "--as"),
        (("cancel", "RMA-1", "--note", "x" * 2001), "note: String should have at most 2000"),
        (("receive", "RMA-1", "--line", "1"), "must read LINE:QTY"),
        (("receive", "RMA-1", "--line", ":1"), "must read LINE:QTY"),
        (("receive", "RMA-1", "--line", "1:٢"), "must read LINE:QTY"),
        (("receive", "RMA-1", "--line", "1:" + "9" * 5000), "must read LINE:QTY"),
        (("receive", "RMA-1", "--at", "yesterday"), "2026-11-22T08:00:00Z"),
        (("receive", "RMA-1", "--at", "0001-01-01T00:00:00+14:00"), "2026-11-22T08:00:00Z"),
        (("receive", "RMA-1", "--at", "2026-11-22T08:00:00"), "with its offset"),
        (("inspect", "RMA-1"), "--accept-all"),
        (("inspect", "RMA-1", "--accept-all", "--accept", "1:1"), "--accept-all"),
        (("inspect", "RMA-1", "--accept", "1"), "must read LINE:QTY"),
        (("inspect", "RMA-1", "--accept", "1:0"), "units[0].quantity"),
        (("inspect", "RMA-1", "--reject", "1:1:C"), "needs a --note"),
        (("inspect", "RMA-1", "--reject", "1:1", "--note", "x"), "must read LINE:QTY:GRADE"),
        (("act", "RMA-1", "teleport"), "teleport"),
        (("act", "RMA-1", "appeal"), "note: Field required"),
        (("act", "RMA-1", "appeal", "--json-body", "{"), "it is not JSON"),
        (("act", "RMA-1", "appeal", "--json-body", "[]"), "must be a JSON object"),
        (("act", "RMA-1", "appeal", "--json-body", '{"note": 1}'), "note: Input should be a valid string"),
        (
            ("act", "RMA-1", "appeal", "--json-body", '{"note": "x", "why": 1}'),
            "why: This field is not known here",
        ),
        (("act", "RMA-1", "appeal", "--json-body", "{}", "--file", "x"), "not both"),
        (("act", "RMA-1", "appeal", "note=x", "--json-body", "{}"), "give KEY=VALUE fields"),
        (("act", "RMA-1", "appeal", "note"), "must read KEY=VALUE"),
        (("act", "RMA-1", "appeal", "=x"), "must read KEY=VALUE"),
        (("act", "RMA-1", "appeal", "a..b=x"), "must read KEY=VALUE"),
        (("act", "RMA-1", "appeal", "note=x", "note=y"), "note is given twice"),
        (("act", "RMA-1", "appeal", "note=x", "note.y=z"), "has a value of its own"),
        (("act", "RMA-1", "accept_offer", "offer_number=two"), "offer_number"),
        (
            (
                "act",
                "RMA-1",
                "cancel",
                "--as",
                "customer",
                "--json-body",
                '{"actor": {"role": "customer", "id": "1"}}',
            ),
            "names an actor already",
        ),
    ],
)
def test_wrong_usage_ends_with_2(cli: Cli, arguments: tuple[str, ...], words: str) -> None:
    cli.run(*arguments).assert_usage_error(words)
    assert cli.returns.acted == []


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            ActionNotAllowed("cancel is not allowed.", "action"),
            ["returns: cancel is not allowed.", "See where it stands: returns status RMA-1"],
        ),
        (
            RoleNotPermitted("customer may not.", "actor.role"),
            ["returns: customer may not.", "Act as one of these: --as ROLE --actor ID"],
        ),
        (
            InvalidAction("No line 9.", "units[0].line_id"),
            [
                "returns: units[0].line_id: No line 9.",
                "See its lines and what is known: returns status RMA-1",
            ],
        ),
        (ReturnsError("It broke."), ["returns: It broke."]),
    ],
)
def test_a_no_ends_with_1_and_says_what_to_do(cli: Cli, error: Exception, told: list[str]) -> None:
    cli.returns.fails_with = error
    for flag in ((), ("--json",)):
        outcome = cli.run("cancel", "RMA-1", *flag)
        assert (outcome.code, outcome.out, outcome.err.splitlines()) == (1, "", told)


def test_fields_are_given_one_by_one(cli: Cli) -> None:
    terms = ["remedy=price_compensation", "amount_minor=2000", "freight=merchant", "basis=A loose seam."]
    terms += ["process=Paid to your card.", "time_limits=3 days", 'item_ids=["A"]']
    outcome = cli.run("act", "RMA-1", "make_offer", *(f"terms.{field}" for field in terms), "--id", "agent-7")
    assert outcome.code == 0, outcome.err
    request = sent(cli)
    assert isinstance(request, OfferProposal)
    assert (request.terms.amount_minor, request.terms.item_ids) == (2_000, ("A",))
    assert (request.actor.id, request.actor.role) == ("agent-7", Role.AGENT_TIER_1)


def test_a_number_that_is_meant_as_text_takes_quotes(cli: Cli) -> None:
    at = "handed_over_at=2026-11-22T08:00:00Z"
    cli.run("act", "RMA-1", "record_handover", "carrier=sf", 'tracking_no="123"', at)
    assert sent(cli).tracking_no == "123"


def test_what_waits_for_a_second_person_says_so(cli: Cli) -> None:
    cli.returns.awaits_approval = True
    assert "approve_payout" in cli.run("act", "RMA-1", "accept_offer", "offer_number=1").out


def test_a_return_that_has_ended_is_reopened(cli: Cli) -> None:
    outcome = cli.run("reopen", "RMA-1", "--note", "why", "--request-id", "q-1")
    assert outcome.code == 0, outcome.err
    assert "RMA-1-2  follows RMA-1" in outcome.out
    [(rma_id, request, request_id)] = cli.returns.reopened
    assert (rma_id, request.note, request.actor.role, request_id) == ("RMA-1", "why", Role.CUSTOMER, "q-1")
    assert cli.run("reopen", "RMA-1", "--note", "why", "--json").json["rma_id"] == "RMA-1-2"


def test_a_reopening_says_why(cli: Cli) -> None:
    cli.run("reopen", "RMA-1").assert_usage_error("--note")


def test_a_reopening_that_is_refused_says_where_to_look(cli: Cli) -> None:
    cli.returns.fails_with = ActionNotAllowed("RMA-1 was reopened once already, as RMA-1-2.", "rma_id")
    outcome = cli.run("reopen", "RMA-1", "--note", "why")
    assert (outcome.code, outcome.out) == (1, "")
    assert "RMA-1-2" in outcome.err
