"""Edits that change the commands of a workflow, at every place where it gives some."""

import ast
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from tests.mutations.edits import (
    Edit,
    Part,
    after_docstring,
    bodies,
    commands,
    dotted,
    import_into,
    jumps,
    put,
    statement,
)

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def breaking(part: Part, activities: dict[str, str]) -> Iterator[Edit]:
    """The edits of one part of a file.

    Args:
        part: What is edited.
        activities: The references in `workflows/calls.py`, each with another of its kind.
    """
    yield from _calls(part, activities)
    for edits in (_statements, _control, _waits, _others, _declarations, _state):
        yield from edits(part)


def _calls(part: Part, activities: dict[str, str]) -> Iterator[Edit]:
    match part.node:
        case ast.Attribute(value=ast.Name(id="calls"), attr=name) if name in activities:
            yield part.edit(
                "activity swapped", f"{name} → {activities[name]}", _rename_attribute(activities[name])
            )
    if part.file == "workflows/calls.py":
        match part.node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="LedgerCall"))):
                yield part.edit("local activity made a normal one", name, _make_normal)


def _statements(part: Part) -> Iterator[Edit]:
    match part.node:
        case ast.Expr(value=ast.Await(value=ast.Call(func=called))) if _is_activity(dotted(called)):
            yield part.edit("activity removed", dotted(called), lambda tree, node: put(node, ast.Pass()))
            yield part.edit("activity given twice", dotted(called), _twice)
        case ast.Expr(value=ast.Await(value=ast.Call(func=called))) if dotted(called).startswith("self."):
            name = dotted(called)
            yield part.edit("step removed", name, lambda tree, node: put(node, ast.Pass()))
            if part.function is not None:
                yield part.edit("step made a task", name, _make_task)
    for body in bodies(part.node):
        for first, second in pairwise(body):
            if _is_step(first) and _is_step(second) and ast.dump(first) != ast.dump(second):
                place = body.index(first)
                name = next(name for name, value in ast.iter_fields(part.node) if value is body)
                yield part.edit(
                    "order of two changed", f"lines {first.lineno} and {second.lineno}", _swap(name, place)
                )


def _control(part: Part) -> Iterator[Edit]:
    match part.node:
        case ast.If(test=test) if part.function is not None and _decides(part.node, part.function):
            yield part.edit("condition flipped", _short(test), _flip)
        case ast.While(test=test) if commands(part.node):
            if not isinstance(test, ast.Constant):
                yield part.edit("condition flipped", f"while {_short(test)}", _flip)
                yield part.edit("loop turned once more", f"while {_short(test)}", _once_more)
        case ast.For(iter=values) if commands(part.node):
            yield part.edit("loop turned once more", f"for … in {_short(values)}", _last_again)
        case ast.IfExp(test=test) if commands(part.node):
            yield part.edit("condition flipped", _short(test), _flip)


def _waits(part: Part) -> Iterator[Edit]:
    match part.node:
        case ast.Call(func=called) if dotted(called) == "workflow.wait_condition":
            if any(word.arg == "timeout" for word in part.node.keywords):
                yield part.edit("wait timeout removed", _short(part.node.args[0]), _without_timeout)
            else:
                yield part.edit("wait timeout added", _short(part.node.args[0]), _with_timeout)
            yield part.edit("wait condition flipped", _short(part.node.args[0]), _flip_wait)
        case ast.Expr(value=ast.Await(value=ast.Call(func=called))):
            if dotted(called) == "workflow.sleep":
                yield part.edit("timer removed", "workflow.sleep", lambda tree, node: put(node, ast.Pass()))
            elif dotted(called) == "workflow.wait_condition":
                yield part.edit("wait removed", "wait_condition", lambda tree, node: put(node, ast.Pass()))


def _others(part: Part) -> Iterator[Edit]:
    match part.node:
        case ast.Call(func=called) if dotted(called) == "workflow.start_child_workflow":
            yield part.edit("child id changed", "another id", _other_id)
        case ast.Call(func=called, args=[identifier]) if dotted(called) == "workflow.patched":
            gate = ast.unparse(identifier)
            yield part.edit("gate removed", gate, lambda tree, node: put(node, ast.Constant(True)))
            yield part.edit("gate renamed", gate, _rename_gate)
        case ast.Await(value=ast.Call(func=called)) if dotted(called) == "asyncio.gather":
            yield part.edit("together made one by one", "asyncio.gather", _one_by_one)
        case ast.Expr(value=value) if _creates_task(value):
            yield part.edit("task removed", "create_task", _drop_tasks)
        case ast.Call(func=called, args=[ast.Call()]) if dotted(called) == "asyncio.create_task":
            if isinstance(part.function, ast.AsyncFunctionDef):
                yield part.edit(
                    "task made await", "create_task", lambda tree, node: put(node, ast.Await(node.args[0]))
                )
    match part.node:
        case ast.Expr(value=ast.Await(value=ast.Call(func=called))) if "start_child" in dotted(called):
            yield part.edit("child started twice", dotted(called), _twice)
            yield part.edit("child removed", dotted(called), lambda tree, node: put(node, ast.Pass()))
        case ast.Expr(value=ast.Await(value=ast.Call(func=ast.Attribute(attr="signal")))):
            yield part.edit("signal to another removed", "signal", lambda tree, node: put(node, ast.Pass()))
        case ast.Expr(value=ast.Call(func=called)) if "upsert_search" in dotted(called):
            yield part.edit("search attributes removed", dotted(called), lambda tree, node: put(node, ast.Pass()))
            yield part.edit("search attributes added", dotted(called), _twice)
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="publish"))):
            yield part.edit("search attributes removed", "publish", lambda tree, node: put(node, ast.Pass()))
        case ast.Expr(value=ast.Await(value=ast.Call(func=ast.Attribute(attr="make_final")))):
            yield part.edit("timer removed", "make_final", lambda tree, node: put(node, ast.Pass()))


def _declarations(part: Part) -> Iterator[Edit]:
    match part.node:
        case ast.AsyncFunctionDef(name=name) if commands(part.node) and part.file != "workflows/calls.py":
            yield part.edit("timer added", f"at the start of {name}", _timer_first)
    if isinstance(part.node, _FUNCTIONS) and part.file.startswith("workflows/handlers/"):
        marks = [ast.unparse(mark) for mark in part.node.decorator_list]
        if any(mark.startswith(("workflow.update", "workflow.signal")) for mark in marks):
            yield part.edit("handler asks for one more activity", part.node.name, _one_more_activity)


def _state(part: Part) -> Iterator[Edit]:
    """What decides commands elsewhere: the state that conditions ask for, and the questions themselves."""
    if part.function is None or part.function.name == "__init__":
        return
    match part.node:
        case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self" | "case"))]) if not commands(part.node):
            yield part.edit("state not set", _short(part.node), lambda tree, node: put(node, ast.Pass()))
        case ast.Return(value=ast.expr() as value) if _is_question(part.function):
            yield part.edit(
                "question answered otherwise", f"{part.function.name}: {_short(value)}", _negate_answer
            )


# What the edits do


def _rename_attribute(name: str) -> Callable[[ast.Module, Any], None]:
    def change(tree: ast.Module, node: Any) -> None:
        node.attr = name

    return change


def _make_normal(tree: ast.Module, node: Any) -> None:
    call = node.value
    call.func.id = "ProviderCall"
    call.args.append(ast.parse("options.PROVIDER_CALL", mode="eval").body)


def _twice(tree: ast.Module, node: Any) -> None:
    put(node, ast.If(ast.Constant(True), [_copy(node), _copy(node)], []))


def _make_task(tree: ast.Module, node: Any) -> None:
    put(node, statement(f"asyncio.create_task({ast.unparse(node.value.value)})"))
    import_into(tree, "import asyncio")


def _swap(name: str, place: int) -> Callable[[ast.Module, Any], None]:
    def change(tree: ast.Module, node: Any) -> None:
        body = getattr(node, name)
        body[place], body[place + 1] = body[place + 1], body[place]

    return change


def _flip(tree: ast.Module, node: Any) -> None:
    node.test = ast.UnaryOp(ast.Not(), node.test)


def _once_more(tree: ast.Module, node: Any) -> None:
    """The condition is asked after each turn, and not before it."""
    ends = ast.If(ast.UnaryOp(ast.Not(), node.test), [ast.Break()], [])
    node.test = ast.Constant(True)
    node.body.append(ends)


def _last_again(tree: ast.Module, node: Any) -> None:
    values = ast.unparse(node.iter)
    node.iter = ast.parse(f"[*{values}, *list({values})[-1:]]", mode="eval").body


def _without_timeout(tree: ast.Module, node: Any) -> None:
    node.keywords = [word for word in node.keywords if not word.arg.startswith("timeout")]


def _with_timeout(tree: ast.Module, node: Any) -> None:
    node.keywords.append(ast.keyword("timeout", ast.Constant(864_000)))


def _flip_wait(tree: ast.Module, node: Any) -> None:
    condition = node.args[0]
    if isinstance(condition, ast.Lambda):
        condition.body = ast.UnaryOp(ast.Not(), condition.body)
    else:
        node.args[0] = ast.parse(f"lambda: not {ast.unparse(condition)}()", mode="eval").body


def _negate_answer(tree: ast.Module, node: Any) -> None:
    node.value = ast.UnaryOp(ast.Not(), node.value)


def _other_id(tree: ast.Module, node: Any) -> None:
    for word in node.keywords:
        if word.arg == "id":
            word.value = ast.BinOp(word.value, ast.Add(), ast.Constant("-b"))


def _rename_gate(tree: ast.Module, node: Any) -> None:
    node.args = [ast.BinOp(node.args[0], ast.Add(), ast.Constant("-2"))]


def _one_by_one(tree: ast.Module, node: Any) -> None:
    put(node, ast.Tuple([ast.Await(each) for each in node.value.args], ast.Load()))


def _drop_tasks(tree: ast.Module, node: Any) -> None:
    put(node, ast.Pass())


def _timer_first(tree: ast.Module, node: Any) -> None:
    body = node.body
    body.insert(after_docstring(body), statement("await workflow.sleep(1)"))
    import_into(tree, "from temporalio import workflow")


def _one_more_activity(tree: ast.Module, node: Any) -> None:
    body = node.body
    body.insert(after_docstring(body), statement('asyncio.create_task(self._case.record("one-more"))'))
    import_into(tree, "import asyncio")


# What is looked for


def _is_activity(name: str) -> bool:
    return name.startswith("calls.") or name.endswith((".record", ".in_ledger"))


def _is_step(node: ast.stmt) -> bool:
    """A statement that gives a command and nothing else that the next one could need."""
    match node:
        case ast.Expr(value=ast.Await()):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="publish"))):
            return True
    return False


def _decides(node: ast.If, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether commands are within an `if`, or after one that may leave before them."""
    if any(commands(each) for each in [*node.body, *node.orelse]) or commands(node.test):
        return True
    later = [each for each in ast.walk(function) if getattr(each, "lineno", 0) > (node.end_lineno or 0)]
    return jumps(node) and any(isinstance(each, ast.Await) for each in later)


def _is_question(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return function.returns is not None and ast.unparse(function.returns) == "bool" and not commands(function)


def _creates_task(node: ast.expr) -> bool:
    return any(
        isinstance(each, ast.Call) and dotted(each.func) == "asyncio.create_task" for each in ast.walk(node)
    )


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 60 else f"{text[:59]}…"


def _copy(node: ast.AST) -> ast.stmt:
    return ast.parse(ast.unparse(node)).body[0]
