"""Bodies of every action: well formed, and fitting to a return where they name something of it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from domain.actions import Action
from testkit.pipeline import Pipeline

PHOTO = {"kind": "image", "reference": "media/seam.jpg"}
ACCEPTED = {"line_id": "SHIRT-M", "quantity": 1, "verdict": "accepted", "grade": "A"}
REJECTED = {"line_id": "SHIRT-M", "quantity": 1, "verdict": "rejected", "grade": "D", "note": "worn"}
DAY = timedelta(days=1)

TERMS = {
    "remedy": "return_and_refund",
    "basis": "a loose seam",
    "process": "a courier collects it",
    "time_limits": "3 business days",
    "freight": "merchant",
}
TALKS: dict[Action, dict[str, Any]] = {
    Action.MAKE_OFFER: {"terms": TERMS},
    Action.ACCEPT_OFFER: {"offer_number": 1},
    Action.COUNTER_OFFER: {"offer_number": 1, "terms": TERMS},
    Action.DECLINE_OFFER: {"offer_number": 1},
    Action.APPROVE_PAYOUT: {"amount_minor": 1, "expected_version": 1},
}
"""Bodies of what is said in a negotiation and of an approval."""

CHARGEBACK = {"chargeback_id": "CB-1", "note": "x"}

WELL_FORMED: dict[Action, dict[str, Any]] = {
    Action.SUBMIT_EVIDENCE: {"lines": [{"line_id": "SHIRT-M", "evidence": [PHOTO]}]},
    Action.REVIEW: {"approve": True, "note": "x"},
    Action.APPEAL: {"note": "x"},
    Action.CONTEST: {"note": "x"},
    Action.DECIDE_CONTEST: {"note": "x"},
    Action.DECIDE_REOPENING: {"order": "dismiss", "note": "x"},
    Action.CHANGE_REMEDY: {"remedy": "store_credit"},
    Action.RECORD_HANDOVER: {"carrier": "sf", "tracking_no": "SF-1", "handed_over_at": "2026-01-01T00:00:00Z"},
    Action.RECEIVE: {"received_at": "2026-01-01T00:00:00Z"},
    Action.INSPECT: {"units": [ACCEPTED]},
    Action.CHOOSE_PAYMENT_METHOD: {"method_id": "CARD-1"},
    Action.REQUEST_EVIDENCE: {"note": "x"},
    Action.DECIDE_LIABILITY: {"note": "x", "liability": {"SHIRT-M": "carrier"}},
    Action.REQUEST_EXPERT: {"note": "x"},
    Action.EXPERT_OPINION: {"note": "x", "finding": "fault"},
    Action.COMPLAIN: {"note": "x"},
    Action.ANSWER_COMPLAINT: {"note": "x"},
    Action.RECORD_ARBITRATION: {"note": "x", "reference": "P-1"},
    Action.REPORT_CHARGEBACK: CHARGEBACK | {"payment_id": "P-1", "amount_minor": 1},
    Action.RELEASE_HOLD: CHARGEBACK | {"outcome": "won"},
    Action.ACCEPT_CHARGEBACK: CHARGEBACK,
    Action.PAUSE_CLOCKS: {"cause": "strike", "note": "x", "until": "2026-01-01T00:00:00Z"},
    **TALKS,
    Action.CHOOSE_SUBSTITUTE: {"remedy": "return_and_refund"},
    Action.REPORT_REPAIR: {"repaired": False, "note": "x"},
    Action.APPEAL_RECOVERY: {"note": "x"},
    Action.DECIDE_RECOVERY: {"waive": True, "note": "x"},
}


async def fields_of(pipeline: Pipeline, rma_id: str, action: Action) -> dict[str, Any]:
    """A body for the action that is right in itself."""
    match action:
        case Action.SUBMIT_EVIDENCE:
            return {"lines": [{"line_id": "SHIRT-M", "evidence": [PHOTO]}]}
        case Action.REVIEW:
            return {"approve": True, "note": "fine"}
        case Action.APPEAL | Action.CONTEST | Action.DECIDE_CONTEST | Action.REQUEST_EVIDENCE:
            return {"note": "so it is"}
        case Action.COMPLAIN | Action.ANSWER_COMPLAINT | Action.REQUEST_EXPERT:
            return {"note": "so it is"}
        case Action.DECIDE_LIABILITY:
            return {"note": "so it is", "liability": {"SHIRT-M": "carrier"}}
        case Action.DECIDE_REOPENING:
            return {"order": "inspect_again", "note": "so it is"}
        case Action.MAKE_OFFER:
            was_inspected = (await pipeline.returns.status(rma_id)).parcels
            compensation = {"remedy": "price_compensation", "amount_minor": 100}
            return {"terms": TERMS | compensation if was_inspected else TERMS}
        case Action.CHANGE_PICKUP:
            return {"address": {"lines": ["2 Lake Road"], "city": "Hangzhou", "country": "CN"}}
        case Action.RECORD_HANDOVER:
            number = f"SF-{uuid4().hex[:12]}"
            return {"carrier": "sf", "tracking_no": number, "handed_over_at": await pipeline.now(rma_id)}
        case Action.RECEIVE:
            return {"received_at": await pipeline.now(rma_id)}
        case Action.INSPECT:
            return {"units": [ACCEPTED, REJECTED]}
        case Action.EXPERT_OPINION:
            return {"note": "so it is", "finding": "misunderstanding"}
        case Action.RECORD_ARBITRATION:
            return {"note": "so it is", "reference": "P-1"}
        case Action.REPORT_CHARGEBACK:
            order_id = (await pipeline.returns.status(rma_id)).order_id
            return CHARGEBACK | {"payment_id": f"{order_id}-p1", "amount_minor": 100}
        case Action.RELEASE_HOLD:
            return CHARGEBACK | {"outcome": "won"}
        case Action.ACCEPT_CHARGEBACK:
            return CHARGEBACK
        case Action.PAUSE_CLOCKS:
            return {
                "cause": "strike",
                "note": "the port is closed",
                "until": await pipeline.now(rma_id) + DAY,
            }
        case Action.CHOOSE_PAYMENT_METHOD:
            order_id = (await pipeline.returns.status(rma_id)).order_id
            return {"method_id": order_id.replace("O-", "CARD-")}
        case Action.CHOOSE_SUBSTITUTE:
            return {"remedy": "return_and_refund"}
        case Action.REPORT_REPAIR:
            return {"repaired": False, "note": "the frame is broken"}
        case Action.APPEAL_RECOVERY | Action.DECIDE_RECOVERY | Action.CHANGE_REMEDY:
            return WELL_FORMED[action]
        case _:
            return TALKS.get(action, {})
