"""Exchange: the difference is settled first, then the replacement is released, or a substitute (section 6)."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from domain.application import Remedy
from domain.bookkeeping import ChargeAuthorization, RefundAuthorization, SettlementPlan
from domain.exchange import ReplacementAnswer, ReplacementOrder
from domain.intents import RefundBasis
from domain.keys import replacement_reference
from domain.outbox import OutboxItem, Template
from domain.refund import UnitsToSettle
from workflows import calls
from workflows.case import ReturnCase
from workflows.gates import all_open
from workflows.stages.payment import Payments
from workflows.stages.settlement import Settlement
from workflows.stages.stock import give_back_stock
from workflows.stages.stock_lease import StockLease
from workflows.stages.substitution import Substitution


class Exchange:
    """Exchanges the accepted units for the variants that were held for them."""

    def __init__(
        self,
        case: ReturnCase,
        settlement: Settlement,
        payments: Payments,
        lease: StockLease,
        substitution: Substitution,
    ) -> None:
        self._case = case
        self._lease = lease
        self._settlement = settlement
        self._payments = payments
        self._substitution = substitution
        self.is_sent = False
        self.unpaid_minor = 0
        """What the customer still owes of the price of a replacement that was sent in advance, in minor units."""
        self._refunds = 0
        self._one_at_a_time = asyncio.Lock()

    async def stock_is_held(self) -> bool:
        """Whether the stock is there for the replacement."""
        return await self._lease.is_held()

    async def send(self, units: Sequence[UnitsToSettle]) -> bool:
        """Release the replacement before the units came; they are settled against it when they do."""
        self.is_sent = await self._is_released(self._items_for(units), replacement_reference(self._case.rma_id))
        self._case.holds_stock = self._case.holds_stock and not self.is_sent
        return self.is_sent

    async def run(self, units: Sequence[UnitsToSettle], outbox: tuple[OutboxItem, ...]) -> None:
        """Settle the difference and release the replacement. One that is out of stock is the customer's choice."""
        if self.is_sent:
            await self._settle_what_was_sent(units, outbox)
            return
        # The held stock is released once: what comes late must see what became of it.
        async with self._one_at_a_time:
            await self._exchange(units, outbox)

    async def _exchange(self, units: Sequence[UnitsToSettle], outbox: tuple[OutboxItem, ...]) -> None:
        case = self._case
        if not await self._lease.is_held():
            await self.substitute(units, Template.EXCHANGE_OUT_OF_STOCK, outbox)
            return
        op = case.step("exchange")
        items = self._items_for(units)
        plan = await self._authorize_difference(op, units, items, outbox)
        if not await self._difference_is_settled(plan, op):
            await self._refund(units, instead_of=op)
        elif await self._is_released(items, replacement_reference(case.rma_id)):
            case.holds_stock = False
            await self._tell_released()
        else:
            await self.substitute(units, Template.EXCHANGE_OUT_OF_STOCK, instead_of=op)

    async def substitute(
        self,
        units: Sequence[UnitsToSettle],
        why: Template,
        outbox: tuple[OutboxItem, ...] = (),
        instead_of: str = "",
    ) -> None:
        """Exchange the units for what the customer chooses in the place of what cannot be had, or refund them.

        `instead_of` is the op of the exchange that was authorised for them before, if one was.
        """
        case = self._case
        if case.remedy is Remedy.EXCHANGE and not (all_open() or workflow.patched("exchange-substitute")):
            await self._refund(units, outbox, instead_of)
            return
        chosen = await self._substitution.choice(units, why, outbox)
        if chosen is None:
            await self._refund(units, instead_of=instead_of)
            return
        op = case.step("exchange")
        plan = await self._authorize_difference(op, units, chosen.item_ids, (), instead_of)
        if await self._difference_is_settled(plan, op) and await self._is_released(
            chosen.item_ids, chosen.reference
        ):
            await self._tell_released()
            return
        await give_back_stock(case, chosen.reference)
        await self._refund(units, instead_of=op)

    async def _settle_what_was_sent(self, units: Sequence[UnitsToSettle], outbox: tuple[OutboxItem, ...]) -> None:
        """Settle units against the replacement that was sent for them; a deduction is the customer's to pay."""
        case = self._case
        op = case.step("exchange")
        plan = await self._authorize_difference(op, units, self._items_for(units), outbox)
        is_settled = await self._difference_is_settled(plan, op)
        if not is_settled:
            self.unpaid_minor += plan.refund.owed_by_customer_minor
        self._payments.show_settled()
        await case.record(
            "exchange-settled",
            case.notices.customer(Template.ADVANCE_EXCHANGE_SETTLED)
            if is_settled
            else case.supervisor_alert(Template.STAFF_REPLACEMENT_UNPAID),
        )

    async def _authorize_difference(
        self,
        op: str,
        units: Sequence[UnitsToSettle],
        items: tuple[str, ...],
        outbox: tuple[OutboxItem, ...],
        instead_of: str = "",
    ) -> SettlementPlan:
        case = self._case
        return await self._settlement.authorize(
            RefundAuthorization(
                rma_id=case.rma_id,
                op=op,
                at=workflow.now(),
                outbox=outbox,
                round=self._payments.next_round(),
                basis=RefundBasis.EXCHANGE_DIFFERENCE,
                units=tuple(units),
                destination=case.application.payment_method_id,
                circumstances=self._settlement.circumstances(),
                less_minor=sum(self._price(item) for item in items),
                instead_of=instead_of,
            )
        )

    async def _tell_released(self) -> None:
        self._payments.show_settled()
        await self._case.record("exchange-released", self._case.notices.customer(Template.EXCHANGE_RELEASED))

    async def _refund(
        self, units: Sequence[UnitsToSettle], outbox: tuple[OutboxItem, ...] = (), instead_of: str = ""
    ) -> None:
        is_exchange = self._case.remedy is Remedy.EXCHANGE
        template = Template.EXCHANGE_REFUNDED if is_exchange else Template.SUBSTITUTE_REFUNDED
        refunded = self._case.notices.customer(template)
        self._refunds += 1
        await self._settlement.refund(
            RefundBasis.INSPECTION,
            units,
            (*outbox, refunded),
            instead_of=instead_of,
            subject=f"exchange-refund-{self._refunds}",
        )

    def _items_for(self, units: Sequence[UnitsToSettle]) -> tuple[str, ...]:
        wanted = {line.line_id: line.replacement_item_ids for line in self._case.application.lines}
        accepted: dict[str, int] = {}
        for entry in units:
            accepted[entry.line_id] = accepted.get(entry.line_id, 0) + entry.quantity
        return tuple(item for line_id, count in accepted.items() for item in wanted[line_id][:count])

    def _price(self, item_id: str) -> int:
        return self._case.rules.replacement_prices_minor[item_id]

    async def _difference_is_settled(self, plan: SettlementPlan, op: str) -> bool:
        """Pay or charge the difference; the op tells its promises from those of another exchange."""
        case = self._case
        owed = plan.refund.owed_by_customer_minor
        if not owed:
            await self._settlement.under_the_promise(
                plan.due_at, *self._payments.refunds(plan.refund.intents, op), subject=op
            )
            return True
        charge = await case.in_ledger(
            calls.authorize_charge,
            ChargeAuthorization(
                rma_id=case.rma_id,
                op=case.step("charge"),
                at=workflow.now(),
                round=self._payments.next_round(),
                method_id=case.rules.settle_method_id,
                amount_minor=owed,
            ),
        )
        (paid,) = await self._settlement.under_the_promise(
            plan.due_at, self._payments.charge(charge, op), subject=op
        )
        return bool(paid)

    async def _is_released(self, items: tuple[str, ...], reference: str) -> bool:
        case = self._case
        order = ReplacementOrder(
            reference=reference,
            order_id=case.application.order_id,
            item_ids=items,
            at=workflow.now(),
        )
        while True:
            try:
                answer = await calls.create_replacement(order, summary=f"release {len(items)} replacements")
                break
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                if isinstance(error.cause, ApplicationError) and error.cause.non_retryable:
                    # Asking again cannot help, and a repeat would have found what was sent: nothing was.
                    answer = ReplacementAnswer(released=False, why=error.cause.type or "refused")
                    break
                await case.record("release-late", case.supervisor_alert(Template.STAFF_SETTLEMENT_LATE))
                await workflow.sleep(timedelta(minutes=30), summary="ask for the replacement again")
        if answer.released:
            case.note("replacement released", answer.replacement_order_id)
        else:
            case.note("replacement not released", answer.why)
        return answer.released
