"""Store credit: money that the customer consented to have with the shop instead of back (section 6).

A refund to an account is drawn from the order's payments like any other. A grant is not: it is the shop's own
money, under a key of its own, outside every ceiling of the order.
"""

from domain.record import MinorUnits, Record, UtcDatetime


class CreditAccountRequest(Record):
    """The account of a customer in a currency; it is opened if there is none."""

    customer_id: str
    currency: str
    at: UtcDatetime


class CreditAccount(Record):
    """An account that refunds and grants can go to."""

    account_id: str
    currency: str


class CreditGrant(Record):
    """Put an amount on an account, once for the key."""

    key: str
    rma_id: str
    account_id: str
    amount_minor: MinorUnits
    currency: str
    at: UtcDatetime


class GrantedCredit(Record):
    """A grant as the store-credit service knows it."""

    key: str
    grant_id: str
    account_id: str
    amount_minor: MinorUnits
    currency: str


def store_credit_bonus(refund_minor: int, bonus_bps: int) -> int:
    """The policy's bonus on a refund that goes to store credit, in minor units."""
    return refund_minor * bonus_bps // 10_000
