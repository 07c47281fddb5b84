"""Promises as named clocks: what started one, when it is due, what paused it, and how it ended (section 2)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from domain.record import Record, UtcDatetime


class ClockName(StrEnum):
    """The promises of the table of section 2 that this pipeline keeps."""

    FIRST_RESPONSE = "first_response"
    AUTO_REVIEW = "auto_review"
    MANUAL_REVIEW = "manual_review"
    EVIDENCE = "evidence"
    APPEAL = "appeal"
    OFFER = "offer"
    APPROVAL = "approval"
    PICKUP = "pickup"
    ACCEPTANCE_SCAN = "acceptance_scan"
    HANDOVER = "handover"
    TRANSIT = "transit"
    INSPECTION = "inspection"
    CONTEST = "contest"
    EXPERT = "expert"
    SECOND_LOOK = "second_look"
    COMPLAINT = "complaint"
    ESCALATION = "escalation"
    ARBITRATION = "arbitration"
    CHARGEBACK = "chargeback"
    SETTLEMENT = "settlement"
    REFUND_UNKNOWN = "refund_unknown"
    PAYMENT_METHOD = "payment_method"
    SUBSTITUTE = "substitute"
    REPAIR = "repair"
    RECOVERY_NOTICE = "recovery_notice"

    @property
    def is_ours(self) -> bool:
        """Whether the customer waits for us or a partner, not we for them: late, it is a promise not kept."""
        return self not in _CUSTOMERS


_CUSTOMERS = frozenset(
    {
        ClockName.EVIDENCE,
        ClockName.OFFER,
        ClockName.HANDOVER,
        ClockName.CONTEST,
        ClockName.ESCALATION,
        ClockName.PAYMENT_METHOD,
        ClockName.SUBSTITUTE,
        ClockName.RECOVERY_NOTICE,
    }
)
"""What the customer has time for; a contest and an offer are also the shop's to answer, by the same name."""

PARCEL_CLOCKS = (
    ClockName.PICKUP,
    ClockName.ACCEPTANCE_SCAN,
    ClockName.HANDOVER,
    ClockName.TRANSIT,
    ClockName.INSPECTION,
    ClockName.CONTEST,
)
"""The promises about one parcel; their subject is its number, and empty for the first parcel."""


class ClockState(StrEnum):
    """A stopped clock ended without being met or breached: what it waited for became moot."""

    RUNNING = "running"
    MET = "met"
    BREACHED = "breached"
    STOPPED = "stopped"


class ForceMajeure(StrEnum):
    """What nobody of ours can help. There is no value for our own delay: that never pauses a clock."""

    NATURAL_DISASTER = "natural_disaster"
    EPIDEMIC = "epidemic"
    STRIKE = "strike"
    GOVERNMENT_ORDER = "government_order"
    UTILITY_OUTAGE = "utility_outage"


class Pause(Record):
    """A time in which a promise does not run: while the customer is awaited, or by force majeure.

    `ended_at` may lie ahead, when the end was planned; None while nobody knows it.
    """

    started_at: UtcDatetime
    ended_at: UtcDatetime | None = None
    reason: str
    author: str

    def covers(self, moment: datetime) -> bool:
        """Whether the pause is in force."""
        return self.started_at <= moment and (self.ended_at is None or moment < self.ended_at)


class Peak(Record):
    """A busy time in which a promise that starts gets longer. Moments are UTC; the end is not part of it."""

    name: str
    clock: ClockName
    starts_at: UtcDatetime
    ends_at: UtcDatetime
    extension: timedelta


class Clock(Record):
    """One promise of one return. Due times are absolute, UTC.

    Attributes:
        subject: Tells promises of the same name apart, such as the number of a parcel, or an exchange.
        due_at: When it is due, with the peak that it started in and with every pause whose end is known.
        promised_at: When it was due before it was paused; None where nothing paused it.
        peak: The name of the busy time that made it longer; empty if none did.
        pauses: What moved the due time. Pauses that overlap count once.
        held: Whether a pause whose end is not known is in force: until it ends, nothing is due.
        provisional: Whether it was counted over days whose official calendar is not known yet.
    """

    name: ClockName
    subject: str = ""
    started_at: UtcDatetime
    due_at: UtcDatetime
    promised_at: UtcDatetime | None = None
    peak: str = ""
    pauses: tuple[Pause, ...] = ()
    held: bool = False
    state: ClockState = ClockState.RUNNING
    ended_at: UtcDatetime | None = None
    provisional: bool = False

    @property
    def reckoned_for(self) -> timedelta:
        """How long it was to run, without its pauses."""
        return (self.promised_at or self.due_at) - self.started_at

    def paused_by(self, pauses: Iterable[Pause]) -> Self:
        """The clock with these pauses, in the place of those that it had."""
        promised_at = self.promised_at or self.due_at
        counted, due_at, held = _moved(self.started_at, promised_at, pauses)
        return self.model_copy(
            update={
                "promised_at": promised_at if counted else None,
                "pauses": counted,
                "due_at": due_at,
                "held": held,
            }
        )


def extended(
    name: ClockName, started_at: datetime, due_at: datetime, peaks: Iterable[Peak]
) -> tuple[datetime, str]:
    """When a promise is due that starts in a busy time, and the name of that time.

    A promise that started before the peak stays as it was given. Of peaks that overlap the longest counts.
    """
    fitting = [peak for peak in peaks if peak.clock is name and peak.starts_at <= started_at < peak.ends_at]
    if not fitting:
        return due_at, ""
    longest = max(fitting, key=lambda peak: peak.extension)
    return due_at + longest.extension, longest.name


def _moved(
    started_at: datetime, due_at: datetime, pauses: Iterable[Pause]
) -> tuple[tuple[Pause, ...], datetime, bool]:
    """The pauses that count, the due time that they lead to, and whether the last one is still open.

    A pause that begins after the promise was due comes too late to move it.
    """
    counted: list[Pause] = []
    paused_to = started_at
    for pause in sorted(pauses, key=lambda pause: pause.started_at):
        begins_at = max(pause.started_at, paused_to)
        if begins_at >= due_at or (pause.ended_at is not None and pause.ended_at <= begins_at):
            continue
        counted.append(pause)
        if pause.ended_at is None:
            return tuple(counted), due_at, True
        due_at += pause.ended_at - begins_at
        paused_to = pause.ended_at
    return tuple(counted), due_at, False
