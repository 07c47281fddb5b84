"""All parcels of a return on their ways, side by side (section 7)."""

import asyncio
from datetime import datetime

from temporalio import workflow

from domain import quantities
from domain.inspection import InspectedUnits
from domain.status import Logistics
from workflows.case import ReturnCase
from workflows.contracts import Handover, Receipt
from workflows.gates import all_open
from workflows.parcel import Parcel
from workflows.stages.agreement import AgreementStage
from workflows.stages.journey import Journey
from workflows.stages.outcome import Outcome
from workflows.stages.waybill import record_waybill

_GIVEN_UP = (Logistics.LOST, Logistics.EXPIRED)


class Journeys:
    """Starts a journey per parcel, also for one that is split from another or that comes after it was given up."""

    def __init__(self, case: ReturnCase, outcome: Outcome, agreement: AgreementStage) -> None:
        self._case = case
        self._outcome = outcome
        self._agreement = agreement
        self._journeys: dict[int, Journey] = {}
        self._running: list[asyncio.Task[None]] = []

    def of(self, parcel: Parcel) -> Journey:
        """The journey of a parcel."""
        return self._journeys[parcel.number]

    async def run(self) -> None:
        """Send the authorised units on their way and wait until every parcel is at the end of its own."""
        case = self._case
        authorized = {line_id: line.authorized for line_id, line in case.lines.items()}
        for lines in quantities.planned(authorized, case.application.parcels):
            journey = self._open(case.parcels.add(lines))
            self._running.append(asyncio.create_task(journey.run()))
        await self.rest()

    async def rest(self) -> None:
        """Wait until every parcel is at the end of its way, one that came late too."""
        while not self._is_at_rest():
            await workflow.wait_condition(self._is_at_rest)
            for task in self._running:
                task.result()
            for journey in list(self._journeys.values()):
                await journey.ship_back.carriers_are_told()

    @property
    def found(self) -> tuple[InspectedUnits, ...]:
        """What the inspections of all parcels found."""
        return tuple(units for journey in self._journeys.values() for units in journey.inspection.units)

    def look_again(self) -> Journey:
        """Open a journey for goods that are with us already, to be inspected once more."""
        authorized = {line_id: line.authorized for line_id, line in self._case.lines.items()}
        journey = self._open(self._case.parcels.add(quantities.packed(authorized)))
        journey.parcel.move(Logistics.RECEIVED, "another look")
        return journey

    def late(self, units: dict[str, int], payable: dict[str, int], receipt: Receipt) -> Journey:
        """Open a journey for goods that came after the end of an earlier case."""
        journey = self._open(self._case.parcels.add(quantities.packed(units)))
        journey.parcel.payable = payable
        journey.parcel.receive(receipt)
        return journey

    def on_handover(self, parcel: Parcel, handover: Handover) -> None:
        """Take a hand-over. What it leaves behind becomes another parcel, awaited under the same promise."""
        case = self._case
        ship_back = self.of(parcel).ship_back
        if handover.lines:
            sent = {line.line_id: line.quantity for line in handover.lines}
            parcel.lines, rest = quantities.split(parcel.lines, sent)
            if rest:
                left_behind = self._open(case.parcels.add(rest), ship_back.awaited_since)
                self._running.append(asyncio.create_task(left_behind.run()))
        ship_back.on_handover(handover)

    def on_receipt(self, parcel: Parcel, receipt: Receipt) -> None:
        """Take the warehouse's receipt scan with the quantities that came."""
        if parcel.was_received_by(receipt):
            return
        if receipt.freight_collect and not self._case.terms.collect_authorized:
            parcel.refuse_collect("freight collect was not agreed", receipt.received_at)
            return
        self._look_at_an_unknown_waybill(receipt)
        given_up = parcel.logistics in _GIVEN_UP
        before = {line.line_id: line.received for line in parcel.lines.values()}
        came = {line.line_id: line.quantity + before.get(line.line_id, 0) for line in receipt.lines}
        self._case.parcels.repack(parcel, came)
        parcel.receive(receipt)
        if given_up:
            if parcel.was_lost:
                parcel.payable = {}
            self._running.append(asyncio.create_task(self.of(parcel).came_late()))

    def _look_at_an_unknown_waybill(self, receipt: Receipt) -> None:
        """The goods came with a number that nobody had told us."""
        number = receipt.tracking_no
        if number is None or any(parcel.follows(number) for parcel in self._case.parcels):
            return
        if not (all_open() or workflow.patched("unknown-waybill")):
            return
        looking = record_waybill(self._case, "unknown-waybill", carrier="", tracking_no=number)
        self._running.append(asyncio.create_task(looking))

    def _open(self, parcel: Parcel, awaited_since: datetime | None = None) -> Journey:
        journey = Journey(self._case, parcel, self._outcome, self._agreement, awaited_since)
        self._journeys[parcel.number] = journey
        return journey

    def _is_at_rest(self) -> bool:
        """All are at their ends; or one failed, which must not wait for the others to be noticed."""
        done = [task for task in self._running if task.done()]
        return len(done) == len(self._running) or any(task.cancelled() or task.exception() for task in done)
