"""What a pause of promises refuses."""

from datetime import datetime, timedelta

from domain.actions import Action
from domain.clocks import ClockState
from workflows.case import ReturnCase
from workflows.contracts import ClockPause
from workflows.validation.rules import INVALID_ACTION, allowed, refuse

LONGEST_PAUSE = timedelta(days=30)
"""A pause never outlives this, so that no promise is put off for good; a new one can follow it."""


def pause(case: ReturnCase, request: ClockPause, now: datetime) -> None:
    """Refuse an end in the past or too far ahead, and promises of which none is running."""
    allowed(case, Action.PAUSE_CLOCKS, request)
    if not now < request.until <= now + LONGEST_PAUSE:
        refuse(INVALID_ACTION, "until", f"Name a moment of the next {LONGEST_PAUSE.days} days.")
    running = sorted({clock.name.value for clock in case.clocks.all if clock.state is ClockState.RUNNING})
    if request.clocks and not any(name.value in running for name in request.clocks):
        refuse(INVALID_ACTION, "clocks", f"None of them is running. Running: {', '.join(running) or 'none'}.")
