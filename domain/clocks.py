"""Promises as named clocks: what started one, when it is due, and how it ended (section 2)."""

from enum import StrEnum

from domain.record import Record, UtcDatetime


class ClockName(StrEnum):
    """The promises of the table of section 2 that this pipeline keeps."""

    AUTO_REVIEW = "auto_review"
    MANUAL_REVIEW = "manual_review"
    EVIDENCE = "evidence"
    APPEAL = "appeal"
    PICKUP = "pickup"
    ACCEPTANCE_SCAN = "acceptance_scan"
    HANDOVER = "handover"
    TRANSIT = "transit"
    INSPECTION = "inspection"
    CONTEST = "contest"
    SETTLEMENT = "settlement"
    REFUND_UNKNOWN = "refund_unknown"
    PAYMENT_METHOD = "payment_method"


class ClockState(StrEnum):
    """A stopped clock ended without being met or breached: what it waited for became moot."""

    RUNNING = "running"
    MET = "met"
    BREACHED = "breached"
    STOPPED = "stopped"


class Clock(Record):
    """One promise of one return. Due times are absolute, UTC.

    `subject` tells promises of the same name apart, such as the number of a parcel. `provisional` says that
    the due time was counted over days whose official calendar is not known yet.
    """

    name: ClockName
    subject: str = ""
    started_at: UtcDatetime
    due_at: UtcDatetime
    state: ClockState = ClockState.RUNNING
    ended_at: UtcDatetime | None = None
    provisional: bool = False
