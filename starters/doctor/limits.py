"""From when on something is a fault, and how much the doctor looks at."""

from datetime import timedelta

from domain.record import Record


class Limits(Record):
    """The thresholds of the checks, and the bounds that keep an examination short on a large installation.

    Attributes:
        polled_within: A worker that waits for work asks again every minute.
        attempts: From this attempt on a call is told; the fifth comes after 15 seconds and more.
        call_age: A call that is older is told, whatever its attempt.
        overdue: How long after its deadline a return may still be on its way to act.
        unknown: How long the outcome of a payment may be unknown.
        untouched: How long nothing may touch an open intent.
        reconciled_within: The reconciliation runs daily; two hours are for a slow one.
        undelivered: How old a message, a scan or a receipt may be that was not passed on.
        settled_in: How long ledger and Temporal may disagree on a return that opens or closes.
        lock: How long the ledger's lock may be held by somebody else.
        few: How many returns a finding names.
        described: How many returns are asked for their calls, at most.
        asked: How many returns are asked for their status, at most.
        compared: How many open returns are held against the ledger, at most.
        items: How many scans, receipts and parked parcels are counted, at most.
        at_once: How many questions are under way to Temporal at a time.
        patience: How long one check may take.
        answer: How long one question may take.
    """

    polled_within: timedelta = timedelta(minutes=2)
    attempts: int = 5
    call_age: timedelta = timedelta(minutes=10)
    overdue: timedelta = timedelta(minutes=15)
    unknown: timedelta = timedelta(hours=1)
    untouched: timedelta = timedelta(days=1)
    reconciled_within: timedelta = timedelta(hours=26)
    undelivered: timedelta = timedelta(minutes=15)
    settled_in: timedelta = timedelta(minutes=5)
    lock: timedelta = timedelta(seconds=5)
    few: int = 5
    described: int = 500
    asked: int = 200
    compared: int = 20_000
    items: int = 500
    at_once: int = 16
    patience: timedelta = timedelta(seconds=30)
    answer: timedelta = timedelta(seconds=5)
