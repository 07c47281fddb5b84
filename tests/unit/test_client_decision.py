"""A decision that the server lets go of while it is waited for. A real server does so under load only."""

from datetime import timedelta
from typing import Any, cast

import pytest
from temporalio.client import Client, RPCError, RPCStatusCode

from domain.application import ReturnApplication
from domain.status import Approval
from starters.client import ReturnsClient
from starters.errors import DecisionPending, ReturnsError
from tests.unit.test_api_support import APPLICATION
from workflows.contracts import Decision

DROPPED = RPCError("workflow update was aborted", RPCStatusCode.ABORTED, b"")


class Dropping:
    """A client whose server drops the update some times, or fails otherwise."""

    def __init__(self, times: int, error: RPCError = DROPPED) -> None:
        self._left = times
        self._error = error
        self.asked: list[str] = []

    async def execute_update_with_start_workflow(self, _: str, asked: Any, **call: Any) -> Decision:
        self.asked.append(call["id"])
        if self._left:
            self._left -= 1
            raise self._error
        return Decision(rma_id="RMA-1", approval=Approval.APPROVED, policy_version="2026-11")

    def get_workflow_handle(self, _: str) -> Any:
        return self

    async def describe(self, **_: Any) -> object:
        return object()


async def apply(client: Dropping) -> Decision:
    returns = ReturnsClient(cast(Client, client))
    application = ReturnApplication.model_validate(APPLICATION)
    return await returns.apply(application, "R-1", wait=timedelta(seconds=1))


@pytest.mark.parametrize("status", [RPCStatusCode.ABORTED, RPCStatusCode.UNAVAILABLE])
async def test_it_is_asked_for_again_under_the_same_id(status: RPCStatusCode) -> None:
    client = Dropping(2, RPCError("workflow update was aborted", status, b""))
    assert (await apply(client)).approval is Approval.APPROVED
    assert len(client.asked) == 3
    assert len(set(client.asked)) == 1


async def test_it_is_not_asked_for_longer_than_the_caller_waits() -> None:
    with pytest.raises(DecisionPending):
        await apply(Dropping(1_000))


async def test_other_errors_are_told_at_once() -> None:
    client = Dropping(1, RPCError("no shard", RPCStatusCode.ABORTED, b""))
    with pytest.raises(ReturnsError):
        await apply(client)
    assert len(client.asked) == 1
