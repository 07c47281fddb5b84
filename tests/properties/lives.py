"""Random lives of returns over the whole pipeline, each from a seed, judged by the providers' books."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
from pydantic import ValidationError

from domain.actions import PARCEL_ACTIONS, PERMITTED_ROLES, Action, Role
from domain.keys import (
    bonus_key,
    inspection_clock_key,
    label_reference,
    pickup_reference,
    refund_key,
    rma_id_for,
)
from domain.status import Header, Logistics
from starters.errors import (
    AboveAuthority,
    ActionNotAllowed,
    InvalidAction,
    RoleNotPermitted,
    VersionOutdated,
)
from testkit.pipeline import Pipeline, line
from tests.properties.speaker import BODIES, Body, Speaker
from workflows.contracts import ParcelStatus, ReturnStatus

_STEPS = 40
_REFUSALS = (ActionNotAllowed, InvalidAction, RoleNotPermitted, AboveAuthority, VersionOutdated)
_DAYS_TO_THE_END = 60
_IN_A_CARRIERS_HANDS = (
    Logistics.AWAITING_HANDOVER,
    Logistics.PICKUP_BOOKED,
    Logistics.PICKED_UP,
    Logistics.IN_TRANSIT,
    Logistics.DELIVERED,
)
_REMEDIES = (
    *["return_and_refund"] * 5,
    "store_credit",
    "refund_only",
    "repair",
    "coupon_compensation",
    "price_compensation",
)
_COMES_BACK = ("return_and_refund", "store_credit")
_NAMES_LINES = (Action.DECIDE_CONTEST, Action.RECORD_ARBITRATION)
_CURRENCIES = (*["CNY"] * 4, "JPY", "KWD")
_WEIGHTS = {
    **dict.fromkeys((Action.CANCEL, Action.REPORT_CHARGEBACK), 1),
    **dict.fromkeys(
        (Action.SUBMIT_EVIDENCE, Action.REQUEST_EVIDENCE, Action.PAUSE_CLOCKS, Action.DECIDE_LIABILITY), 3
    ),
    **dict.fromkeys((Action.INSPECT, Action.CONTEST, Action.DECIDE_CONTEST), 40),
    **dict.fromkeys((Action.MAKE_OFFER, Action.ACCEPT_OFFER, Action.APPROVE_PAYOUT, Action.DECIDE_REOPENING), 30),
}
"""What is played more often than the rest, and what less: all others weigh 12."""


class Life(Speaker):
    """One return, lived by a customer, a courier, a warehouse and a desk that act at random."""

    def __init__(self, pipeline: Pipeline, seed: int) -> None:
        super().__init__(pipeline, seed)
        self._request_id = f"life-{seed}-{uuid4().hex[:8]}"
        self.log: list[str] = [f"seed {seed}"]
        self._open: list[str] = []

    async def live(self) -> list[ReturnStatus]:
        """Live the return, and a follow-up if its customer reopens it. Gives how each of them stands at last.

        Raises:
            AssertionError: If one is neither final nor in somebody's queue after two months.
        """
        await self._begin()
        first = self.rma_id
        self._open = [first, *await self._another_return()]
        ends = await self._live_all()
        if ends[0].header is Header.COMPLETED and self._random.random() < 0.5:
            self.log.append("reopened")
            self.rma_id = (await self._pipeline.reopen(first)).rma_id
            await self._storm(self.rma_id)
            await self._pipeline.until(self.rma_id, lambda status: bool(status.allowed_actions))
            self._open = [self.rma_id]
            ends += await self._live_all()
        return ends

    async def _live_all(self) -> list[ReturnStatus]:
        """Live the open returns side by side; each step is one of any of them."""
        for _ in range(_STEPS * len(self._open)):
            self.rma_id = self._random.choice(self._open)
            status = await self._pipeline.returns.status(self.rma_id)
            if not status.is_final:
                await self._step(status)
        ends = []
        for rma_id in self._open:
            self.rma_id = rma_id
            ends.append(await self._to_the_end())
        return ends

    # How it begins

    async def _begin(self) -> None:
        pick = self._random
        lines = [
            line(f"ITEM-{number}", quantity=pick.randint(1, 3), unit_price_minor=pick.randint(1, 20_000))
            for number in range(pick.randint(1, 3))
        ]
        total = sum(entry["unit_price_minor"] * entry["quantity"] for entry in lines)
        shipping = pick.choice([0, 800])
        first = pick.randint(0, total + shipping)
        methods = [{"id": f"CARD-{uuid4().hex[:6]}", "source": "credit_card"} for _ in range(2)]
        paid = [(methods[0]["id"], first), (methods[1]["id"], total + shipping - first)]
        self.order = await self._pipeline.order(
            lines=lines,
            currency=pick.choice(_CURRENCIES),
            tier=pick.choice(["regular", "high_value"]),
            shipping_minor=shipping,
            payment_methods=methods,
            payments=[
                {"kind": "payment", "amount_minor": amount, "payment_method_id": method}
                for method, amount in paid
                if amount
            ],
        )
        self.rma_id = rma_id_for(self.order["order_id"], self._request_id)
        await self._bad_weather()
        wanted = pick.sample(lines, pick.randint(1, len(lines)))
        remedy = pick.choice(_REMEDIES)
        faulty = pick.random() < 0.3
        asked: list[Body] = [
            {
                "line_id": entry["item_id"],
                "quantity": pick.randint(1, entry["quantity"]),
                "reason": "quality_defect" if faulty else "changed_mind",
                "condition": pick.choice(["unopened", "unopened", "used"]),
                "evidence": [{"kind": "image", "reference": "media/1.jpg"}] if pick.random() < 0.7 else [],
            }
            for entry in wanted
        ]
        self.log.append(f"applies for {remedy}")
        await self._pipeline.apply(
            self.order,
            self._request_id,
            desired_resolution=remedy,
            ship_back=pick.choice(["pickup", "pickup", "label", "customer_ships"]),
            lines=asked,
            parcels=self._packed(asked) if remedy in _COMES_BACK else [],
        )

    async def _another_return(self) -> list[str]:
        """Now and then one more return of the order, for a unit that is not in the first one, or is."""
        if self._random.random() < 0.6:
            return []
        wanted = self._random.choice(self.order["lines"])
        lines = [{"line_id": wanted["item_id"], "quantity": 1, "condition": "unopened"}]
        request_id = f"{self._request_id}-other"
        self.log.append(f"applies again for one {wanted['item_id']}")
        decision = await self._pipeline.apply(self.order, request_id, lines=lines)
        await self._storm(decision.rma_id)
        return [decision.rma_id]

    def _packed(self, asked: list[Body]) -> list[Body]:
        """One parcel, or each unit in the first or the second one."""
        if self._random.random() < 0.6:
            return []
        parcels: list[Counter[str]] = [Counter(), Counter()]
        for entry in asked:
            for _ in range(entry["quantity"]):
                self._random.choice(parcels)[entry["line_id"]] += 1
        self.log.append(f"in parcels of {[dict(parcel) for parcel in parcels]}")
        return [
            {"lines": [{"line_id": line_id, "quantity": units} for line_id, units in parcel.items()]}
            for parcel in parcels
            if parcel
        ]

    async def _bad_weather(self) -> None:
        """Faults at the calls of this return: an answer that is lost, an error after the deed, a closed card."""
        calls = {
            "payments.refund": (refund_key(self.rma_id, 1, 0), ["lost_response", "error_after", "error_before"]),
            "coupons.issue": (inspection_clock_key(self.rma_id), ["lost_response", "error_after"]),
            "carriers.pickup": (pickup_reference(self.rma_id, 1), ["lost_response", "error_after"]),
            "carriers.label": (label_reference(self.rma_id), ["lost_response", "error_after"]),
            "store_credit.grant": (bonus_key(self.rma_id, 1), ["lost_response", "error_after"]),
        }
        for target, (reference, kinds) in calls.items():
            if self._random.random() < 0.4:
                kind = self._random.choice(kinds)
                field = "key" if target == "coupons.issue" else "reference"
                self.log.append(f"fault {target} {kind}")
                await self._pipeline.fault(target=target, kind=kind, match={field: reference})
        await self._storm(self.rma_id)
        if self._random.random() < 0.15:
            self.log.append("fault payments.refund closed_method")
            reference = refund_key(self.rma_id, 1, 0)
            await self._pipeline.fault(
                target="payments.refund", kind="closed_method", match={"reference": reference}
            )

    async def _storm(self, rma_id: str) -> None:
        """Now and then any refund or coupon of a return loses its answer, whatever it is for."""
        for target in ("payments.refund", "coupons.issue"):
            if self._random.random() < 0.3:
                kind = self._random.choice(["lost_response", "error_after", "error_before"])
                self.log.append(f"fault {target} {kind}, three times")
                spec = {"target": target, "kind": kind, "times": 3, "match": {"rma_id": rma_id}}
                await self._pipeline.fault(**spec, probability=0.5, seed=self._random.randint(0, 999))

    # What happens

    async def _step(self, status: ReturnStatus) -> None:
        doings: list[Callable[[ReturnStatus], Any]] = [self._lapse]
        if status.tracking_no and status.logistics in _IN_A_CARRIERS_HANDS:
            doings += [self._scan, self._scan]
        doings += [self._act] * (3 if status.allowed_actions else 0)
        await self._random.choice(doings)(status)

    async def _lapse(self, _: ReturnStatus) -> None:
        hours = self._random.choice([1, 5, 20, 50])
        self.log.append(f"{hours} h pass")
        await self._pipeline.lapse(self.rma_id, timedelta(hours=hours))

    async def _scan(self, _: ReturnStatus) -> None:
        kind = self._random.choice(["picked_up", "accepted", "in_transit", "delivered", "delivered", "lost"])
        self.log.append(f"scan {kind}")
        try:
            await self._pipeline.scan(self.rma_id, kind)
        except httpx.HTTPStatusError as error:
            self.log.append(f"no such scan: {error.response.text}")

    async def _act(self, status: ReturnStatus) -> None:
        """Do something that the return allows; what moves money beside the plain way more often than the rest."""
        weights = [_WEIGHTS.get(action, 12) for action in status.allowed_actions]
        await self._send(self._random.choices(status.allowed_actions, weights)[0], status)

    async def _send(self, action: Action, status: ReturnStatus) -> None:
        role = self._random.choice(PERMITTED_ROLES[action])
        self._parcel = self._one_that_allows(action, status)
        body = await BODIES[action](self, status)
        if self._parcel is not None:
            body = {"parcel": self._parcel.number, **body}
        self.log.append(f"{role.value} sends {action.value} {body}")
        if self._random.random() < 0.15:
            body |= await self._spoilt(action, role, body)
        times = 2 if self._random.random() < 0.15 else 1
        same = f"same-{uuid4().hex}" if self._random.random() < 0.5 else None
        sent = (self._pipeline.act(self.rma_id, action, role, same, **body) for _ in range(times))
        for answer in await asyncio.gather(*sent, return_exceptions=True):
            if isinstance(answer, _REFUSALS):
                self.log.append(f"refused: {answer}")
            elif isinstance(answer, BaseException):
                raise answer

    def _one_that_allows(self, action: Action, status: ReturnStatus) -> ParcelStatus | None:
        """A parcel that the action is for."""
        if action not in (*PARCEL_ACTIONS, Action.MAKE_OFFER):
            return None
        allowing = [parcel for parcel in status.parcels if action in parcel.allowed_actions]
        return self._random.choice(allowing) if allowing else None

    async def _spoilt(self, action: Action, role: Role, body: Body) -> Body:
        """Something that makes an action wrong; it is sent once by itself, and refused without a trace."""
        unknown = [{"line_id": "NO-SUCH-LINE", "quantity": 1}]
        wrong: list[Body] = [{"expected_version": 999}]
        if self._parcel is not None:
            wrong.append({"parcel": 9})
        for field in ("accepted", "units", "lines"):
            if body.get(field) and action in _NAMES_LINES:
                wrong += [{field: body[field] * 2}, {field: unknown}]
        if body.get("deductions"):
            wrong += [{"deductions": body["deductions"] * 2}, {"deductions": [unknown[0] | {"deduction_bps": 1}]}]
        if body.get("amount_minor"):
            wrong.append({"amount_minor": 10**15})
        spoilt = self._random.choice(wrong)
        self.log.append(f"spoilt: {spoilt}")
        before = await self._pipeline.returns.status(self.rma_id)
        try:
            await self._pipeline.act(self.rma_id, action, role, **(body | spoilt))
        except (*_REFUSALS, ValidationError) as refusal:
            self.log.append(f"refused: {refusal}")
            after = await self._pipeline.returns.status(self.rma_id)
            assert after.version == before.version or after.timeline != before.timeline, self.log
        else:
            raise AssertionError(f"taken though it is wrong: {self.log}")
        return {}

    async def _to_the_end(self) -> ReturnStatus:
        """Let everybody do what is asked of them, a day at a time."""
        self.log.append("to the end")
        for _ in range(_DAYS_TO_THE_END):
            status = await self._pipeline.returns.status(self.rma_id)
            if status.is_final:
                return status
            for action in status.allowed_actions:
                if action in _BRINGS_IT_ON:
                    await self._send(action, status)
                    status = await self._pipeline.returns.status(self.rma_id)
            if not status.is_final:
                await self._pipeline.lapse(self.rma_id, timedelta(hours=25))
        status = await self._pipeline.returns.status(self.rma_id)
        assert status.is_final or status.needs, f"forgotten: {self.log} {status.model_dump_json()}"
        return status


_BRINGS_IT_ON = (
    Action.REVIEW,
    Action.SUBMIT_EVIDENCE,
    Action.RECEIVE,
    Action.INSPECT,
    Action.EXPERT_OPINION,
    Action.DECIDE_CONTEST,
    Action.CHOOSE_PAYMENT_METHOD,
    Action.ANSWER_COMPLAINT,
    Action.RECORD_ARBITRATION,
    Action.RELEASE_HOLD,
    Action.DECIDE_REOPENING,
)
