"""Reconciliation: the ledger is held against what the provider and the workflows say (section 9)."""

from datetime import timedelta

from pydantic import Field

from domain.differences import DifferenceKind
from domain.intents import PaymentDirection
from domain.record import Record, UtcDatetime

UNTOUCHED_FOR = timedelta(hours=24)
"""An intent that nothing has touched for so long has lost the return that would have asked for it."""

SETTLED_IN = timedelta(hours=3)
"""A return opened so long ago has its workflow, one closed so long ago has none; until then they may differ."""

FIRST_LOOK = timedelta(hours=25)
"""How far back the first run looks through the provider's payments."""

OVERLAP = timedelta(hours=1)
"""How far a run looks back behind the end of the one before: the provider's clock is not ours."""

MOST_NAMED = 500
"""So many keys are named of each kind in a report; the counts and the list of tasks are complete."""


class PaymentQuestion(Record):
    """One payment to compare, by our reference."""

    direction: PaymentDirection
    reference: str


class ReconciliationOrder(Record):
    """What somebody wants of a run: all payments of the provider since a moment, UTC, or just one."""

    payments_since: UtcDatetime | None = None
    payment: PaymentQuestion | None = None


class ReconciliationRequest(Record):
    """Reconcile. All moments are UTC.

    Attributes:
        at: Now, in the workflow's time.
        untouched_since: Look at the intents that nothing touched since then.
        payments_since: Look at what changed at the provider since then; None for the last day.
        payment: Look at this one only; None for everything.
    """

    at: UtcDatetime
    untouched_since: UtcDatetime
    payments_since: UtcDatetime | None = None
    payment: PaymentQuestion | None = None


class ReconciliationReport(Record):
    """What a run found. Of each kind of keys at most `MOST_NAMED` are named.

    Attributes:
        checked: How many open intents were asked for.
        settled: The keys whose end the provider told, which is now written down.
        open: The keys that the provider never saw or still works on, or with another amount: for a person.
        unpaid_advances: The returns whose customer owes an advance and did not pay it back: for a person too.
        not_answered: How often the provider did not answer; the next run asks again.
        returned: The refunds that came back, which is now written down; the customer does not have the money.
        payments: How many payments of the provider were compared.
        returns: How many open returns of the ledger were compared.
        workflows: How many running workflows were compared.
        opened: The keys of the tasks that were opened.
        closed: The keys of the tasks whose difference is gone.
        tasks_opened: How many tasks were opened.
        tasks_closed: How many tasks were closed.
        tasks_open: How many are open now, those of earlier runs included and those that somebody accepted not.
        payments_until: Up to when the provider's payments were compared, UTC: where the next run begins.
    """

    checked: int = 0
    settled: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    unpaid_advances: tuple[str, ...] = ()
    not_answered: int = 0
    returned: tuple[str, ...] = ()
    payments: int = 0
    returns: int = 0
    workflows: int = 0
    opened: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    tasks_opened: int = 0
    tasks_closed: int = 0
    tasks_open: int = 0
    payments_until: UtcDatetime | None = None


class ReconciliationTask(Record):
    """A difference that waits for a person.

    Attributes:
        key: The business key of the difference.
        subject: The reference of the payment, or the RMA id.
        direction: Of a payment; empty for a return.
        told: The message id of the alert.
        details: What differs: codes, amounts and moments, no personal data.
        accepted_at: When a person said that nothing is left to do; it is listed no more, and watched on.
        closed_at: When a run found that the difference is gone.
    """

    kind: DifferenceKind
    key: str
    subject: str
    rma_id: str = ""
    direction: str = ""
    opened_at: UtcDatetime
    told: str = ""
    details: dict[str, str | int] = Field(default_factory=dict)
    accepted_at: UtcDatetime | None = None
    accepted_by: str = ""
    note: str = ""
    closed_at: UtcDatetime | None = None
