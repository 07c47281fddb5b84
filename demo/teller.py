"""Plays one story: the order system, the courier, the warehouse and the desk, over virtual time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
from temporalio.client import WorkflowHandle
from temporalio.testing import TimeSkipper

from demo.story import Step, Story
from domain.actions import Action, Actor
from domain.shipping import CarrierEventKind
from starters.client import ReturnsClient
from starters.errors import DecisionPending, ServiceUnavailable
from workflows import ids
from workflows.contracts import ACTION_REQUESTS, ReturnStatus

_PATIENCE_SECONDS = 45.0
_LOOK_EVERY_SECONDS = 0.1
_SEEN_AS = {
    CarrierEventKind.PICKED_UP: ("PICKED_UP", "IN_TRANSIT", "DELIVERED"),
    CarrierEventKind.ACCEPTED: ("IN_TRANSIT", "DELIVERED"),
    CarrierEventKind.DELIVERED: ("DELIVERED", "RECEIVED"),
    CarrierEventKind.LOST: ("IN_TRANSIT", "LOST"),
}


class StoryError(Exception):
    """A story could not be played on; the text says at which step."""


@dataclass(frozen=True)
class Progress:
    """Where a story is."""

    story: Story
    rma_id: str
    stage: str
    virtual: timedelta
    ended: bool = False


class Teller:
    """Plays stories against a running stack. The workflows' clocks are moved, never the machine's."""

    def __init__(
        self, returns: ReturnsClient, skipper: TimeSkipper, sandbox: httpx.AsyncClient, run_id: str
    ) -> None:
        self._returns = returns
        self._skipper = skipper
        self._sandbox = sandbox
        self._run_id = run_id

    async def play(self, story: Story, report: Callable[[Progress], None]) -> ReturnStatus:
        """Play a story to its end and return its last status.

        Raises:
            StoryError: If it gets stuck.
        """
        for fault in story.faults:
            (await self._sandbox.post("/faults", json=fault)).raise_for_status()
        with self._skipper.with_time_skipping_disabled():
            rma_id = await self._apply(story)
        handle = self._skipper.client.get_workflow_handle(ids.return_workflow_id(rma_id))
        started_at = await self._skipper.get_current_time(handle)
        for number, step in enumerate(story.steps, start=1):
            status = await self._status(rma_id)
            now = await self._skipper.get_current_time(handle)
            report(Progress(story, rma_id, _stage(status), now - started_at))
            try:
                await self._take(step, number, rma_id, handle)
            except TimeoutError as error:
                status = await self._status(rma_id)
                raise StoryError(
                    f"step {number} ({_name(step)}) did not happen; the return is {_stage(status)}"
                ) from error
        try:
            await asyncio.wait_for(self._returns.result(rma_id), _PATIENCE_SECONDS)
        except TimeoutError as error:
            status = await self._status(rma_id)
            raise StoryError(f"the return did not end; it is {_stage(status)}") from error
        status = await self._status(rma_id)
        report(Progress(story, rma_id, status.header.value, _last(status) - started_at, ended=True))
        return status

    async def _apply(self, story: Story) -> str:
        """Apply; a decision that takes its time, because no worker is there, is waited for by the steps."""
        try:
            return (await self._returns.apply(story.application, f"{self._run_id}-{story.name}")).rma_id
        except DecisionPending as pending:
            return pending.rma_id

    async def _take(self, step: Step, number: int, rma_id: str, handle: WorkflowHandle[object, object]) -> None:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            if step.lapse is not None:
                await self._skipper.fast_forward(handle, step.lapse)
            elif step.scan is not None:
                await self._scan(step.scan, step.parcel, number, rma_id, handle)
            elif step.act is not None and step.role is not None:
                actor = Actor(role=step.role, id=step.by or f"{step.role.value}-1")
                await self._act(step.act, actor, step.body, number, rma_id, handle)
            elif step.until is not None:
                wanted = step.until
                await self._until(rma_id, lambda status: _says(status, wanted))

    async def _scan(
        self, kind: str, parcel: int, number: int, rma_id: str, handle: WorkflowHandle[object, object]
    ) -> None:
        """Have the courier scan a parcel; the carrier's webhook carries it into the return."""
        scanned = (await self._status(rma_id)).parcels[parcel - 1]
        scan = {
            "event_id": f"{rma_id}-{number}",
            "kind": kind,
            "occurred_at": (await self._skipper.get_current_time(handle)).isoformat(),
        }
        answer = await self._sandbox.post(
            f"/carriers/{scanned.carrier}/tracking/{scanned.tracking_no}/scans", json=scan
        )
        answer.raise_for_status()
        seen_as = _SEEN_AS[CarrierEventKind(kind)]
        await self._until(rma_id, lambda status: status.parcels[parcel - 1].logistics.value in seen_as)

    async def _act(
        self,
        action: Action,
        actor: Actor,
        body: dict[str, object],
        number: int,
        rma_id: str,
        handle: WorkflowHandle[object, object],
    ) -> None:
        fields = {"actor": actor, **body}
        if action is Action.RECEIVE:
            fields["received_at"] = await self._skipper.get_current_time(handle)
        if action is Action.APPROVE_PAYOUT:
            fields["expected_version"] = (await self._status(rma_id)).version
        request = ACTION_REQUESTS[action].model_validate(fields)
        while True:
            try:
                await self._returns.act(rma_id, action, request, request_id=f"step-{number}")
                return
            except ServiceUnavailable:
                await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def _until(self, rma_id: str, holds: Callable[[ReturnStatus], bool]) -> None:
        while not holds(await self._status(rma_id)):
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def _status(self, rma_id: str) -> ReturnStatus:
        while True:
            try:
                return await self._returns.status(rma_id)
            except ServiceUnavailable:
                await asyncio.sleep(_LOOK_EVERY_SECONDS)


def _says(status: ReturnStatus, wanted: dict[str, str]) -> bool:
    return all(_value(status, name) == value for name, value in wanted.items())


def _value(status: ReturnStatus, name: str) -> str:
    """A field of the status, or of a parcel: ``parcel2.logistics``."""
    if not name.startswith("parcel"):
        return str(getattr(status, name))
    parcel, field = name.removeprefix("parcel").split(".")
    number = int(parcel)
    return str(getattr(status.parcels[number - 1], field)) if len(status.parcels) >= number else ""


def _stage(status: ReturnStatus) -> str:
    return " · ".join((status.approval, status.logistics, status.inspection, status.reimbursement))


def _last(status: ReturnStatus) -> datetime:
    return status.timeline[-1].at


def _name(step: Step) -> str:
    return ", ".join(
        f"{key}={value}" for key, value in step.model_dump(exclude_defaults=True, mode="json").items()
    )
