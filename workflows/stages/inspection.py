"""Inspection: within 48 hours of reaching the warehouse, or a coupon, exactly once (section 8)."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from temporalio import workflow

from domain.actions import Role
from domain.clocks import ClockName
from domain.coupons import BreachCertificate, CouponOrder
from domain.inspection import InspectedUnits, Verdict, sort_out
from domain.keys import inspection_clock_key
from domain.notices import MANAGEMENT, WAREHOUSE_SUPERVISOR
from domain.outbox import Template
from domain.status import InspectionStatus
from workflows import metrics
from workflows.case import ReturnCase
from workflows.contracts import InspectionReport
from workflows.parcel import Parcel
from workflows.stages.coupons import issue_coupon
from workflows.stages.tracking import Tracking

_REPEAT_ALERT = timedelta(hours=24)


class InspectionStage:
    """Waits for the inspection under its promise. A breach is a forward path: the inspection goes on."""

    def __init__(self, case: ReturnCase, parcel: Parcel, tracking: Tracking) -> None:
        self._case = case
        self._parcel = parcel
        self._tracking = tracking
        self._report: InspectionReport | None = None
        self._units: tuple[InspectedUnits, ...] = ()
        self._reported_at: datetime | None = None
        self._coupon: asyncio.Task[None] | None = None
        self._is_late = False

    @property
    def units(self) -> tuple[InspectedUnits, ...]:
        """What was found."""
        return self._units

    def on_report(self, report: InspectionReport) -> None:
        """Take the finished inspection; what it does not name is missing."""
        parcel = self._parcel
        self._report = report
        self._case.parcels.repack(parcel, _wanted(report))
        self._units, surplus = sort_out(report.units, parcel.quantities())
        parcel.unexpected = (*surplus, *report.unexpected)
        self._reported_at = workflow.now()
        parcel.received_at = parcel.received_at or self._reported_at
        parcel.count(
            *(
                line.found(self._quantity(line_id, Verdict.ACCEPTED), self._quantity(line_id, Verdict.REJECTED))
                for line_id, line in parcel.lines.items()
            )
        )
        for line_id in parcel.lines:
            before = self._case.lines[line_id].unrepairable
            self._case.set_line(line_id, unrepairable=before + _unrepairable(self._units, line_id))
        parcel.move(self._outcome(), f"{report.actor.role.value} {report.actor.id}")

    async def run(self) -> None:
        """Wait for the report. Late, it earns the coupon; at 96 hours management is told, then daily."""
        case = self._case
        await case.record("arrived", case.notices.customer(Template.PARCEL_RECEIVED))
        case.need(Role.WAREHOUSE, self._parcel.task("inspection"))
        alerts = 0
        while self._report is None:
            if not await self._in_time(self._started_at(), self._alert_at(alerts)):
                alerts += 1
                await self._late(alerts)
        case.need("", self._parcel.task("inspection"))
        await self._hold_against_the_promise()

    async def look_back(self) -> None:
        """Hold the report against the promise once more: news of the delivery may come after the report."""
        if self._parcel.delivered_at is None:
            await self._tracking.ask()
        await self._hold_against_the_promise()

    async def coupon_is_issued(self) -> None:
        """Wait until the coupon that was earned, if any, is issued."""
        if self._coupon is not None:
            await self._coupon

    async def _in_time(self, started_at: datetime, due_at: datetime) -> bool:
        """Wait for the report, or for news that the parcel came earlier than we knew."""
        return await self._case.clocks.wait(
            ClockName.INSPECTION,
            due_at,
            lambda: self._report is not None,
            started_at=started_at,
            moot=lambda: self._started_at() < started_at,
            subject=self._parcel.subject,
        )

    async def _hold_against_the_promise(self) -> None:
        if self._reported_at is not None and self._reported_at > self._due_at():
            await self._breach(self._reported_at)

    def _started_at(self) -> datetime:
        return self._parcel.arrived_at or workflow.now()

    def _due_at(self) -> datetime:
        """When the promise is due: 48 hours of the wall clock, moved by an announced peak or force majeure."""
        started_at = self._started_at()
        return self._case.clocks.due_at(
            ClockName.INSPECTION, started_at, started_at + self._case.rules.clocks.inspection
        )

    def _alert_at(self, alerts: int) -> datetime:
        """When somebody is told next. News that comes late catches up with one alert, not with one a day."""
        if alerts == 0:
            return self._started_at() + self._case.rules.clocks.inspection
        if alerts == 1:
            return self._started_at() + self._case.rules.clocks.inspection_management
        return workflow.now() + _REPEAT_ALERT

    async def _late(self, alerts: int) -> None:
        case = self._case
        if alerts == 1:
            await self._breach(workflow.now())
            return
        case.note("inspection still missing", "management told")
        await case.record("inspection-management", case.notices.staff(Template.STAFF_INSPECTION_LATE, MANAGEMENT))

    async def _breach(self, observed_at: datetime) -> None:
        """Record the breach with its certificate, apologise, escalate, and have the coupon issued. Once.

        A return earns one coupon: for another late parcel we apologise and escalate only.
        """
        case = self._case
        if self._is_late:
            return
        self._is_late = True
        metrics.inspection_breached()
        if case.breach is not None:
            await self._late_again()
            return
        case.breach = BreachCertificate(
            key=inspection_clock_key(case.rma_id),
            rma_id=case.rma_id,
            clock=ClockName.INSPECTION,
            started_at=self._started_at(),
            due_at=self._due_at(),
            observed_at=observed_at,
            coupon_minor=case.rules.coupon_minor,
            currency=case.rules.currency,
        )
        case.note("inspection promise broken", f"due {case.breach.due_at.isoformat()}")
        await case.record(
            "inspection-breach",
            case.notices.customer(
                Template.INSPECTION_LATE, coupon_minor=case.breach.coupon_minor, currency=case.breach.currency
            ),
            case.notices.staff(Template.STAFF_INSPECTION_LATE, WAREHOUSE_SUPERVISOR),
            breach=case.breach,
        )
        case.publish()
        self._coupon = asyncio.create_task(self._issue_coupon(case.breach))

    async def _late_again(self) -> None:
        case = self._case
        case.note("inspection promise broken", f"parcel {self._parcel.number}, due {self._due_at().isoformat()}")
        await case.record(
            "inspection-late",
            case.notices.customer(Template.INSPECTION_LATE_AGAIN),
            case.notices.staff(Template.STAFF_INSPECTION_LATE, WAREHOUSE_SUPERVISOR),
        )

    async def _issue_coupon(self, breach: BreachCertificate) -> None:
        """Issue the coupon beside everything else: a coupon service that is down holds up nothing."""
        case = self._case
        order = CouponOrder(
            key=breach.key,
            rma_id=case.rma_id,
            customer_id=case.application.customer_id,
            amount_minor=breach.coupon_minor,
            currency=breach.currency,
            at=breach.observed_at,
        )
        coupon = await issue_coupon(case, order, "coupon for the late inspection")
        case.breach = breach.model_copy(update={"coupon_id": coupon.coupon_id})
        await case.record("inspection-coupon", breach=case.breach, coupon_id=coupon.coupon_id)

    def _outcome(self) -> InspectionStatus:
        lines = self._parcel.lines.values()
        if all(line.accepted == line.expected for line in lines):
            return InspectionStatus.ACCEPTED
        if any(line.accepted for line in lines):
            return InspectionStatus.PARTIALLY_ACCEPTED
        return InspectionStatus.REJECTED

    def _quantity(self, line_id: str, verdict: Verdict) -> int:
        return sum(e.quantity for e in self._units if e.line_id == line_id and e.verdict is verdict)


def _unrepairable(units: Sequence[InspectedUnits], line_id: str) -> int:
    return sum(
        entry.quantity
        for entry in units
        if entry.line_id == line_id and entry.verdict is Verdict.ACCEPTED and not entry.repairable
    )


def _wanted(report: InspectionReport) -> dict[str, int]:
    """The units that the report names, by line."""
    wanted: dict[str, int] = {}
    for entry in report.units:
        wanted[entry.line_id] = wanted.get(entry.line_id, 0) + entry.quantity
    return wanted
