"""The tree of a workflow's commands: what is in it, and how it is written down."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

TOKEN = re.compile(r"__v\d+__")
"""A local variable or parameter, whatever it is called. Numbered by appearance when it is written down."""


@dataclass(frozen=True)
class Where:
    """A place in the code."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass
class Line:
    """A command, or (soft) a jump that decides which commands follow."""

    text: str
    where: Where
    soft: bool = False


@dataclass
class Ref:
    """A call of a public function, whose commands are in a section of its own."""

    section: "Section"
    arguments: list[str]
    where: Where


@dataclass
class Block:
    """Control flow around commands."""

    head: str
    children: list["Node"]
    where: Where
    always: bool = False
    """Whether it counts when it is empty: an `except` that goes on, in a `try` that counts."""
    alone: str = ""
    """What an `else` is called when nothing is left of its `if`."""


@dataclass
class Inline:
    """A private function, written out where it is called. Only its content shows."""

    children: list["Node"]


Node = Line | Ref | Block | Inline


@dataclass(eq=False)
class Section:
    """A function that has its own part in the fingerprint."""

    title: str
    tokens: list[str] = field(default_factory=list)
    """The parameters, by the tokens that stand for them in the nodes."""
    nodes: list[Node] = field(default_factory=list)
    commands: bool = False
    relevant: set[str] = field(default_factory=set)
    """The parameters that show in it, or in a section that it hands them to."""


@dataclass(frozen=True)
class Row:
    """A line of the fingerprint, and where in the code it comes from."""

    text: str
    where: Where


def complete(sections: list[Section]) -> None:
    """Find out which sections command, leave out what does not, and find out which parameters matter."""
    changed = True
    while changed:
        changed = False
        for section in sections:
            if not section.commands and any(_is_hard(node) for node in section.nodes):
                section.commands = changed = True
    for section in sections:
        section.nodes = pruned(section.nodes)
    changed = True
    while changed:
        changed = False
        for section in sections:
            found = set(_tokens(section.nodes))
            changed = changed or found != section.relevant
            section.relevant = found


def _is_hard(node: Node) -> bool:
    match node:
        case Line(soft=soft):
            return not soft
        case Ref(section=section):
            return section.commands
        case _:
            return any(_is_hard(child) for child in node.children)


def pruned(nodes: list[Node]) -> list[Node]:
    """The nodes without what neither commands nor decides what does."""
    kept: list[Node] = []
    before_is_kept = False
    for node in nodes:
        count = len(kept)
        match node:
            case Ref(section=section):
                kept += [node] if section.commands else []
            case Inline(children=children):
                kept += pruned(children) if any(_is_hard(child) for child in children) else []
            case Block(head=head, where=where, always=always, alone=alone):
                children = pruned(node.children)
                if always or any(not (isinstance(child, Block) and child.always) for child in children):
                    if_is_kept = before_is_kept or not alone
                    kept.append(Block(head if if_is_kept else alone, children, where, always, alone))
            case _:
                kept.append(node)
        before_is_kept = len(kept) > count
    return kept


def rows(section: Section) -> list[Row]:
    """A section as lines, its variables numbered by their appearance."""
    found = list(_rows(section.nodes, 1))
    texts = numbered("\n".join(row.text for row in found)).split("\n")
    return [Row(text, row.where) for text, row in zip(texts, found, strict=True)]


def numbered(written: str) -> str:
    """A text with its variables numbered by their appearance."""
    numbers: dict[str, str] = {}
    return TOKEN.sub(lambda match: numbers.setdefault(match[0], f"v{len(numbers) + 1}"), written)


def _rows(nodes: list[Node], depth: int) -> Iterator[Row]:
    indent = "  " * depth
    for node in nodes:
        match node:
            case Line(text=text, where=where):
                yield Row(indent + text, where)
            case Ref(section=section, where=where):
                yield Row(indent + section.title + _told(node), where)
            case Block(head=head, children=children, where=where):
                yield Row(f"{indent}{head}:", where)
                yield from _rows(children, depth + 1)


def _told(ref: Ref) -> str:
    """The arguments that decide something in the section; the others only fill in what is sent."""
    relevant = ref.section.relevant
    told = [
        text for token, text in zip(ref.section.tokens, ref.arguments, strict=False) if token in relevant and text
    ]
    return f"({', '.join(told)})" if told else ""


def _tokens(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        match node:
            case Line(text=text):
                yield from TOKEN.findall(text)
            case Ref(section=section, arguments=arguments):
                for token, text in zip(section.tokens, arguments, strict=False):
                    if token in section.relevant:
                        yield from TOKEN.findall(text)
            case Block(head=head, children=children):
                yield from TOKEN.findall(head)
                yield from _tokens(children)
