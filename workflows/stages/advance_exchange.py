"""Advance exchange: the replacement ships at the carrier's first scan, against a hold on the customer's means."""

import asyncio

from temporalio import workflow

from domain.application import Remedy
from domain.holds import units_that_never_came
from domain.inspection import InspectedUnits
from domain.outbox import Template
from domain.refund import UnitsToSettle
from domain.status import Reimbursement
from workflows.case import ReturnCase
from workflows.stages.exchange import Exchange
from workflows.stages.payment_hold import HoldOnPayment


class AdvanceExchange:
    """Sends the replacement beside the ship-back; what never comes back is captured in the end."""

    def __init__(self, case: ReturnCase, exchange: Exchange, hold: HoldOnPayment) -> None:
        self._case = case
        self._exchange = exchange
        self._hold = hold
        self._sending: asyncio.Task[None] | None = None
        self._too_late = False

    def begin(self) -> None:
        """Send as soon as a carrier has the goods, if the return was granted an advance."""
        case, advance = self._case, self._case.rules.advance
        # What was agreed on instead was not weighed when the advance was granted.
        as_applied = case.remedy is case.application.desired_resolution is Remedy.EXCHANGE
        if advance and advance.granted and as_applied:
            self._sending = asyncio.create_task(self._send())

    async def is_done(self) -> None:
        """Make sure that the replacement was sent, or is not sent in advance any more."""
        self._too_late = True
        if self._sending is not None:
            await self._sending

    async def close(self, found: tuple[InspectedUnits, ...]) -> None:
        """Once everything is decided: capture what never came, and give the rest of the hold back."""
        case = self._case
        if self._sending is None:
            return
        # What comes from now on is a case of its own: the books of this one are drawn up.
        case.closing = True
        never_came = self._never_came(found) if self._exchange.is_sent else ()
        if not never_came:
            await self._hold.release()
            return
        if await self._hold.capture(never_came):
            count = sum(entry.quantity for entry in never_came)
            await case.record("captured", case.notices.customer(Template.ADVANCE_CAPTURED, units=count))
        else:
            await self._hold.release()
        case.move(Reimbursement.SETTLED)

    async def _send(self) -> None:
        case = self._case
        await workflow.wait_condition(lambda: self._too_late or case.first_scan_at is not None)
        if case.first_scan_at is None:
            return
        units = self._all_units()
        is_possible = await self._exchange.stock_is_held() and await self._hold.place(
            units, case.rules.settle_method_id
        )
        if is_possible and await self._exchange.send(units):
            await case.record("sent-in-advance", case.notices.customer(Template.ADVANCE_EXCHANGE))
            return
        await self._hold.release()
        case.note("not sent in advance")
        await case.record("no-advance", case.notices.customer(Template.ADVANCE_NOT_POSSIBLE))

    def _never_came(self, found: tuple[InspectedUnits, ...]) -> tuple[UnitsToSettle, ...]:
        case = self._case
        lost = [parcel.quantities() for parcel in case.parcels if parcel.was_lost]
        awaited = {
            line_id: line.authorized
            - line.accepted
            - line.rejected
            # What a carrier loses is not the customer's concern.
            - sum(units.get(line_id, 0) for units in lost)
            for line_id, line in case.lines.items()
        }
        rejected = {line_id: line.rejected for line_id, line in case.lines.items()}
        return units_that_never_came(awaited, rejected, found)

    def _all_units(self) -> tuple[UnitsToSettle, ...]:
        return tuple(
            UnitsToSettle(line_id=line_id, quantity=quantity)
            for line_id, quantity in self._case.line_quantities().items()
        )
