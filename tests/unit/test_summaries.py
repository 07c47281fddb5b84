"""The Web UI explains itself: what a workflow asks for, and what may be sent to it, says what it is."""

import ast
from pathlib import Path

import pytest
from temporalio import workflow

from workers.registry import WORKFLOWS
from workflows import calls

ROOT = Path(__file__).parents[2] / "workflows"
PROVIDER_CALLS = {name for name, value in vars(calls).items() if isinstance(value, calls.ProviderCall)}
SAYS = {
    "workflow.sleep": ("summary",),
    "workflow.start_child_workflow": ("static_summary", "static_details"),
    "workflow.execute_child_workflow": ("static_summary", "static_details"),
    **{f"calls.{name}": ("summary",) for name in PROVIDER_CALLS},
}


def silent(file: Path) -> list[str]:
    """The calls in a file that do not say what they are for."""
    found = []
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name, words = ast.unparse(node.func), {word.arg for word in node.keywords}
        wanted = set(SAYS.get(name, ()))
        if name == "workflow.wait_condition" and "timeout" in words:
            wanted = {"timeout_summary"}
        if not wanted <= words:
            found.append(f"{file.relative_to(ROOT)}:{node.lineno} {name}")
    return found


def test_every_activity_timer_and_child_has_a_summary() -> None:
    assert [place for file in sorted(ROOT.rglob("*.py")) for place in silent(file)] == []


@pytest.mark.parametrize("kind", WORKFLOWS, ids=lambda kind: kind.__name__)
def test_every_handler_is_described(kind: type) -> None:
    known = workflow._Definition.must_from_class(kind)
    silent = [name for name, handler in known.updates.items() if not handler.description]
    silent += [str(name) for name, handler in known.signals.items() if not handler.description]
    silent += [str(name) for name, handler in known.queries.items() if not handler.description]
    assert silent == []


def test_an_update_says_what_it_takes_and_of_whom() -> None:
    (returns,) = (kind for kind in WORKFLOWS if kind.__name__ == "ReturnWorkflow")
    described = workflow._Definition.must_from_class(returns).updates["decide_contest"].description
    assert described == (
        "The supervisor decides a contest. "
        'Input: {"actor": {"role": "supervisor", "id": "…"}, "note": "…"} '
        "May have: expected_version, parcel, accepted, deductions."
    )
