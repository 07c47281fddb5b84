"""What the tests of recovery claims do."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from domain.actions import Actor, Role
from domain.claims import ClaimParty
from starters.errors import ReturnNotFound, ServiceUnavailable
from testkit.pipeline import Pipeline
from workflows import ids
from workflows.contracts.claims import CLAIM_REQUESTS, ClaimAction, ClaimActionAnswer, ClaimStatus

CARRIER = ClaimParty.CARRIER
_PATIENCE_SECONDS = 20.0


class Claim:
    """The claim that a return gave rise to."""

    def __init__(self, pipeline: Pipeline, rma_id: str, party: ClaimParty = CARRIER) -> None:
        self.pipeline = pipeline
        self.rma_id = rma_id
        self.party = party
        self._handle: Any = pipeline.skipper.client.get_workflow_handle(ids.claim_workflow_id(rma_id, party))

    async def until(self, holds: Callable[[ClaimStatus], bool]) -> ClaimStatus:
        """Wait until the claim says so."""
        status = None
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while status is None or not holds(status):
                    await asyncio.sleep(0.05)
                    try:
                        status = await self.pipeline.returns.claim_status(self.rma_id, self.party)
                    except (ReturnNotFound, ServiceUnavailable):
                        continue
        except TimeoutError:
            raise AssertionError(f"did not come to pass; the claim is {status}") from None
        return status

    async def act(self, action: ClaimAction, role: Role = Role.SUPERVISOR, **fields: Any) -> ClaimActionAnswer:
        """Send something to the claim as a role."""
        body = {"actor": Actor(role=role, id=f"{role.value}-1"), **fields}
        request = CLAIM_REQUESTS[action].model_validate(body)
        return await self.pipeline.returns.act_on_claim(self.rma_id, self.party, action, request)

    async def lapse(self, time: timedelta) -> None:
        """Let virtual time pass for the claim."""
        await self.pipeline.skipper.fast_forward(self._handle, time)

    async def answered_at_the_desk(self, **answer: Any) -> None:
        """The party decides, and the news of it is lost."""
        status = await self.until(lambda status: bool(status.claim.claim_id))
        now = await self.pipeline.skipper.get_current_time(self._handle)
        path = f"/claims/{self.party.value}/{status.claim.claim_id}/answer"
        body = {"at": now.isoformat(), **answer}
        (await self.pipeline.sandbox.post(path, json=body)).raise_for_status()

    async def filed(self) -> list[dict[str, Any]]:
        """The claims at the desk, each as it stands last."""
        last = {entry["claim_id"]: entry for entry in await self.pipeline.books("claims", self.rma_id)}
        return list(last.values())

    async def alerts(self, count: int) -> list[str]:
        """What the supervisor was told of the claim, once there is so much."""
        told = await self.pipeline.messages(self.rma_id, 0, "staff_alert")
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while len([name for name in told if name.startswith("staff_claim")]) < count:
                await asyncio.sleep(0.03)
                told = await self.pipeline.messages(self.rma_id, 0, "staff_alert")
        return [name for name in told if name.startswith("staff_claim")]
