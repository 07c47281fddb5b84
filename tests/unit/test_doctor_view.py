"""`returns doctor` for people and for programs: what it prints, how it ends, and the commands that it names."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from starters.cli import doctor
from starters.cli.app import app
from starters.cli.doctor import commands_for
from starters.cli.session import Session
from starters.doctor import examination
from starters.doctor.codes import Code
from starters.doctor.commands import Commands
from starters.doctor.examination import CHECKS, Check, Installation
from starters.doctor.findings import CheckMade, CheckState, Examination, Finding, Looked, Step
from starters.doctor.site import Site

GUIDE = Path(__file__).parents[2] / "docs" / "ops.md"
AT = datetime(2026, 11, 22, 3, tzinfo=UTC)
CLEAN = CheckMade(name="task queues", codes=(Code.QUEUE_WITHOUT_WORKERS,), state=CheckState.CLEAN)
PARTLY = CLEAN.model_copy(update={"name": "calls of providers", "note": "asked 500 of 9000"})
NOT_MADE = CheckMade(
    name="messages", codes=(Code.MESSAGES_UNDELIVERED,), state=CheckState.NOT_MADE, note="since no ledger is named"
)


def a_finding(code: Code, **fields: Any) -> Finding:
    given = {
        "what": "Something is wrong.",
        "why": "It matters.",
        "steps": (Step(command="returns mend"),),
        **fields,
    }
    return Finding(code=code, **given)


def an_examination(*findings: Finding, checks: tuple[CheckMade, ...] = (CLEAN,)) -> Examination:
    return Examination(
        at=AT, namespace="shop", task_queue="returns", seconds=1.2, findings=findings, checks=checks
    )


Run = Callable[..., Result]


@pytest.fixture
def asked() -> list[Installation]:
    return []


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, asked: list[Installation]) -> Run:
    """Run the command over a doctor that says what it is given."""

    def answering(answer: Examination, *arguments: str) -> Result:
        async def examine(installation: Installation, progress: Callable[[str], None]) -> Examination:
            asked.append(installation)
            progress("asking 500 workflows for their calls")
            return answer

        fake = SimpleNamespace(examine=examine, Installation=Installation)
        monkeypatch.setattr(doctor, "_examination_module", lambda: fake)
        return CliRunner().invoke(app, ["doctor", *arguments], obj=Session("127.0.0.1:1"))

    return answering


def test_all_is_well_in_one_line_and_what_was_looked_at(run: Run) -> None:
    done = run(an_examination(checks=(CLEAN, PARTLY)))
    assert (done.exit_code, done.stdout.splitlines()) == (
        0,
        [
            "all is well (2 checks in 1.2 s)",
            "looked at and found well: task queues, calls of providers (asked 500 of 9000).",
        ],
    )
    assert done.stderr == "asking 500 workflows for their calls ...\n"


def test_what_is_urgent_comes_first_with_its_commands(run: Run) -> None:
    today = a_finding(Code.MESSAGES_PARKED)
    now = a_finding(
        Code.CALLS_RETRIED,
        count=7,
        rma_ids=("RMA-1", "RMA-2"),
        steps=(Step(say="Ask the carrier."), Step(command="temporal activity reset", say="then")),
    )
    done = run(an_examination(today, now, checks=(NOT_MADE,)))
    assert (done.exit_code, done.stdout.splitlines()) == (
        1,
        [
            "act now: calls-retried",
            "  Something is wrong.",
            "  why:  It matters.",
            "  for:  RMA-1, RMA-2 and 5 more",
            "  do:   Ask the carrier.",
            "        temporal activity reset  # then",
            "",
            "look today: messages-parked",
            "  Something is wrong.",
            "  why:  It matters.",
            "  do:   returns mend",
            "",
            "not checked, since no ledger is named: messages.",
            "act now: 1, look today: 1, not checked: 1 (1 checks in 1.2 s)",
        ],
    )


def test_a_bound_that_was_hit_is_told(run: Run) -> None:
    found = a_finding(Code.CALLS_RETRIED, count=7, rma_ids=("RMA-1",), at_least=True)
    assert "for:  RMA-1 and more; at least 7" in run(an_examination(found)).stdout


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (an_examination(), 0),
        (an_examination(a_finding(Code.PARCELS_PARKED)), 0),
        (an_examination(a_finding(Code.MESSAGES_PARKED)), 1),
        (an_examination(checks=(CLEAN, NOT_MADE)), 1),
        (an_examination(a_finding(Code.TEMPORAL_AWAY)), 2),
        (an_examination(a_finding(Code.NAMESPACE_MISSING)), 2),
    ],
    ids=["well", "for_people", "found", "blind", "away", "no_namespace"],
)
def test_the_exit_code_says_what_it_comes_to(run: Run, told: Examination, code: int) -> None:
    assert run(told).exit_code == code
    assert run(told, "--json").exit_code == code


def test_programs_get_codes_and_severities_and_no_progress(run: Run) -> None:
    done = run(an_examination(a_finding(Code.MESSAGES_PARKED)), "--json")
    answer = json.loads(done.stdout)
    assert done.stderr == ""
    assert answer["verdict"] == "not_well"
    assert [(each["code"], each["severity"]) for each in answer["findings"]] == [("messages-parked", "look_today")]


def test_a_command_says_where_it_goes_unless_the_environment_does(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "RETURNFLOW_TASK_QUEUE", "RETURNFLOW_LEDGER_URL"):
        monkeypatch.delenv(name, raising=False)
    session = Session("temporal:7233", "shop", "shop-returns")
    there = commands_for(session, "postgresql+pg8000://shop:hunter2@db/ledger")
    assert there.show("RMA-1") == (
        "returns --address temporal:7233 --namespace shop --task-queue shop-returns status RMA-1"
    )
    assert there.temporal("schedule", "list") == "temporal schedule list --address temporal:7233 --namespace shop"
    assert there.setup().endswith("--ledger-url URL")
    assert there.of_ledger("audit", "RMA-1").startswith(
        "RETURNFLOW_LEDGER_URL=URL returns --address temporal:7233 "
    )
    monkeypatch.setenv("TEMPORAL_ADDRESS", "temporal:7233")
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "shop")
    monkeypatch.setenv("RETURNFLOW_TASK_QUEUE", "shop-returns")
    assert commands_for(session, "") == Commands()


async def test_a_check_that_fails_is_told_by_its_class_and_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(site: Site) -> Looked:
        raise KeyError("zhang@example.org")

    async def finds(site: Site) -> Looked:
        return Looked(findings=(a_finding(Code.MESSAGES_PARKED),))

    checks = (Check("one", (Code.CALLS_RETRIED,), fails), Check("two", (Code.MESSAGES_PARKED,), finds))
    monkeypatch.setattr(examination, "CHECKS", checks)
    made = await examination.examine(Installation(address="127.0.0.1:1"))
    assert [(check.state, check.note) for check in made.checks[2:]] == [
        (CheckState.NOT_MADE, "since it fails with KeyError"),
        (CheckState.FOUND, ""),
    ]
    assert [finding.code for finding in made.findings] == [Code.TEMPORAL_AWAY, Code.MESSAGES_PARKED]


def test_every_code_has_a_check_and_a_line_in_the_guide() -> None:
    of_checks = [code for check in CHECKS for code in check.codes]
    first = {Code.TEMPORAL_AWAY, Code.NAMESPACE_MISSING, Code.LEDGER_AWAY, Code.LEDGER_SCHEMA}
    assert (set(of_checks) | first, len(of_checks) + len(first)) == (set(Code), len(Code))
    guide = GUIDE.read_text("utf-8")
    for code in Code:
        assert f"| `{code.value}` | {code.severity.value.replace('_', ' ')} |" in guide, code
