"""`python -m bench`: measures, writes what it saw to `bench/results`, and shows it as tables."""

import asyncio
import json
import tempfile
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from bench.cost import play_costs
from bench.machine import Machine
from bench.report import write_report
from bench.rig import running_rig
from bench.throughput import measure_throughput
from testkit.pipeline import running_pipeline
from testkit.server import TemporalServer

RESULTS = Path(__file__).with_name("results")
console = Console(stderr=True)


def main(
    only: Annotated[list[str] | None, typer.Option("--only", help="Measure this part only; repeatable.")] = None,
    results: Annotated[Path, typer.Option(help="The folder that is written to.")] = RESULTS,
) -> None:
    """Measure the pipeline on this machine, against the limit of the server that it runs on.

    Leave the machine alone meanwhile. Each part writes its own file, so that one can be measured again by itself;
    the tables are made from what is there.
    """
    unknown = sorted(set(only or ()) - set(PARTS))
    if unknown:
        raise typer.BadParameter(f"there is no {', '.join(unknown)}; the parts are {', '.join(PARTS)}")
    results.mkdir(parents=True, exist_ok=True)
    for name in only or PARTS:
        began = datetime.now(UTC)
        console.print(f"[bold]{name}[/bold]")
        with tempfile.TemporaryDirectory(prefix="returnflow-bench-") as folder:
            text = asyncio.run(PARTS[name](Path(folder)))
        (results / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        console.print(f"  took {(datetime.now(UTC) - began).total_seconds():.0f} s")
    (results / "machine.json").write_text(Machine.here().model_dump_json(indent=1) + "\n", encoding="utf-8")
    typer.echo(write_report(results))


async def _cost(folder: Path) -> str:
    server = TemporalServer(folder)
    server.start()
    try:
        async with running_pipeline(server.address, folder) as pipeline:
            costs = await play_costs(pipeline)
    finally:
        server.stop()
    return json.dumps([cost.model_dump(mode="json") for cost in costs], indent=1)


async def _throughput(folder: Path) -> str:
    async with running_rig(folder) as rig:
        seen = await measure_throughput(rig, _report)
    return seen.model_dump_json(indent=1)


def _report(line: str) -> None:
    console.print(f"  {line}")


PARTS: dict[str, Callable[[Path], Coroutine[Any, Any, str]]] = {"cost": _cost, "throughput": _throughput}

if __name__ == "__main__":
    typer.run(main)
