"""Where the state is changed that conditions ask for: it decides commands without standing next to them."""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

from tests.fingerprint.scope import assigned
from tests.fingerprint.source import Class, Function, Source
from tests.fingerprint.tree import Row, Where

_CHANGES = ("append", "add", "clear", "discard", "extend", "insert", "pop", "remove", "setdefault", "update")


@dataclass(frozen=True)
class Write:
    """A change of an attribute, without the function that makes it."""

    attribute: str
    """As Class.attribute."""
    row: Row


def writes(source: Source) -> list[Write]:
    """Every change of an attribute of one of our classes."""
    found = []
    for of in source.classes:
        for function in of.written:
            known = _types(source, of, function)
            names = frozenset([*assigned(function.node.body), *(each.arg for each in function.parameters)])
            for node in ast.walk(function.node):
                for target, written in _changed(node, names):
                    its = _class_of(target.value, known)
                    if its is not None:
                        attribute = f"{its.name}.{target.attr}"
                        where = Where(function.module.file, getattr(node, "lineno", 0))
                        found.append(Write(attribute, Row(f"{attribute}{written}", where)))
    return sorted(found, key=lambda write: write.row.text)


def _changed(node: ast.AST, names: frozenset[str]) -> Iterator[tuple[ast.Attribute, str]]:
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _target(target, value, names)
        case ast.AnnAssign(target=ast.Attribute() as target, value=ast.expr() as value):
            yield target, f" := {_plain(value, names)}"
        case ast.AugAssign(target=ast.Attribute() as target, op=op, value=value):
            yield target, f" {type(op).__name__.lower()} {_plain(value, names)}"
        case ast.Delete(targets=[ast.Subscript(value=ast.Attribute() as target)]):
            yield target, " loses one"
        case ast.Call(func=ast.Attribute(value=ast.Attribute() as target, attr=name)) if name in _CHANGES:
            yield target, f" {name}"


def _target(target: ast.expr, value: ast.expr, names: frozenset[str]) -> Iterator[tuple[ast.Attribute, str]]:
    match target, value:
        case ast.Attribute(), _:
            yield target, f" := {_plain(value, names)}"
        case ast.Subscript(value=ast.Attribute() as holder), _:
            yield holder, " gets one"
        case ast.Tuple(elts=targets), ast.Tuple(elts=values) if len(targets) == len(values):
            for each, its in zip(targets, values, strict=True):
                yield from _target(each, its, names)
        case ast.Tuple(elts=targets), _:
            yield from ((each, " := …") for each in targets if isinstance(each, ast.Attribute))


def _types(source: Source, of: Class, function: Function) -> dict[str, Class]:
    """The classes of self, the parameters, and the locals that are other names of them."""
    annotated = {each.arg: source.class_of(each.annotation, function.module) for each in function.parameters}
    known = {"self": of} | {name: its for name, its in annotated.items() if its is not None}
    for node in ast.walk(function.node):
        match node:
            case (
                ast.Assign(targets=[target], value=value) | ast.AnnAssign(target=target, value=ast.expr() as value)
            ):
                for name, held in _pairs(target, value):
                    its = _class_of(held, known)
                    if its is not None:
                        known[name] = its
    return known


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    match target, value:
        case ast.Name(id=name), _:
            yield name, value
        case ast.Tuple(elts=targets), ast.Tuple(elts=values):
            for each, its in zip(targets, values, strict=False):
                yield from _pairs(each, its)


def _class_of(node: ast.expr, known: dict[str, Class]) -> Class | None:
    match node:
        case ast.Name(id=name):
            return known.get(name)
        case ast.Attribute(value=value, attr=name):
            of = _class_of(value, known)
            return of.attribute(name) if of is not None else None
    return None


def _plain(value: ast.expr, names: frozenset[str]) -> str:
    """What is written, as far as it decides: a constant, a state, a calculation. What is called stays open."""
    match value:
        case ast.Await():
            return "what is awaited"
        case ast.Call(func=ast.Attribute(attr="model_copy")):
            return "a copy"
        case ast.Call(func=ast.Name(id=name)) if name[:1].isupper():
            return f"{name}(…)"
        case ast.Call():
            return "what is called"
    made = copy.deepcopy(value)
    for each in ast.walk(made):
        if isinstance(each, ast.Name) and each.id in names:
            each.id = "v"
        elif isinstance(each, ast.Call):
            each.args, each.keywords = [], []
    text = " ".join(ast.unparse(made).split())
    return text if len(text) <= 100 else "…"
