"""Repair: what was diagnosed goes to the workshop and back to the customer (section 6)."""

import asyncio
from collections.abc import Sequence

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from domain.clocks import ClockName
from domain.keys import repair_reference
from domain.outbox import OutboxItem, Template
from domain.refund import UnitsToSettle
from domain.repair import RepairCancellation, RepairOrder
from workflows import calls
from workflows.case import ReturnCase
from workflows.contracts import RepairReport, RepairStatus
from workflows.stages.exchange import Exchange


class Repair:
    """Has units repaired under a promise. What cannot be repaired in time is replaced or paid, by choice."""

    def __init__(self, case: ReturnCase, exchange: Exchange) -> None:
        self._case = case
        self._exchange = exchange
        self._reports: dict[str, RepairReport] = {}

    def on_report(self, report: RepairReport) -> None:
        """Take the workshop's report."""
        reference = report.reference or self._case.open_repairs()[0]
        self._reports[reference] = report
        self._case.repairs[reference] = self._case.repairs[reference].model_copy(
            update={
                "repaired": report.repaired,
                "carrier": report.carrier or "",
                "tracking_no": report.tracking_no or "",
                "sent_at": workflow.now() if report.repaired else None,
            }
        )
        self._case.note("repaired" if report.repaired else "not repaired", report.note)

    async def run(self, units: Sequence[UnitsToSettle], outbox: tuple[OutboxItem, ...]) -> None:
        """Repair what the diagnosis says can be repaired; the rest does not wait for it."""
        beyond_repair, repairable = self._diagnosed(units)
        await self._case.record("diagnosed", *outbox)
        await asyncio.gather(self._repair_or_replace(repairable), self._replace(beyond_repair))

    def _diagnosed(
        self, units: Sequence[UnitsToSettle]
    ) -> tuple[tuple[UnitsToSettle, ...], tuple[UnitsToSettle, ...]]:
        """Tell the units beyond repair from the others, by what the diagnosis said of their lines."""
        left = {line_id: line.unrepairable for line_id, line in self._case.lines.items()}
        beyond_repair, repairable = [], []
        for entry in units:
            lost = min(entry.quantity, left[entry.line_id])
            left[entry.line_id] -= lost
            beyond_repair.append(entry.model_copy(update={"quantity": lost}))
            repairable.append(entry.model_copy(update={"quantity": entry.quantity - lost}))
        for line_id, unrepairable in left.items():
            self._case.set_line(line_id, unrepairable=unrepairable)
        return tuple(each for each in beyond_repair if each.quantity), tuple(
            each for each in repairable if each.quantity
        )

    async def _repair_or_replace(self, units: tuple[UnitsToSettle, ...]) -> None:
        if units and not await self._is_repaired(units):
            await self._replace(units)

    async def _replace(self, units: tuple[UnitsToSettle, ...]) -> None:
        if units:
            await self._exchange.substitute(units, Template.REPAIR_NOT_POSSIBLE)

    async def _is_repaired(self, units: tuple[UnitsToSettle, ...]) -> bool:
        """Order the repair and wait for the workshop's report until the promise is due."""
        case = self._case
        reference = repair_reference(case.rma_id, len(case.repairs) + 1)
        quantities: dict[str, int] = {}
        for entry in units:
            quantities[entry.line_id] = quantities.get(entry.line_id, 0) + entry.quantity
        case.repairs[reference] = RepairStatus(reference=reference, units=quantities)
        started_at, due_at = workflow.now(), workflow.now() + case.rules.clocks.repair
        await case.record("repair", case.notices.customer(Template.REPAIR_ORDERED, due_at=due_at.isoformat()))
        if await self._is_ordered(reference, quantities):
            await case.clocks.wait(
                ClockName.REPAIR,
                due_at,
                lambda: reference in self._reports,
                started_at=started_at,
                subject=reference,
            )
        report = self._reports.get(reference)
        if report is None:
            case.repairs[reference] = case.repairs[reference].model_copy(update={"repaired": False})
            await case.make_final("repair given up")
            await self._withdraw(reference)
            return False
        if report.repaired:
            sent = case.notices.customer(
                Template.REPAIR_FINISHED, carrier=report.carrier or "", tracking_no=report.tracking_no or ""
            )
            await case.record("repaired", sent)
        return report.repaired

    async def _is_ordered(self, reference: str, quantities: dict[str, int]) -> bool:
        """Order the repair. A workshop that refuses, or is silent for the whole promise, does not make it."""
        case = self._case
        order = RepairOrder(
            reference=reference,
            rma_id=case.rma_id,
            order_id=case.application.order_id,
            units=quantities,
            at=workflow.now(),
        )
        try:
            ticket = await calls.order_repair(
                order, summary="order the repair", give_up_after=case.rules.clocks.repair
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            case.note("repair not ordered", str(error.cause))
            return False
        case.repairs[reference] = case.repairs[reference].model_copy(update={"ticket_id": ticket.ticket_id})
        case.note("repair ordered", ticket.ticket_id)
        return True

    async def _withdraw(self, reference: str) -> None:
        case = self._case
        try:
            await calls.cancel_repair(
                RepairCancellation(reference=reference, at=workflow.now()), summary="withdraw the repair"
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            await case.record(
                "cleanup-failed", case.supervisor_alert(Template.STAFF_CLEANUP_FAILED, what="repair")
            )
