"""What the ledger and people are told of a chargeback: the same for an open return and for one that has ended."""

from collections.abc import Iterable
from datetime import datetime

from domain.actions import Role
from domain.bookkeeping import ChargebackDecision, ChargebackReport
from domain.chargebacks import Chargeback, ChargebackState
from domain.intents import PaymentDirection, PaymentIntent
from domain.notices import Notices
from domain.outbox import OutboxItem, Template


def report_entry(
    rma_id: str,
    chargeback: Chargeback,
    currency: str,
    notices: Notices,
    payments: Iterable[PaymentIntent],
    at: datetime,
) -> ChargebackReport:
    """Keep a chargeback; the supervisor is told, with the refunds that were paid as evidence for the bank."""
    amount: dict[str, str | int] = {"amount_minor": chargeback.amount_minor, "currency": currency}
    outbox = [
        notices.customer(Template.CHARGEBACK_RECEIVED, **amount),
        notices.staff(
            Template.STAFF_CHARGEBACK, Role.SUPERVISOR, chargeback_id=chargeback.chargeback_id, waited=0, **amount
        ),
    ]
    paid = [
        f"{payment.key} = {payment.provider_reference} ({payment.amount_minor})"
        for payment in payments
        if payment.direction is PaymentDirection.REFUND and payment.state.is_paid
    ]
    if paid:
        outbox.append(_evidence(notices, chargeback, paid))
    return ChargebackReport(
        rma_id=rma_id,
        op=f"chargeback-{chargeback.chargeback_id}",
        at=at,
        outbox=tuple(outbox),
        chargeback_id=chargeback.chargeback_id,
        payment_id=chargeback.payment_id,
        amount_minor=chargeback.amount_minor,
    )


def decision_entry(
    rma_id: str,
    chargeback: Chargeback,
    currency: str,
    notices: Notices,
    state: ChargebackState,
    at: datetime,
) -> ChargebackDecision:
    """Decide a chargeback, and tell the customer what that means for the refund."""
    template = Template.CHARGEBACK_LOST if state is ChargebackState.LOST else Template.CHARGEBACK_OVER
    return ChargebackDecision(
        rma_id=rma_id,
        op=f"chargeback-{chargeback.chargeback_id}-{state.value}",
        at=at,
        outbox=(notices.customer(template, amount_minor=chargeback.amount_minor, currency=currency),),
        chargeback_id=chargeback.chargeback_id,
        state=state,
    )


def _evidence(notices: Notices, chargeback: Chargeback, paid: list[str]) -> OutboxItem:
    return notices.staff(
        Template.STAFF_CHARGEBACK_EVIDENCE,
        Role.SUPERVISOR,
        chargeback_id=chargeback.chargeback_id,
        refunds="; ".join(paid),
    )
