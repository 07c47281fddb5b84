"""A refusal by right or version is kept, whichever way it came in, and can be read by ops."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.audit import AuditEntry, AuditOutcome
from ledger.ledger import Ledger
from starters.errors import (
    AboveAuthority,
    ActionNotAllowed,
    InvalidAction,
    ReturnsError,
    RoleNotPermitted,
    VersionOutdated,
)
from tests.unit.ledger_builders import NOW
from tests.unit.test_api_support import CUSTOMER, Api, problem_of, running_api
from tests.unit.test_cli_support import Cli

pytest_plugins = ["tests.unit.ledger_fixtures"]

KEPT = (RoleNotPermitted("Not you.", "actor.role"), VersionOutdated("It is at version 4.", "expected_version"))
NOT_KEPT = (
    ActionNotAllowed("Not now.", "action"),
    InvalidAction("No such line.", "lines[0].line_id"),
    AboveAuthority("The ledger kept it.", "terms.amount_minor"),
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("api")) as api:
        yield api


@pytest.fixture
def api(running: Api) -> Api:
    running.empty()
    return running


@pytest.fixture
def cli(ledger_url: str) -> Cli:
    made = Cli()
    made.ledger_url = ledger_url
    return made


@pytest.mark.parametrize("error", KEPT, ids=lambda error: type(error).__name__)
def test_the_api_keeps_a_refusal_and_shows_it(api: Api, error: ReturnsError) -> None:
    rma_id = api.new_return()
    api.returns.fails_with = error
    assert api.act(rma_id, "cancel", CUSTOMER).status_code in (403, 409)
    (entry,) = api.http.get(f"/v1/returns/{rma_id}/audit").json()
    expected = {"rma_id": rma_id, "actor_role": "customer", "actor_id": "C-1", "action": "cancel"}
    assert expected | {"outcome": "refused", "rule": type(error).__name__, "detail": str(error)} == {
        name: value for name, value in entry.items() if name != "at"
    }


def test_the_api_keeps_nothing_else_again(api: Api) -> None:
    rma_id = api.new_return()
    for error in NOT_KEPT:
        api.returns.fails_with = error
        api.act(rma_id, "cancel", CUSTOMER)
    assert api.http.get(f"/v1/returns/{rma_id}/audit").json() == []


def test_the_api_refuses_a_strange_limit(api: Api) -> None:
    problem_of(api.http.get("/v1/returns/RMA-1/audit?limit=0"), 422, "invalid_request", "limit")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (AboveAuthority("Ask tier 2.", "terms.amount_minor"), 403, "above_authority"),
        (VersionOutdated("It is at version 4.", "expected_version"), 409, "version_outdated"),
    ],
)
def test_each_no_has_a_status(api: Api, error: ReturnsError, status: int, code: str) -> None:
    rma_id = api.new_return()
    api.returns.fails_with = error
    problem_of(api.act(rma_id, "cancel", CUSTOMER), status, code, error.field)


@pytest.mark.parametrize("error", KEPT, ids=lambda error: type(error).__name__)
def test_the_command_line_keeps_a_refusal_and_shows_it(cli: Cli, error: ReturnsError) -> None:
    cli.returns.fails_with = error
    outcome = cli.run("cancel", "RMA-1")
    assert (outcome.code, str(error) in outcome.err) == (1, True)
    out = cli.run("audit", "RMA-1").out
    for words in ("RMA-1", "customer somebody", "cancel", "refused", type(error).__name__, str(error)):
        assert words in out, words
    (entry,) = cli.run("audit", "--json").json
    assert entry["rule"] == type(error).__name__


def test_without_a_ledger_a_no_stays_a_no(cli: Cli) -> None:
    cli.ledger_url = ""
    cli.returns.fails_with = KEPT[0]
    outcome = cli.run("cancel", "RMA-1")
    assert (outcome.code, "Not you." in outcome.err) == (1, True)
    assert "RETURNFLOW_LEDGER_URL" in cli.run("audit").err


def test_a_ledger_that_cannot_be_opened_hides_no_refusal(cli: Cli, tmp_path: Path) -> None:
    cli.ledger_url = f"sqlite:///{tmp_path / 'nowhere.db'}"
    cli.returns.fails_with = KEPT[0]
    outcome = cli.run("cancel", "RMA-1")
    assert (outcome.code, "Not you." in outcome.err, "could not be written" in outcome.err) == (1, True, True)
    assert "cannot be read: SchemaOutOfDate" in cli.run("audit").err


def test_an_audit_that_cannot_be_written_hides_no_refusal(api: Api) -> None:
    rma_id = api.new_return()
    api.returns.fails_with = KEPT[0]
    with api.ledger.engine.execution_options(ledger_writes=True).begin() as connection:
        connection.exec_driver_sql("DROP TABLE audit")
    problem_of(api.act(rma_id, "cancel", CUSTOMER), 403, "role_not_permitted", "actor.role")
    problem_of(api.http.get(f"/v1/returns/{rma_id}/audit"), 503, "ledger_unavailable")


def test_the_newest_come_first_and_as_many_as_asked_for(cli: Cli, ledger: Ledger) -> None:
    assert "Nothing was refused" in cli.run("audit").out
    for number in range(3):
        ledger.write_audit(
            AuditEntry(
                at=NOW,
                rma_id=f"R{number}",
                actor_role="agent_tier_1",
                actor_id="agent-1",
                action="make_offer",
                outcome=AuditOutcome.GRANTED,
                rule="within_cap",
            )
        )
    assert [entry["rma_id"] for entry in cli.run("audit", "--limit", "2", "--json").json] == ["R2", "R1"]
