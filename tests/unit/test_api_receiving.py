"""The warehouse's door over HTTP, and its typed client: what is received, parked and decided."""

from collections.abc import Iterator
from typing import Any

import pytest

from domain.actions import Action, Actor, Role
from domain.inspection import Disposition
from domain.receiving import BlindReceipt, Goods, ParkedDisposal, ParkedMatch, ParkedState, Received
from starters.errors import (
    ActionNotAllowed,
    InvalidAction,
    ParkedNotFound,
    RequestIdReused,
    RoleNotPermitted,
    ServiceUnavailable,
)
from starters.receiving_client import ReceivingClient
from tests.unit.ledger_builders import an_opening, an_order
from tests.unit.test_api_support import NOW, Api, running_api
from tests.unit.test_cli_support import Cli

DOCK = Actor(role=Role.WAREHOUSE, id="dock-2")


def seen(receipt_id: str, **what: Any) -> BlindReceipt:
    return BlindReceipt.model_validate({"receipt_id": receipt_id, "actor": DOCK, "received_at": NOW} | what)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture
def door(api: Api) -> Iterator[ReceivingClient]:
    with ReceivingClient(api.url) as client:
        yield client


@pytest.fixture
def rma_id(api: Api) -> str:
    """A return that the ledger and the pipeline know."""
    found = api.new_return("k-receiving")
    api.ledger.open_return(an_opening(found, an_order(), {"L1": 1}))
    return found


def test_a_parcel_reaches_the_return_that_it_names(api: Api, door: ReceivingClient, rma_id: str) -> None:
    receipt = seen("D-1", rma_ids=(rma_id,))
    assert door.receive(receipt) == Received(receipt_id="D-1", rma_ids=(rma_id,))
    assert door.receive(receipt) == Received(receipt_id="D-1", rma_ids=(rma_id,))
    (acted,) = [(to, action) for to, action, _, key in api.returns.acted if key and key.startswith("receipt-D-1-")]
    assert acted == (rma_id, Action.RECEIVE)
    with pytest.raises(RequestIdReused):
        door.receive(seen("D-1"))


def test_an_unknown_parcel_is_parked_and_disposed_of(door: ReceivingClient) -> None:
    goods = (Goods(item_id="SHOE-41", quantity=1),)
    received = door.receive(seen("D-2", tracking_no="NOBODYS-2", goods=goods))
    assert received.parked_ids == ("D-2-1",)
    (parked,) = [each for each in door.parked() if each.receipt_id == "D-2"]
    assert (parked.goods, parked.tracking_no) == (goods, "NOBODYS-2")
    decision = ParkedDisposal(actor=DOCK, disposition=Disposition.DONATE, note="nobody asks")
    assert door.dispose("D-2-1", decision).state is ParkedState.DISPOSED
    assert [each.disposition for each in door.parked(ParkedState.DISPOSED)] == [Disposition.DONATE]
    with pytest.raises(ActionNotAllowed):
        door.match("D-2-1", ParkedMatch(actor=DOCK, rma_id="RMA-1"))


def test_a_person_matches_what_is_parked(api: Api, door: ReceivingClient, rma_id: str) -> None:
    door.receive(seen("D-3"))
    with pytest.raises(InvalidAction, match="RMA-0") as refused:
        door.match("D-3-1", ParkedMatch(actor=DOCK, rma_id="RMA-0"))
    assert refused.value.field == "rma_id"
    assert door.match("D-3-1", ParkedMatch(actor=DOCK, rma_id=rma_id)).rma_id == rma_id
    assert [to for to, _, _, key in api.returns.acted if key and key.startswith("receipt-D-3-")] == [rma_id]


def test_who_may_not_is_told(door: ReceivingClient) -> None:
    customer = Actor(role=Role.CUSTOMER, id="C-1")
    with pytest.raises(RoleNotPermitted, match="Permitted: warehouse"):
        door.receive(seen("D-4", actor=customer))
    with pytest.raises(ParkedNotFound):
        door.match("D-4-1", ParkedMatch(actor=DOCK, rma_id="RMA-1"))


def test_without_an_api_the_client_says_so() -> None:
    with ReceivingClient("http://127.0.0.1:9") as nowhere, pytest.raises(ServiceUnavailable):
        nowhere.parked()


def test_the_command_line_receives_lists_and_matches(api: Api, rma_id: str) -> None:
    cli = Cli()
    at = ("--api", api.url, "--actor", "dock-2")
    outcome = cli.run("receipt", "--receipt-id", "D-5", "--item", "SHOE-41:2", *at)
    assert outcome.code == 0, outcome.err
    assert "parked D-5-1" in outcome.out
    listed = cli.run("parked", "list", "--api", api.url).out
    assert "2 x SHOE-41" in listed
    matched = cli.run("parked", "match", "D-5-1", rma_id, "--line", "L1:1", *at)
    assert f"matched: {rma_id}" in matched.out, matched.err
    cli.run("receipt", "--receipt-id", "D-6", *at)
    assert "say why" in cli.run("parked", "dispose", "D-6-1", "DONATE", *at).err
    assert "disposed: DONATE" in cli.run("parked", "dispose", "D-6-1", "DONATE", "--note", "old", *at).out
    assert cli.run("parked", "match", "D-9-1", rma_id, *at).code == 1
