"""Histories of a server: exported without personal data, replayed from the file and from the server."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

from typer.testing import CliRunner, Result

from starters.cli.main import app
from starters.cli.session import Session
from testkit.environment import TimeSkippingEnv
from testkit.pipeline import Pipeline

_CONTACT = {"name": "Zhang Wei", "phone": "+86 139 1234 5678", "email": "zhang.wei@example.com"}
_ADDRESS = {"lines": ["12 Nanjing Road"], "city": "Pudong", "country": "CN"}
_VISIBLE_SECONDS = 20.0


async def returns(address: str, *arguments: object) -> Result:
    """Run the command in a thread: it has an event loop of its own."""
    return await asyncio.to_thread(
        CliRunner().invoke, app, [str(argument) for argument in arguments], obj=Session(address)
    )


async def visible(pipeline: Pipeline, query: str) -> None:
    async with asyncio.timeout(_VISIBLE_SECONDS):
        while (await pipeline.client.count_workflows(query)).count == 0:
            await asyncio.sleep(0.1)


async def test_a_return_is_exported_and_replays(
    pipeline: Pipeline, time_skipping_env: TimeSkippingEnv, tmp_path: Path
) -> None:
    order = await pipeline.order()
    decision = await pipeline.apply(order, contact=_CONTACT, pickup_address=_ADDRESS)
    await pipeline.to_the_warehouse(decision.rma_id)
    await pipeline.lapse(decision.rma_id, timedelta(hours=49))
    await pipeline.receive(decision.rma_id)
    query = f'WorkflowId = "return/{decision.rma_id}" AND ReturnBreached = true'
    await visible(pipeline, query)

    exported = await returns(
        time_skipping_env.address, "histories", "export", "--query", query, "--out", tmp_path, "--json"
    )
    assert exported.exit_code == 0, exported.output
    (written,) = json.loads(exported.output)["exported"]
    suffix = decision.rma_id[-8:].lower()
    file = tmp_path / "ReturnWorkflow" / f"return_and_refund_open_breached_{suffix}@unknown.json"
    assert (written["file"], written["replays"]) == (str(file), True)
    text = file.read_text("utf-8")
    for secret in (*_CONTACT.values(), order["order_id"], order["customer_id"]):
        assert secret not in text

    again = await returns(time_skipping_env.address, "histories", "export", "--query", query, "--out", tmp_path)
    assert again.exit_code == 1
    assert "exists; remove it, or export with --overwrite" in again.output

    for where in ([tmp_path], ["--query", query]):
        replayed = await returns(time_skipping_env.address, "replay", *where, "--jobs", 1)
        assert replayed.exit_code == 0, replayed.output
        assert replayed.output.endswith("per second): 1 ok\n")


async def test_a_query_that_nothing_fits_or_nobody_understands(
    time_skipping_env: TimeSkippingEnv, tmp_path: Path
) -> None:
    nothing = await returns(
        time_skipping_env.address, "histories", "export", "--query", 'WorkflowId = "none"', "--out", tmp_path
    )
    assert (nothing.exit_code, "no workflow fits the query" in nothing.output) == (1, True)
    wrong = await returns(time_skipping_env.address, "replay", "--query", "what?", "--jobs", 1)
    assert (wrong.exit_code, "The query is not understood" in wrong.output) == (1, True)
