"""The accounts of advance refunds: what was paid before the inspection, and what became of it (section 6).

An advance settles no units. It is money on account of the refunds of its return: each of them takes its part
from the account first, so that nothing is paid twice, and what is left at the end is recovered. The order must be
locked for every change.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.advances import AdvanceAccount, AdvanceHistory
from domain.orders import OrderSnapshot
from ledger.customers import lock_customer
from ledger.errors import AdvanceNotFound, CeilingExceeded
from ledger.tables import AdvanceRow


def check_limit(session: Session, order: OrderSnapshot, amount_minor: int, limit_minor: int) -> None:
    """Hold an advance against what the customer has in advance by now: several may be granted before one is paid.

    Advances of one customer are held against it one after the other, whatever their orders.

    Raises:
        CeilingExceeded: If it comes to more than the limit, or an earlier one was not paid back.
    """
    lock_customer(session, order.customer_id)
    before = history(session, order.customer_id, order.currency)
    if before.unpaid or before.open_minor + amount_minor > limit_minor:
        raise CeilingExceeded(
            f"{before.open_minor} are in advance for {order.customer_id}, {before.unpaid} advances are unpaid; "
            f"{amount_minor} more would be paid, the limit is {limit_minor}"
        )


def opened(session: Session, rma_id: str, order: OrderSnapshot, amount_minor: int) -> None:
    """Note that an amount is paid in advance for a return."""
    session.add(
        AdvanceRow(
            rma_id=rma_id,
            customer_id=order.customer_id,
            currency=order.currency,
            advanced_minor=amount_minor,
            earned_minor=0,
            recovered_minor=0,
            waived_minor=0,
            unpaid=False,
        )
    )


def earned(session: Session, rma_id: str, worth_minor: int, being_charged_minor: int) -> int:
    """Account a refund of a return against its advance, as far as that is not being charged back.

    Returns:
        As much of the refund as the advance has paid already; 0 without an advance.
    """
    row = session.get(AdvanceRow, rma_id)
    if row is None:
        return 0
    account = to_account(row)
    after, covered_minor = account.earn(min(worth_minor, account.outstanding_minor - being_charged_minor))
    row.earned_minor = after.earned_minor
    return covered_minor


def still_to_account_for(session: Session, rma_id: str, being_charged_minor: int) -> int:
    """What the next refund of a return would find paid in advance, in minor units; 0 without an advance."""
    row = session.get(AdvanceRow, rma_id)
    return to_account(row).outstanding_minor - being_charged_minor if row else 0


def kept(session: Session, rma_id: str, first_case: str) -> int:
    """What the customer has kept of an advance that has ended, which no refund tells of; minor units.

    A supervisor waived it or, where the return takes up a `first_case`, that one ended and it was not paid back.
    """
    row = session.get(AdvanceRow, first_case)
    if row is None:
        return 0
    return row.waived_minor + (to_account(row).outstanding_minor if first_case != rma_id else 0)


def recovered(session: Session, rma_id: str, amount_minor: int) -> None:
    """Count what the customer paid back."""
    row = find(session, rma_id)
    row.recovered_minor += amount_minor
    row.unpaid = False


def history(session: Session, customer_id: str, currency: str) -> AdvanceHistory:
    """What earlier advances of a customer came to."""
    accounts = [
        (to_account(row), row.unpaid)
        for row in session.scalars(select(AdvanceRow).where(AdvanceRow.customer_id == customer_id))
    ]
    return AdvanceHistory(
        open_minor=sum(each.outstanding_minor for each, _ in accounts if each.currency == currency),
        unpaid=sum(is_unpaid for _, is_unpaid in accounts),
    )


def unpaid(session: Session) -> list[AdvanceAccount]:
    """The advances of which the customer did not pay back what they owed: the queue of a person."""
    rows = session.scalars(select(AdvanceRow).where(AdvanceRow.unpaid).order_by(AdvanceRow.rma_id))
    return [to_account(row) for row in rows]


def find(session: Session, rma_id: str) -> AdvanceRow:
    """The row of a return.

    Raises:
        AdvanceNotFound: If nothing was advanced for it.
    """
    row = session.get(AdvanceRow, rma_id)
    if row is None:
        raise AdvanceNotFound(f"nothing was advanced for return {rma_id}")
    return row


def to_account(row: AdvanceRow) -> AdvanceAccount:
    """The account that a row holds."""
    return AdvanceAccount(
        rma_id=row.rma_id,
        currency=row.currency,
        advanced_minor=row.advanced_minor,
        earned_minor=row.earned_minor,
        recovered_minor=row.recovered_minor,
        waived_minor=row.waived_minor,
    )
