"""What the doctor can find: stable codes, and how soon each has to be looked at."""

from enum import StrEnum


class Severity(StrEnum):
    """How soon somebody has to do something."""

    ACT_NOW = "act_now"
    """Returns stand still, or nothing new is taken."""
    LOOK_TODAY = "look_today"
    """Something was left lying that nothing will pick up by itself."""
    INFORMATION = "information"
    """Usual work of people; nothing is wrong."""


class Code(StrEnum):
    """What is wrong. Codes are stable: programs may tell findings apart by them."""

    TEMPORAL_AWAY = "temporal-away"
    NAMESPACE_MISSING = "namespace-missing"
    SEARCH_ATTRIBUTES_MISSING = "search-attributes-missing"
    SEARCH_ATTRIBUTES_DIFFER = "search-attributes-differ"
    QUEUE_WITHOUT_WORKERS = "queue-without-workers"
    WORKERS_SILENT = "workers-silent"
    VERSION_WITHOUT_WORKERS = "version-without-workers"
    NONDETERMINISM = "nondeterminism"
    WORKFLOW_TASKS_FAIL = "workflow-tasks-fail"
    CALLS_RETRIED = "calls-retried"
    DEADLINE_PASSED = "deadline-passed"
    SCHEDULE_MISSING = "schedule-missing"
    SCHEDULE_PAUSED = "schedule-paused"
    RECONCILIATION_FAILED = "reconciliation-failed"
    RECONCILIATION_LATE = "reconciliation-late"
    DIFFERENCES_OPEN = "differences-open"
    LEDGER_AWAY = "ledger-away"
    LEDGER_SCHEMA = "ledger-schema"
    LEDGER_LOCKED = "ledger-locked"
    PAYMENTS_UNKNOWN = "payments-unknown"
    PAYMENTS_UNTOUCHED = "payments-untouched"
    RETURN_WITHOUT_WORKFLOW = "return-without-workflow"
    WORKFLOW_OF_CLOSED_RETURN = "workflow-of-closed-return"
    MESSAGES_UNDELIVERED = "messages-undelivered"
    MESSAGES_PARKED = "messages-parked"
    SCANS_NOT_PASSED_ON = "scans-not-passed-on"
    RECEIPTS_NOT_TAKEN = "receipts-not-taken"
    PARCELS_PARKED = "parcels-parked"

    @property
    def severity(self) -> Severity:
        """How soon it has to be looked at."""
        return _SEVERITIES.get(self, Severity.ACT_NOW)


_SEVERITIES = {
    Code.SCHEDULE_MISSING: Severity.LOOK_TODAY,
    Code.SCHEDULE_PAUSED: Severity.LOOK_TODAY,
    Code.RECONCILIATION_FAILED: Severity.LOOK_TODAY,
    Code.RECONCILIATION_LATE: Severity.LOOK_TODAY,
    Code.DIFFERENCES_OPEN: Severity.LOOK_TODAY,
    Code.PAYMENTS_UNKNOWN: Severity.LOOK_TODAY,
    Code.PAYMENTS_UNTOUCHED: Severity.LOOK_TODAY,
    Code.WORKFLOW_OF_CLOSED_RETURN: Severity.LOOK_TODAY,
    Code.MESSAGES_PARKED: Severity.LOOK_TODAY,
    Code.SCANS_NOT_PASSED_ON: Severity.LOOK_TODAY,
    Code.RECEIPTS_NOT_TAKEN: Severity.LOOK_TODAY,
    Code.PARCELS_PARKED: Severity.INFORMATION,
}
