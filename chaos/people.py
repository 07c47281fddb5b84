"""The people around one return: the customer, the courier, the warehouse and the desk."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from chaos.caller import Caller
from chaos.stories import Finding, Json, Life
from domain.actions import Action, Role
from domain.status import Logistics
from workflows.contracts import ParcelStatus, ReturnStatus

_LOOK_SECONDS = (0.8, 6.0)
"""How soon somebody looks again at a return: at first, and at most where nothing changes."""

_SCAN_APART_SECONDS = 0.25
_WITHOUT_NEWS_SECONDS = 12.0
_TO_BE_COLLECTED = (Logistics.PICKUP_BOOKED, Logistics.AWAITING_HANDOVER)
_FOUND = (Logistics.DELIVERED, Logistics.RECEIVED, Logistics.PARTIALLY_RECEIVED)


@dataclass
class Seen:
    """What was seen of a return while it was played.

    Attributes:
        status: The last status; None if the return was never found.
        adds_up: Whether its worksheets came to what was drawn, once it was final; None before.
        received_at: When the warehouse says that parcels came, by their number.
        refusals: Actions that were refused, with what was said.
        helped: What a person had to do beyond the story.
        failed: Why it could not be played on; empty if it could.
    """

    life: Life
    status: ReturnStatus | None = None
    adds_up: bool | None = None
    received_at: dict[int, datetime] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)
    helped: list[str] = field(default_factory=list)
    failed: str = ""

    @property
    def is_open(self) -> bool:
        """Whether the return is known and not at its end."""
        return self.status is not None and not self.status.is_final


class People:
    """Play one return over the API and the carriers, until it is final."""

    def __init__(self, life: Life, api: Caller, sandbox: Caller, seen: Seen) -> None:
        self._life = life
        self._api = api
        self._sandbox = sandbox
        self._seen = seen
        self._scanned: set[str] = set()
        self._delivered_at: dict[int, float] = {}
        self._done: set[str] = set()

    async def play(self) -> None:
        """Apply, and do what is to be done until the return is final.

        Raises:
            OutOfTime: If the run's deadline comes first.
        """
        rma_id = await self._apply()
        wait, longest = _LOOK_SECONDS
        while True:
            status = await self._api.status(rma_id)
            if status is None:
                self._seen.failed = f"{rma_id} was accepted and is not found"
                return
            if status != self._seen.status:
                wait = _LOOK_SECONDS[0]
            self._seen.status = status
            if status.is_final:
                # Now, while a worker has it at hand: Temporal looks for a dead worker first for ten seconds later.
                worksheet = await self._api.get(f"/v1/returns/{rma_id}/worksheet")
                self._seen.adds_up = worksheet["adds_up"]
                return
            if await self._act(status):
                wait = _LOOK_SECONDS[0]
            await asyncio.sleep(wait)
            wait = min(wait * 1.6, longest)

    async def _apply(self) -> str:
        life = self._life
        answer = await self._api.call("POST", "/v1/returns", life.request_id, json=life.application)
        told = answer.json()
        if "rma_id" not in told or (told["rma_id"] != life.rma_id):
            raise AssertionError(f"{life.request_id} was answered {answer.status_code}: {answer.text[:300]}")
        return life.rma_id

    async def _act(self, status: ReturnStatus) -> bool:
        """Do the first thing that there is to do; whether there was any."""
        allowed = status.allowed_actions
        conduct = self._life.conduct
        if Action.REVIEW in allowed and status.needs:
            return await self._send(Action.REVIEW, Role.SUPERVISOR, approve=conduct.approves, note="Looked at it.")
        if conduct.withdraws and Action.CANCEL in allowed and status.logistics is Logistics.PICKUP_BOOKED:
            return await self._send(Action.CANCEL, Role.CUSTOMER, note="I keep it after all.")
        if Action.CHOOSE_PAYMENT_METHOD in allowed and status.needs:
            declined = sum(payment.state == "DECLINED" for payment in status.payments)
            wallet = self._life.customer["payment_methods"][1]["id"]
            return await self._send(Action.CHOOSE_PAYMENT_METHOD, Role.CUSTOMER, declined, method_id=wallet)
        if conduct.withdraws and status.logistics in (Logistics.NOT_REQUIRED, *_TO_BE_COLLECTED):
            return False
        for parcel in status.parcels:
            if await self._with_parcel(parcel):
                return True
        return await self._help(status)

    async def _with_parcel(self, parcel: ParcelStatus) -> bool:
        allowed = parcel.allowed_actions
        number = parcel.number
        if parcel.tracking_no and parcel.logistics in _TO_BE_COLLECTED and parcel.tracking_no not in self._scanned:
            await self._carry(parcel)
            return True
        if Action.CONTEST in allowed and self._life.conduct.contests:
            return await self._send(Action.CONTEST, Role.CUSTOMER, number, parcel=number, note="It came so.")
        if Action.ACCEPT_RESULT in allowed:
            return await self._send(Action.ACCEPT_RESULT, Role.CUSTOMER, number, parcel=number)
        if Action.DECIDE_CONTEST in allowed:
            everything = [
                {"line_id": line.line_id, "quantity": line.expected - line.accepted}
                for line in parcel.lines
                if line.expected > line.accepted
            ]
            return await self._send(
                Action.DECIDE_CONTEST,
                Role.SUPERVISOR,
                number,
                parcel=number,
                note="So it did.",
                accepted=everything,
            )
        return await self._at_the_warehouse(parcel)

    # The courier

    async def _carry(self, parcel: ParcelStatus) -> None:
        """Collect a parcel and bring it to the warehouse, or lose it."""
        self._scanned.add(parcel.tracking_no)
        last = "lost" if self._life.conduct.loses else "delivered"
        path = f"/carriers/{parcel.carrier}/tracking/{parcel.tracking_no}/scans"
        for kind in ("picked_up", "accepted", last):
            body = {
                "event_id": f"{self._life.rma_id}-{parcel.tracking_no[-6:]}-{kind}",
                "kind": kind,
                "occurred_at": datetime.now(UTC).isoformat(),
            }
            await self._sandbox.send(path, body)
            await asyncio.sleep(_SCAN_APART_SECONDS)
        if last == "delivered":
            self._delivered_at[parcel.number] = asyncio.get_running_loop().time()

    # The warehouse

    async def _at_the_warehouse(self, parcel: ParcelStatus) -> bool:
        """Receive and inspect what was delivered, once it has lain there as long as the story says."""
        number = parcel.number
        since = self._delivered_at.get(number)
        if since is None or asyncio.get_running_loop().time() < since + self._life.conduct.inspect_after:
            return False
        allowed = parcel.allowed_actions
        unknown = parcel.logistics not in _FOUND
        overdue = asyncio.get_running_loop().time() > since + _WITHOUT_NEWS_SECONDS
        must_receive = self._life.conduct.receives or (unknown and overdue)
        if must_receive and Action.RECEIVE in allowed and number not in self._seen.received_at:
            now = self._seen.received_at.setdefault(number, datetime.now(UTC))
            return await self._send(
                Action.RECEIVE, Role.WAREHOUSE, number, parcel=number, received_at=now.isoformat()
            )
        if Action.INSPECT in allowed and not (must_receive and number not in self._seen.received_at):
            return await self._send(
                Action.INSPECT, Role.WAREHOUSE, number, parcel=number, units=self._units(parcel)
            )
        return False

    def _units(self, parcel: ParcelStatus) -> list[Json]:
        finds = self._life.conduct.finds
        units: list[Json] = []
        for line in parcel.lines:
            good = {"line_id": line.line_id, "quantity": line.expected, "verdict": "accepted", "grade": "A"}
            bad = {**good, "verdict": "rejected", "grade": "C", "disposition": "HOLD", "note": "worn"}
            worn = {
                **good,
                "quantity": 1,
                "grade": "B",
                "disposition": "OPEN_BOX",
                "deduction_bps": 1500,
                "checks": [{"code": "no_stains", "passed": False, "photos": ["media/stain.jpg"]}],
            }
            match finds:
                case Finding.ALL_GOOD:
                    units.append(good)
                case Finding.NOTHING_GOOD:
                    units.append(bad)
                case Finding.WORN:
                    units += [worn, *([{**bad, "quantity": line.expected - 1}] if line.expected > 1 else [])]
        return units

    # The desk

    async def _help(self, status: ReturnStatus) -> bool:
        """What nobody planned and somebody has to do: another way to collect, something else instead."""
        if not status.needs:
            return False
        if Action.BOOK_PICKUP in status.allowed_actions:
            done = await self._send(Action.BOOK_PICKUP, Role.AGENT_TIER_1, len(self._scanned), by_label=True)
        elif Action.CHOOSE_SUBSTITUTE in status.allowed_actions and status.substitutes:
            remedy = status.substitutes[-1].value
            done = await self._send(Action.CHOOSE_SUBSTITUTE, Role.CUSTOMER, remedy=remedy)
        else:
            return False
        if done:
            self._seen.helped.append(status.needs)
        return done

    async def _send(self, action: Action, role: Role, which: int = 0, **body: object) -> bool:
        """Send an action once; whether it was sent now. What was refused is kept, and not sent again."""
        key = f"{action.value}-{which}"
        if key in self._done:
            return False
        actor = {"role": role.value, "id": f"{role.value}-{self._life.number}"}
        answer = await self._api.call(
            "POST",
            f"/v1/returns/{self._life.rma_id}/actions/{action.value}",
            f"{self._life.request_id}-{key}",
            json={"actor": actor, **body},
        )
        self._done.add(key)
        if answer.is_error:
            self._seen.refusals.append(f"{action.value}: {answer.status_code} {answer.text[:300]}")
        return True


async def play(
    life: Life, api: Caller, sandbox: Caller, seen: Seen, told: Callable[[], None] = lambda: None
) -> None:
    """Play one return to its end or to what keeps it from it; `told` is called then."""
    try:
        await People(life, api, sandbox, seen).play()
    except Exception as error:
        # One return that cannot be played says so in the report; the others go on.
        seen.failed = f"{type(error).__name__}: {error}"
    told()
