"""Reconciliation: what the ledger thinks is open is held against what the provider says (section 9)."""

from datetime import timedelta

from domain.record import Record, UtcDatetime

UNTOUCHED_FOR = timedelta(hours=24)
"""An intent that nothing has touched for so long has lost the return that would have asked for it."""


class ReconciliationRequest(Record):
    """Look at the intents that nothing touched since a moment, UTC."""

    at: UtcDatetime
    untouched_since: UtcDatetime


class ReconciliationReport(Record):
    """What a run found.

    Attributes:
        checked: How many intents were asked for.
        settled: The keys whose end the provider told, which is now written down.
        open: The keys that the provider never saw or still works on: a person has to look.
        unpaid_advances: The returns whose customer owes an advance and did not pay it back: for a person too.
        not_answered: How many the provider did not answer for; the next run asks again.
    """

    checked: int = 0
    settled: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    unpaid_advances: tuple[str, ...] = ()
    not_answered: int = 0
