"""What each step gives to its text, beside the numbers of the return and the order.

A text may use no field that its step does not give: a worker checks that before it starts, and not when a customer
waits. Names are those of the outbox item's parameters, whose endings `domain.readable` explains.
"""

from domain.outbox import Template
from domain.readable import name_in_a_text

ALWAYS = ("rma_id", "order_id")

_AMOUNT = ("amount_minor", "currency")
_COUPON = ("coupon_minor", "currency")
_SLOT = ("carrier", "slot_start_at", "slot_end_at")
_FOUND = ("accepted", "rejected", "missing", "findings")
_PARCEL = ("carrier", "tracking_no")
_OFFER = ("number", "currency", "terms_offer", "expires_at")
_PAYOUT = (*_AMOUNT, "version")

GIVEN: dict[Template, tuple[str, ...]] = {
    Template.MANUAL_REVIEW: ("why",),
    Template.EVIDENCE_REQUESTED: ("why",),
    Template.EVIDENCE_WANTED: ("reason", "due_at"),
    Template.PARTLY_APPROVED: ("requested", "authorized", "reason"),
    Template.DECLINED: ("reason",),
    Template.REFUSED: ("reason",),
    Template.APPEAL_DISMISSED: ("reason",),
    Template.OFFER_MADE: _OFFER,
    Template.OFFER_COUNTERED: _OFFER,
    Template.OFFER_AGREED: _OFFER,
    Template.OFFER_DECLINED: _OFFER,
    Template.OFFER_LAPSED: _OFFER,
    Template.PICKUP_BOOKED: _SLOT,
    Template.PICKUP_REBOOKED: _SLOT,
    Template.PICKUP_CHANGED: _SLOT,
    Template.LABEL_READY: ("carrier", "label_url", "due_at"),
    Template.SHIP_YOURSELF: ("due_at",),
    Template.SHIP_YOURSELF_COLLECT: ("due_at",),
    Template.HANDOVER_REMINDER: ("number", "due_at"),
    Template.FREIGHT_INSURED: ("insurer", "cover_minor", "currency"),
    Template.PARCEL_EXPIRED: ("parcel",),
    Template.INSPECTION_LATE: _COUPON,
    Template.INSPECTION_PASSED: _FOUND,
    Template.INSPECTION_DEDUCTED: _FOUND,
    Template.INSPECTION_PARTIAL: _FOUND,
    Template.INSPECTION_REJECTED: _FOUND,
    Template.DIAGNOSED: _FOUND,
    Template.UNEXPECTED_GOODS: ("findings", "photos"),
    Template.CONTEST_DISMISSED: ("reason",),
    Template.REJECTED_GOODS_RETURNED: ("rejected",),
    Template.CHARGEBACK_RECEIVED: _AMOUNT,
    Template.CHARGEBACK_OVER: _AMOUNT,
    Template.CHARGEBACK_LOST: _AMOUNT,
    Template.ADVANCE_CAPTURED: ("units",),
    Template.RECOVERY_NOTICE: ("due_at", *_AMOUNT),
    Template.RECOVERY_UPHELD: ("reason",),
    Template.RECOVERY_PAID: _AMOUNT,
    Template.RECOVERY_UNPAID: _AMOUNT,
    Template.COMPLAINT_ANSWERED: ("reason", "due_at"),
    Template.ARBITRATION_WON: ("reason",),
    Template.ARBITRATION_DISMISSED: ("reason",),
    Template.PROMISES_PAUSED: ("reason", "until_at"),
    Template.REFUND_PAID: _AMOUNT,
    Template.STORE_CREDIT_PAID: _AMOUNT,
    Template.STORE_CREDIT_BONUS: _AMOUNT,
    Template.PAYMENT_METHOD_NEEDED: _AMOUNT,
    Template.PRICE_COMPENSATION: _AMOUNT,
    Template.COMPENSATION_COUPON: _COUPON,
    Template.TRADE_IN_PAID: _AMOUNT,
    Template.PARTS_OUT_OF_STOCK: ("due_at",),
    Template.REPAIR_ORDERED: ("due_at",),
    Template.REPAIR_FINISHED: _PARCEL,
    Template.REPAIR_NOT_POSSIBLE: ("due_at",),
    Template.SUBSTITUTE_UNAVAILABLE: ("due_at",),
    Template.EXCHANGE_OUT_OF_STOCK: ("due_at",),
    Template.RETURN_REOPENED: ("of",),
    Template.LATE_PARCEL: ("of",),
    Template.REOPENING_DISMISSED: ("reason",),
    Template.GOODWILL_PAID: (*_AMOUNT, "reason"),
    Template.GOODWILL_COUPON: _COUPON,
    Template.STAFF_REVIEW_OVERDUE: ("waited",),
    Template.STAFF_OFFER_COUNTERED: _OFFER,
    Template.STAFF_APPROVAL_NEEDED: (*_PAYOUT, "expires_at"),
    Template.STAFF_APPROVAL_EXPIRED: _PAYOUT,
    Template.STAFF_SCAN_MISSING: _PARCEL,
    Template.STAFF_PARCEL_SILENT: _PARCEL,
    Template.STAFF_CARRIER_CLAIM: _PARCEL,
    Template.STAFF_LOST_PARCEL_CAME: _PARCEL,
    Template.STAFF_UNEXPECTED_GOODS: ("findings",),
    Template.STAFF_SERIAL_MISMATCH: ("findings",),
    Template.STAFF_WAYBILL_SHARED: ("waybill", "returns"),
    Template.STAFF_COUPON_REFUSED: ("key",),
    Template.STAFF_CREDIT_REFUSED: ("key",),
    Template.STAFF_CONTEST_OVERDUE: ("waited",),
    Template.STAFF_EXPERT_ASKED: ("waited",),
    Template.STAFF_CHARGEBACK: ("chargeback_id", "waited", *_AMOUNT),
    Template.STAFF_CHARGEBACK_EVIDENCE: ("chargeback_id", "refunds"),
    Template.STAFF_CHARGEBACK_DECIDED: ("chargeback_id", "first", "second"),
    Template.STAFF_GOODWILL_REFUSED: ("refused",),
    Template.STAFF_CHARGEBACK_NOT_TAKEN: ("chargeback_id", "refused"),
    Template.STAFF_ORDER_FROZEN: ("key",),
    Template.STAFF_RECOVERY_APPEALED: ("waited",),
    Template.STAFF_RECOVERY_UNPAID: _AMOUNT,
    Template.STAFF_COMPLAINT: ("waited",),
    Template.STAFF_ARBITRATION: ("waited",),
    Template.STAFF_RULING_REFUSED: ("reference", "refused", "waited"),
    Template.STAFF_REFUND_UNKNOWN: ("key",),
    Template.STAFF_LEDGER_REFUSED: ("refused",),
    Template.STAFF_CLEANUP_FAILED: ("what",),
    Template.STAFF_RETURN_REOPENED: ("of", "reason", "waited"),
    Template.STAFF_CLAIM_EVIDENCE: ("party", "missing"),
    Template.STAFF_CLAIM_STUCK: ("party", "due_at"),
    Template.STAFF_CLAIM_SILENT: ("party",),
    Template.STAFF_CLAIM_LOST: ("party", *_AMOUNT),
    Template.STAFF_CLAIM_MOOT: ("party",),
    Template.STAFF_RECONCILIATION: ("kind", "key"),
}
"""The parameters of each template; one that is not here is given none."""


def fields_given(template: Template) -> frozenset[str]:
    """The fields that a text of the template may use."""
    return frozenset(name_in_a_text(name) for name in (*ALWAYS, *GIVEN.get(template, ())))
