"""The way of one parcel: shipped back, inspected, settled; what is contested goes its own way meanwhile."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime
from typing import Any

from domain.application import Remedy
from domain.inspection import Verdict
from domain.outbox import OutboxItem, Template
from domain.refund import UnitsToSettle
from domain.status import InspectionStatus
from workflows.case import ReturnCase
from workflows.parcel import Parcel
from workflows.stages.agreement import AgreementStage
from workflows.stages.contest import ContestOutcome, ContestStage
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
        agreement: AgreementStage,
        awaited_since: datetime | None = None,
    ) -> None:
        self._case = case
        self._outcome = outcome
        self.parcel = parcel
        self.ship_back = ShipBackStage(case, parcel, awaited_since)
        self.inspection = InspectionStage(case, parcel, self.ship_back.tracking)
        self.contest = ContestStage(case, parcel, agreement)
        self._ways = 0

    async def run(self) -> None:
        """Go the whole way."""
        await self._to_its_end(self._go())

    async def came_late(self) -> None:
        """Take a parcel that had been given up: inspected like any other, and paid as far as it was not before."""
        await self._to_its_end(self._inspect_what_came_late())

    async def _to_its_end(self, way: Coroutine[Any, Any, None]) -> None:
        """A parcel that comes while its loss is still being paid is not done before it is inspected as well."""
        self._ways += 1
        self.parcel.is_done = False
        await way
        self._ways -= 1
        self.parcel.is_done = not self._ways

    async def _inspect_what_came_late(self) -> None:
        await self.inspection.run()
        if self.parcel.payable is None or any(self.parcel.payable.values()):
            await self._settle_what_was_found()
        else:
            await self._case.record("late-goods", *self._late_goods())
            await self._look_back()

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

    async def _settle_what_was_found(self) -> None:
        """Pay what was accepted at once; what is contested goes its own way meanwhile."""
        accepted = self._payable_of(accepted_units(self.inspection.units))
        self.contest.open(accepted)
        _, won = await asyncio.gather(
            self._outcome.settle(self.parcel, accepted, self._inspection_notices()), self._contested()
        )
        accepted_after_all = self._payable_of(won.accepted)
        if self.contest.agreed:
            await self._outcome.settle_agreement(self.parcel, self.contest.agreed, accepted_after_all)
        elif accepted_after_all:
            decided = self._case.notices.customer(Template.CONTEST_DECIDED)
            await self._outcome.settle_contest(self.parcel, accepted_after_all, (decided,))
        if won.lowered:
            lowered = self._case.notices.customer(Template.DEDUCTION_LOWERED)
            await self._outcome.settle_lowered(self.parcel, won.lowered, (lowered,))
        await self._look_back()

    async def _contested(self) -> ContestOutcome:
        won = await self.contest.run()
        if won.accepted:
            self._outcome.exchanges_after_contest()
        await self.contest.send_goods_back()
        return won

    def _payable_of(self, accepted: tuple[UnitsToSettle, ...]) -> tuple[UnitsToSettle, ...]:
        """Of the accepted units those that were not paid before."""
        if self.parcel.payable is None:
            return accepted
        to_pay = []
        for units in accepted:
            quantity = min(units.quantity, self.parcel.payable.get(units.line_id, 0))
            if quantity:
                self.parcel.payable[units.line_id] -= quantity
                to_pay.append(units.model_copy(update={"quantity": quantity}))
        return tuple(to_pay)

    def _late_goods(self) -> tuple[OutboxItem, ...]:
        paid_for = self._case.supervisor_alert(
            Template.STAFF_LOST_PARCEL_CAME,
            carrier=self.parcel.carrier,
            tracking_no=self.parcel.tracking_no,
        )
        notices, units = self._case.notices, self.inspection.units
        return (paid_for, *notices.wrong_serials(units), *notices.dispositions(units))

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
        is_deducted = bool(self.parcel.deducted)
        template = {
            InspectionStatus.ACCEPTED: Template.INSPECTION_DEDUCTED if is_deducted else Template.INSPECTION_PASSED,
            InspectionStatus.PARTIALLY_ACCEPTED: Template.INSPECTION_PARTIAL,
        }.get(self.parcel.inspection, Template.INSPECTION_REJECTED)
        if self._case.remedy is Remedy.REPAIR:
            template = Template.DIAGNOSED
        findings = "; ".join(
            entry.note or ", ".join(check.code for check in entry.checks)
            for entry in self.inspection.units
            if entry.verdict is Verdict.REJECTED or (is_deducted and entry.deduction_bps)
        )
        lines = self.parcel.lines.values()
        message = self._case.notices.customer(
            template,
            accepted=sum(line.accepted for line in lines),
            rejected=sum(line.rejected for line in lines),
            missing=sum(line.missing for line in lines),
            findings=findings,
        )
        notices, units = self._case.notices, self.inspection.units
        told = (message, *notices.wrong_serials(units), *notices.dispositions(units))
        return (*told, *notices.unexpected(self.parcel.unexpected)) if self.parcel.unexpected else told
