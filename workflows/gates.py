"""Gates of changes, decided where that is safe: at the start of a return.

A gate that is asked right behind a ledger call can come into the history with a later task than the one in which
the code asks for it: where a task ends too early or too late for the call, the next one holds what the code asks
for afterwards. A replay looks for the gate in the task of the call, does not find it, and the return stands still.
So a return that starts on this code passes every gate at once, by one that is asked before anything else. Returns
that were open by then ask at each gate, as they did (ADR 0032).
"""

from datetime import timedelta

from temporalio import workflow

_AT_START = "gates-at-start"
_AT_ONCE = timedelta(milliseconds=1)


def ask_at_start() -> None:
    """Ask before anything else; to be called by the first line of a return."""
    workflow.patched(_AT_START)


def all_open() -> bool:
    """Whether the return started with all gates open. Put it before each of those that version 0.5.0 knew."""
    return workflow.patched(_AT_START)


def timer_for(remaining: timedelta) -> timedelta | None:
    """How long the timer of a wait runs, or None if there is nothing to wait for any more.

    What time it is behind a ledger call can differ by seconds between a run and its replay, if the task was over
    before the call. So whether a timer is started must not depend on the time: one that is overdue is started too,
    and fires at once.
    """
    if remaining > timedelta(0):
        return remaining
    return _AT_ONCE if all_open() else None
