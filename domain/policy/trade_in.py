"""How a trade-in is paid."""

from enum import StrEnum

from domain.record import Record


class TradeInPayout(StrEnum):
    """A trade-in is no refund: it is paid as money to spend in the shop."""

    STORE_CREDIT = "store_credit"
    COUPON = "coupon"


class TradeInRules(Record):
    """What the customer gets for an old appliance; the amounts are set per currency and category."""

    paid_as: TradeInPayout = TradeInPayout.STORE_CREDIT
