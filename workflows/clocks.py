"""The promises of one return: started, waited for, paused, met or broken (section 2)."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from temporalio import workflow

from domain.clocks import Clock, ClockName, ClockState, Pause, Peak, extended
from domain.record import Record
from workflows import metrics
from workflows.contracts import Deadline
from workflows.gates import all_open, timer_for


class _Suspension(Record):
    """A pause and the promises that it is for: those of a name, or all where no name is given."""

    names: tuple[ClockName, ...]
    subject: str | None
    pause: Pause

    def concerns(self, name: ClockName, subject: str) -> bool:
        return (not self.names or name in self.names) and self.subject in (None, subject)


class Clocks:
    """Every promise that a return made, in the sequence in which they started.

    Several promises of one name may run side by side, told apart by their subject, such as a parcel's number.

    Callers give due times as they would be without a pause and without a busy time; both are added here, so that
    a due time that is reckoned from the start again (the next reminder of the same promise) moves as well.
    """

    def __init__(
        self,
        changed: Callable[[], None],
        is_withdrawn: Callable[[], bool],
        peaks: Callable[[], Iterable[Peak]] = lambda: (),
    ) -> None:
        self._changed = changed
        self._is_withdrawn = is_withdrawn
        self._peaks = peaks
        self._suspensions: list[_Suspension] = []
        self._provisional: list[ClockName] = []
        self.all: list[Clock] = []
        self.told_late: list[ClockName] = []
        """The promises to the customer that were not kept, as far as they are shown at once."""

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
        that becomes moot ends the wait and stops its clock, neither met nor broken. A pause moves the due time.
        """
        index = self.start(name, started_at or workflow.now(), due_at, subject)
        self._changed()
        await self._until(index, lambda: condition() or moot())
        kept = condition() or moot()
        if moot() and not condition():
            self._end(name, subject, ClockState.STOPPED)
        self.end(name, in_time=kept, subject=subject)
        if not kept:
            self._tell_late(name)
        return kept

    async def reach(
        self,
        name: ClockName,
        condition: Callable[[], bool],
        summary: str,
        moment: datetime | None = None,
        subject: str = "",
    ) -> bool:
        """Wait for a condition until a moment on the way of a promise that runs; by default until it is due.

        A moment is given as it would be without a pause. Says whether the condition holds; the clock goes on.
        """
        index = self._running(name, subject)
        if index is not None:
            clock = self.all[index]
            ahead = (clock.promised_at or clock.due_at) - moment if moment else timedelta(0)
            await self._until(index, condition, ahead, summary)
        return condition()

    def start(self, name: ClockName, started_at: datetime, due_at: datetime, subject: str = "") -> int:
        """Start a promise, in the place of one of the same name and subject that runs."""
        self._end(name, subject, ClockState.STOPPED)
        due_at, peak = extended(name, started_at, due_at, self._peaks())
        clock = Clock(
            name=name,
            subject=subject,
            started_at=started_at,
            due_at=due_at,
            peak=peak,
            provisional=name in self._provisional,
        )
        self.all.append(clock.paused_by(self._pauses_of(name, subject)))
        return len(self.all) - 1

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

    # Pauses

    def pause(self, name: ClockName, reason: str, author: str, subject: str | None = None) -> None:
        """Pause a promise while the customer is awaited, until `resume`. Never for a delay of our own.

        Without a subject every promise of the name is paused, the ones that start in the meantime too.
        """
        pause = Pause(started_at=workflow.now(), reason=reason, author=author)
        self._suspensions.append(_Suspension(names=(name,), subject=subject, pause=pause))
        self._pauses_changed()

    def resume(self, name: ClockName, subject: str | None = None) -> None:
        """Let a promise run again, later by as long as it was paused."""
        self._cut_short(
            lambda suspension: (
                suspension.pause.ended_at is None and suspension.names == (name,) and suspension.subject == subject
            )
        )

    def suspend(self, names: tuple[ClockName, ...], reason: str, author: str, until: datetime) -> None:
        """Pause promises until a moment, for force majeure; no names means all of them."""
        pause = Pause(started_at=workflow.now(), ended_at=until, reason=reason, author=author)
        self._suspensions.append(_Suspension(names=names, subject=None, pause=pause))
        self._pauses_changed()

    def lift(self) -> None:
        """End every force majeure now that was to last longer."""
        self._cut_short(lambda suspension: suspension.pause.ended_at is not None)

    @property
    def are_suspended(self) -> bool:
        """Whether a force majeure is in force."""
        now = workflow.now()
        return any(
            suspension.pause.ended_at is not None and suspension.pause.covers(now)
            for suspension in self._suspensions
        )

    def due_at(self, name: ClockName, started_at: datetime, due_at: datetime, subject: str = "") -> datetime:
        """When a promise is due, with its busy time and its pauses: to hold a past event against it."""
        due_at, _ = extended(name, started_at, due_at, self._peaks())
        clock = Clock(name=name, subject=subject, started_at=started_at, due_at=due_at)
        return clock.paused_by(self._pauses_of(name, subject)).due_at

    def next_deadline(self, names: Sequence[ClockName] = (), subject: str = "") -> Deadline | None:
        """The earliest promise that is running and not held: of all, or of some names about one subject."""
        running = [
            clock
            for clock in self.running()
            if not clock.held and (not names or (clock.name in names and clock.subject == subject))
        ]
        if not running:
            return None
        earliest = min(running, key=lambda clock: clock.due_at)
        return Deadline(clock=earliest.name, due_at=earliest.due_at)

    def _tell_late(self, name: ClockName) -> None:
        # Ops see the breach of the inspection's promise by its certificate.
        is_told = name is ClockName.INSPECTION or not name.is_ours or name in self.told_late
        if not is_told and (all_open() or workflow.patched("late-is-shown")):
            self.told_late.append(name)

    async def _until(
        self,
        index: int,
        condition: Callable[[], bool],
        ahead: timedelta = timedelta(0),
        summary: str = "",
    ) -> None:
        """Wait until so long before a clock is due. A pause moves that; one whose end is open has no timer."""
        while not condition():
            clock = self.all[index]
            timer = None if clock.held else timer_for(clock.due_at - ahead - workflow.now())
            if not clock.held and timer is None:
                return
            try:
                await workflow.wait_condition(
                    lambda seen=clock: condition() or self._has_moved(index, seen),  # type: ignore[misc]
                    timeout=timer,
                    timeout_summary=None if clock.held else summary or f"{clock.name.value} due",
                )
            except TimeoutError:
                if not self._has_moved(index, clock):
                    metrics.clock_acted_on(clock.name, workflow.now() - (clock.due_at - ahead))
                    return

    def _has_moved(self, index: int, seen: Clock) -> bool:
        now = self.all[index]
        return (now.due_at, now.held) != (seen.due_at, seen.held)

    def _cut_short(self, concerned: Callable[[_Suspension], bool]) -> None:
        now = workflow.now()
        self._suspensions = [
            suspension.model_copy(update={"pause": suspension.pause.model_copy(update={"ended_at": now})})
            if concerned(suspension) and suspension.pause.covers(now)
            else suspension
            for suspension in self._suspensions
        ]
        self._pauses_changed()

    def _pauses_changed(self) -> None:
        for index, clock in enumerate(self.all):
            if clock.state is ClockState.RUNNING:
                self.all[index] = clock.paused_by(self._pauses_of(clock.name, clock.subject))

    def _pauses_of(self, name: ClockName, subject: str) -> list[Pause]:
        return [entry.pause for entry in self._suspensions if entry.concerns(name, subject)]

    def _running(self, name: ClockName, subject: str) -> int | None:
        for index, clock in enumerate(self.all):
            if clock.name is name and clock.subject == subject and clock.state is ClockState.RUNNING:
                return index
        return None

    def _end(self, name: ClockName, subject: str, state: ClockState) -> None:
        index = self._running(name, subject)
        if index is not None:
            ended = {"state": state, "ended_at": workflow.now()}
            self.all[index] = self.all[index].model_copy(update=ended)
