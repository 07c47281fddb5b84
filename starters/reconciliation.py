"""Differences that wait for a person, as the ledger keeps them, with what to do for each."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from domain.differences import DifferenceKind
from domain.reconciliation import ReconciliationTask
from domain.record import Record
from ledger.errors import TaskNotFound
from ledger.ledger import Ledger
from starters.errors import DifferenceNotFound
from starters.opened_ledger import opened_ledger

_TO_DO = {
    DifferenceKind.PAYMENT_UNSETTLED: (
        "Look for {subject} at the payment provider, which is asked again each night. If {rma_id} goes on "
        "(returns status {rma_id}), it sends by itself what never arrived. If not, pay by hand, then accept."
    ),
    DifferenceKind.PAYMENT_NOT_IN_LEDGER: (
        "Nobody authorised {subject}. Find out who asked the provider for it, and have it reversed. "
        "If it was right, accept."
    ),
    DifferenceKind.PAYMENT_AMOUNT: (
        "Settle what {subject} is too much or too little with the customer and the provider, then accept."
    ),
    DifferenceKind.PAYMENT_TWICE: "Have the provider reverse all but one of the payments under {subject}.",
    DifferenceKind.PAYMENT_NOT_EXPECTED: (
        "The ledger counts {subject} as not paid, and may have paid in its place: returns explain {rma_id}. "
        "If so, have one of the two reversed; if not, accept."
    ),
    DifferenceKind.PAYMENT_NOT_AT_PROVIDER: (
        "The ledger counts {subject} as paid. Ask the provider what became of it; move the money by hand, "
        "then accept."
    ),
    DifferenceKind.REFUND_RETURNED: (
        "The customer does not have the money of {subject}. Ask for another means of payment and pay by hand, "
        "then accept."
    ),
    DifferenceKind.RETURN_WITHOUT_WORKFLOW: (
        "Nothing goes on with {rma_id}. See how it ended: temporal workflow describe -w return/{rma_id}. "
        "Let it go on: temporal workflow reset -w return/{rma_id} --type LastWorkflowTask --reason reconciled. "
        "If Temporal has forgotten it, have the order system send the same request again, under the same key; "
        "where that is not possible settle it by hand, and accept. Not both."
    ),
    DifferenceKind.WORKFLOW_OF_CLOSED_RETURN: (
        "{rma_id} was closed and goes on, as after a reset. See what it waits for (returns status {rma_id}); "
        "if for nothing, end it: temporal workflow terminate -w return/{rma_id}."
    ),
}


class OpenDifference(ReconciliationTask):
    """A difference that waits for a person, with what that person does."""

    to_do: str


class DifferenceAccepted(Record):
    """A difference that a person has seen to."""

    key: str
    accepted_at: datetime
    accepted_by: str


@dataclass(frozen=True)
class Differences:
    """The differences in a ledger."""

    ledger: Ledger

    def open(self) -> list[OpenDifference]:
        """Everything that waits for a person, oldest first."""
        return [OpenDifference(**task.model_dump(), to_do=what_to_do(task)) for task in self.ledger.open_tasks()]

    def accept(self, key: str, by: str, note: str) -> DifferenceAccepted:
        """Note that a person has seen to a difference: it is listed no more, until it goes away and comes back.

        Raises:
            DifferenceNotFound: If it is not open.
        """
        try:
            task = self.ledger.accept_task(key, by, note, datetime.now(UTC))
        except TaskNotFound as error:
            raise DifferenceNotFound(f"No difference {key} is open.", "key") from error
        return DifferenceAccepted(key=key, accepted_at=task.accepted_at, accepted_by=task.accepted_by)


def what_to_do(task: ReconciliationTask) -> str:
    """What a person does about a difference."""
    return _TO_DO[task.kind].format(subject=task.subject, rma_id=task.rma_id or "the return")


@contextmanager
def opened(url: str) -> Iterator[Differences]:
    """The differences in the ledger at a URL.

    Raises:
        LedgerUnusable: If it cannot be opened, or has another schema.
    """
    with opened_ledger(url) as ledger:
        yield Differences(ledger)
