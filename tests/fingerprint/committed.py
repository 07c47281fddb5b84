"""The committed fingerprints, what was acknowledged about them, and what differs from them."""

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from tests.fingerprint.fingerprint import Fingerprint, digest, fingerprints, gates

ROOT = Path(__file__).parents[2]
FOLDER = Path("tests/replay/fingerprints")
_CONTEXT = 2

HOW = """\
{workflow} gives other commands than its committed fingerprint. One that is open may not replay on this code:

{diff}
{gate}Do one of these:

  1. Keep the old way for what is open, with a gate around the change:

         if workflow.patched("name-of-the-change"):
             ...  # the new way
         else:
             ...  # the old way, as it was

     Then run: make fingerprint
     No reason is asked for, because with the gate closed the code gives the committed commands.

  2. If it is safe without a gate, say why, and have both reviewed:

         make fingerprint ACK="why no open workflow meets it, or why the commands stay the same"

     It writes {file} anew and adds the reason to {acknowledged}.
"""
GATED = """\
{workflow} has a new gate ({gates}). With it closed the code gives the committed commands, so what is open goes on
as it was. Take the new way into the fingerprint with: make fingerprint
"""
NEW = """\
{workflow} has no fingerprint yet. Nothing of this type is open, so take it with: make fingerprint
"""


@dataclass(frozen=True)
class Change:
    """A workflow type whose code gives other commands than were committed."""

    before: str
    now: Fingerprint
    closed: Fingerprint
    """The same code with its new gates closed."""
    is_new: bool
    """Whether the workflow type never had a fingerprint."""

    @property
    def new_gates(self) -> frozenset[str]:
        """The gates that the committed fingerprint does not know."""
        return self.now.gates - gates(self.before)

    @property
    def is_gated(self) -> bool:
        """Whether everything that is new is behind a new gate, or the type itself is new."""
        return self.is_new or (bool(self.new_gates) and self.closed.text == self.before)

    def told(self) -> str:
        """What differs, where, and what to do about it."""
        names = ", ".join(sorted(self.new_gates))
        if self.is_gated:
            return (NEW if self.is_new else GATED).format(workflow=self.now.workflow, gates=names)
        gate = (
            f'The new gate "{names}" does not cover it: this is what differs with it closed.\n\n' if names else ""
        )
        return HOW.format(
            workflow=self.now.workflow,
            diff="\n".join(_differences(self.before, self.closed)),
            gate=gate,
            file=file_of(self.now.workflow),
            acknowledged=FOLDER / "acknowledged.toml",
        )


def file_of(workflow: str) -> Path:
    """Where the fingerprint of a workflow type is kept."""
    return FOLDER / f"{workflow}.txt"


def changes(root: Path, committed: Path = ROOT) -> list[Change]:
    """The workflow types of a copy of the tree that differ from what is committed."""
    known = {entry.workflow for entry in acknowledged(committed)}
    return [
        Change(before, now, closed, is_new=not before and now.workflow not in known)
        for before, now, closed in _compared(root, committed)
        if before != now.text
    ]


def _compared(root: Path, committed: Path) -> Iterator[tuple[str, Fingerprint, Fingerprint]]:
    for workflow, now in fingerprints(root).items():
        file = committed / file_of(workflow)
        before = file.read_text("utf-8") if file.exists() else ""
        new = now.gates - gates(before)
        yield before, now, fingerprints(root, new)[workflow] if new else now


def _differences(before: str, now: Fingerprint) -> Iterator[str]:
    """The changed lines in their surroundings; behind a new line the place that it comes from."""
    old, new = before.splitlines(), [row.text for row in now.rows]
    for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(_CONTEXT):
        _, _, _, first, last = group[0]
        place = now.rows[min(group[0][4], len(now.rows) - 1)].where
        yield f"  at {place}, in {_heading(new, first if last > first else max(first - 1, 0))}"
        for kind, a, b, c, d in group:
            if kind == "equal":
                yield from (f"      {line}" for line in old[a:b])
                continue
            yield from (f"    - {line}" for line in old[a:b])
            yield from (f"    + {row.text}    <- {row.where}" for row in now.rows[c:d])
        yield ""


def _heading(lines: list[str], at: int) -> str:
    """The section that a line is in."""
    return next((line for line in reversed(lines[: at + 1]) if line and not line.startswith(" ")), "")


@dataclass(frozen=True)
class Acknowledgement:
    """Why a fingerprint was taken, by whoever changed it."""

    workflow: str
    version: str
    digest: str
    reason: str


def acknowledged(committed: Path = ROOT) -> list[Acknowledgement]:
    """Every acknowledgement, oldest first."""
    file = committed / FOLDER / "acknowledged.toml"
    if not file.exists():
        return []
    return [Acknowledgement(**entry) for entry in tomllib.loads(file.read_text("utf-8")).get("change", [])]


def unacknowledged(committed: Path = ROOT) -> list[str]:
    """The workflow types whose committed fingerprint was written by hand: its newest entry names another one."""
    newest = {entry.workflow: entry.digest for entry in acknowledged(committed)}
    return [
        file.stem
        for file in sorted((committed / FOLDER).glob("*.txt"))
        if newest.get(file.stem) != digest(file.read_text("utf-8"))
    ]


def take(change: Change, reason: str, committed: Path = ROOT) -> None:
    """Write a fingerprint anew, and why that is right."""
    workflow = change.now.workflow
    (committed / FOLDER).mkdir(parents=True, exist_ok=True)
    (committed / file_of(workflow)).write_text(change.now.text, "utf-8")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    entry = {"workflow": workflow, "version": version, "digest": change.now.digest, "reason": reason}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in entry.items()]
    with (committed / FOLDER / "acknowledged.toml").open("a", encoding="utf-8") as file:
        file.write("\n".join(["[[change]]", *lines, "", ""]))
