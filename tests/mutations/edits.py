"""Edits of one file of workflow code, made on its syntax tree."""

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Change = Callable[[ast.Module, Any], None]
"""Changes a tree, given its part that the edit is about."""


@dataclass(frozen=True)
class Edit:
    """One edit: of what kind, where, and what it does."""

    kind: str
    file: str
    function: str
    line: int
    what: str
    index: int
    """Of the part in the tree, in the order of `ast.walk`."""
    change: Change
    harmless: bool = False

    @property
    def site(self) -> str:
        """Where it is, for people."""
        return f"{self.file}:{self.line}"

    def applied(self, text: str) -> str:
        """The file after the edit."""
        tree = copy.deepcopy(ast.parse(text))
        self.change(tree, list(ast.walk(tree))[self.index])
        return ast.unparse(ast.fix_missing_locations(tree))


@dataclass(frozen=True)
class Part:
    """A part of a file, with what is around it."""

    node: ast.AST
    index: int
    function: ast.FunctionDef | ast.AsyncFunctionDef | None
    name: str
    """Of the function, with its class."""
    file: str

    def edit(self, kind: str, what: str, change: Change, harmless: bool = False) -> Edit:
        """An edit of this part."""
        line = getattr(self.node, "lineno", 1)
        return Edit(kind, self.file, self.name, line, what, self.index, change, harmless)


def parts(file: str, text: str) -> Iterator[Part]:
    """Every part of a file, in the order of its lines."""
    tree = ast.parse(text)
    around: dict[ast.AST, tuple[ast.FunctionDef | ast.AsyncFunctionDef | None, str]] = {tree: (None, "")}
    found = []
    for index, node in enumerate(ast.walk(tree)):
        function, name = around[node]
        found.append(Part(node, index, function, name, file))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            function, name = node, f"{name}.{node.name}".strip(".")
        elif isinstance(node, ast.ClassDef):
            name = f"{name}.{node.name}".strip(".")
        around |= dict.fromkeys(ast.iter_child_nodes(node), (function, name))
    return iter(sorted(found, key=lambda part: (getattr(part.node, "lineno", 0), part.index)))


def commands(node: ast.AST) -> bool:
    """Whether something is awaited, started or shown within."""
    return any(isinstance(each, ast.Await) or _is_command(each) for each in _within(node))


def _is_command(node: ast.AST) -> bool:
    called = dotted(node.func) if isinstance(node, ast.Call) else ""
    return called in ("asyncio.create_task", "workflow.patched", "workflow.upsert_search_attributes") or (
        called.endswith(".publish")
    )


def jumps(node: ast.AST) -> bool:
    """Whether something is left early within."""
    return any(isinstance(each, ast.Return | ast.Raise | ast.Break | ast.Continue) for each in _within(node))


def _within(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    if not isinstance(node, ast.Lambda):
        for child in ast.iter_child_nodes(node):
            yield from _within(child)


def dotted(node: ast.AST) -> str:
    """What a part of the code is called."""
    return ast.unparse(node) if isinstance(node, ast.Attribute | ast.Name) else ""


def put(node: ast.AST, other: ast.AST) -> None:
    """Put another part in the place of one, which the tree goes on to hold."""
    node.__class__ = other.__class__
    node.__dict__.clear()
    node.__dict__.update(copy.deepcopy(other).__dict__)


def bodies(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """The lists of statements right within a part."""
    for name in ("body", "orelse", "finalbody"):
        statements = getattr(node, name, None)
        if isinstance(statements, list) and statements and isinstance(statements[0], ast.stmt):
            yield statements


def after_docstring(body: list[ast.stmt]) -> int:
    """Where the statements of a function begin."""
    first = body[0]
    return int(isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant))


def statement(text: str) -> ast.stmt:
    """A statement from its text."""
    return ast.parse(text).body[0]


def import_into(tree: ast.Module, text: str) -> None:
    """Import something at the beginning of a module."""
    tree.body.insert(after_docstring(tree.body), statement(text))
