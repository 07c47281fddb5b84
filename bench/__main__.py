"""`python -m bench`: measures, writes what it saw to `bench/results`, and shows it as tables."""

import asyncio
import json
import tempfile
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer
from rich.console import Console

from bench.cost import play_costs
from bench.growth import measure_growth
from bench.latency import measure_latency
from bench.ledger_growth import measure_ledgers
from bench.machine import Machine, machines_of, note_machine
from bench.open_returns import measure_open_returns
from bench.processes import measure_processes
from bench.report import write_report
from bench.rig import running_rig
from bench.storage import measure_storage
from bench.throughput import Throughput, measure_throughput
from testkit.pipeline import running_pipeline
from testkit.server import TemporalServer

RESULTS = Path(__file__).with_name("results")
console = Console(stderr=True)


def main(
    only: Annotated[list[str] | None, typer.Option("--only", help="Measure this part only; repeatable.")] = None,
    results: Annotated[Path, typer.Option(help="The folder that is written to.")] = RESULTS,
    open_returns: Annotated[
        int, typer.Option(help="How many returns wait for their inspection at once.")
    ] = 10_000,
    tables: Annotated[bool, typer.Option("--tables", help="Measure nothing; make the tables anew.")] = False,
) -> None:
    """Measure the pipeline on this machine, against the limit of the server that it runs on.

    Leave the machine alone meanwhile. Everything takes about an hour and a half, most of it the part `open`. Each
    part writes its own file, so that one can be measured again by itself; the tables are made from what is there.
    `latency` and `open` need the rates that `throughput` measured.
    """
    unknown = sorted(set(only or ()) - set(PARTS))
    if unknown:
        raise typer.BadParameter(f"there is no {', '.join(unknown)}; the parts are {', '.join(PARTS)}")
    results.mkdir(parents=True, exist_ok=True)
    for name in () if tables else only or PARTS:
        began = datetime.now(UTC)
        console.print(f"[bold]{name}[/bold]")
        with tempfile.TemporaryDirectory(prefix="returnflow-bench-") as folder:
            text = asyncio.run(PARTS[name](Bench(Path(folder), results, open_returns)))
        (results / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        console.print(f"  took {(datetime.now(UTC) - began).total_seconds():.0f} s")
        note_machine(results, name)
    typer.echo(write_report(results))


@dataclass(frozen=True)
class Bench:
    """What a part is measured with.

    Attributes:
        folder: For the data of the processes.
        results: Where earlier parts wrote what they saw.
        open_returns: How many returns wait at once.
    """

    folder: Path
    results: Path
    open_returns: int

    def rates(self) -> Throughput:
        """What `throughput` measured.

        Raises:
            typer.BadParameter: If it did not yet, or on another machine.
        """
        file = self.results / "throughput.json"
        if not file.exists():
            raise typer.BadParameter("this part needs the rates: measure --only throughput first")
        there = machines_of(self.results).get("throughput")
        if there is None or not there.same_hardware(Machine.here()):
            raise typer.BadParameter(
                f"{file.name}: its rates were measured on another machine, says machine.json:"
                " measure --only throughput on this one first"
            )
        return Throughput.model_validate_json(file.read_text("utf-8"))


async def _cost(bench: Bench) -> str:
    server = TemporalServer(bench.folder)
    server.start()
    try:
        async with running_pipeline(server.address, bench.folder) as pipeline:
            costs = await play_costs(pipeline)
    finally:
        server.stop()
    return json.dumps([cost.model_dump(mode="json") for cost in costs], indent=1)


async def _throughput(bench: Bench) -> str:
    async with running_rig(bench.folder) as rig:
        return (await measure_throughput(rig, _report)).model_dump_json(indent=1)


async def _storage(bench: Bench) -> str:
    async with running_rig(bench.folder) as rig:
        return (await measure_storage(rig, _report)).model_dump_json(indent=1)


async def _latency(bench: Bench) -> str:
    rate = median(bench.rates().rates("return")) / 2
    async with running_rig(bench.folder, with_api=True) as rig:
        return (await measure_latency(rig, rate, _report)).model_dump_json(indent=1)


async def _open(bench: Bench) -> str:
    floor = median(bench.rates().rates("bare"))
    seen = await measure_open_returns(bench.folder, _report, count=bench.open_returns, floor_per_second=floor)
    return seen.model_dump_json(indent=1)


async def _growth(bench: Bench) -> str:
    async with running_rig(bench.folder) as rig:
        return (await measure_growth(rig, _report)).model_dump_json(indent=1)


async def _ledger(bench: Bench) -> str:
    seen = await asyncio.to_thread(measure_ledgers, bench.folder, _report)
    return json.dumps([each.model_dump(mode="json") for each in seen], indent=1)


async def _processes(bench: Bench) -> str:
    async with running_rig(bench.folder) as rig:
        return (await measure_processes(rig, _report)).model_dump_json(indent=1)


def _report(line: str) -> None:
    console.print(f"  {line}")


PARTS: dict[str, Callable[[Bench], Coroutine[Any, Any, str]]] = {
    "cost": _cost,
    "throughput": _throughput,
    "latency": _latency,
    "storage": _storage,
    "growth": _growth,
    "ledger": _ledger,
    "processes": _processes,
    "open": _open,
}

if __name__ == "__main__":
    typer.run(main)
