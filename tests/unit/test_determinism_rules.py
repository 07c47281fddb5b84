"""Workflow code and the rules that it calls give the same on every replay: read in their syntax (ADR 0024)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DETERMINISTIC = {
    *("asyncio", "collections", "contextlib", "dataclasses", "datetime", "decimal", "difflib", "domain", "enum"),
    *(
        "functools",
        "hashlib",
        "json",
        "pydantic",
        "re",
        "string",
        "temporalio",
        "textwrap",
        "tomllib",
        "types",
        "typing",
        "workflows",
    ),
    # Tables of data: they change with a pinned version only.
    *("babel", "chinese_calendar", "holidays", "zoneinfo"),
}
CLOCKS = {"now", "utcnow", "today", "fromtimestamp"}
NOT_IN_ORDER = {"wait", "as_completed", "to_thread", "run", "run_coroutine_threadsafe"}
"""What asyncio leaves to chance or to threads."""

SAME_ONLY_IN_ONE_PROCESS = {"hash", "id", "input", "open", "print", "eval", "exec", "__import__"}
CHANGES = {
    *("add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove", "setdefault", "update"),
}
FILES = sorted([*(ROOT / "workflows").rglob("*.py"), *(ROOT / "domain").rglob("*.py")])


def wrongs(source: str) -> list[str]:
    """What a module does that may differ on a replay."""
    tree = ast.parse(source)
    of_the_module = {name.id for node in tree.body for name in _bound(node)}
    return [wrong for node in ast.walk(tree) for wrong in _wrongs_of(node, of_the_module)]


def _bound(node: ast.stmt) -> Iterator[ast.Name]:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    yield from (target for target in targets if isinstance(target, ast.Name))


def _wrongs_of(node: ast.AST, of_the_module: set[str]) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (f"imports {name.name}" for name in names if name.name.split(".")[0] not in DETERMINISTIC)
        case ast.ImportFrom(module=str(module)) if module.split(".")[0] not in DETERMINISTIC:
            yield f"imports {module}"
        case ast.Call(func=ast.Attribute(value=ast.Name(id="datetime" | "date"), attr=clock)) if clock in CLOCKS:
            yield f"reads a clock: {clock}()"
        case ast.Attribute(value=ast.Name(id="asyncio"), attr=name) if name in NOT_IN_ORDER:
            yield f"keeps no order: asyncio.{name}"
        case ast.Call(func=ast.Name(id=name)) if name in SAME_ONLY_IN_ONE_PROCESS:
            yield f"calls {name}()"
        case ast.For(iter=values) | ast.comprehension(iter=values) if _is_a_set(values):
            yield "iterates over a set"
        case ast.Call(func=ast.Name(id="list" | "tuple" | "next" | "iter"), args=[values]) if _is_a_set(values):
            yield "takes the order of a set"
        case ast.Global(names=names):
            yield f"changes module state: {', '.join(names)}"
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)) if (
            name in of_the_module and attr in CHANGES
        ):
            yield f"changes module state: {name}.{attr}()"
        case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()) if name in of_the_module:
            yield f"changes module state: {name}[...]"


def _is_a_set(node: ast.expr) -> bool:
    return isinstance(node, ast.Set | ast.SetComp) or (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("set", "frozenset")
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_module_gives_the_same_on_every_replay(file: Path) -> None:
    assert wrongs(file.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "import random",
        "from uuid import uuid4",
        "import httpx",
        "at = datetime.now(UTC)",
        "day = date.today()",
        "async def f(): await asyncio.wait([])",
        "async def f(): await asyncio.to_thread(f)",
        "key = hash('line')",
        "for line in {'a', 'b'}: pass",
        "names = [name for name in set(lines)]",
        "names = tuple({line for line in lines})",
        "count = 0\ndef f():\n    global count",
        "seen = []\ndef f(line): seen.append(line)",
        "seen = {}\ndef f(line): seen[line] = 1",
        "seen: dict[str, int] = {}\ndef f(line): del seen[line]",
    ],
)
def test_what_may_differ_is_found(source: str) -> None:
    assert len(wrongs(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime\nat = workflow.now()",
        "for line in sorted({'a', 'b'}): pass",
        "async def f(): await asyncio.gather(f())",
        "def f():\n    seen = []\n    seen.append(1)",
        "TEXTS = {'a': 'b'}\ndef f(line): return TEXTS[line]",
    ],
)
def test_what_stays_the_same_is_let_pass(source: str) -> None:
    assert wrongs(source) == []
