"""Which edits are tried: always the same ones for the same code."""

import ast
import tomllib
from itertools import groupby
from pathlib import Path

from tests.fingerprint.committed import ROOT
from tests.fingerprint.source import PACKAGE
from tests.mutations.breaking import breaking
from tests.mutations.edits import Edit, parts
from tests.mutations.harmless import harmless

MOST = 6
"""Of each kind, so that a full run takes minutes: spread evenly over its places in the code."""

MOST_HARMLESS = 3
"""Of each kind of edit that breaks nothing."""

EXPLAINED = Path(__file__).parent / "survivors.toml"


def planned(most: int = MOST) -> list[Edit]:
    """The edits, by kind and place.

    Args:
        most: How many of each kind; 0 is every one.
    """
    found = sorted(_every(), key=lambda edit: (edit.harmless, edit.kind))
    chosen: list[Edit] = []
    for (is_harmless, _), group in groupby(found, key=lambda edit: (edit.harmless, edit.kind)):
        chosen += _spread(list(group), min(most, MOST_HARMLESS) if is_harmless else most)
    return chosen


def sampled(edits: list[Edit]) -> list[Edit]:
    """A few of them that take seconds, so that the suite sees that the tool still works."""
    return [
        *_spread([edit for edit in edits if not edit.harmless], 3),
        *_spread([edit for edit in edits if edit.harmless], 2),
    ]


def _every() -> list[Edit]:
    activities = _activities((ROOT / PACKAGE / "calls.py").read_text("utf-8"))
    found: list[Edit] = []
    for file in sorted((ROOT / PACKAGE).rglob("*.py")):
        text = file.read_text("utf-8")
        for part in parts(str(file.relative_to(ROOT)), text):
            found += breaking(part, activities)
            found += harmless(part)
    return found


def _activities(calls: str) -> dict[str, str]:
    """Each reference to an activity, with the next one of its kind."""
    by_kind: dict[str, list[str]] = {}
    for node in ast.parse(calls).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id=kind))):
                by_kind.setdefault(kind, []).append(name)
    return {
        name: names[(place + 1) % len(names)] for names in by_kind.values() for place, name in enumerate(names)
    }


def _spread(edits: list[Edit], most: int) -> list[Edit]:
    if not most or len(edits) <= most:
        return edits
    return [edits[place * len(edits) // most] for place in range(most)]


def explained() -> dict[tuple[str, str, str], str]:
    """Why an edit that nothing notices breaks nothing, by its kind, function and what it does."""
    entries = tomllib.loads(EXPLAINED.read_text("utf-8")).get("survivor", []) if EXPLAINED.exists() else []
    return {(entry["kind"], entry["function"], entry["what"]): entry["why"] for entry in entries}
