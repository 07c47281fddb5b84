"""What the people around a random return say: the body of each action, drawn at random within what is allowed."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from domain.actions import Action
from testkit.pipeline import Pipeline
from workflows.contracts import ParcelStatus, ReturnStatus

Body = dict[str, Any]


class Speaker:
    """A customer, a courier, a warehouse and a desk who act on one order, and on one of its parcels at a time."""

    def __init__(self, pipeline: Pipeline, seed: int) -> None:
        self._pipeline = pipeline
        self._random = random.Random(seed)
        self.order: Body = {}
        self.rma_id = ""
        self._parcel: ParcelStatus | None = None

    async def _nothing(self, _: ReturnStatus) -> Body:
        return {}

    async def _note(self, _: ReturnStatus) -> Body:
        return {"note": "It is as I say."}

    async def _evidence(self, status: ReturnStatus) -> Body:
        proof = [{"kind": "video", "reference": f"media/{uuid4().hex}.mp4"}]
        return {"lines": [{"line_id": entry.line_id, "evidence": proof} for entry in status.lines]}

    async def _verdict(self, _: ReturnStatus) -> Body:
        return {"approve": self._random.random() < 0.8, "note": "Looked at it."}

    async def _reopening(self, _: ReturnStatus) -> Body:
        """An amount that may be above what is left, or above what the supervisor may grant."""
        order = self._random.choice(["inspect_again", "dismiss", "pay", "pay"])
        amounts: Body = self._random.choice(
            [
                {"amount_minor": 1},
                {"amount_minor": 500},
                {"amount_minor": 60_000, "coupon_minor": 1},
                {"coupon_minor": 900},
                {"coupon_minor": 900_000},
            ]
        )
        return {"order": order, "note": "Looked at it.", **(amounts if order == "pay" else {})}

    async def _pickup(self, _: ReturnStatus) -> Body:
        return {"by_label": self._random.random() < 0.5}

    async def _other_remedy(self, _: ReturnStatus) -> Body:
        return {"remedy": self._random.choice(["return_and_refund", "store_credit"])}

    async def _other_window(self, _: ReturnStatus) -> Body:
        start = await self._pipeline.now(self.rma_id) + timedelta(hours=self._random.randint(3, 60))
        return {"window": {"start": start, "end": start + timedelta(hours=4)}}

    async def _handover(self, _: ReturnStatus) -> Body:
        at = await self._pipeline.now(self.rma_id)
        return {"carrier": "swift", "tracking_no": f"OWN{uuid4().hex[:10]}", "handed_over_at": at}

    async def _receipt(self, status: ReturnStatus) -> Body:
        at = await self._pipeline.now(self.rma_id)
        return {
            "received_at": at,
            "lines": [
                {"line_id": line_id, "quantity": self._random.randint(0, units)}
                for line_id, units in self._units(status).items()
            ],
        }

    def _units(self, status: ReturnStatus) -> dict[str, int]:
        """The units by line that are to come in the parcel that is acted on."""
        if self._parcel is None:
            return {entry.line_id: entry.authorized for entry in status.lines}
        return {entry.line_id: entry.expected for entry in self._parcel.lines}

    async def _inspection(self, status: ReturnStatus) -> Body:
        units: list[Body] = []
        for line_id, came in self._units(status).items():
            accepted = self._random.randint(0, came)
            rejected = self._random.randint(0, came - accepted)
            deduct = self._random.random() < 0.4
            if accepted:
                units.append(
                    {
                        "line_id": line_id,
                        "quantity": accepted,
                        "verdict": "accepted",
                        "grade": "B" if deduct else "A",
                        "deduction_bps": self._random.choice([1, 1_500, 10_000]) if deduct else 0,
                        "checks": [{"code": "stain", "passed": False, "photos": ["p/1.jpg"]}] if deduct else [],
                    }
                )
            if rejected:
                units.append(
                    {
                        "line_id": line_id,
                        "quantity": rejected,
                        "serial": self._random.choice([None, "mismatch"]),
                        "verdict": "rejected",
                        "grade": "D",
                        "disposition": "RETURN_TO_CUSTOMER",
                        "note": "worn",
                    }
                )
        return {"units": units}

    async def _contest_verdict(self, status: ReturnStatus) -> Body:
        assert self._parcel is not None
        accepted = [
            {"line_id": entry.line_id, "quantity": self._random.randint(1, entry.expected - entry.accepted)}
            for entry in self._parcel.lines
            if entry.expected > entry.accepted and self._random.random() < 0.5
        ]
        deducted = {units.line_id: units for units in self._parcel.deducted}
        lowered = [
            {
                "line_id": line_id,
                "quantity": self._random.randint(1, units.quantity),
                "deduction_bps": self._random.choice([0, 500]),
            }
            for line_id, units in deducted.items()
            if self._random.random() < 0.7
        ]
        return {"note": "Looked again.", "accepted": accepted, "deductions": lowered}

    async def _liability(self, status: ReturnStatus) -> Body:
        answers = self._random.choice(["carrier", {"shares": {"merchant": 5_000, "customer": 5_000}}])
        return {"note": "Looked again.", "liability": {status.lines[0].line_id: answers}}

    async def _pause(self, _: ReturnStatus) -> Body:
        until = await self._pipeline.now(self.rma_id) + timedelta(hours=self._random.randint(1, 72))
        return {"cause": "natural_disaster", "note": "A typhoon.", "until": until}

    async def _ruling(self, status: ReturnStatus) -> Body:
        left = {entry.line_id: entry.requested - max(entry.accepted, entry.refunded) for entry in status.lines}
        units = [{"line_id": line_id, "quantity": units} for line_id, units in left.items() if units]
        ruled: Body = self._random.choice([{"units": units}, {"amount_minor": self._random.randint(1, 4_000)}, {}])
        return {"reference": "PLATFORM-1", "note": "So it is."} | ruled

    async def _chargeback(self, _: ReturnStatus) -> Body:
        payment = self._random.choice(self._pipeline.ledger.order_balance(self.order["order_id"]).payments)
        return {
            "chargeback_id": f"CB-{self._random.randint(1, 3)}",
            "payment_id": payment.payment_id,
            "amount_minor": self._random.randint(1, payment.captured_minor),
        }

    async def _of_a_chargeback(self, status: ReturnStatus) -> Body:
        waiting = [entry.chargeback_id for entry in status.chargebacks if entry.state == "open"]
        return {"chargeback_id": self._random.choice(waiting), "note": "So the bank says.", "outcome": "won"}

    async def _opinion(self, _: ReturnStatus) -> Body:
        return {"finding": self._random.choice(["fault", "misuse", "misunderstanding"]), "note": "Took it apart."}

    async def _method(self, _: ReturnStatus) -> Body:
        return {"method_id": self._random.choice(self.order["payments"])["payment_method_id"]}

    async def _repair(self, _: ReturnStatus) -> Body:
        if self._random.random() < 0.5:
            return {"repaired": False, "note": "The frame is broken."}
        return {"repaired": True, "carrier": "swift", "tracking_no": f"BACK{uuid4().hex[:10]}"}

    async def _offer(self, status: ReturnStatus) -> Body:
        """An amount that may lie above what the goods were paid, or above what the agent may grant."""
        return {
            "terms": {
                "remedy": self._random.choice(["price_compensation", "coupon_compensation", "store_credit"]),
                "amount_minor": self._random.choice([1, 500, 4_000, 60_000]),
                "basis": "The goods differ from their description.",
                "process": "Keep the goods.",
                "time_limits": "Paid within 3 business days.",
                "freight": "merchant",
            }
        }

    async def _counter(self, status: ReturnStatus) -> Body:
        return await self._offer(status) | await self._number(status)

    async def _number(self, status: ReturnStatus) -> Body:
        return {"offer_number": status.offers[-1].number}

    async def _consent(self, status: ReturnStatus) -> Body:
        assert status.pending_payout is not None
        return {"amount_minor": status.pending_payout.amount_minor, "expected_version": status.version}

    async def _waiver(self, _: ReturnStatus) -> Body:
        return {"waive": self._random.random() < 0.5, "note": "Looked at it."}

    async def _substitute(self, status: ReturnStatus) -> Body:
        return {"remedy": self._random.choice(status.substitutes).value}


BODIES: dict[Action, Callable[[Speaker, ReturnStatus], Any]] = {
    Action.CANCEL: Speaker._nothing,
    Action.SUBMIT_EVIDENCE: Speaker._evidence,
    Action.REVIEW: Speaker._verdict,
    Action.APPEAL: Speaker._note,
    Action.BOOK_PICKUP: Speaker._pickup,
    Action.CHANGE_PICKUP: Speaker._other_window,
    Action.CHANGE_REMEDY: Speaker._other_remedy,
    Action.RECORD_HANDOVER: Speaker._handover,
    Action.RECEIVE: Speaker._receipt,
    Action.INSPECT: Speaker._inspection,
    Action.ACCEPT_RESULT: Speaker._nothing,
    Action.CONTEST: Speaker._note,
    Action.DECIDE_CONTEST: Speaker._contest_verdict,
    Action.REQUEST_EXPERT: Speaker._note,
    Action.EXPERT_OPINION: Speaker._opinion,
    Action.CHOOSE_PAYMENT_METHOD: Speaker._method,
    Action.REQUEST_EVIDENCE: Speaker._note,
    Action.DECIDE_LIABILITY: Speaker._liability,
    Action.COMPLAIN: Speaker._note,
    Action.ANSWER_COMPLAINT: Speaker._note,
    Action.ESCALATE_TO_PLATFORM: Speaker._note,
    Action.RECORD_ARBITRATION: Speaker._ruling,
    Action.REPORT_CHARGEBACK: Speaker._chargeback,
    Action.RELEASE_HOLD: Speaker._of_a_chargeback,
    Action.ACCEPT_CHARGEBACK: Speaker._of_a_chargeback,
    Action.PAUSE_CLOCKS: Speaker._pause,
    Action.RESUME_CLOCKS: Speaker._nothing,
    Action.MAKE_OFFER: Speaker._offer,
    Action.ACCEPT_OFFER: Speaker._number,
    Action.COUNTER_OFFER: Speaker._counter,
    Action.DECLINE_OFFER: Speaker._number,
    Action.APPROVE_PAYOUT: Speaker._consent,
    Action.DECLINE_PAYOUT: Speaker._nothing,
    Action.APPEAL_RECOVERY: Speaker._note,
    Action.DECIDE_RECOVERY: Speaker._waiver,
    Action.CHOOSE_SUBSTITUTE: Speaker._substitute,
    Action.REPORT_REPAIR: Speaker._repair,
    Action.DECIDE_REOPENING: Speaker._reopening,
}
"""What is sent with each action. One for every action there is, so that none is left out."""
