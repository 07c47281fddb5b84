"""Expressions: what they come to, and the commands that working them out gives."""

import ast
import copy
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from tests.fingerprint.scope import (
    Arrow,
    Bound,
    Instance,
    Scope,
    Stored,
    known,
    meaning_of,
    token,
)
from tests.fingerprint.source import Class, Function, Module, Source
from tests.fingerprint.tree import TOKEN, Block, Inline, Line, Node, Where

READABLE = 300
"""What is longer than this is shown by a name."""

_ACTIVITY_CLASSES = ("ProviderCall", "LedgerCall")


@dataclass(frozen=True)
class CallSite:
    """A call in the code, with its arguments as they are written down; `running` as for an expression."""

    node: ast.Call
    arguments: list[ast.expr]
    sc: Scope
    out: list[Node]
    running: bool


class Expressions(ABC):
    """Reads expressions in the sequence in which they are worked out.

    `out` takes the commands. What is returned is the expression as it is written down: locals replaced by what
    they hold, objects of ours by their class, private questions by their text.
    """

    def __init__(self, source: Source, gates_off: frozenset[str]) -> None:
        self.source = source
        self.gates_off = gates_off
        self.asked: dict[str, Bound] = {}
        """Public questions without commands, by how they are written."""

    # What the other half gives

    @abstractmethod
    def invoke(self, called: Bound, site: CallSite) -> ast.expr:
        """Call a function of ours."""

    @abstractmethod
    def question(self, called: Bound, arguments: dict[str, ast.expr], sc: Scope) -> ast.expr:
        """A function without commands, as an expression."""

    # Expressions

    def ev(self, node: ast.expr, sc: Scope, out: list[Node], running: bool = False) -> ast.expr:
        """Read an expression. `running` says that a coroutine made by it is awaited, or made a task."""
        match node:
            case ast.Name(id=name):
                return sc.names[name] if name in sc.names else self._global(name, sc.module)
            case ast.Attribute():
                return self._attribute(node, sc, out)
            case ast.Await(value=value):
                if isinstance(value, ast.Call):
                    return self.call(value, sc, out, running=True)
                awaited = self.ev(value, sc, out)
                out.append(Line(f"await {text(awaited)}", self.where(node, sc)))
                return awaited
            case ast.Call():
                return self.call(node, sc, out, running)
            case ast.Lambda():
                return self._arrow(node, sc)
            case ast.BoolOp():
                return self._bool(node, sc, out)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return negated(self.ev(operand, sc, out))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self._if(node, test, body, orelse, sc, out)
            case ast.NamedExpr(target=target, value=value):
                return self.bind(target, self.ev(value, sc, out), sc)
            case ast.JoinedStr(values=values):
                return known(f"'{''.join(self._text_part(each, sc, out) for each in values)}'")
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._comprehension(node, sc, out)
        return self._parts(node, sc, out)

    def _text_part(self, part: ast.expr, sc: Scope, out: list[Node]) -> str:
        match part:
            case ast.Constant(value=value):
                return str(value)
            case ast.FormattedValue(value=value):
                shown = self.ev(value, sc, out)
                return str(shown.value) if isinstance(shown, ast.Constant) else f"{{{text(shown)}}}"
        return text(part)

    def _parts(self, node: ast.expr, sc: Scope, out: list[Node]) -> ast.expr:
        """Any other expression, by its parts."""
        made = copy.copy(node)
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                setattr(made, name, self.ev(value, sc, out))
            elif isinstance(value, list):
                parts = [self.ev(each, sc, out) if isinstance(each, ast.expr) else each for each in value]
                setattr(made, name, parts)
        return made

    def _global(self, name: str, module: Module) -> ast.expr:
        found = self.source.find(name, module)
        match found:
            case Module() | Class():
                return known(name, found)
            case Function():
                return known(name, Bound(found))
            case ast.Constant():
                return found
            case ast.Call(func=ast.Name(id=kind), args=[ast.Constant(value=str(activity)), *_]) if (
                kind in _ACTIVITY_CLASSES
            ):
                made = self.source.find(kind, self.source.modules["workflows.calls"])
                assert isinstance(made, Class)
                kind = "local " if "local_activity" in ast.unparse(made.node) else ""
                return known(f"‹{kind}{activity}›", Instance(made, activity))
        return known(name)

    def _attribute(self, node: ast.Attribute, sc: Scope, out: list[Node]) -> ast.expr:
        base = self.ev(node.value, sc, out)
        match meaning_of(base):
            case Module() as module:
                found = self._global(node.attr, module)
                is_ours = meaning_of(found) is not None or isinstance(found, ast.Constant)
                return found if is_ours else known(f"{module.stem}.{node.attr}")
            case Instance(of=of, activity=activity):
                return self._attribute_of(of, activity, node.attr, text(base), sc)
        return ast.Attribute(base, node.attr, ast.Load())

    def _attribute_of(self, of: Class, activity: str, name: str, written: str, sc: Scope) -> ast.expr:
        if activity and name == "name":
            return ast.Constant(activity)
        method = of.method(name)
        if method is not None and method.is_property:
            return self.question(Bound(method, of), {}, sc)
        if method is not None:
            return known(f"{written}.{name}", Bound(method, of, activity))
        its = of.attribute(name)
        if its is not None:
            return known(its.name, Instance(its))
        return known(f"{written}.{name}", Stored(of, name))

    def _arrow(self, node: ast.Lambda, sc: Scope) -> ast.expr:
        names: dict[str, ast.expr] = {each.arg: known(token()) for each in node.args.args}
        defaults = node.args.defaults
        for each, default in zip(node.args.args[len(node.args.args) - len(defaults) :], defaults, strict=True):
            names[each.arg] = self.ev(default, sc, [])
        body = self.ev(node.body, sc.inner(names), [])
        return known(f"λ {text(body)}", Arrow(node, sc.inner(names)))

    def _bool(self, node: ast.BoolOp, sc: Scope, out: list[Node]) -> ast.expr:
        """Each further part is worked out only if those before it leave the answer open."""
        is_and = isinstance(node.op, ast.And)
        parts: list[ast.expr] = []
        for value in node.values:
            within: list[Node] = []
            part = self.ev(value, sc, within)
            if within:
                open_yet = _joined(node.op, parts)
                head = text(open_yet if is_and or open_yet is None else negated(open_yet)) if open_yet else ""
                out.extend([Block(f"if {head}", within, self.where(value, sc))] if head else within)
            decided = isinstance(part, ast.Constant) and isinstance(part.value, bool)
            if decided and part.value is (not is_and):  # type: ignore[attr-defined]
                return part
            if not decided:
                parts.append(part)
        return _joined(node.op, parts) or ast.Constant(is_and)

    def _if(
        self, node: ast.expr, test: ast.expr, body: ast.expr, orelse: ast.expr, sc: Scope, out: list[Node]
    ) -> ast.expr:
        condition = self.ev(test, sc, out)
        then: list[Node] = []
        other: list[Node] = []
        made = ast.IfExp(condition, self.ev(body, sc, then), self.ev(orelse, sc, other))
        if then:
            out.append(Block(f"if {text(condition)}", then, self.where(node, sc)))
        if other:
            out.append(Block(f"if {text(negated(condition))}", other, self.where(node, sc)))
        return made

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, sc: Scope, out: list[Node]
    ) -> ast.expr:
        names: dict[str, ast.expr] = {}
        inner = sc.inner(names)
        within: list[Node] = []
        generators = []
        for index, each in enumerate(node.generators):
            values = self.ev(each.iter, inner if index else sc, within if index else out)
            for target in ast.walk(each.target):
                if isinstance(target, ast.Name):
                    inner.names[target.id] = known(token())
            wanted = [self.ev(condition, inner, within) for condition in each.ifs]
            generators.append(ast.comprehension(self.ev(each.target, inner, []), values, wanted, each.is_async))
        if isinstance(node, ast.DictComp):
            made: ast.expr = ast.DictComp(
                self.ev(node.key, inner, within), self.ev(node.value, inner, within), generators
            )
        else:
            made = type(node)(self.ev(node.elt, inner, within), generators)
        if within:
            head = " ".join(f"for each of {text(each.iter)}" for each in generators)
            out.append(Block(head, within, self.where(node, sc)))
        return made

    def bind(self, target: ast.expr, value: ast.expr, sc: Scope) -> ast.expr:
        """Give a name its value; one that is assigned more than once stands for whatever it holds."""
        if isinstance(target, ast.Name):
            if target.id in sc.many:
                before = sc.names.get(target.id)
                if meaning_of(value) is not None and before is not None and meaning_of(before) is None:
                    sc.names[target.id] = known(text(before), meaning_of(value))
                return sc.names[target.id]
            sc.names[target.id] = known(token()) if _is_long(value) else value
            return value
        for each in ast.walk(target):
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store) and each.id not in sc.many:
                sc.names[each.id] = known(token())
        return value

    # Calls

    @abstractmethod
    def call(self, node: ast.Call, sc: Scope, out: list[Node], running: bool = False) -> ast.expr:
        """Read a call: a command of Temporal's, a function of ours, or anything else."""

    def arguments(self, node: ast.Call, sc: Scope, out: list[Node], running: bool = False) -> list[ast.expr]:
        """The arguments, in the sequence in which they are worked out."""
        return [
            *(self.ev(each, sc, out, running) for each in node.args),
            *(self.ev(word.value, sc, out, running) for word in node.keywords),
        ]

    def where(self, node: ast.AST, sc: Scope) -> Where:
        """The place of a part of the code."""
        return Where(sc.module.file, getattr(node, "lineno", 0))


def text(node: ast.AST) -> str:
    """A part of the code on one line."""
    return " ".join(ast.unparse(node).split())


def is_readable(node: ast.expr) -> bool:
    """Whether an expression is short enough to stand where it is used."""
    return len(TOKEN.sub("v", text(node))) <= READABLE


def _is_long(node: ast.expr) -> bool:
    """Whether a value is better not repeated where its variable stands; conditions always are."""
    is_condition = isinstance(node, ast.Compare | ast.BoolOp | ast.UnaryOp) or meaning_of(node) is not None
    return not is_condition and not is_readable(node)


def inlined(nodes: list[Node]) -> Sequence[Node]:
    """The nodes of a private function, if there are any."""
    return [Inline(nodes)] if nodes else []


def _joined(op: ast.boolop, parts: list[ast.expr]) -> ast.expr | None:
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else ast.BoolOp(op, list(parts))


def negated(node: ast.expr) -> ast.expr:
    """The opposite of a condition."""
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        return ast.Constant(not node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return node.operand
    return ast.UnaryOp(ast.Not(), node)
