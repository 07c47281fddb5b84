"""`returns scan`: asks a real sandbox to scan a parcel."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from sandbox.server import running_sandbox
from tests.unit.test_cli_support import STATUS, Cli


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    with running_sandbox() as url:
        yield url


@pytest.fixture
def cli(sandbox: str) -> Cli:
    body = {"reference": "RMA-1-label", "rma_id": "RMA-1", "at": datetime.now(UTC).isoformat()}
    label = httpx.post(f"{sandbox}/carriers/sf/labels", json=body).raise_for_status().json()
    made = Cli()
    made.sandbox = sandbox
    made.returns.status_now = STATUS.model_copy(update={"tracking_no": label["tracking_no"]})
    return made


def scans(cli: Cli) -> list[tuple[str, str]]:
    tracking_no = cli.returns.status_now.tracking_no
    answer = httpx.get(f"{cli.sandbox}/carriers/sf/tracking/{tracking_no}").json()
    return [(event["kind"], event["occurred_at"]) for event in answer["events"]]


def test_a_parcel_is_scanned(cli: Cli) -> None:
    outcome = cli.run("scan", "RMA-1", "in_transit", "--at", "2026-11-22T16:00:00+08:00")
    assert outcome.code == 0, outcome.err
    assert "in transit, 2026-11-22 08:00 UTC" in outcome.out
    assert scans(cli) == [("in_transit", "2026-11-22T08:00:00Z")]


def test_a_scan_as_json_is_now_by_default(cli: Cli) -> None:
    document = cli.run("scan", "RMA-1", "delivered", "--json").json
    assert document["kind"] == "delivered"
    assert scans(cli) == [("delivered", document["occurred_at"])]
    assert abs((datetime.fromisoformat(document["occurred_at"]) - datetime.now(UTC)).total_seconds()) < 60


@pytest.mark.parametrize("option", [(), ("--sandbox-url", "http://127.0.0.1:1")])
def test_a_sandbox_that_does_not_answer(cli: Cli, option: tuple[str, ...]) -> None:
    cli.sandbox = "" if not option else cli.sandbox
    outcome = cli.run("scan", "RMA-1", "delivered", *option)
    assert (outcome.code, outcome.out) == (1, "")
    assert "returns up" in outcome.err


def test_a_return_without_a_parcel(cli: Cli) -> None:
    cli.returns.status_now = STATUS.model_copy(update={"tracking_no": ""})
    outcome = cli.run("scan", "RMA-1", "delivered")
    assert (outcome.code, outcome.err.splitlines()[0]) == (1, "returns: RMA-1 has no parcel to scan.")


def test_a_scan_that_the_sandbox_refuses(cli: Cli) -> None:
    cli.returns.status_now = STATUS.model_copy(update={"tracking_no": "unknown/1"})
    outcome = cli.run("scan", "RMA-1", "delivered")
    assert outcome.code == 1
    assert "the sandbox refused the scan with 404" in outcome.err


@pytest.mark.parametrize("arguments", [("eaten",), ("delivered", "--at", "noon")])
def test_wrong_usage_ends_with_2(cli: Cli, arguments: tuple[str, ...]) -> None:
    cli.run("scan", "RMA-1", *arguments).assert_usage_error("'" + arguments[-1] + "'")
    assert json.loads(cli.returns.status_now.model_dump_json())["tracking_no"]
