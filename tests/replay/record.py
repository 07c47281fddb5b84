"""`make histories`: plays every story and keeps what Temporal recorded, as fixtures for replay."""

import asyncio
import json
import sys
import tempfile
import tomllib
from importlib.metadata import version
from pathlib import Path

from temporalio.client import Client

from demo.run import run_stories
from demo.story import load_stories
from domain.actions import Action, Actor, Role
from domain.claims import ClaimParty, ClaimVerdict
from replay.files import file_of, text_of, write
from replay.redaction import redacted
from starters.client import ReturnsClient
from starters.ports import Ports
from starters.stack import Stack
from workflows import ids
from workflows.contracts import ReopeningOrder, ReopeningVerdict, ReopenRequest
from workflows.contracts.claims import ClaimAction, PartyAnswer

_REOPENED = "partial"
"""The story that is reopened after its end."""

_LOST = "lost_parcel"
"""The story whose loss is claimed back."""

HISTORIES = Path(__file__).parent / "histories"


PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


def check_version() -> None:
    """Refuse to record under the name of another version: an old one's histories would be overwritten."""
    wanted, installed = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]["version"], version("returnflow")
    if wanted != installed:
        raise SystemExit(f"pyproject.toml says {wanted}, installed is {installed}: run `make histories`.")


def history_file(workflow: str, story: str) -> Path:
    """Where the history of a story is kept: by workflow type, story and the version that wrote it."""
    return file_of(HISTORIES, workflow, story, version("returnflow"))


async def record() -> list[str]:
    """Record every story.

    Returns:
        The stories that did not end as told, and so were not recorded.
    """
    failed = []
    with tempfile.TemporaryDirectory(prefix="returnflow-histories-") as folder:
        async with Stack(Path(folder), Ports.free(), time_skipping=True) as stack:
            client = await stack.connect()
            for result in await run_stories(stack, load_stories(), lambda progress: None):
                if not result.ended_as_told:
                    failed.append(f"{result.story.name}: {'; '.join(result.differences)}")
                    continue
                workflow_id = ids.return_workflow_id(result.rma_id)
                await _keep(client, workflow_id, history_file(ids.RETURN_WORKFLOW, result.story.name))
                if result.story.name == _REOPENED:
                    await _record_a_reopening(client, stack.task_queue, result.rma_id)
                if result.story.name == _LOST:
                    await _record_the_claim(client, stack, result.rma_id)
            await client.execute_workflow(
                ids.RECONCILIATION_WORKFLOW, id="reconciliation", task_queue=stack.task_queue
            )
            await _keep(client, "reconciliation", history_file(ids.RECONCILIATION_WORKFLOW, "nothing_open"))
    return failed


async def _record_a_reopening(client: Client, task_queue: str, rma_id: str) -> None:
    """Take up a return that has ended, and have a supervisor leave it as it is."""
    returns = ReturnsClient(client, task_queue)
    asked = ReopenRequest(actor=Actor(role=Role.CUSTOMER, id="C-1"), note="Two were in order.")
    follow_up = (await returns.reopen(rma_id, asked, "recorded")).rma_id
    while Action.DECIDE_REOPENING not in (await returns.status(follow_up)).allowed_actions:
        await asyncio.sleep(0.05)
    verdict = ReopeningVerdict(
        actor=Actor(role=Role.SUPERVISOR, id="S-1"), order=ReopeningOrder.DISMISS, note="They were worn."
    )
    await returns.act(follow_up, Action.DECIDE_REOPENING, verdict)
    await returns.result(follow_up)
    opened = ids.follow_up_workflow_id(rma_id, "recorded")
    await _keep(client, opened, history_file(ids.FOLLOW_UP_WORKFLOW, "reopened"))
    await _keep(client, ids.return_workflow_id(follow_up), history_file(ids.RETURN_WORKFLOW, "reopened"))


async def _record_the_claim(client: Client, stack: Stack, rma_id: str) -> None:
    """Have the carrier pay for the parcel that it lost."""
    returns = ReturnsClient(client, stack.task_queue)
    while ClaimAction.ANSWER not in (await returns.claim_status(rma_id, ClaimParty.CARRIER)).allowed_actions:
        await asyncio.sleep(0.05)
    claimed_minor = (await returns.claim_status(rma_id, ClaimParty.CARRIER)).claim.claimed_minor
    paid = PartyAnswer(
        actor=Actor(role=Role.SUPERVISOR, id="S-1"), verdict=ClaimVerdict.ACCEPTED, amount_minor=claimed_minor
    )
    await returns.act_on_claim(rma_id, ClaimParty.CARRIER, ClaimAction.ANSWER, paid)
    claim = ids.claim_workflow_id(rma_id, ClaimParty.CARRIER.value)
    await client.get_workflow_handle(claim).result()
    await _keep(client, claim, history_file(ids.RECOVERY_CLAIM_WORKFLOW, "accepted"))


async def _keep(client: Client, workflow_id: str, file: Path) -> None:
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    write(file, text_of(redacted(json.loads(history.to_json()))))


if __name__ == "__main__":
    check_version()
    problems = asyncio.run(record())
    sys.stderr.write("".join(f"not recorded: {problem}\n" for problem in problems))
    sys.exit(1 if problems else 0)
