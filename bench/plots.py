"""The plots of what grows, as SVG."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from bench.curve import Curve
from bench.growth import Growth
from bench.ledger_growth import LedgerGrowth
from bench.open_returns import OpenReturns

# The same numbers give the same file.
mpl.rcParams["svg.hashsalt"] = "returnflow"


def draw_plots(results: Path) -> Iterator[tuple[str, Path]]:
    """Draw what a folder has results of; each plot with its title."""
    if (file := results / "growth.json").exists():
        seen = Growth.model_validate_json(file.read_text("utf-8"))
        yield _curves("A return by its lines", "lines", seen.by_lines, results / "lines.svg")
        yield _curves("The returns of one order", "return", seen.by_returns_of_order, results / "order.svg")
        yield _curves("A return by its scans", "scans", seen.by_events, results / "scans.svg")
    if (file := results / "ledger.json").exists():
        for each in (LedgerGrowth.model_validate(entry) for entry in json.loads(file.read_text("utf-8"))):
            if each.calls:
                title = f"Calls of the ledger on {each.database}"
                yield _curves(title, "rows", each.calls, results / f"ledger-{each.database}.svg")
    if (file := results / "open.json").exists():
        seen_open = OpenReturns.model_validate_json(file.read_text("utf-8"))
        yield _memory(seen_open, results / "memory.svg")


def _curves(title: str, size: str, curves: Sequence[Curve], file: Path) -> tuple[str, Path]:
    """Both axes logarithmic: what grows with its size rises by one decade with each, what is flat does not."""
    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.add_subplot()
    for each in curves:
        axes.plot(
            [point.size for point in each.points],
            [point.value for point in each.points],
            marker="." if len(each.points) < 60 else None,
            label=f"{each.what} ({each.unit}): {each.growth}",
        )
    axes.set(title=title, xlabel=size, xscale="log", yscale="log")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.savefig(file, metadata={"Date": None})
    return title, file


def _memory(seen: OpenReturns, file: Path) -> tuple[str, Path]:
    title = "Memory by open returns"
    readings = sorted((each for each in seen.readings if not each.delivered), key=lambda each: each.open)
    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.add_subplot()
    for name in ("worker", "temporal"):
        used = [each.resident.get(name, 0) / 2**20 for each in readings]
        axes.plot([each.open for each in readings], used, marker=".", label=name)
    axes.set(title=title, xlabel="open returns", ylabel="MiB resident", ylim=(0, None))
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(file, metadata={"Date": None})
    return title, file
