"""The fingerprint reacts to what changes commands, and to nothing else: shown on a small workflow."""

from pathlib import Path

import pytest

from tests.fingerprint.committed import Change, changes, take, unacknowledged
from tests.fingerprint.fingerprint import fingerprints

CALLS = """
from temporalio import workflow

class ProviderCall:
    async def __call__(self, argument, summary=""):
        return await workflow.execute_activity(self.name, argument, summary=summary)

class LedgerCall:
    async def __call__(self, argument):
        return await workflow.execute_local_activity(self.name, argument)

book = ProviderCall("carrier.book", int)
cancel = ProviderCall("carrier.cancel", int)
record = LedgerCall("ledger.record", int)
settle = LedgerCall("ledger.settle", int)
"""
FLOW = '''
import asyncio
from datetime import timedelta
from temporalio import workflow
from workflows import calls, ids

class Stage:
    def __init__(self, case: "Case") -> None:
        self._case = case
        self._parcels: list[int] = []
        self._arrived = False

    def on_arrival(self, number: int) -> None:
        """Take an arrival."""
        self._parcels.append(number)
        self._arrived = True

    async def run(self) -> bool:
        """Book and wait."""
        case = self._case
        booking = await calls.book(case.number, summary="book it")
        if not booking.outcome:
            return False
        case.note("booked", "by the carrier")
        await case.record(1)
        await workflow.wait_condition(lambda: self._arrived or case.is_over, timeout=timedelta(days=2))
        for parcel in self._parcels:
            await self._settle(parcel)
        return True

    async def _settle(self, parcel: int) -> None:
        if parcel > 3:
            await self._case.in_ledger(calls.settle, parcel)
            self._case.publish()

class Case:
    def __init__(self, number: int) -> None:
        self.number = number
        self.over = False

    @property
    def is_over(self) -> bool:
        return self.over

    def note(self, what: str, detail: str) -> None:
        print(what, detail)

    def publish(self) -> None:
        workflow.upsert_search_attributes([STAGE.value_set("moving")])

    async def record(self, number: int) -> None:
        await calls.record(number)

    async def in_ledger(self, call, argument):
        while True:
            try:
                return await call(argument)
            except ValueError as error:
                await workflow.sleep(timedelta(hours=24), summary=str(error))

@workflow.defn
class Flow:
    @workflow.init
    def __init__(self, number: int) -> None:
        self._case = Case(number)
        self._stage = Stage(self._case)

    @workflow.run
    async def run(self, number: int) -> None:
        """From the beginning to the end."""
        if await self._stage.run():
            await asyncio.gather(self._child(), self._case.record(2))

    async def _child(self) -> None:
        if workflow.patched("children"):
            await workflow.start_child_workflow("Other", id=ids.other(self._case.number), static_summary="another")

    @workflow.update
    async def arrived(self, number: int) -> None:
        self._stage.on_arrival(number)
        await self._case.record(3)
'''
IDS = """
def other(number):
    return f"other/{number}"
"""


def tree(folder: Path, *replacements: tuple[str, str]) -> Path:
    """The small workflow, with parts of its text replaced."""
    (folder / "workflows").mkdir(exist_ok=True)
    for name, text in (("calls", CALLS), ("flow", FLOW), ("ids", IDS)):
        for old, new in replacements:
            text = text.replace(old, new)
        (folder / "workflows" / f"{name}.py").write_text(text, "utf-8")
    return folder


def of(folder: Path) -> str:
    return fingerprints(folder)["Flow"].text


@pytest.fixture
def before(tmp_path: Path) -> str:
    return of(tree(tmp_path))


REACTS = {
    "activity swapped": ("calls.book(", "calls.cancel("),
    "activity renamed": ('"carrier.book"', '"carrier.order"'),
    "handed-on activity swapped": ("calls.settle, parcel", "calls.record, parcel"),
    "local activity made normal": ('settle = LedgerCall("', 'settle = ProviderCall("'),
    "activity removed": ("        await case.record(1)\n", ""),
    "activity added": ("await case.record(1)", "await case.record(1); await case.record(1)"),
    "made a task": ("await self._settle(parcel)", "asyncio.create_task(self._settle(parcel))"),
    "no timer": ("await workflow.sleep(timedelta(hours=24), summary=str(error))", "pass"),
    "timer added": ("case = self._case\n", "case = self._case\n        await workflow.sleep(1)\n"),
    "wait timeout removed": (", timeout=timedelta(days=2)", ""),
    "timeout at times": ("timeout=timedelta(days=2)", "timeout=timedelta(2) if case.is_over else None"),
    "wait condition changed": ("self._arrived or case.is_over", "self._arrived"),
    "question answered otherwise": ("return self.over", "return not self.over"),
    "state set otherwise": ("self._arrived = True", "self._arrived = False"),
    "state not set": ("self._parcels.append(number)", "pass"),
    "condition flipped": ("if not booking.outcome", "if booking.outcome"),
    "condition of a private method changed": ("if parcel > 3", "if parcel > 4"),
    "answer changed that decides": ("return True\n\n", "return False\n\n"),
    "loop bound changed": ("in self._parcels:", "in self._parcels[:2]:"),
    "other error caught": ("except ValueError", "except KeyError"),
    "order changed": ("self._child(), self._case.record(2)", "self._case.record(2), self._child()"),
    "child id changed": ("other/{number}", "another/{number}"),
    "child type changed": ('"Other", id', '"Else", id'),
    "search attributes removed": ("            self._case.publish()\n", ""),
    "other search attribute": ("STAGE.value", "HEADER.value"),
    "gate removed": ('workflow.patched("children")', "True"),
    "gate renamed": ('"children"', '"child"'),
    "handler asks for less": ("        await self._case.record(3)\n", ""),
}


@pytest.mark.parametrize(("old", "new"), REACTS.values(), ids=REACTS)
def test_what_changes_commands_shows(tmp_path: Path, before: str, old: str, new: str) -> None:
    assert of(tree(tmp_path, (old, new))) != before


EXTRACTED = """\
        await self._begin(case)
        await workflow.wait"""
BEGIN = '''
    async def _begin(self, over: "Case") -> None:
        """A part that was taken out."""
        await over.record(1)

    async def _settle('''


SILENT = {
    "local renamed": [("booking", "answer_of_the_carrier")],
    "loop variable renamed": [
        (
            "for parcel in self._parcels:\n            await self._settle(parcel)",
            "for each in self._parcels:\n            await self._settle(each)",
        )
    ],
    "caught error renamed": [("error", "failure")],
    "log line": [('case.note("booked"', 'workflow.logger.info("here")\n        case.note("booked"')],
    "timeline text": [('case.note("booked", "by the carrier")', 'case.note("sent", "at last")')],
    "timeline entry removed": [('        case.note("booked", "by the carrier")\n', "")],
    "summaries": [("book it", "order it"), ("another", "a second one")],
    "docstring": [("Book and wait.", "Waits.")],
    "durations": [("timedelta(days=2)", "timedelta(days=3)"), ("hours=24", "hours=12")],
    "annotation, comment": [("case = self._case\n", "case: object = self._case  # the case\n")],
    "step extracted": [
        ("        await case.record(1)\n        await workflow.wait", EXTRACTED),
        ("\n    async def _settle(", BEGIN),
    ],
    "step written out": [
        (
            "await self._settle(parcel)",
            "if parcel > 3:\n                await self._case.in_ledger("
            "calls.settle, parcel)\n                self._case.publish()",
        )
    ],
    "else written out": [
        (
            "            return False\n        case.note",
            "            return False\n        else:\n            pass\n        case.note",
        )
    ],
    "condition extracted": [
        ("if not booking.outcome:", "if self._is_none(booking):"),
        (
            "\n    async def _settle(",
            "\n    def _is_none(self, b):\n        return not b.outcome\n\n    async def _settle(",
        ),
    ],
}


@pytest.mark.parametrize("replacements", SILENT.values(), ids=SILENT)
def test_what_changes_no_command_does_not(
    tmp_path: Path, before: str, replacements: list[tuple[str, str]]
) -> None:
    assert of(tree(tmp_path, *replacements)) == before


def test_functions_may_move_within_a_file(tmp_path: Path, before: str) -> None:
    middle, end = FLOW.index("class Case"), FLOW.index("@workflow.defn")
    start = FLOW.index("class Stage")
    moved = FLOW[:start] + FLOW[middle:end] + FLOW[start:middle] + FLOW[end:]
    assert of(tree(tmp_path, (FLOW, moved))) == before


OLD = "        await case.record(1)\n"
GATED = {
    "more": f'{OLD}        if workflow.patched("new"):\n            await calls.cancel(1)\n',
    "instead": f'        if workflow.patched("new"):\n            await calls.cancel(1)\n        else:\n    {OLD}',
    "less": f'        if not workflow.patched("new"):\n    {OLD}',
    "at times": f'{OLD}        if booking.late and workflow.patched("new"):\n            self._case.publish()\n',
}


@pytest.fixture
def committed(tmp_path: Path) -> Path:
    """A copy whose fingerprint is taken."""
    (found,) = changes(tree(tmp_path), tmp_path)
    assert found.is_gated, "a workflow type that is new breaks nothing"
    take(found, "new", tmp_path)
    return tmp_path


def changed(committed: Path, *replacements: tuple[str, str]) -> Change:
    (found,) = changes(tree(committed, *replacements), committed)
    return found


@pytest.mark.parametrize("new", GATED.values(), ids=GATED)
def test_a_change_behind_a_new_gate_needs_no_reason(committed: Path, new: str) -> None:
    found = changed(committed, (OLD, new))
    assert found.is_gated
    assert "make fingerprint" in found.told()


def test_a_gate_that_leaves_the_old_way_changed_does_not_count(committed: Path) -> None:
    found = changed(committed, (OLD, GATED["more"] + OLD))
    assert not found.is_gated
    assert 'The new gate "new" does not cover it' in found.told()


def test_a_change_without_a_gate_says_where_it_is_and_what_to_do(committed: Path) -> None:
    found = changed(committed, ("calls.book(", "calls.cancel("))
    line = FLOW.split("calls.book(")[0].count("\n") + 1
    assert not found.is_gated
    told = found.told()
    assert "-   activity carrier.book" in told
    assert f"+   activity carrier.cancel    <- workflows/flow.py:{line}" in told
    assert 'if workflow.patched("name-of-the-change"):' in told
    assert 'make fingerprint ACK="' in told


def test_an_acknowledgement_is_bound_to_the_fingerprint(committed: Path) -> None:
    take(changed(committed, ("calls.book(", "calls.cancel(")), 'never "sent"', committed)
    assert changes(committed, committed) == []
    assert unacknowledged(committed) == []
    file = committed / "tests/replay/fingerprints/Flow.txt"
    file.write_text(file.read_text("utf-8").replace("carrier.cancel", "carrier.book"), "utf-8")
    assert unacknowledged(committed) == ["Flow"]


def test_a_fingerprint_that_was_deleted_is_not_new(committed: Path) -> None:
    (committed / "tests/replay/fingerprints/Flow.txt").unlink()
    assert not changed(committed).is_gated
