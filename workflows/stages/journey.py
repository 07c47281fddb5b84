"""The way of one parcel: shipped back, inspected, settled; what is contested goes its own way meanwhile."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime
from typing import Any

from domain.application import Remedy
from domain.inspection import Verdict
from domain.outbox import OutboxItem, Template
from domain.status import InspectionStatus
from workflows.case import ReturnCase
from workflows.parcel import Parcel
from workflows.stages.contest import ContestStage
from workflows.stages.inspection import InspectionStage
from workflows.stages.outcome import Outcome
from workflows.stages.settlement import accepted_units
from workflows.stages.ship_back import ShipBackEnd, ShipBackStage


class Journey:
    """Takes one parcel from the approval to the end of what it brought. It waits for no other parcel."""

    def __init__(
        self,
        case: ReturnCase,
        parcel: Parcel,
        outcome: Outcome,
        awaited_since: datetime | None = None,
    ) -> None:
        self._case = case
        self._outcome = outcome
        self.parcel = parcel
        self.ship_back = ShipBackStage(case, parcel, awaited_since)
        self.inspection = InspectionStage(case, parcel, self.ship_back.tracking)
        self.contest = ContestStage(case, parcel)
        self._ways = 0

    async def run(self) -> None:
        """Go the whole way."""
        await self._to_its_end(self._go())

    async def came_late(self) -> None:
        """Take a parcel that had been given up, while the return is still open."""
        await self._to_its_end(self._inspect_what_came_late())

    async def _to_its_end(self, way: Coroutine[Any, Any, None]) -> None:
        """A parcel that comes while its loss is still being paid is not done before it is inspected as well."""
        self._ways += 1
        self.parcel.is_done = False
        await way
        self._ways -= 1
        self.parcel.is_done = not self._ways

    async def _go(self) -> None:
        match await self.ship_back.run():
            case ShipBackEnd.ARRIVED:
                await self.inspection.run()
                await self._settle_what_was_found()
            case ShipBackEnd.LOST:
                await self._pay_what_was_lost()
            case ShipBackEnd.EXPIRED if len(self._case.parcels) > 1:
                await self._case.record(
                    "parcel-expired",
                    self._case.notices.customer(Template.PARCEL_EXPIRED, parcel=self.parcel.number),
                )
            case ShipBackEnd.EXPIRED | ShipBackEnd.CANCELED:
                pass

    async def _inspect_what_came_late(self) -> None:
        """One that was never handed over is inspected and settled like any other. One that was lost has been paid:
        its goods are inspected for where they go, and nothing is paid again.
        """
        was_lost = self.parcel.was_lost
        await self.inspection.run()
        if not was_lost:
            await self._settle_what_was_found()
            return
        await self._case.record(
            "lost-parcel-found",
            self._case.supervisor_alert(
                Template.STAFF_LOST_PARCEL_CAME,
                carrier=self.parcel.carrier,
                tracking_no=self.parcel.tracking_no,
            ),
            *self._case.notices.dispositions(self.inspection.units),
        )
        await self._look_back()

    async def _settle_what_was_found(self) -> None:
        """Pay what was accepted at once; what is contested goes its own way meanwhile."""
        self.contest.open()
        accepted = accepted_units(self.inspection.units)
        _, accepted_after_all = await asyncio.gather(
            self._outcome.settle(self.parcel, accepted, self._inspection_notices()), self.contest.run()
        )
        if accepted_after_all:
            decided = self._case.notices.customer(Template.CONTEST_DECIDED)
            await self._outcome.settle_contest(self.parcel, accepted_after_all, (decided,))
        await self._look_back()

    async def _look_back(self) -> None:
        await self.inspection.look_back()
        await self.inspection.coupon_is_issued()

    async def _pay_what_was_lost(self) -> None:
        claim = self._case.supervisor_alert(
            Template.STAFF_CARRIER_CLAIM,
            carrier=self.parcel.carrier,
            tracking_no=self.parcel.tracking_no,
        )
        await self._outcome.pay_what_was_lost(self.parcel, claim)

    def _inspection_notices(self) -> tuple[OutboxItem, ...]:
        template = {
            InspectionStatus.ACCEPTED: Template.INSPECTION_PASSED,
            InspectionStatus.PARTIALLY_ACCEPTED: Template.INSPECTION_PARTIAL,
        }.get(self.parcel.inspection, Template.INSPECTION_REJECTED)
        if self._case.remedy is Remedy.REPAIR:
            template = Template.DIAGNOSED
        findings = "; ".join(
            entry.note or ", ".join(check.code for check in entry.checks)
            for entry in self.inspection.units
            if entry.verdict is Verdict.REJECTED
        )
        lines = self.parcel.lines.values()
        message = self._case.notices.customer(
            template,
            accepted=sum(line.accepted for line in lines),
            rejected=sum(line.rejected for line in lines),
            missing=sum(line.missing for line in lines),
            findings=findings,
        )
        told = (message, *self._case.notices.dispositions(self.inspection.units))
        return (*told, *self._case.notices.unexpected(self.parcel.unexpected)) if self.parcel.unexpected else told
