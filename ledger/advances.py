"""The end of an advance refund: what is left of it is charged back, waived, or left to a person (section 6)."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.bookkeeping import AdvanceEnd, RecoveryAuthorization
from domain.intents import PaymentDirection, PaymentIntent, RefundBasis
from domain.keys import charge_key
from ledger import advance_accounts, intents, outbox, units
from ledger.entries import is_first, once
from ledger.errors import NothingToRecover
from ledger.orders import frozen, lock_order_of
from ledger.tables import EntryKind, IntentRow


def authorize_recovery(session: Session, request: RecoveryAuthorization) -> PaymentIntent:
    """Record the intent to charge back what is left of an advance.

    Raises:
        ReturnNotFound: If the return was never opened.
        AdvanceNotFound: If nothing was advanced for the return.
        NothingToRecover: If nothing of it is left.
        IntentKeyTaken: If the round was used for another charge.
    """
    return once(session, request, EntryKind.RECOVERY, PaymentIntent, lambda: _charge(session, request))


def end(session: Session, request: AdvanceEnd) -> None:
    """Give up what is left of an advance: waived by a supervisor, or not paid by the customer.

    What is being charged back already is not waived. The units that it was for have been paid, whether they came
    or not: no other return may claim them.

    Raises:
        ReturnNotFound: If the return was never opened.
        AdvanceNotFound: If nothing was advanced for the return.
    """
    if not is_first(session, request, EntryKind.ADVANCE_END):
        return
    order = frozen(lock_order_of(session, request.rma_id))
    row = advance_accounts.find(session, request.rma_id)
    if request.is_waived:
        row.waived_minor += left_to_charge(session, request.rma_id)
    else:
        row.unpaid = True
    units.settle(session, request.rma_id, order, units.held_by(session, request.rma_id, order))
    outbox.write(session, request)


def left_to_charge(session: Session, rma_id: str) -> int:
    """What is left of an advance and not on its way to be charged back.

    Raises:
        AdvanceNotFound: If nothing was advanced for the return.
    """
    account = advance_accounts.to_account(advance_accounts.find(session, rma_id))
    return max(account.outstanding_minor - being_charged(session, rma_id), 0)


def being_charged(session: Session, rma_id: str) -> int:
    """What is on its way to be charged back; a charge that was declined and not replaced is not."""
    charges = select(func.coalesce(func.sum(IntentRow.amount_minor), 0)).where(
        IntentRow.rma_id == rma_id,
        IntentRow.basis == RefundBasis.ADVANCE,
        IntentRow.direction == PaymentDirection.CHARGE,
        IntentRow.state.in_(intents.UNSETTLED),
    )
    return int(session.scalars(charges).one())


def _charge(session: Session, request: RecoveryAuthorization) -> PaymentIntent:
    order = lock_order_of(session, request.rma_id)
    if being_charged(session, request.rma_id):
        raise NothingToRecover(f"the advance of {request.rma_id} is being charged back already")
    left_minor = advance_accounts.to_account(advance_accounts.find(session, request.rma_id)).outstanding_minor
    if not left_minor:
        raise NothingToRecover(f"nothing of the advance of {request.rma_id} is left to recover")
    intent = intents.add(
        session,
        PaymentIntent(
            key=charge_key(request.rma_id, request.round),
            rma_id=request.rma_id,
            order_id=order.order_id,
            direction=PaymentDirection.CHARGE,
            payment_id="",
            method_id=request.method_id,
            amount_minor=left_minor,
            currency=frozen(order).currency,
        ),
        settles=request.op,
        basis=RefundBasis.ADVANCE,
        at=request.at,
    )
    outbox.write(session, request)
    return intent
