"""The fingerprint of a workflow type: every command that its code can give, in the order of the source."""

import ast
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from tests.fingerprint.source import Class, Function, Source
from tests.fingerprint.state import Write, writes
from tests.fingerprint.tree import Row, Where, complete, rows
from tests.fingerprint.walk import Walker, entries

_ASKED = re.compile(r"\b\w+\.\w+")
_GATE = re.compile(r"patched '([^']+)'")


@dataclass(frozen=True)
class Fingerprint:
    """The lines of one workflow type."""

    workflow: str
    rows: tuple[Row, ...]

    @property
    def text(self) -> str:
        """What is committed."""
        return "".join(f"{row.text}\n" for row in self.rows)

    @property
    def digest(self) -> str:
        """What an acknowledgement names."""
        return digest(self.text)

    @property
    def gates(self) -> frozenset[str]:
        """The ids of the gates in the code."""
        return gates(self.text)


def digest(text: str) -> str:
    """A short name of a fingerprint."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def gates(text: str) -> frozenset[str]:
    """The ids of the gates in a fingerprint."""
    return frozenset(_GATE.findall(text))


def fingerprints(root: Path, gates_off: frozenset[str] = frozenset()) -> dict[str, Fingerprint]:
    """The fingerprint of every workflow type in a copy of the tree.

    Args:
        root: The folder that holds `workflows/`.
        gates_off: Gates that are taken as closed: what an open workflow does that came by before they were there.
    """
    source = Source(root)
    written = writes(source)
    return {
        name: Fingerprint(name, tuple(_rows(source, gates_off, written, *found)))
        for name, found in entries(source).items()
    }


def _rows(
    source: Source,
    gates_off: frozenset[str],
    written: list[Write],
    of: Class,
    reached: list[tuple[str, Function]],
) -> list[Row]:
    walker = Walker(source, gates_off)
    entry_points = {id(walker.section(method, of)): kind for kind, method in reached}
    sections = list(walker.sections.values())
    complete(sections)
    found: list[Row] = []
    for section in sorted(sections, key=lambda each: (_rank(entry_points.get(id(each), "")), each.title)):
        kind = entry_points.get(id(section), "")
        if section.commands:
            within = rows(section)
            found += [Row(f"{kind} {section.title}".strip(), within[0].where), *within, Row("", within[0].where)]
    found += _questions(walker, _text(found))
    asked = set(_ASKED.findall(_text(found)))
    return [*found, *(write.row for write in written if write.attribute in asked)]


def _text(rows: list[Row]) -> str:
    return "\n".join(row.text for row in rows)


def _rank(kind: str) -> int:
    return {"run": 0, "signal": 1, "update": 2}.get(kind, 3)


def _questions(walker: Walker, written: str) -> list[Row]:
    """What the public questions in the conditions come to, and the questions in those."""
    answered: dict[str, str] = {}
    answers = {title for title, called in walker.asked.items() if _answers(called.function)}
    wanted = sorted(set(_ASKED.findall(written)) & answers)
    while wanted:
        title = wanted.pop(0)
        if title not in answered:
            answered[title] = walker.answer(title)
            wanted += sorted(set(_ASKED.findall(answered[title])) & answers)
    return [Row(f"{title} = {answered[title]}", _place(walker, title)) for title in sorted(answered)]


def _answers(function: Function) -> bool:
    """Whether a function gives a value; what only checks or only changes the state decides elsewhere."""
    returns = function.node.returns
    gives = returns is None or ast.unparse(returns) not in ("None", "NoReturn")
    return gives and not function.module.name.startswith("workflows.validation")


def _place(walker: Walker, title: str) -> Where:
    function = walker.asked[title].function
    return Where(function.module.file, function.node.lineno)
