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


class Template(StrEnum):
    """The texts that customers and staff get; each has parameters named in `policy/messages`."""

    RECEIVED = "received"
    MANUAL_REVIEW = "manual_review"
    EVIDENCE_REQUESTED = "evidence_requested"
    EVIDENCE_WANTED = "evidence_wanted"
    EVIDENCE_LAPSED = "evidence_lapsed"
    APPROVED = "approved"
    DECLINED = "declined"
    REFUSED = "refused"
    APPEAL_DISMISSED = "appeal_dismissed"
    APPEAL_RECEIVED = "appeal_received"
    ORDER_CANCELLED = "order_cancelled"
    PICKUP_BOOKED = "pickup_booked"
    PICKUP_REBOOKED = "pickup_rebooked"
    PICKUP_FAILED = "pickup_failed"
    LABEL_READY = "label_ready"
    SHIP_YOURSELF = "ship_yourself"
    HANDOVER_REMINDER = "handover_reminder"
    HANDOVER_EXPIRED = "handover_expired"
    COLLECT_REFUSED = "collect_refused"
    PARCEL_EXPIRED = "parcel_expired"
    PARCEL_LOST = "parcel_lost"
    PARCEL_RECEIVED = "parcel_received"
    INSPECTION_LATE = "inspection_late"
    INSPECTION_LATE_AGAIN = "inspection_late_again"
    INSPECTION_PASSED = "inspection_passed"
    INSPECTION_PARTIAL = "inspection_partial"
    INSPECTION_REJECTED = "inspection_rejected"
    CONTEST_RECEIVED = "contest_received"
    EXPERT_ASKED = "expert_asked"
    REJECTED_GOODS_RETURNED = "rejected_goods_returned"
    CONTEST_DECIDED = "contest_decided"
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
    PAYMENT_METHOD_NEEDED = "payment_method_needed"
    EXCHANGE_RELEASED = "exchange_released"
    EXCHANGE_REFUNDED = "exchange_refunded"
    EXCHANGE_STOCK_LOST = "exchange_stock_lost"
    SHIP_YOURSELF_COLLECT = "ship_yourself_collect"
    RETURN_CANCELED = "return_canceled"
    RETURN_RESUMED = "return_resumed"
    PROMISES_PAUSED = "promises_paused"
    STAFF_REVIEW_OVERDUE = "staff_review_overdue"
    STAFF_FIRST_RESPONSE_LATE = "staff_first_response_late"
    STAFF_AUTO_REVIEW_LATE = "staff_auto_review_late"
    STAFF_PICKUP_STUCK = "staff_pickup_stuck"
    STAFF_SCAN_MISSING = "staff_scan_missing"
    STAFF_PARCEL_SILENT = "staff_parcel_silent"
    STAFF_CARRIER_CLAIM = "staff_carrier_claim"
    STAFF_LOST_PARCEL_CAME = "staff_lost_parcel_came"
    STAFF_INSPECTION_LATE = "staff_inspection_late"
    STAFF_COUPON_REFUSED = "staff_coupon_refused"
    STAFF_EXPERT_ASKED = "staff_expert_asked"
    STAFF_CONTEST_OVERDUE = "staff_contest_overdue"
    STAFF_COMPLAINT = "staff_complaint"
    STAFF_ARBITRATION = "staff_arbitration"
    STAFF_CHARGEBACK = "staff_chargeback"
    STAFF_CHARGEBACK_EVIDENCE = "staff_chargeback_evidence"
    STAFF_ORDER_FROZEN = "staff_order_frozen"
    STAFF_REFUND_UNKNOWN = "staff_refund_unknown"
    STAFF_SETTLEMENT_LATE = "staff_settlement_late"
    STAFF_CLEANUP_FAILED = "staff_cleanup_failed"


class OutboxItem(Record):
    """One thing to deliver.

    Attributes:
        kind: Which port delivers it.
        name: The template of a message, or the subject of a notice to the warehouse.
        recipient: A customer id, a role, or a warehouse: never an address.
        params: Values for the text. Amounts are given as minor units under a name that ends in ``_minor``
            next to ``currency``; moments as ISO 8601 under a name that ends in ``_at``.
    """

    kind: OutboxKind
    name: str
    recipient: str
    locale: Locale = Locale.ZH_CN
    params: dict[str, str | int] = Field(default_factory=dict)


class Delivery(Record):
    """An outbox item on its way, with the id that all its repeats share."""

    message_id: str
    rma_id: str
    at: UtcDatetime
    item: OutboxItem
