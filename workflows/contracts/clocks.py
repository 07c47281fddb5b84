"""What is sent to pause promises."""

from pydantic import Field

from domain.clocks import ClockName, ForceMajeure
from domain.record import UtcDatetime
from workflows.contracts.base import ActionRequest


class ClockPause(ActionRequest):
    """Pause promises for force majeure until a moment, at most 30 days ahead; no names means all of them.

    The note is what the customer is told.
    """

    cause: ForceMajeure
    note: str = Field(min_length=1, max_length=500)
    until: UtcDatetime
    clocks: tuple[ClockName, ...] = Field(default=(), max_length=len(ClockName))


class ClockResumption(ActionRequest):
    """The force majeure is over sooner than planned: every promise runs again."""

    note: str = Field(default="", max_length=500)
