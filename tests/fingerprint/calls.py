"""Calls: the commands of Temporal's own functions, and how a function of ours is followed."""

import ast

from tests.fingerprint.expressions import CallSite, Expressions, inlined, text
from tests.fingerprint.scope import Arrow, Bound, Instance, Scope, Stored, known, meaning_of, token
from tests.fingerprint.source import Class
from tests.fingerprint.tree import TOKEN, Block, Line, Node

_NO_COMMANDS = ("logger", "now", "info", "uuid4", "random", "time", "set_current_details", "current_update_info")


class Calls(Expressions):
    """Reads calls."""

    def call(self, node: ast.Call, sc: Scope, out: list[Node], running: bool = False) -> ast.expr:
        """Read a call: a command of Temporal's, a function of ours, or anything else."""
        root, _, name = ast.unparse(node.func).partition(".")
        if root == "workflow" and root not in sc.names and name.startswith("metric_meter()."):
            # What is measured is no command, whatever a metric's methods are called.
            self.arguments(node, sc, out)
            return ast.Constant(None)
        if root == "workflow" and root not in sc.names and name.split(".")[0] not in _NO_COMMANDS:
            return self._of_temporal(name, node, sc, out)
        if root == "asyncio" and root not in sc.names:
            return self._of_asyncio(name, node, sc, out)
        if ast.unparse(node.func) == "cast":
            return self.ev(node.args[1], sc, out, running)
        function = self.ev(node.func, sc, out)
        arguments = self.arguments(node, sc, out)
        return self._apply(function, CallSite(node, arguments, sc, out, running))

    def _apply(self, function: ast.expr, site: CallSite) -> ast.expr:
        match meaning_of(function):
            case Bound() as bound:
                return self.invoke(bound, site)
            case Instance(of=of, activity=activity) if (method := of.method("__call__")) is not None:
                return self.invoke(Bound(method, of, activity), site)
            case Arrow(node=arrow, closure=closure):
                given = dict(zip((each.arg for each in arrow.args.args), site.arguments, strict=False))
                within: list[Node] = []
                value = self.ev(arrow.body, closure.inner(given), within, site.running)
                site.out.extend(inlined(within))
                return value
            case Class() as made:
                return known(made.name, Instance(made))
            case Stored(of=of, attribute=attribute):
                given_to = self.source.given_to(of, attribute)
                if given_to is not None:
                    expression, maker = given_to
                    whole = Scope(maker.module, {"self": known(maker.name, Instance(maker))}, site.sc.stack)
                    return self._apply(self.ev(expression, whole, []), site)
        if isinstance(function, ast.Attribute):
            found = self.source.only_method(function.attr)
            if found is not None:
                method, of = found
                return self.invoke(Bound(method, of), site)
        return self._unknown(function, site)

    def _unknown(self, function: ast.expr, site: CallSite) -> ast.expr:
        node, arguments, running, out = site.node, site.arguments, site.running, site.out
        where = self.where(node, site.sc)
        if text(node.func).endswith(".model_copy") and isinstance(node.func, ast.Attribute):
            return self.ev(node.func.value, site.sc, [])
        held = meaning_of(function)
        if TOKEN.fullmatch(text(function)) or (isinstance(held, Stored) and held.attribute.startswith("_")):
            # A callable that was handed over: what it does shows where that was.
            out.append(Line(f"{'await ' if running else ''}{text(function)}()", where, soft=not running))
            return known(f"{text(function)}()")
        if running and isinstance(function, ast.Attribute) and function.attr == "signal":
            out.append(Line(f"signal {text(arguments[0])} to {text(function.value)}", where))
            return ast.Constant(None)
        if running:
            out.append(Line(f"await {text(function)}()", where))
            return known(f"{text(function)}()")
        if isinstance(function, ast.Name) and function.id[:1].isupper():
            # A record that is made: what is in it is sent, and decides nothing.
            return known(f"{function.id}(…)")
        count = len(node.args)
        words = [ast.keyword(word.arg, each) for word, each in zip(node.keywords, arguments[count:], strict=True)]
        return ast.Call(function, arguments[:count], words)

    # Temporal

    def _of_temporal(self, name: str, node: ast.Call, sc: Scope, out: list[Node]) -> ast.expr:
        where = self.where(node, sc)
        words = {word.arg: word.value for word in node.keywords}
        match name:
            case "patched" | "deprecate_patch":
                gate = self.ev(node.args[0], sc, out)
                identifier = gate.value if isinstance(gate, ast.Constant) else text(gate)
                if identifier in self.gates_off:
                    return ast.Constant(False)
                out.append(Line(f"{name} {identifier!r}", where))
                return known(f"{name}({identifier!r})")
            case "sleep":
                self.arguments(node, sc, out)
                out.append(Line("timer", where))
                return ast.Constant(None)
            case "wait_condition":
                out.append(Line(self._wait(node, words, sc, out), where))
                return ast.Constant(None)
            case "upsert_search_attributes" | "upsert_memo":
                out.append(Line(f"{name.replace('_', ' ')} {self._keys(node, sc)}", where))
                return ast.Constant(None)
        if name.endswith(("child_workflow",)):
            named = self.ev(node.args[0], sc, out)
            kind = str(named.value) if isinstance(named, ast.Constant) else text(named)
            identifier = text(self.ev(words["id"], sc, out)) if "id" in words else "by Temporal"
            out.append(Line(f"{name.replace('_', ' ')} {kind} id {identifier}", where))
            return known(f"‹{kind}›")
        if "activity" in name:
            named = self.ev(node.args[0], sc, out)
            activity = str(named.value) if isinstance(named, ast.Constant) else text(named)
            out.append(Line(f"{name.removeprefix('execute_').replace('_', ' ')} {activity}", where))
            return known(f"‹{activity}›")
        if name.startswith("get_external"):
            made = ", ".join(text(each) for each in self.arguments(node, sc, out))
            return known(f"workflow({made})")
        self.arguments(node, sc, out)
        out.append(Line(f"workflow.{name}", where))
        return known(f"workflow.{name}()")

    def _wait(self, node: ast.Call, words: dict[str | None, ast.expr], sc: Scope, out: list[Node]) -> str:
        condition = self._asked(self.ev(node.args[0], sc, out), node, sc)
        timeout = words.get("timeout", node.args[1] if len(node.args) > 1 else ast.Constant(None))
        match timeout:
            case ast.Constant(value=None):
                return f"wait until {condition}"
            case ast.IfExp(test=test, body=ast.Constant(value=None)):
                return f"wait until {condition}, or a timer unless {text(self.ev(test, sc, out))}"
            case ast.IfExp(test=test, orelse=ast.Constant(value=None)):
                return f"wait until {condition}, or a timer if {text(self.ev(test, sc, out))}"
        self.ev(timeout, sc, out)
        return f"wait until {condition}, or a timer"

    def _asked(self, condition: ast.expr, node: ast.Call, sc: Scope) -> str:
        """What a condition that is handed over comes to when it is asked."""
        if isinstance(meaning_of(condition), Bound | Arrow):
            return text(self._apply(condition, CallSite(ast.Call(condition, [], []), [], sc, [], running=False)))
        return text(condition)

    def _keys(self, node: ast.Call, sc: Scope) -> str:
        keys: list[str] = []
        for each in ast.walk(node):
            if isinstance(each, ast.Attribute) and each.attr.startswith("value_"):
                key = text(self.ev(each.value, sc, []))
                keys += [] if key in keys else [key]
        return ", ".join(keys)

    def _of_asyncio(self, name: str, node: ast.Call, sc: Scope, out: list[Node]) -> ast.expr:
        where = self.where(node, sc)
        within: list[Node] = []
        match name:
            case "create_task":
                started = self.ev(node.args[0], sc, within, running=True)
                out.append(Block("task", within or [Line(text(started), where)], where))
                return known("‹task›")
            case "gather":
                parts = self.arguments(node, sc, within, running=True)
                known_parts = within or [Line(", ".join(text(part) for part in parts), where)]
                out.append(Block("together", known_parts, where))
                return known(token())
        if name == "Lock":
            return known("asyncio.Lock()")
        self.arguments(node, sc, out)
        out.append(Line(f"asyncio.{name}", where))
        return known(f"asyncio.{name}()")
