"""Exchange: the difference is settled first, then the replacement is released; else it is a refund (section 6)."""

from collections.abc import Sequence
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from domain.bookkeeping import ChargeAuthorization, RefundAuthorization, SettlementPlan
from domain.exchange import ReplacementAnswer, ReplacementOrder
from domain.intents import RefundBasis
from domain.keys import replacement_reference
from domain.outbox import OutboxItem, Template
from domain.refund import UnitsToSettle
from workflows import calls
from workflows.case import ReturnCase
from workflows.stages.payment import Payments
from workflows.stages.settlement import Settlement
from workflows.stages.stock_lease import StockLease


class Exchange:
    """Exchanges the accepted units for the variants that were held for them."""

    def __init__(self, case: ReturnCase, settlement: Settlement, payments: Payments, lease: StockLease) -> None:
        self._case = case
        self._lease = lease
        self._settlement = settlement
        self._payments = payments

    async def run(self, units: Sequence[UnitsToSettle], outbox: tuple[OutboxItem, ...]) -> None:
        """Settle the difference and release the replacement; what cannot be exchanged is refunded."""
        case = self._case
        if not await self._lease.is_held():
            refunded = case.notices.customer(Template.EXCHANGE_REFUNDED)
            await self._settlement.refund(RefundBasis.INSPECTION, units, (*outbox, refunded))
            return
        if await self.release(units, self._items_for(units), replacement_reference(case.rma_id), outbox):
            case.holds_stock = False

    async def release(
        self,
        units: Sequence[UnitsToSettle],
        items: tuple[str, ...],
        reference: str,
        outbox: tuple[OutboxItem, ...] = (),
    ) -> bool:
        """Settle the difference and have the items sent that are held under a reference.

        What cannot be exchanged is refunded; then the stock is still held.
        """
        case = self._case
        op = case.step("exchange")
        plan = await self._settlement.authorize(
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
            )
        )
        if await self._difference_is_settled(plan) and await self._is_released(items, reference):
            self._payments.show_settled()
            await case.record("exchange-released", case.notices.customer(Template.EXCHANGE_RELEASED))
            return True
        await self._settlement.refund(
            RefundBasis.INSPECTION,
            units,
            outbox=(case.notices.customer(Template.EXCHANGE_REFUNDED),),
            instead_of=op,
        )
        return False

    def _items_for(self, units: Sequence[UnitsToSettle]) -> tuple[str, ...]:
        wanted = {line.line_id: line.replacement_item_ids for line in self._case.application.lines}
        accepted: dict[str, int] = {}
        for entry in units:
            accepted[entry.line_id] = accepted.get(entry.line_id, 0) + entry.quantity
        return tuple(item for line_id, count in accepted.items() for item in wanted[line_id][:count])

    def _price(self, item_id: str) -> int:
        return self._case.rules.replacement_prices_minor[item_id]

    async def _difference_is_settled(self, plan: SettlementPlan) -> bool:
        case = self._case
        owed = plan.refund.owed_by_customer_minor
        if not owed:
            await self._settlement.under_the_promise(
                plan.due_at, *(self._payments.refund(intent) for intent in plan.refund.intents)
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
        (paid,) = await self._settlement.under_the_promise(plan.due_at, self._payments.charge(charge))
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
