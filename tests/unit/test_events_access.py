"""The feed over HTTP and on the command line."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from domain.application import Remedy
from domain.events import StatusEvent
from domain.status import Approval, Header, InspectionStatus, Logistics, Reimbursement
from tests.unit.ledger_builders import a_stage
from tests.unit.test_api_support import NOW, Api, problem_of, running_api
from tests.unit.test_cli_support import Cli
from workflows.contracts import ReturnStatus


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with running_api(tmp_path) as running:
        yield running


def an_event(number: int) -> StatusEvent:
    status = ReturnStatus(
        rma_id="R1",
        order_id="O-1",
        remedy=Remedy.RETURN_AND_REFUND,
        header=Header.OPEN,
        approval=Approval.APPROVED,
        logistics=Logistics.IN_TRANSIT,
        inspection=InspectionStatus.PENDING,
        reimbursement=Reimbursement.NONE,
        is_final=False,
        money_settled=False,
        allowed_actions=(),
    )
    return StatusEvent(event_id=f"R1-{number}", at=NOW, snapshot=status.model_dump(mode="json"))


def test_pages_follow_each_other_and_the_last_one_waits_for_more(api: Api) -> None:
    nothing = api.http.get("/v1/events").json()
    assert nothing["events"] == []
    api.ledger.record(a_stage("R1", "a", events=(an_event(1), an_event(2))))
    first = api.http.get("/v1/events", params={"after": nothing["next"], "limit": 1}).json()
    second = api.http.get("/v1/events", params={"after": first["next"]}).json()
    assert [event["id"] for page in (first, second) for event in page["events"]] == ["R1-1", "R1-2"]
    last = api.http.get("/v1/events", params={"after": second["next"]}).json()
    assert (last["events"], last["next"]) == ([], second["next"])
    (event,) = second["events"]
    assert event["type"] == "return.status_changed"
    assert ReturnStatus.model_validate(event["data"]).logistics is Logistics.IN_TRANSIT


@pytest.mark.parametrize("cursor", ["7", "%", "é", "ZXZlbnRzOi0x", "ZXZlbnRzOg", "\x00"])
def test_another_text_is_no_cursor(api: Api, cursor: str) -> None:
    problem_of(api.http.get("/v1/events", params={"after": cursor}), 422, "invalid_cursor", "after")


def test_a_cursor_whose_events_are_gone_is_refused(api: Api) -> None:
    begun = api.http.get("/v1/events").json()["next"]
    api.ledger.record(a_stage("R1", "a", events=(an_event(1), an_event(2))))
    later = NOW + timedelta(days=31)
    assert api.ledger.forget_events(later, later, 100) == 1
    problem_of(api.http.get("/v1/events", params={"after": begun}), 410, "cursor_expired", "after")
    assert [event["id"] for event in api.http.get("/v1/events").json()["events"]] == ["R1-2"]


def test_the_command_line_shows_who_is_dead_and_revives_it(api: Api, tmp_path: Path) -> None:
    ledger = ["--ledger-url", f"sqlite:///{tmp_path / 'ledger.db'}"]
    assert "Nobody is told" in Cli().run("subscribers", *ledger).out
    api.ledger.register_subscriber("shop")
    api.ledger.event_not_taken("shop", 1, "HTTP 410", NOW, timedelta(0), True)
    dead = Cli().run("subscribers", *ledger)
    assert (dead.code, "HTTP 410" in dead.out) == (1, True)
    assert Cli().run("subscribers", "--revive", "shop", *ledger).code == 0
    assert "There is no subscriber nobody" in Cli().run("subscribers", "--revive", "nobody", *ledger).err


def test_the_command_line_shows_the_feed(api: Api, tmp_path: Path) -> None:
    api.ledger.record(a_stage("R1", "a", events=(an_event(1),)))
    ledger = ["--ledger-url", f"sqlite:///{tmp_path / 'ledger.db'}"]
    assert "IN_TRANSIT" in Cli().run("events", *ledger).out
    refused = Cli().run("events", "--after", "7", *ledger)
    assert "no cursor" in refused.err
