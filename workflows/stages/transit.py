"""In transit: the acceptance scan, then no silence; a parcel that a carrier lost is paid (section 7)."""

from datetime import datetime

from temporalio import workflow

from domain.actions import AGENTS
from domain.clocks import ClockName
from domain.outbox import Template
from domain.status import Logistics
from workflows.case import ReturnCase
from workflows.parcel import Parcel
from workflows.stages.tracking import Tracking


class Transit:
    """Follows one parcel to the warehouse."""

    def __init__(self, case: ReturnCase, parcel: Parcel, tracking: Tracking) -> None:
        self._case = case
        self._parcel = parcel
        self._tracking = tracking

    async def run(self, is_customers_own: bool) -> None:
        """Follow it until it has arrived, is lost, or is refused at the door.

        A parcel that a carrier had and lost is paid. One that no carrier ever had, whatever we were told, was
        not handed over.

        Args:
            is_customers_own: The customer said that it was handed over: no courier of ours has to be asked for it.
        """
        case = self._case
        parcel = self._parcel
        await self._is_accepted(is_customers_own)
        while not self._is_over():
            last_scan_at = parcel.last_scan_at or workflow.now()
            if await self._moves_on(last_scan_at + case.rules.clocks.transit_trace, last_scan_at):
                continue
            await self._tracking.ask()
            if self._has_news_since(last_scan_at):
                continue
            await case.record(
                "parcel-silent",
                case.supervisor_alert(
                    Template.STAFF_PARCEL_SILENT, carrier=parcel.carrier, tracking_no=parcel.tracking_no
                ),
            )
            if await self._moves_on(last_scan_at + case.rules.clocks.transit_lost, last_scan_at):
                continue
            await self._tracking.ask()
            if not self._has_news_since(last_scan_at):
                parcel.reported_lost = True
        if parcel.has_arrived or parcel.is_refused_collect:
            return
        if parcel.is_proven:
            parcel.move(Logistics.LOST, f"{parcel.carrier} {parcel.tracking_no}")
        else:
            parcel.move(Logistics.EXPIRED, f"no carrier ever scanned {parcel.tracking_no}")

    async def _is_accepted(self, is_customers_own: bool) -> None:
        """The carrier's network has to scan what its courier collected; else it is asked, and it counts."""
        case = self._case
        parcel = self._parcel
        picked_up_at = parcel.picked_up_at
        if parcel.is_accepted or picked_up_at is None or is_customers_own:
            return
        due_at = picked_up_at + case.rules.clocks.acceptance_scan
        if await case.clocks.wait(
            ClockName.ACCEPTANCE_SCAN,
            due_at,
            lambda: parcel.is_accepted,
            started_at=picked_up_at,
            moot=lambda: parcel.is_refused_collect,
            subject=parcel.subject,
        ):
            return
        await self._tracking.ask()
        case.note("acceptance scan missing", parcel.carrier)
        await case.record(
            "scan-missing",
            case.notices.staff(
                Template.STAFF_SCAN_MISSING, AGENTS[0], carrier=parcel.carrier, tracking_no=parcel.tracking_no
            ),
        )

    async def _moves_on(self, due_at: datetime, last_scan_at: datetime) -> bool:
        return await self._case.clocks.wait(
            ClockName.TRANSIT,
            due_at,
            lambda: self._has_news_since(last_scan_at),
            started_at=last_scan_at,
            subject=self._parcel.subject,
        )

    def _is_over(self) -> bool:
        parcel = self._parcel
        return parcel.has_arrived or parcel.reported_lost or parcel.is_refused_collect

    def _has_news_since(self, last_scan_at: datetime) -> bool:
        last = self._parcel.last_scan_at
        return self._is_over() or (last is not None and last > last_scan_at)
