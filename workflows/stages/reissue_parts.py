"""Missing parts are sent after; nothing comes back (section 6)."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from domain.actions import Role
from domain.application import Remedy
from domain.exchange import ReplacementAnswer, ReplacementOrder, StockHold
from domain.keys import parts_reference
from domain.outbox import Template
from domain.terms import Terms
from workflows import calls
from workflows.case import ReturnCase
from workflows.stages.stock import give_back_stock
from workflows.stages.substitute import Substitutes

_TRY_AGAIN = timedelta(hours=24)
_ASK_AGAIN = timedelta(minutes=30)


class ReissueParts:
    """Sends the parts out of stock that is set aside for them, under one reference for life."""

    def __init__(self, case: ReturnCase, substitutes: Substitutes) -> None:
        self._case = case
        self._substitutes = substitutes

    async def run(self) -> None:
        """Send the parts. While they are out of stock the customer may choose to return the goods instead.

        Silence changes nothing: the stock is tried again, and a supervisor is told each time. Other terms in
        `case.terms` afterwards say that something else takes the place of the parts.
        """
        case = self._case
        patience, asked = case.rules.clocks.substitute, False
        while not await self._are_sent():
            due_at = workflow.now() + patience
            if asked:
                await case.record("parts-missing", case.supervisor_alert(Template.STAFF_SUBSTITUTE_NEEDED))
            else:
                out_of_stock = case.notices.customer(Template.PARTS_OUT_OF_STOCK, due_at=due_at.isoformat())
                await case.record("parts-out-of-stock", out_of_stock)
            case.need(Role.SUPERVISOR if asked else Role.CUSTOMER, "parts")
            terms = case.terms
            choice = await self._substitutes.choice((Remedy.RETURN_AND_REFUND,), due_at)
            if choice:
                case.terms = Terms(remedy=choice.remedy)
            case.need("", "parts")
            if case.canceled:
                await case.make_final("withdrawn", ends=True)
            if case.canceled or case.terms != terms:
                return
            patience, asked = _TRY_AGAIN, True
        await case.record("parts-sent", case.notices.customer(Template.PARTS_SENT))

    async def _are_sent(self) -> bool:
        """Set the parts aside and have them sent; False if the stock does not have them."""
        case = self._case
        reference = parts_reference(case.rma_id)
        hold = StockHold(reference=reference, item_ids=case.terms.item_ids, at=workflow.now())
        order = ReplacementOrder(
            reference=reference,
            order_id=case.application.order_id,
            item_ids=case.terms.item_ids,
            at=workflow.now(),
        )
        while True:
            try:
                held = await calls.hold_stock(hold, summary=f"hold {len(hold.item_ids)} parts")
                if not held.held:
                    case.note("parts out of stock", held.missing_item_id)
                    return False
                answer = await calls.create_replacement(order, summary=f"send {len(order.item_ids)} parts")
                break
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                if isinstance(error.cause, ApplicationError) and error.cause.non_retryable:
                    answer = ReplacementAnswer(released=False, why=error.cause.type or "refused")
                    break
                # It may be done all the same: the same reference finds out.
                await case.record("parts-late", case.supervisor_alert(Template.STAFF_SETTLEMENT_LATE))
                await workflow.sleep(_ASK_AGAIN, summary="ask for the parts again")
        if answer.released:
            case.note("parts sent", answer.replacement_order_id)
            return True
        case.note("parts not sent", answer.why)
        await give_back_stock(case, reference)
        return False
