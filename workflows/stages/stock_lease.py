"""The stock held for an exchange: renewed while the parcel moves, given back when it stops (section 6)."""

import asyncio
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from domain.clocks import ClockName
from domain.exchange import HoldAnswer, StockHold, lease_until
from domain.keys import replacement_reference
from domain.outbox import Template
from workflows import calls
from workflows.case import ReturnCase
from workflows.gates import all_open
from workflows.stages.stock import give_back_stock


class StockLease:
    """Keeps the lease beside the other stages.

    It has no timer of its own: the lease has to outlast the next promise of the return, and the return wakes up at
    that promise. So an exchange that ends within its first lease costs nothing.
    """

    def __init__(self, case: ReturnCase) -> None:
        self._case = case
        self._was_given_back = False
        self._ended = False
        self._keeping: asyncio.Task[None] | None = None

    def keep(self) -> None:
        """Renew the lease from now on."""
        if self._keeping is None:
            self._keeping = asyncio.create_task(self._keep())

    async def is_held(self) -> bool:
        """Whether the stock is there for the replacement, once what is being done about the lease is done."""
        keeping = self._keeping
        if self._must_act() and keeping is not None:
            await workflow.wait_condition(lambda: keeping.done() or not self._must_act())
        return self._case.holds_stock

    async def let_go(self) -> None:
        """Give the stock back: nothing is exchanged any more."""
        self._was_given_back = False
        if self._case.holds_stock:
            await self._give_back()

    async def end(self) -> None:
        """Give back stock that is still held; nothing renews it any more."""
        self._ended = True
        if self._keeping is not None:
            await self._keeping
        if self._case.holds_stock:
            await self._give_back()

    async def _keep(self) -> None:
        while not self._ended:
            await workflow.wait_condition(lambda: self._ended or self._must_act())
            if self._ended or not (all_open() or workflow.patched("stock-lease")):
                return
            if self._stands_still():
                self._was_given_back = True
                self._case.note("replacement stock given back", "the parcel does not move")
                await self._give_back()
            else:
                await self._renew()

    def _must_act(self) -> bool:
        if self._case.holds_stock:
            return self._stands_still() or self._promised_beyond_the_lease() is not None
        return self._was_given_back and not self._stands_still()

    def _promised_beyond_the_lease(self) -> datetime | None:
        deadline, until = self._case.clocks.next_deadline(), self._case.stock_held_until
        return deadline.due_at if deadline and until and deadline.due_at > until else None

    def _stands_still(self) -> bool:
        """Whether every parcel on its way is silent for so long that it is traced."""
        trace = self._case.rules.clocks.transit_trace
        parcels = self._case.clocks.running(ClockName.TRANSIT)
        return bool(parcels) and all(clock.reckoned_for > trace for clock in parcels)

    async def _renew(self) -> None:
        case = self._case
        until = lease_until(self._promised_beyond_the_lease() or workflow.now(), case.rules.clocks)
        hold = StockHold(
            reference=replacement_reference(case.rma_id),
            item_ids=case.terms.item_ids,
            at=workflow.now(),
            until=until,
        )
        try:
            answer = await calls.hold_stock(hold, summary="renew the lease of the replacement stock")
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            if not isinstance(error.cause, ApplicationError) or not error.cause.non_retryable:
                return
            answer = HoldAnswer(held=False)
        case.holds_stock = answer.held
        self._was_given_back = False
        if answer.held:
            case.stock_held_until = until
            case.note("replacement stock held", f"until {until.isoformat()}")
            return
        case.note("replacement stock lost", answer.missing_item_id)
        await case.record("stock-lost", case.notices.customer(Template.EXCHANGE_STOCK_LOST))

    async def _give_back(self) -> None:
        self._case.holds_stock = False
        await give_back_stock(self._case, replacement_reference(self._case.rma_id))
