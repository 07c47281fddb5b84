"""`returns apply`: options and files become applications, and decisions become words and exit codes."""

import json
from pathlib import Path

import pytest

from domain.application import Remedy, ShipBackMethod
from domain.keys import rma_id_for
from domain.reasons import ReturnReason
from domain.refusals import Refusal, RefusalCode
from domain.status import Approval
from starters.errors import DecisionPending, RequestIdReused, ReturnsError, ServiceUnavailable
from tests.unit.test_cli_support import Cli
from workflows.contracts import Decision

ORDER = ("apply", "--order", "O-1", "--customer", "C-1")


@pytest.fixture
def cli() -> Cli:
    return Cli()


def test_options_become_an_application(cli: Cli) -> None:
    outcome = cli.run(
        *ORDER,
        *("--line", "1:2", "--line", "a:b", "--resolution", "exchange", "--reason", "quality_defect"),
        *("--condition", "opened", "--payment-method", "PM-1", "--method", "label", "--request-id", "k-1"),
        *("--replacement", "1=X-1", "--replacement", "1=X-2", "--replacement", "a:b=X-3"),
        *("--evidence", "1=image:photos/1.jpg", "--evidence", "1=video:s3://films/1.mp4"),
    )
    assert outcome.code == 0, outcome.err
    [(application, key)] = cli.returns.applied
    assert key == "k-1"
    assert application.desired_resolution is Remedy.EXCHANGE
    assert application.ship_back is ShipBackMethod.LABEL
    assert application.payment_method_id == "PM-1"
    first, second = application.lines
    assert (first.line_id, first.quantity, first.replacement_item_ids) == ("1", 2, ("X-1", "X-2"))
    assert [each.reference for each in first.evidence] == ["photos/1.jpg", "s3://films/1.mp4"]
    assert (second.line_id, second.quantity, second.reason) == ("a:b", 1, ReturnReason.QUALITY_DEFECT)


def test_missing_parts_are_an_option(cli: Cli) -> None:
    parts = (*ORDER, "--line", "1", "--resolution", "reissue_parts", "--part", "1=screw", "--part", "1=nut")
    assert cli.run(*parts).code == 0
    [(application, _)] = cli.returns.applied
    assert application.part_item_ids() == ("screw", "nut")


def test_the_decision_is_shown_with_what_to_do_next(cli: Cli) -> None:
    out = cli.run(*ORDER, "--line", "1", "--request-id", "k-1").out
    rma_id = rma_id_for("O-1", "k-1")
    for words in (rma_id, "MANUAL_REVIEW", "window passed", "k-1", f"returns status {rma_id}"):
        assert words in out


def test_the_decision_as_json(cli: Cli) -> None:
    document = cli.run(*ORDER, "--line", "1", "--request-id", "k-1", "--json").json
    assert document["request_id"] == "k-1"
    assert document["decision"]["approval"] == "MANUAL_REVIEW"


def test_each_request_has_an_id_of_its_own(cli: Cli) -> None:
    shown = [cli.run(*ORDER, "--line", "1", "--json").json["request_id"] for _ in range(2)]
    assert shown == [key for _, key in cli.returns.applied]
    assert len(set(shown)) == 2


def test_an_order_that_has_not_shipped_is_cancelled_without_lines(cli: Cli) -> None:
    assert cli.run(*ORDER, "--resolution", "cancel_order").code == 0


def test_a_file_takes_the_place_of_options(cli: Cli, tmp_path: Path) -> None:
    body = {
        "order_id": "O-2",
        "customer_id": "C-1",
        "desired_resolution": "return_and_refund",
        "lines": [{"line_id": "1", "quantity": 1, "description": "a scratch"}],
    }
    file = tmp_path / "application.json"
    file.write_text(json.dumps(body))
    assert cli.run("apply", "--file", str(file)).code == 0
    assert cli.run("apply", "--file", "-", stdin=json.dumps(body)).code == 0
    assert {application.lines[0].description for application, _ in cli.returns.applied} == {"a scratch"}


def test_a_refusal_ends_with_1_and_says_why(cli: Cli) -> None:
    refusal = Refusal(code=RefusalCode.ORDER_NOT_FOUND, field="order_id", detail="Check the number.")
    cli.returns.decision = Decision(rma_id="RMA-1", approval=Approval.REFUSED, refusal=refusal)
    outcome = cli.run(*ORDER, "--line", "1")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == "returns: refused: order_not_found (order_id)\nCheck the number.\n"
    outcome = cli.run(*ORDER, "--line", "1", "--json")
    assert (outcome.code, outcome.json["decision"]["refusal"]["code"]) == (1, "order_not_found")


def test_a_pending_decision_is_no_failure(cli: Cli) -> None:
    cli.returns.fails_with = DecisionPending("RMA-1")
    outcome = cli.run(*ORDER, "--line", "1")
    assert outcome.code == 0
    assert "the decision is not there yet" in outcome.out
    assert cli.run(*ORDER, "--line", "1", "--json").json["decision"] is None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ServiceUnavailable("Temporal does not answer."), "Then apply again with --request-id k-1"),
        (RequestIdReused("Use a new id for a new request."), "Use a new id"),
        (ReturnsError("Temporal refused it."), "Temporal refused it."),
    ],
)
def test_a_failure_ends_with_1_and_says_what_to_do(cli: Cli, error: Exception, words: str) -> None:
    cli.returns.fails_with = error
    outcome = cli.run(*ORDER, "--line", "1", "--request-id", "k-1")
    assert (outcome.code, outcome.out) == (1, "")
    assert words in outcome.err
    assert outcome.err.count("\n") <= 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("apply",), "name --order and --customer, or give a --file"),
        (("apply", "--order", "O-1", "--line", "1"), "name --order and --customer"),
        (ORDER, "lines: name at least one line to return"),
        ((*ORDER, "--line", "1:0"), "lines[0].quantity"),
        ((*ORDER, "--line", ":2"), "must read LINE[:QTY]"),
        ((*ORDER, "--line", "a b"), "lines[0].line_id"),
        ((*ORDER, "--line", "1", "--line", "1:2"), "named twice"),
        ((*ORDER, "--line", "1", "--reason", "bored"), "--reason"),
        ((*ORDER, "--line", "1", "--replacement", "1"), "must read LINE=ITEM"),
        ((*ORDER, "--line", "1", "--replacement", "2=X"), "line 2 is not among"),
        ((*ORDER, "--line", "1", "--evidence", "1=photo.jpg"), "lines[0].evidence[0].kind"),
        ((*ORDER, "--line", "1", "--evidence", "photo.jpg"), "must read LINE=KIND:REF"),
        ((*ORDER, "--line", "1", "--file", "x.json"), "takes the place of"),
        (("apply", "--file", "/no/such/file.json"), "cannot be read"),
    ],
)
def test_wrong_usage_ends_with_2(cli: Cli, arguments: tuple[str, ...], words: str) -> None:
    cli.run(*arguments).assert_usage_error(words)
    assert cli.returns.applied == []


@pytest.mark.parametrize(
    ("content", "words"),
    [("{", "it is not JSON"), ("{}", "order_id"), ('{"order": 1}', "order"), ("\ud83d", "JSON")],
)
def test_a_file_is_read_as_strictly_as_the_api_does(cli: Cli, tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "application.json"
    file.write_bytes(content.encode("utf-8", "surrogatepass"))
    cli.run("apply", "--file", str(file)).assert_usage_error(words)
