"""What the names of a function stand for while it is read."""

import ast
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.fingerprint.source import Class, Function, Module

ANSWER = "‹answer›"
"""The value of a private function that returns at several places; its `return` lines stand above."""


@dataclass(frozen=True, eq=False)
class Instance:
    """An object of a class of ours; for an activity reference also the name of its activity."""

    of: Class
    activity: str = ""


@dataclass(frozen=True, eq=False)
class Bound:
    """A function of ours, and the object that it is called on."""

    function: Function
    on: Class | None = None
    activity: str = ""
    closure: "Scope | None" = None


@dataclass(frozen=True, eq=False)
class Stored:
    """An attribute that holds what `__init__` was given."""

    of: Class
    attribute: str


@dataclass(frozen=True, eq=False)
class Arrow:
    """A lambda, where it was written."""

    node: ast.Lambda
    closure: "Scope"


Meaning = Instance | Bound | Stored | Arrow | Class | Module


def known(text: str, meaning: Meaning | None = None) -> ast.Name:
    """An expression that is written as a text, and stands for something of ours."""
    name = ast.Name(text, ast.Load())
    name.meaning = meaning  # type: ignore[attr-defined]
    return name


def meaning_of(node: ast.expr) -> Meaning | None:
    """What an expression stands for, if it is something of ours."""
    return getattr(node, "meaning", None)


_numbers = itertools.count()


def token() -> str:
    """A text for a variable whose value is not followed."""
    return f"__v{next(_numbers)}__"


@dataclass(eq=False)
class Scope:
    """The names of one call of a function."""

    module: Module
    names: dict[str, ast.expr]
    stack: tuple[Function, ...] = ()
    many: frozenset[str] = frozenset()
    """The names that are assigned more than once, so that no single value stands for them."""
    returns: list[ast.expr | None] = field(default_factory=list)
    answers: bool = False
    """Whether some `return` has a value, so that those without one say something too."""
    last: ast.expr | None = None
    """What is called last, so that a jump out of it is a jump out of the function."""

    def inner(self, names: dict[str, ast.expr]) -> "Scope":
        """The scope of a comprehension or a lambda."""
        return Scope(self.module, self.names | names, self.stack, self.many)


def assigned(body: list[ast.stmt]) -> Iterator[str]:
    """The names that statements assign, as often as they do, without those of functions within."""
    for statement in body:
        for node in _without_functions(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
                if isinstance(node, ast.AugAssign):
                    yield node.id


def _without_functions(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.comprehension):
        for child in ast.iter_child_nodes(node):
            yield from _without_functions(child)
