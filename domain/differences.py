"""What ledger, payment provider and workflows can differ in, and how payments are compared (section 9). Pure."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from domain.actions import Role
from domain.intents import PaymentDirection, PaymentIntent, ProviderPayment, ProviderStatus
from domain.keys import rma_id_of_payment
from domain.outbox import OutboxItem, OutboxKind, Template
from domain.record import Record, UtcDatetime


class DifferenceKind(StrEnum):
    """What differs. The ledger is held against the provider, then against the workflows."""

    PAYMENT_UNSETTLED = "payment_unsettled"
    """Nothing has touched the intent for a day, and the provider never saw it or still works on it."""
    PAYMENT_NOT_IN_LEDGER = "payment_not_in_ledger"
    """The provider moved, or is moving, what the ledger has no intent for."""
    PAYMENT_AMOUNT = "payment_amount"
    """Amount or currency are others than those of the intent."""
    PAYMENT_TWICE = "payment_twice"
    """The provider moved money more than once under one reference."""
    PAYMENT_NOT_EXPECTED = "payment_not_expected"
    """The provider moved what the ledger has as declined, or as paid by a chargeback."""
    PAYMENT_NOT_AT_PROVIDER = "payment_not_at_provider"
    """The ledger has it as paid; the provider never saw it, or says that a charge or hold failed."""
    REFUND_RETURNED = "refund_returned"
    """A refund that was paid came back, so the customer does not have the money."""
    RETURN_WITHOUT_WORKFLOW = "return_without_workflow"
    """The ledger has the return as open, and nothing goes on with it."""
    WORKFLOW_OF_CLOSED_RETURN = "workflow_of_closed_return"
    """The ledger has closed the return, and its workflow goes on."""

    @property
    def is_of_returns(self) -> bool:
        """Whether it is about a return and its workflow, and not about a payment."""
        return self in (DifferenceKind.RETURN_WITHOUT_WORKFLOW, DifferenceKind.WORKFLOW_OF_CLOSED_RETURN)


class Difference(Record):
    """One difference. `subject` is the payment's reference, or the RMA id.

    `details` has codes, amounts in minor units and moments; no personal data.
    """

    kind: DifferenceKind
    subject: str
    rma_id: str = ""
    order_id: str = ""
    direction: PaymentDirection | None = None
    details: dict[str, str | int] = Field(default_factory=dict)

    @property
    def key(self) -> str:
        """The business key: the same for the same difference, whenever it is found."""
        return f"{self.kind.value}/{self.subject}"


class BookedPayment(Record):
    """An intent as the ledger has it.

    Attributes:
        touched_at: When anything changed on it last, UTC.
        is_frozen: Whether it waits because a chargeback of its order is open.
        is_replaced: Whether another intent or payout of its return took its place after it was declined.
    """

    intent: PaymentIntent
    touched_at: UtcDatetime
    is_frozen: bool = False
    is_replaced: bool = False


def payment_difference(
    direction: PaymentDirection,
    reference: str,
    payments: Sequence[ProviderPayment],
    booked: BookedPayment | None,
    untouched_since: datetime,
) -> Difference | None:
    """Hold everything that the provider has under a reference against the ledger; the gravest difference counts.

    Args:
        direction: What the provider calls it; a capture is a charge there.
        reference: Ours at the provider, the key of the intent.
        payments: All of the direction under the reference; none if the provider never saw it.
        booked: The intent of that key; None if there is none.
        untouched_since: Until when an open intent must have been left alone to have lost its return, UTC.
    """
    if booked is not None and provider_direction(booked.intent.direction) is not provider_direction(direction):
        booked = None
    kind = _kind(payments, booked, untouched_since)
    if kind is None:
        return None
    return Difference(
        kind=kind,
        subject=reference,
        rma_id=booked.intent.rma_id if booked else rma_id_of_payment(reference),
        order_id=booked.intent.order_id if booked else "",
        direction=direction,
        details=_details(payments, booked),
    )


def provider_direction(direction: PaymentDirection) -> PaymentDirection:
    """What the provider keeps it with: a capture is a charge."""
    return PaymentDirection.CHARGE if direction is PaymentDirection.CAPTURE else direction


def known_end(payments: Sequence[ProviderPayment], booked: BookedPayment) -> ProviderPayment | None:
    """The end of an open intent, if the provider tells one that fits it in amount and currency, and only one."""
    moved = [each for each in payments if each.status is not ProviderStatus.FAILED]
    if len(moved) > 1 or any(each.status is ProviderStatus.PENDING for each in moved):
        return None
    end = moved[0] if moved else next(iter(payments), None)
    return end if end is not None and _fits(end, booked.intent) else None


def staff_alert(difference: Difference) -> OutboxItem:
    """Tell a supervisor of a difference that no rule heals."""
    return OutboxItem(
        kind=OutboxKind.STAFF_ALERT,
        name=Template.STAFF_RECONCILIATION.value,
        recipient=Role.SUPERVISOR.value,
        params={
            "rma_id": difference.rma_id or "-",
            "order_id": difference.order_id or "-",
            "kind": difference.kind.value,
            "key": difference.key,
        },
    )


def _kind(
    payments: Sequence[ProviderPayment], booked: BookedPayment | None, untouched_since: datetime
) -> DifferenceKind | None:
    moved = [each for each in payments if each.status is not ProviderStatus.FAILED]
    if booked is None:
        return DifferenceKind.PAYMENT_NOT_IN_LEDGER if moved else None
    intent = booked.intent
    if any(not _fits(each, intent) for each in moved):
        return DifferenceKind.PAYMENT_AMOUNT
    if len(moved) > 1:
        return DifferenceKind.PAYMENT_TWICE
    if intent.state.is_paid:
        return None if moved else _kind_of_paid(intent, payments)
    if intent.state.is_final:
        return DifferenceKind.PAYMENT_NOT_EXPECTED if moved else None
    if booked.touched_at > untouched_since or (booked.is_frozen and not payments):
        return None
    return DifferenceKind.PAYMENT_UNSETTLED


def _kind_of_paid(intent: PaymentIntent, payments: Sequence[ProviderPayment]) -> DifferenceKind:
    came_back = intent.direction is PaymentDirection.REFUND and bool(payments)
    return DifferenceKind.REFUND_RETURNED if came_back else DifferenceKind.PAYMENT_NOT_AT_PROVIDER


def _fits(payment: ProviderPayment, intent: PaymentIntent) -> bool:
    return (payment.amount_minor, payment.currency) == (intent.amount_minor, intent.currency)


def _details(payments: Sequence[ProviderPayment], booked: BookedPayment | None) -> dict[str, str | int]:
    intent = booked.intent if booked else None
    payment_id = next((each.payment_id for each in payments if each.payment_id), "")
    return {
        "ledger": f"{intent.state.value} {intent.amount_minor} {intent.currency}" if intent else "nothing",
        "provider": ", ".join(map(_told, payments)) or "nothing",
        **({"payment": payment_id} if payment_id else {}),
    }


def _told(payment: ProviderPayment) -> str:
    return f"{payment.status.value} {payment.amount_minor} {payment.currency}"
