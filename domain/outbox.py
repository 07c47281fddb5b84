"""What a stage has to tell others: written with its decision in one transaction, delivered afterwards.

Delivery is at least once, in order per return, and a repeat carries the same message id (I8).
"""

from enum import StrEnum

from pydantic import Field

from domain.application import Locale
from domain.record import Record, UtcDatetime


class OutboxKind(StrEnum):
    """Where an item goes."""

    CUSTOMER_MESSAGE = "customer_message"
    STAFF_ALERT = "staff_alert"
    WAREHOUSE_NOTICE = "warehouse_notice"
    GOODS_DISPOSITION = "goods_disposition"


class MessageChannel(StrEnum):
    """The ways on which a message reaches a customer."""

    IN_APP = "in_app"
    SMS = "sms"
    EMAIL = "email"


class Template(StrEnum):
    """The texts that customers and staff get; each has parameters named in `policy/messages`."""

    RECEIVED = "received"
    MANUAL_REVIEW = "manual_review"
    EVIDENCE_REQUESTED = "evidence_requested"
    EVIDENCE_WANTED = "evidence_wanted"
    EVIDENCE_LAPSED = "evidence_lapsed"
    APPROVED = "approved"
    PARTLY_APPROVED = "partly_approved"
    DECLINED = "declined"
    REFUSED = "refused"
    APPEAL_DISMISSED = "appeal_dismissed"
    APPEAL_RECEIVED = "appeal_received"
    OFFER_MADE = "offer_made"
    OFFER_COUNTERED = "offer_countered"
    OFFER_AGREED = "offer_agreed"
    OFFER_DECLINED = "offer_declined"
    OFFER_LAPSED = "offer_lapsed"
    ORDER_CANCELLED = "order_cancelled"
    PICKUP_BOOKED = "pickup_booked"
    PICKUP_REBOOKED = "pickup_rebooked"
    PICKUP_CHANGED = "pickup_changed"
    PICKUP_CHANGE_LATE = "pickup_change_late"
    PICKUP_FAILED = "pickup_failed"
    LABEL_READY = "label_ready"
    SHIP_YOURSELF = "ship_yourself"
    HANDOVER_REMINDER = "handover_reminder"
    HANDOVER_EXPIRED = "handover_expired"
    COLLECT_REFUSED = "collect_refused"
    LATE_PARCEL = "late_parcel"
    PARCEL_EXPIRED = "parcel_expired"
    PARCEL_LOST = "parcel_lost"
    PARCEL_RECEIVED = "parcel_received"
    INSPECTION_LATE = "inspection_late"
    INSPECTION_LATE_AGAIN = "inspection_late_again"
    INSPECTION_PASSED = "inspection_passed"
    INSPECTION_DEDUCTED = "inspection_deducted"
    INSPECTION_PARTIAL = "inspection_partial"
    INSPECTION_REJECTED = "inspection_rejected"
    UNEXPECTED_GOODS = "unexpected_goods"
    CONTEST_RECEIVED = "contest_received"
    EXPERT_ASKED = "expert_asked"
    REJECTED_GOODS_RETURNED = "rejected_goods_returned"
    CONTEST_DECIDED = "contest_decided"
    DEDUCTION_LOWERED = "deduction_lowered"
    CONTEST_DISMISSED = "contest_dismissed"
    COMPLAINT_RECEIVED = "complaint_received"
    COMPLAINT_ANSWERED = "complaint_answered"
    COMPLAINT_ESCALATED = "complaint_escalated"
    ARBITRATION_WON = "arbitration_won"
    ARBITRATION_DISMISSED = "arbitration_dismissed"
    CHARGEBACK_RECEIVED = "chargeback_received"
    CHARGEBACK_OVER = "chargeback_over"
    CHARGEBACK_LOST = "chargeback_lost"
    REFUND_PAID = "refund_paid"
    FREIGHT_INSURED = "freight_insured"
    PAYMENT_METHOD_NEEDED = "payment_method_needed"
    EXCHANGE_RELEASED = "exchange_released"
    EXCHANGE_REFUNDED = "exchange_refunded"
    EXCHANGE_STOCK_LOST = "exchange_stock_lost"
    EXCHANGE_OUT_OF_STOCK = "exchange_out_of_stock"
    SHIP_YOURSELF_COLLECT = "ship_yourself_collect"
    REFUND_WITHOUT_RETURN = "refund_without_return"
    PARTS_SENT = "parts_sent"
    PARTS_OUT_OF_STOCK = "parts_out_of_stock"
    COMPENSATION_COUPON = "compensation_coupon"
    PRICE_COMPENSATION = "price_compensation"
    STORE_CREDIT_PAID = "store_credit_paid"
    STORE_CREDIT_BONUS = "store_credit_bonus"
    TRADE_IN_PAID = "trade_in_paid"
    DIAGNOSED = "diagnosed"
    REPAIR_ORDERED = "repair_ordered"
    REPAIR_FINISHED = "repair_finished"
    REPAIR_NOT_POSSIBLE = "repair_not_possible"
    SUBSTITUTE_UNAVAILABLE = "substitute_unavailable"
    SUBSTITUTE_REFUNDED = "substitute_refunded"
    ADVANCE_REFUND = "advance_refund"
    ADVANCE_NOT_POSSIBLE = "advance_not_possible"
    ADVANCE_KEPT = "advance_kept"
    RECOVERY_NOTICE = "recovery_notice"
    RECOVERY_APPEAL_RECEIVED = "recovery_appeal_received"
    RECOVERY_UPHELD = "recovery_upheld"
    RECOVERY_WAIVED = "recovery_waived"
    RECOVERY_PAID = "recovery_paid"
    RECOVERY_UNPAID = "recovery_unpaid"
    ADVANCE_EXCHANGE = "advance_exchange"
    ADVANCE_EXCHANGE_SETTLED = "advance_exchange_settled"
    ADVANCE_CAPTURED = "advance_captured"
    PARCEL_LOST_AFTER_EXCHANGE = "parcel_lost_after_exchange"
    RETURN_CANCELED = "return_canceled"
    RETURN_RESUMED = "return_resumed"
    REMEDY_NOW_REFUND = "remedy_now_refund"
    REMEDY_NOW_EXCHANGE = "remedy_now_exchange"
    REMEDY_NOW_STORE_CREDIT = "remedy_now_store_credit"
    PROMISES_PAUSED = "promises_paused"
    RETURN_REOPENED = "return_reopened"
    REOPENING_DISMISSED = "reopening_dismissed"
    GOODWILL_PAID = "goodwill_paid"
    GOODWILL_COUPON = "goodwill_coupon"
    STAFF_REVIEW_OVERDUE = "staff_review_overdue"
    STAFF_FIRST_RESPONSE_LATE = "staff_first_response_late"
    STAFF_AUTO_REVIEW_LATE = "staff_auto_review_late"
    STAFF_OFFER_COUNTERED = "staff_offer_countered"
    STAFF_APPROVAL_NEEDED = "staff_approval_needed"
    STAFF_APPROVAL_EXPIRED = "staff_approval_expired"
    STAFF_PICKUP_STUCK = "staff_pickup_stuck"
    STAFF_SCAN_MISSING = "staff_scan_missing"
    STAFF_PARCEL_SILENT = "staff_parcel_silent"
    STAFF_CARRIER_CLAIM = "staff_carrier_claim"
    STAFF_LOST_PARCEL_CAME = "staff_lost_parcel_came"
    STAFF_INSPECTION_LATE = "staff_inspection_late"
    STAFF_UNEXPECTED_GOODS = "staff_unexpected_goods"
    STAFF_SERIAL_MISMATCH = "staff_serial_mismatch"
    STAFF_WAYBILL_SHARED = "staff_waybill_shared"
    STAFF_COUPON_REFUSED = "staff_coupon_refused"
    STAFF_EXPERT_ASKED = "staff_expert_asked"
    STAFF_CONTEST_OVERDUE = "staff_contest_overdue"
    STAFF_COMPLAINT = "staff_complaint"
    STAFF_ARBITRATION = "staff_arbitration"
    STAFF_RULING_REFUSED = "staff_ruling_refused"
    STAFF_CHARGEBACK = "staff_chargeback"
    STAFF_CHARGEBACK_EVIDENCE = "staff_chargeback_evidence"
    STAFF_CHARGEBACK_DECIDED = "staff_chargeback_decided"
    STAFF_GOODWILL_REFUSED = "staff_goodwill_refused"
    STAFF_CHARGEBACK_NOT_TAKEN = "staff_chargeback_not_taken"
    STAFF_ORDER_FROZEN = "staff_order_frozen"
    STAFF_REFUND_UNKNOWN = "staff_refund_unknown"
    STAFF_RECOVERY_APPEALED = "staff_recovery_appealed"
    STAFF_RECOVERY_UNPAID = "staff_recovery_unpaid"
    STAFF_REPLACEMENT_UNPAID = "staff_replacement_unpaid"
    STAFF_HOLD_LAPSED = "staff_hold_lapsed"
    STAFF_SETTLEMENT_LATE = "staff_settlement_late"
    STAFF_LEDGER_REFUSED = "staff_ledger_refused"
    STAFF_CLEANUP_FAILED = "staff_cleanup_failed"
    STAFF_SUBSTITUTE_NEEDED = "staff_substitute_needed"
    STAFF_CREDIT_REFUSED = "staff_credit_refused"
    STAFF_RETURN_REOPENED = "staff_return_reopened"
    STAFF_LOOK_LATE = "staff_look_late"
    STAFF_CLAIM_EVIDENCE = "staff_claim_evidence"
    STAFF_CLAIM_STUCK = "staff_claim_stuck"
    STAFF_CLAIM_SILENT = "staff_claim_silent"
    STAFF_CLAIM_LOST = "staff_claim_lost"
    STAFF_CLAIM_MOOT = "staff_claim_moot"
    STAFF_RECONCILIATION = "staff_reconciliation"


class OutboxItem(Record):
    """One thing to deliver.

    Attributes:
        kind: Which port delivers it.
        name: The template of a message, or the subject of a notice to the warehouse.
        recipient: A customer id, a role, or a warehouse: never an address.
        params: Values for the text. Amounts are given as minor units under a name that ends in ``_minor``
            next to ``currency``; moments as ISO 8601 under a name that ends in ``_at``; the terms of an offer as
            JSON under a name that ends in ``_offer``.
        channels: The ways that it goes, each a delivery of its own; none for what is not for a customer.
    """

    kind: OutboxKind
    name: str
    recipient: str
    locale: Locale = Locale.ZH_CN
    params: dict[str, str | int] = Field(default_factory=dict)
    channels: tuple[MessageChannel, ...] = ()


class Delivery(Record):
    """An outbox item on its way, with the id that all its repeats share."""

    message_id: str
    rma_id: str
    at: UtcDatetime
    item: OutboxItem
