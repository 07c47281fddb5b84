"""Requests that are wrong in fact: refused at once with a code, holding nothing (section 4)."""

from enum import StrEnum

from pydantic import Field

from domain.record import Record


class RefusalCode(StrEnum):
    """Why a request cannot be a return at all. A policy decision is never one of these."""

    ORDER_NOT_FOUND = "order_not_found"
    CUSTOMER_MISMATCH = "customer_mismatch"
    CURRENCY_NOT_SUPPORTED = "currency_not_supported"
    ORDER_NOT_DELIVERED = "order_not_delivered"
    ORDER_NOT_PENDING = "order_not_pending"
    ITEM_NOT_IN_ORDER = "item_not_in_order"
    PAYMENT_METHOD_UNKNOWN = "payment_method_unknown"
    REFUND_METHOD_NOT_ALLOWED = "refund_method_not_allowed"
    ITEM_COUNT_MISMATCH = "item_count_mismatch"
    REPLACEMENT_UNAVAILABLE = "replacement_unavailable"
    PART_UNKNOWN = "part_unknown"
    GIFT_CARD_BALANCE_TOO_LOW = "gift_card_balance_too_low"
    UNITS_ALREADY_CLAIMED = "units_already_claimed"
    TOO_MANY_APPLICATIONS = "too_many_applications"
    PICKUP_WINDOW_TOO_LATE = "pickup_window_too_late"
    RETURN_ALREADY_CLOSED = "return_already_closed"


class Refusal(Record):
    """A refusal with the field of the application that it is about and what to do next.

    `detail` is for those who program against us; the sentence for the customer is filled from `values`.
    """

    code: RefusalCode
    field: str
    detail: str
    values: dict[str, str | int] = Field(default_factory=dict)
