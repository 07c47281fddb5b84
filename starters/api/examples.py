"""Bodies to try the API with, shown in its documentation; they fit the data of the sandbox."""

from typing import Any

from domain.actions import Action
from workflows.contracts.claims import ClaimAction

_CUSTOMER = {"role": "customer", "id": "C-101"}
_AGENT = {"role": "agent_tier_1", "id": "agent-7"}
_SUPERVISOR = {"role": "supervisor", "id": "supervisor-1"}
_WAREHOUSE = {"role": "warehouse", "id": "dock-2"}

APPLICATIONS: dict[str, Any] = {
    "Return one unit": {
        "order_id": "CN-1001",
        "customer_id": "C-101",
        "desired_resolution": "return_and_refund",
        "lines": [{"line_id": "SHIRT-M-SAND", "quantity": 1, "reason": "changed_mind", "condition": "unopened"}],
    },
    "Exchange a unit for another size": {
        "order_id": "CN-1002",
        "customer_id": "C-102",
        "desired_resolution": "exchange",
        "lines": [
            {
                "line_id": "JACKET-L-GREEN",
                "quantity": 1,
                "reason": "size_too_large",
                "replacement_item_ids": ["JACKET-M-GREEN"],
            }
        ],
        "payment_method_id": "CARD-102",
    },
    "Return a unit for store credit": {
        "order_id": "CN-1001",
        "customer_id": "C-101",
        "desired_resolution": "store_credit",
        "lines": [{"line_id": "SHIRT-M-SAND", "quantity": 1, "condition": "unopened"}],
    },
    "Ask for a coupon and keep the goods": {
        "order_id": "CN-1001",
        "customer_id": "C-101",
        "desired_resolution": "coupon_compensation",
        "lines": [{"line_id": "SHIRT-M-SAND", "quantity": 1, "reason": "late_delivery"}],
    },
    "Cancel an order that has not shipped": {
        "order_id": "CN-1009",
        "customer_id": "C-102",
        "desired_resolution": "cancel_order",
    },
}

_TERMS = {
    "remedy": "price_compensation",
    "amount_minor": 2000,
    "basis": "The seam is loose and can be mended.",
    "process": "You keep the shirt and we pay the compensation to your card.",
    "time_limits": "Paid within 3 business days of your consent.",
    "freight": "merchant",
    "fees": [],
}

RECEIPTS: dict[str, Any] = {
    "By its tracking number": {
        "receipt_id": "DOCK-2-000871",
        "actor": _WAREHOUSE,
        "received_at": "2026-11-22T08:00:00Z",
        "carrier": "sf",
        "tracking_no": "SF1389007",
    },
    "Opened, with goods of two returns": {
        "receipt_id": "DOCK-2-000872",
        "actor": _WAREHOUSE,
        "received_at": "2026-11-22T08:05:00Z",
        "rma_ids": ["RMA-7Q2M4K9TZB3X5W8A"],
        "goods": [{"item_id": "SHIRT-M-SAND", "quantity": 1}, {"item_id": "JACKET-L-GREEN", "quantity": 1}],
    },
}
PARKED_MATCH: dict[str, Any] = {
    "Its return was found": {
        "actor": _WAREHOUSE,
        "rma_id": "RMA-7Q2M4K9TZB3X5W8A",
        "lines": [{"line_id": "SHIRT-M-SAND", "quantity": 1}],
        "note": "The name on the note is the customer's.",
    }
}
PARKED_DISPOSAL: dict[str, Any] = {
    "They belong to nobody": {
        "actor": _SUPERVISOR,
        "disposition": "DONATE",
        "note": "Nobody has asked for them in 90 days.",
    }
}

ACTIONS: dict[Action, Any] = {
    Action.CANCEL: {"actor": _CUSTOMER, "note": "I keep it after all."},
    Action.SUBMIT_EVIDENCE: {
        "actor": _CUSTOMER,
        "lines": [{"line_id": "SHIRT-M-SAND", "evidence": [{"kind": "image", "reference": "photos/8812.jpg"}]}],
    },
    Action.REVIEW: {"actor": _AGENT, "approve": True, "note": "The photo shows the fault."},
    Action.APPEAL: {"actor": _CUSTOMER, "note": "It was never worn."},
    Action.BOOK_PICKUP: {
        "actor": _CUSTOMER,
        "carrier": "sf",
        "window": {"start": "2026-11-23T06:00:00Z", "end": "2026-11-23T08:00:00Z"},
    },
    Action.CHANGE_REMEDY: {"actor": _CUSTOMER, "remedy": "return_and_refund"},
    Action.CHANGE_PICKUP: {
        "actor": _CUSTOMER,
        "window": {"start": "2026-11-24T06:00:00Z", "end": "2026-11-24T10:00:00Z"},
    },
    Action.RECORD_HANDOVER: {
        "actor": _CUSTOMER,
        "carrier": "sf",
        "tracking_no": "SF1389007",
        "handed_over_at": "2026-11-22T08:00:00Z",
    },
    Action.RECEIVE: {"actor": _WAREHOUSE, "received_at": "2026-11-22T08:00:00Z"},
    Action.INSPECT: {
        "actor": _WAREHOUSE,
        "units": [{"line_id": "SHIRT-M-SAND", "quantity": 1, "verdict": "accepted", "grade": "A"}],
    },
    Action.ACCEPT_RESULT: {"actor": _CUSTOMER},
    Action.CONTEST: {"actor": _CUSTOMER, "note": "The scratch was there when it came."},
    Action.DECIDE_CONTEST: {
        "actor": _SUPERVISOR,
        "note": "The scratch is on the photo of the delivery.",
        "accepted": [{"line_id": "SHIRT-M-SAND", "quantity": 1}],
        "deductions": [{"line_id": "POWERBANK-10K", "quantity": 1, "deduction_bps": 500}],
    },
    Action.REQUEST_EXPERT: {"actor": _SUPERVISOR, "note": "Is the crack from a fall or from the mould?"},
    Action.EXPERT_OPINION: {
        "actor": {"role": "agent_tier_2", "id": "support-3"},
        "finding": "fault",
        "note": "The seam of the mould gave way.",
        "photos": ["lab/8812-1.jpg"],
    },
    Action.CHOOSE_PAYMENT_METHOD: {"actor": _CUSTOMER, "method_id": "GIFT-101"},
    Action.REQUEST_EVIDENCE: {"actor": _AGENT, "note": "A photo of the label with the serial number."},
    Action.DECIDE_LIABILITY: {
        "actor": _SUPERVISOR,
        "note": "The box was weak and the carrier dropped it.",
        "liability": {"SHIRT-M-SAND": {"shares": {"merchant": 4000, "carrier": 6000}}},
    },
    Action.COMPLAIN: {"actor": _CUSTOMER, "note": "Nobody calls me back."},
    Action.ANSWER_COMPLAINT: {"actor": _SUPERVISOR, "note": "We are sorry. Your refund was paid this morning."},
    Action.ESCALATE_TO_PLATFORM: {"actor": _CUSTOMER, "note": "I do not agree.", "reference": "PLATFORM-7781"},
    Action.RECORD_ARBITRATION: {
        "actor": {"role": "order_system", "id": "platform"},
        "reference": "PLATFORM-7781",
        "note": "The photos show that the fault was there on delivery.",
        "units": [{"line_id": "SHIRT-M-SAND", "quantity": 1}],
    },
    Action.REPORT_CHARGEBACK: {
        "actor": {"role": "payment_provider", "id": "psp"},
        "chargeback_id": "CB-20031",
        "payment_id": "CN-1001-p1",
        "amount_minor": 12900,
    },
    Action.RELEASE_HOLD: {
        "actor": _SUPERVISOR,
        "chargeback_id": "CB-20031",
        "outcome": "withdrawn",
        "note": "The customer withdrew it at the bank.",
    },
    Action.ACCEPT_CHARGEBACK: {
        "actor": _SUPERVISOR,
        "chargeback_id": "CB-20031",
        "note": "The bank decided for the customer.",
    },
    Action.PAUSE_CLOCKS: {
        "actor": _SUPERVISOR,
        "cause": "natural_disaster",
        "note": "A typhoon has closed the warehouse.",
        "until": "2026-11-24T00:00:00Z",
        "clocks": ["inspection"],
    },
    Action.RESUME_CLOCKS: {"actor": _SUPERVISOR, "note": "The warehouse is open again."},
    Action.MAKE_OFFER: {"actor": _AGENT, "terms": _TERMS},
    Action.ACCEPT_OFFER: {"actor": _CUSTOMER, "offer_number": 1},
    Action.COUNTER_OFFER: {"actor": _CUSTOMER, "offer_number": 1, "terms": {**_TERMS, "amount_minor": 3000}},
    Action.APPROVE_PAYOUT: {"actor": _SUPERVISOR, "amount_minor": 600000, "expected_version": 5},
    Action.DECLINE_PAYOUT: {"actor": _SUPERVISOR, "note": "A repair is enough."},
    Action.DECLINE_OFFER: {"actor": _CUSTOMER, "offer_number": 1, "note": "It is too little."},
    Action.CHOOSE_SUBSTITUTE: {"actor": _CUSTOMER, "remedy": "exchange", "item_ids": ["SHIRT-L-SAND"]},
    Action.REPORT_REPAIR: {
        "actor": _WAREHOUSE,
        "repaired": True,
        "note": "New motor.",
        "carrier": "sf",
        "tracking_no": "SF1389011",
    },
    Action.APPEAL_RECOVERY: {"actor": _CUSTOMER, "note": "Both shirts were in the parcel."},
    Action.DECIDE_RECOVERY: {"actor": _SUPERVISOR, "waive": True, "note": "The parcel was damaged on its way."},
    Action.DECIDE_REOPENING: {
        "actor": _SUPERVISOR,
        "order": "pay",
        "amount_minor": 2000,
        "note": "The deduction was too high.",
    },
}

CLAIM_ACTIONS: dict[ClaimAction, Any] = {
    ClaimAction.ADD_EVIDENCE: {
        "actor": _AGENT,
        "evidence": [{"kind": "photo", "reference": "photos/8812.jpg"}],
    },
    ClaimAction.ANSWER: {"actor": _SUPERVISOR, "verdict": "accepted", "amount_minor": 29900},
    ClaimAction.WRITE_OFF: {"actor": _SUPERVISOR, "note": "Not worth the postage."},
}

REOPENING: dict[str, Any] = {"actor": _CUSTOMER, "note": "Two of the three units were in order."}
