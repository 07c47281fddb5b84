"""Functions: what is public becomes a section, what is private is written out where it is called."""

import ast
import copy
from collections import Counter

from tests.fingerprint.calls import Calls
from tests.fingerprint.expressions import CallSite, inlined, is_readable, negated, text
from tests.fingerprint.scope import ANSWER, Bound, Instance, Scope, assigned, known, meaning_of, token
from tests.fingerprint.shape import shaped
from tests.fingerprint.source import Class, Function, Source
from tests.fingerprint.tree import Block, Inline, Line, Node, Ref, Section, numbered


class Walker(Calls):
    """Reads the functions that a workflow reaches."""

    def __init__(self, source: Source, gates_off: frozenset[str] = frozenset()) -> None:
        super().__init__(source, gates_off)
        self.sections: dict[tuple[Function, str], Section] = {}

    # Functions

    def section(self, function: Function, on: Class | None) -> Section:
        """The section of a function, read when it is first reached."""
        key = (function, on.name if on else "")
        if key not in self.sections:
            owner = on.name if on else function.module.stem
            made = self.sections[key] = Section(f"{owner}.{function.name}")
            sc = self._scope(Bound(function, on), {}, ())
            made.tokens = [text(sc.names[each.arg]) for each in function.parameters]
            self._body(function.node.body, sc, made.nodes)
        return self.sections[key]

    def invoke(self, called: Bound, site: CallSite) -> ast.expr:
        """Call a function of ours."""
        node, sc, out = site.node, site.sc, site.out
        function, where = called.function, self.where(node, sc)
        given = self._given(function, node, site.arguments, sc)
        if function.never_returns:
            out.append(Line("raise", where, soft=True))
            return known("nothing")
        if function not in self.source.may_command and called.closure is None:
            if function.module.name.startswith("workflows.validation"):
                out.append(Line(f"check {function.module.stem}.{function.name}", where, soft=True))
            return self.question(called, given, sc)
        within: list[Node] = []
        if function.is_private:
            value, leaves = self._written_out(called, given, sc, within)
            if called.activity:
                for line in within:
                    # It is asked for here, not where the reference says how.
                    line.where = where  # type: ignore[union-attr]
            is_last = node is sc.last
            nodes: list[Node] = [Block("do", within, where)] if leaves and not is_last else list(inlined(within))
        else:
            section = self.section(function, called.on)
            nodes = [Ref(section, [self._told(given.get(each.arg)) for each in function.parameters], where)]
            value = self._typed(f"{section.title}()", function)
        is_later = function.is_async and not site.running
        out.extend([Block("coroutine", nodes, where)] if is_later and nodes else nodes)
        return value

    def _written_out(
        self, called: Bound, given: dict[str, ast.expr], sc: Scope, out: list[Node]
    ) -> tuple[ast.expr, bool]:
        """The value of a private function, and whether it may be left before its end."""
        function = called.function
        if function in sc.stack:
            out.append(Line(f"again {function.name}", self.where(function.node, sc)))
            return known(ANSWER), False
        inner = self._scope(called, given, (*sc.stack, function))
        self._body(function.node.body, inner, out)
        if not inner.returns:
            return ast.Constant(None), False
        last = out[-1] if out else None
        if len(inner.returns) == 1 and isinstance(last, Line) and last.text.startswith("return "):
            out.pop()
            return inner.returns[0] or ast.Constant(None), False
        its = self.source.class_of(function.node.returns, function.module)
        return known(ANSWER, Instance(its) if its else None), any(_leaves(node) for node in out)

    def _typed(self, written: str, function: Function) -> ast.expr:
        its = self.source.class_of(function.node.returns, function.module)
        return known(its.name, Instance(its)) if its else known(written)

    def _scope(self, called: Bound, given: dict[str, ast.expr], stack: tuple[Function, ...]) -> Scope:
        function = called.function
        names: dict[str, ast.expr] = dict(called.closure.names) if called.closure else {}
        if called.on is not None:
            names["self"] = known(called.on.name, Instance(called.on, called.activity))
        for each in function.parameters:
            its = self.source.class_of(each.annotation, function.module)
            unknown = known(its.name, Instance(its)) if its else known(token())
            value = given.get(each.arg, unknown)
            names[each.arg] = known(text(value), Instance(its)) if its and not meaning_of(value) else value
        parameters = [each.arg for each in function.parameters]
        counts = Counter([*assigned(function.node.body), *parameters])
        many = frozenset(name for name, count in counts.items() if count > 1)
        for name in many:
            names[name] = known(token(), meaning_of(names[name]) if name in names else None)
        answers = any(
            isinstance(each, ast.Return) and each.value is not None and ast.unparse(each.value) != "None"
            for each in ast.walk(function.node)
        )
        return Scope(function.module, names, stack, many, answers=answers)

    def _given(
        self, function: Function, node: ast.Call, arguments: list[ast.expr], sc: Scope
    ) -> dict[str, ast.expr]:
        """The arguments by parameter, and the defaults of those that are left out."""
        spec = function.node.args
        places = [each.arg for each in [*spec.posonlyargs, *spec.args]][1 if function.owner else 0 :]
        given = self._defaults(function)
        for index, value in enumerate(arguments[: len(node.args)]):
            if index < len(places):
                given[places[index]] = value
            elif spec.vararg:
                given[spec.vararg.arg] = known("…")
        for word, value in zip(node.keywords, arguments[len(node.args) :], strict=True):
            if word.arg:
                given[word.arg] = value
        return given

    def _defaults(self, function: Function) -> dict[str, ast.expr]:
        spec = function.node.args
        places = [*spec.posonlyargs, *spec.args]
        found = list(zip(places[len(places) - len(spec.defaults) :], spec.defaults, strict=True))
        found += [(each, value) for each, value in zip(spec.kwonlyargs, spec.kw_defaults, strict=True) if value]
        whole = Scope(function.module, {})
        return {each.arg: self.ev(value, whole, []) for each, value in found}

    def _told(self, value: ast.expr | None) -> str:
        return text(value) if value is not None else ""

    # Questions

    def question(self, called: Bound, given: dict[str, ast.expr], sc: Scope) -> ast.expr:
        """A function without commands: a private one by what it comes to, a public one by its name."""
        function = called.function
        if function.is_private and function not in sc.stack:
            value = self._comes_to(function.node.body, self._scope(called, given, (*sc.stack, function)))
            if value is not None and is_readable(value):
                return value
        title = f"{called.on.name if called.on else function.module.stem}.{function.name}"
        self.asked[title] = called
        its = self.source.class_of(function.node.returns, function.module)
        if its is not None:
            return known(its.name, Instance(its))
        if function.is_property:
            return known(title)
        told = [self._told(given[each.arg]) for each in function.parameters if each.arg in given]
        return known(f"{title}({', '.join(told)})")

    def _comes_to(self, body: list[ast.stmt], sc: Scope) -> ast.expr | None:
        """Statements as one expression; None where a loop or a change of state is in them."""
        for statement in shaped(body, lambda called: False):
            match statement:
                case ast.Expr(value=ast.Constant()) | ast.Assert() | ast.Pass():
                    continue
                case ast.Assign(targets=[ast.Name() as target], value=value) if target.id not in sc.many:
                    self.bind(target, self.ev(value, sc, []), sc)
                case ast.Return(value=value):
                    return self.ev(value, sc, []) if value else ast.Constant(None)
                case ast.If(test=test, body=then, orelse=other):
                    condition = self.ev(test, sc, [])
                    if_so, if_not = self._comes_to(then, sc), self._comes_to(other, sc)
                    if if_so is None or if_not is None:
                        return None
                    return ast.IfExp(condition, if_so, if_not)
                case _:
                    return None
        return None

    def answer(self, title: str) -> str:
        """What a public question comes to, by its name."""
        called = self.asked[title]
        body = called.function.node.body
        value = self._comes_to(body, self._scope(called, {}, (called.function,)))
        return numbered(text(value)) if value is not None else renamed(called.function)

    # Statements

    def _body(self, body: list[ast.stmt], sc: Scope, out: list[Node], tail: bool = True) -> None:
        """Read statements; `tail` says that nothing of the function follows them."""
        statements = shaped(body, lambda called: self._never_returns(called, sc))
        for index, statement in enumerate(statements):
            self._statement(statement, sc, out, tail and index == len(statements) - 1)

    def _never_returns(self, called: ast.expr, sc: Scope) -> bool:
        found = self.source.find(called.id, sc.module) if isinstance(called, ast.Name) else None
        return isinstance(found, Function) and found.never_returns

    def _statement(self, node: ast.stmt, sc: Scope, out: list[Node], tail: bool) -> None:
        where = self.where(node, sc)
        match node:
            case ast.Expr(value=value):
                self._last(value, sc, tail)
                self.ev(value, sc, out)
            case ast.Assign(targets=targets, value=value):
                made = self.ev(value, sc, out)
                for target in targets:
                    self.bind(target, made, sc)
            case ast.AnnAssign(target=target, value=value) if value is not None:
                self.bind(target, self.ev(value, sc, out), sc)
            case ast.AugAssign(value=value):
                self.ev(value, sc, out)
            case ast.Return(value=value):
                self._return(value, sc, out, tail, node)
            case ast.Raise(exc=raised):
                out.append(Line(_raised(raised), where, soft=True))
            case ast.Break():
                out.append(Line("break", where, soft=True))
            case ast.Continue():
                out.append(Line("continue", where, soft=True))
            case ast.If():
                self._branches(node, sc, out, tail)
            case ast.While(test=test, body=body):
                within: list[Node] = []
                condition = self.ev(test, sc, within)
                self._loop(body, sc, within)
                out.append(Block(f"while {text(condition)}", within, where))
            case (
                ast.For(target=target, iter=values, body=body)
                | ast.AsyncFor(target=target, iter=values, body=body)
            ):
                over = self.ev(values, sc, out)
                within = []
                self.bind(ast.Tuple([target], ast.Store()), known(token()), sc)
                self._loop(body, sc, within)
                out.append(Block(f"for each of {text(over)}", within, where))
            case ast.Try():
                self._try(node, sc, out)
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
                entered = ", ".join(text(self.ev(item.context_expr, sc, out)) for item in items)
                within = []
                self._body(body, sc, within, tail)
                out.append(Block(f"with {entered}", within, where))
            case ast.Match():
                self._match(node, sc, out, tail)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                nested = Function(f"_{name}", node, sc.module)
                sc.names[name] = known(name, Bound(nested, closure=sc))

    def _loop(self, body: list[ast.stmt], sc: Scope, out: list[Node]) -> None:
        self._body(body, sc, out, tail=False)
        if out and isinstance(out[-1], Line) and out[-1].text == "continue":
            out.pop()

    def _return(self, value: ast.expr | None, sc: Scope, out: list[Node], tail: bool, node: ast.stmt) -> None:
        if value is not None:
            self._last(value, sc, tail)
        made = self.ev(value, sc, out) if value is not None else None
        sc.returns.append(made)
        written = text(made) if made is not None else "None"
        if written == ANSWER and tail:
            return
        if sc.answers or not tail:
            out.append(Line(f"return {written}" if sc.answers else "return", self.where(node, sc), soft=True))

    def _last(self, value: ast.expr, sc: Scope, tail: bool) -> None:
        called = value.value if isinstance(value, ast.Await) else value
        sc.last = called if tail else None

    def _branches(self, node: ast.If, sc: Scope, out: list[Node], tail: bool) -> None:
        condition = self.ev(node.test, sc, out)
        if isinstance(condition, ast.Constant) and isinstance(condition.value, bool):
            # A gate that is taken as closed.
            self._body(node.body if condition.value else node.orelse, sc, out, tail)
            return
        then: list[Node] = []
        other: list[Node] = []
        self._body(node.body, sc, then, tail)
        self._body(node.orelse, sc, other, tail)
        out.append(Block(f"if {text(condition)}", then, self.where(node, sc)))
        if other:
            alone = f"if {text(negated(condition))}"
            out.append(Block("else", other, self.where(node.orelse[0], sc), alone=alone))

    def _try(self, node: ast.Try, sc: Scope, out: list[Node]) -> None:
        parts: list[Node] = []
        for head, body, always in [
            ("do", node.body, False),
            *((_caught(each), each.body, True) for each in node.handlers),
            ("else", node.orelse, False),
            ("finally", node.finalbody, False),
        ]:
            within: list[Node] = []
            for handler in node.handlers:
                if handler.body is body and handler.name:
                    sc.names[handler.name] = known(token())
            self._body(body, sc, within, tail=False)
            if body:
                parts.append(Block(head, within, self.where(body[0], sc), always))
        out.append(Block("try", parts, self.where(node, sc)))

    def _match(self, node: ast.Match, sc: Scope, out: list[Node], tail: bool) -> None:
        subject = self.ev(node.subject, sc, out)
        cases: list[Node] = []
        for each in node.cases:
            within: list[Node] = []
            guard = f" if {text(self.ev(each.guard, sc, within))}" if each.guard else ""
            self._body(each.body, sc, within, tail)
            pattern = ast.unparse(each.pattern)
            cases.append(Block(f"case {pattern}{guard}", within, self.where(each.pattern, sc)))
        out.append(Block(f"match {text(subject)}", cases, self.where(node, sc)))


def _leaves(node: Node) -> bool:
    match node:
        case Line(text=written):
            return written.startswith("return")
        case Block(children=children) if node.head not in ("do", "task", "coroutine"):
            return any(_leaves(child) for child in children)
        case Inline(children=children):
            return any(_leaves(child) for child in children)
    return False


def renamed(function: Function) -> str:
    """The statements of a function on one line, its variables numbered by their appearance."""
    numbers: dict[str, str] = {}
    local = {each.arg for each in function.parameters} | {
        each.id
        for each in ast.walk(function.node)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
    }
    whole = _Answers().visit(copy.deepcopy(function.node))
    statements = whole.body
    for statement in statements:
        for each in ast.walk(statement):
            match each:
                case ast.Name(id=name) if name in local:
                    each.id = numbers.setdefault(name, f"v{len(numbers) + 1}")
                case ast.arg(arg=name):
                    each.arg = numbers.setdefault(name, f"v{len(numbers) + 1}")
                case ast.Constant(value=str(words)) if " " in words:
                    each.value = "…"
                case ast.JoinedStr():
                    each.values = []
                case ast.AnnAssign():
                    each.annotation = ast.Name("…", ast.Load())
    return "; ".join(text(each) for each in statements if not isinstance(each, ast.Pass))


class _Answers(ast.NodeTransformer):
    """Leaves out what only says or notes something: it has no part in the answer."""

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        return ast.copy_location(ast.Pass(), node)


def _raised(raised: ast.expr | None) -> str:
    if raised is None:
        return "raise"
    return f"raise {ast.unparse(raised.func if isinstance(raised, ast.Call) else raised)}"


def _caught(handler: ast.ExceptHandler) -> str:
    return f"except {ast.unparse(handler.type)}" if handler.type else "except"


def entries(source: Source) -> dict[str, tuple[Class, list[tuple[str, Function]]]]:
    """Each workflow class by its name, with what Temporal calls of it."""
    found = {}
    for each in source.classes:
        if any(ast.unparse(mark).startswith("workflow.defn") for mark in each.node.decorator_list):
            methods: dict[str, Function] = {}
            for base in reversed(list(each.lineage())):
                methods |= base.methods
            reached = [
                (method.kind, method)
                for name, method in sorted(methods.items())
                if method.kind in ("run", "update", "signal")
            ]
            found[each.name] = (each, reached)
    return found
