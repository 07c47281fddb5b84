"""The promises of one return: started, waited for, met or broken (section 2)."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow

from domain.clocks import Clock, ClockName, ClockState
from workflows.contracts import Deadline


class Clocks:
    """Every promise that a return made, in the sequence in which they started.

    Several promises of one name may run side by side, told apart by their subject, such as a parcel's number.
    """

    def __init__(self, changed: Callable[[], None], is_withdrawn: Callable[[], bool]) -> None:
        self._changed = changed
        self._is_withdrawn = is_withdrawn
        self._provisional: list[ClockName] = []
        self.all: list[Clock] = []

    async def wait(
        self,
        name: ClockName,
        due_at: datetime,
        condition: Callable[[], bool],
        started_at: datetime | None = None,
        moot: Callable[[], bool] = lambda: False,
        subject: str = "",
    ) -> bool:
        """Wait for a condition until a promise is due, and say whether the promise was kept so far.

        Waiting again for the same promise, with a due time that moved, takes the place of its clock. A promise
        that becomes moot ends the wait and stops its clock, neither met nor broken.
        """
        self.start(name, started_at or workflow.now(), due_at, subject)
        self._changed()
        remaining = due_at - workflow.now()
        if not condition() and not moot() and remaining > timedelta(0):
            with suppress(TimeoutError):
                await workflow.wait_condition(
                    lambda: condition() or moot(), timeout=remaining, timeout_summary=f"{name.value} due"
                )
        kept = condition() or moot()
        if moot() and not condition():
            self._end(name, subject, ClockState.STOPPED)
        self.end(name, in_time=kept, subject=subject)
        return kept

    def start(self, name: ClockName, started_at: datetime, due_at: datetime, subject: str = "") -> None:
        """Start a promise, in the place of one of the same name and subject that runs."""
        self._end(name, subject, ClockState.STOPPED)
        self.all.append(
            Clock(
                name=name,
                subject=subject,
                started_at=started_at,
                due_at=due_at,
                provisional=name in self._provisional,
            )
        )

    def mark_provisional(self, name: ClockName) -> None:
        """The due times of this promise are counted over days whose official calendar is not known yet."""
        self._provisional.append(name)

    def end(self, name: ClockName, in_time: bool, subject: str = "") -> None:
        """End a promise: met or broken; a withdrawal makes every promise moot."""
        kept = ClockState.MET if in_time else ClockState.BREACHED
        self._end(name, subject, ClockState.STOPPED if self._is_withdrawn() else kept)

    def running(self, name: ClockName | None = None) -> list[Clock]:
        """The promises that are running, those of one name if it is given."""
        return [
            clock
            for clock in self.all
            if clock.state is ClockState.RUNNING and (name is None or clock.name is name)
        ]

    def next_deadline(self) -> Deadline | None:
        """The earliest promise that is running."""
        running = self.running()
        if not running:
            return None
        earliest = min(running, key=lambda clock: clock.due_at)
        return Deadline(clock=earliest.name, due_at=earliest.due_at)

    def _end(self, name: ClockName, subject: str, state: ClockState) -> None:
        for index, clock in enumerate(self.all):
            if clock.name is name and clock.subject == subject and clock.state is ClockState.RUNNING:
                ended = {"state": state, "ended_at": workflow.now()}
                self.all[index] = clock.model_copy(update=ended)
