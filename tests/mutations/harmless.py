"""Edits that no open workflow notices: nothing may raise an alarm about them."""

import ast
from collections.abc import Callable, Iterator
from typing import Any

from tests.mutations.edits import Edit, Part, after_docstring, commands, dotted, import_into, put, statement

_TEXTS = ("summary", "timeout_summary", "static_summary")
_CONTRACTS = "workflows/contracts/"
_Async = ast.AsyncFunctionDef


def harmless(part: Part) -> Iterator[Edit]:
    """The harmless edits of one part of a file."""
    for edits in (_files, _functions, _statements, _words, _data):
        for kind, what, change in edits(part):
            yield part.edit(kind, what, change, harmless=True)


_Found = Iterator[tuple[str, str, Callable[[ast.Module, Any], None]]]


def _files(part: Part) -> _Found:
    if isinstance(part.node, ast.Module) and not part.file.endswith("__init__.py"):
        yield "reformatted, comments lost", part.file, lambda tree, node: None
        yield "imports reordered", part.file, _reorder_imports
        if any(isinstance(each, ast.Expr) for each in part.node.body[:1]):
            yield "docstring changed", part.file, _other_docstring


def _functions(part: Part) -> _Found:
    match part.node:
        case ast.ClassDef(name=name, body=body) if _plain_methods(body) >= 2:
            yield "methods reordered", name, _reorder_methods
        case _Async(name=name) if commands(part.node):
            yield "log line added", name, _log
            yield "change behind a new gate", name, _gated
            if any(isinstance(each, ast.Assign) for each in part.node.body):
                yield "local annotated", name, _annotate
            if _renamable(part.node):
                yield "local renamed", f"{_renamable(part.node)} in {name}", _rename_local
            if part.node.returns is not None and ast.unparse(part.node.returns) in ("None", "bool", "str"):
                yield "return annotation dropped", name, _drop_annotation
            if _is_case_method(part.node):
                yield "timeline entry added", name, _one_more_note


def _statements(part: Part) -> _Found:
    if part.function is None or not isinstance(part.function, _Async) or not _has_self(part.function):
        return
    match part.node:
        case ast.Expr(value=ast.Await(value=ast.Call())) if not _binds(part.node):
            yield "step extracted", _short(part.node), _extract(part.function)
        case ast.Assign(targets=[ast.Name()], value=ast.Await(value=ast.Call())) if not _binds(part.node.value):
            yield "call extracted", _short(part.node), _extract(part.function)
        case ast.If(test=test) if not commands(test) and not _binds(test) and len(ast.unparse(test)) < 80:
            yield "condition extracted", _short(test), _extract_condition(part.function)


def _words(part: Part) -> _Found:
    match part.node:
        case ast.keyword(arg=str(name), value=ast.Constant(value=str())) if name in _TEXTS:
            yield "summary changed", name, _other_word
        case ast.keyword(arg=str(name), value=ast.JoinedStr()) if name in _TEXTS:
            yield "summary changed", name, _other_word
        case ast.Call(func=ast.Attribute(attr="note"), args=[ast.Constant(), *_]):
            yield "timeline text changed", _short(part.node), _other_note
        case ast.Attribute(value=ast.Name(id="Template"), attr=name) if part.function is not None:
            yield "other message", name, _other_message


def _data(part: Part) -> _Found:
    match part.node:
        case ast.ClassDef(name=name, bases=[_, *_]) if part.file.startswith(_CONTRACTS) and _has_fields(part.node):
            yield "field with a default added", name, _add_field
        case ast.Call(func=ast.Name(id="timedelta")) if part.file == "workflows/options.py":
            yield "activity option changed", _short(part.node), _longer
        case ast.Call(func=called, args=[ast.Call(func=ast.Name(id="timedelta")), *_]) if (
            dotted(called) == "workflow.sleep"
        ):
            yield "timer made longer", _short(part.node), lambda tree, node: _longer(tree, node.args[0])


# What the edits do


def _reorder_imports(tree: ast.Module, node: Any) -> None:
    imports = [each for each in tree.body if isinstance(each, ast.Import | ast.ImportFrom)]
    places = [tree.body.index(each) for each in imports]
    for place, each in zip(places, reversed(imports), strict=True):
        tree.body[place] = each


def _other_docstring(tree: ast.Module, node: Any) -> None:
    tree.body[0] = statement('"""Something else."""')


def _reorder_methods(tree: ast.Module, node: Any) -> None:
    body = node.body
    methods = [each for each in body if _is_plain(each)]
    first, second = body.index(methods[0]), body.index(methods[1])
    body[first], body[second] = body[second], body[first]


def _log(tree: ast.Module, node: Any) -> None:
    body = node.body
    body.insert(after_docstring(body), statement('workflow.logger.info("here")'))
    import_into(tree, "from temporalio import workflow")


def _gated(tree: ast.Module, node: Any) -> None:
    body = node.body
    gated = 'if workflow.patched("brand-new"):\n    await workflow.sleep(1)'
    body.insert(after_docstring(body), statement(gated))
    import_into(tree, "from temporalio import workflow")


def _annotate(tree: ast.Module, node: Any) -> None:
    for index, each in enumerate(node.body):
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name) and len(each.targets) == 1:
            node.body[index] = ast.AnnAssign(each.targets[0], ast.Name("object", ast.Load()), each.value, 1)


def _rename_local(tree: ast.Module, node: Any) -> None:
    name = _renamable(node)
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and each.id == name:
            each.id = f"{name}_renamed"


def _drop_annotation(tree: ast.Module, node: Any) -> None:
    node.returns = None


def _one_more_note(tree: ast.Module, node: Any) -> None:
    body = node.body
    body.insert(after_docstring(body), statement('self._case.note("one more")'))


def _extract(function: ast.AsyncFunctionDef) -> Callable[[ast.Module, Any], None]:
    names = _locals(function)

    def change(tree: ast.Module, node: Any) -> None:
        awaited = node.value
        used = _used(awaited, names)
        made = f"async def _extracted({', '.join(['self', *used])}):\n    return {ast.unparse(awaited)}"
        if isinstance(node, ast.Expr):
            made = made.replace("    return ", "    ")
        call = ast.parse(f"self._extracted({', '.join(used)})", mode="eval").body
        node.value = ast.Await(call)
        _class_of(tree, node).body.append(statement(made))

    return change


def _extract_condition(function: ast.AsyncFunctionDef) -> Callable[[ast.Module, Any], None]:
    names = _locals(function)

    def change(tree: ast.Module, node: Any) -> None:
        used = _used(node.test, names)
        test = ast.unparse(node.test)
        made = f"def _extracted({', '.join(['self', *used])}):\n    return {test}"
        node.test = ast.parse(f"self._extracted({', '.join(used)})", mode="eval").body
        _class_of(tree, node).body.append(statement(made))

    return change


def _other_word(tree: ast.Module, node: Any) -> None:
    node.value = ast.Constant("another text")


def _other_note(tree: ast.Module, node: Any) -> None:
    node.args[0] = ast.Constant("another text")


def _other_message(tree: ast.Module, node: Any) -> None:
    put(node, ast.parse("Template.RECEIVED", mode="eval").body)


def _add_field(tree: ast.Module, node: Any) -> None:
    node.body.append(statement('one_more: str = ""'))


def _longer(tree: ast.Module, node: Any) -> None:
    for word in node.keywords:
        word.value = ast.BinOp(word.value, ast.Mult(), ast.Constant(2))


# What is looked for


def _plain_methods(body: list[ast.stmt]) -> int:
    return sum(_is_plain(each) for each in body)


def _is_plain(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef | _Async) and not node.decorator_list


def _has_self(function: ast.AsyncFunctionDef) -> bool:
    return bool(function.args.args) and function.args.args[0].arg == "self"


def _is_case_method(node: ast.AsyncFunctionDef) -> bool:
    return any(isinstance(each, ast.Attribute) and dotted(each) == "self._case" for each in ast.walk(node))


def _has_fields(node: ast.ClassDef) -> bool:
    return any(isinstance(each, ast.AnnAssign) for each in node.body)


def _renamable(node: ast.AsyncFunctionDef) -> str:
    """A local variable that no function within takes as a parameter of its own."""
    body = node.body
    for each in body:
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name):
            return each.targets[0].id
    return ""


def _binds(node: ast.AST) -> bool:
    """Whether a part makes names of its own that an extraction would have to care for."""
    return any(isinstance(each, ast.NamedExpr | ast.Lambda | ast.comprehension) for each in ast.walk(node))


def _locals(function: ast.AsyncFunctionDef) -> list[str]:
    arguments = [each.arg for each in [*function.args.args, *function.args.kwonlyargs]]
    if function.args.vararg:
        arguments.append(function.args.vararg.arg)
    names = [each for each in ast.walk(function) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)]
    caught = [each.name for each in ast.walk(function) if isinstance(each, ast.ExceptHandler) and each.name]
    return [*arguments, *(each.id for each in names), *caught]


def _used(node: ast.AST, names: list[str]) -> list[str]:
    found = dict.fromkeys(each.id for each in ast.walk(node) if isinstance(each, ast.Name))
    return [name for name in found if name in names and name != "self"]


def _class_of(tree: ast.Module, node: ast.AST) -> ast.ClassDef:
    return next(
        each
        for each in tree.body
        if isinstance(each, ast.ClassDef) and any(part is node for part in ast.walk(each))
    )


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 60 else f"{text[:59]}…"
