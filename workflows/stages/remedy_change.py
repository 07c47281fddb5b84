"""Another remedy while the goods are on their way back: checked, held, then carried out instead (section 6)."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from domain.application import Remedy, ReturnApplication
from domain.exchange import StockHold, first_lease_until
from domain.keys import replacement_reference
from domain.orders import FactsRequest, Variant
from domain.outbox import Template
from domain.remedy_change import RemedyAnswer, RemedyQuestion, applied_otherwise
from workflows import calls
from workflows.case import ReturnCase
from workflows.contracts import RemedyChange
from workflows.stages.stock import give_back_stock
from workflows.stages.stock_lease import StockLease
from workflows.validation.remedy_change import remedy_change as validate
from workflows.validation.rules import INVALID_ACTION, refuse

_PATIENCE = timedelta(seconds=30)
"""The customer waits for the answer; a shop that is silent for longer is asked again by them."""

_TOLD = {
    Remedy.RETURN_AND_REFUND: Template.REMEDY_NOW_REFUND,
    Remedy.EXCHANGE: Template.REMEDY_NOW_EXCHANGE,
    Remedy.STORE_CREDIT: Template.REMEDY_NOW_STORE_CREDIT,
}


class RemedyChanges:
    """Carries a change out, one at a time. What cannot be had is refused and leaves everything as it was."""

    def __init__(self, case: ReturnCase, lease: StockLease) -> None:
        self._case = case
        self._lease = lease
        self._one_at_a_time = asyncio.Lock()

    async def change(self, request: RemedyChange) -> None:
        """Have the return carried out otherwise from now on.

        Raises:
            ApplicationError: If it cannot be; nothing has changed then.
        """
        async with self._one_at_a_time:
            validate(self._case, request)
            application = self._applied_otherwise(request)
            answer = await self._considered(application)
            if request.remedy is Remedy.EXCHANGE:
                await self._hold(request, application.replacement_item_ids())
            else:
                validate(self._case, request)
                await self._lease.let_go()
            await self._carry_out_otherwise(request, application, answer)

    def _applied_otherwise(self, request: RemedyChange) -> ReturnApplication:
        case = self._case
        replacements = {line.line_id: line.item_ids for line in request.replacements}
        try:
            return applied_otherwise(
                case.application,
                request.remedy,
                case.line_quantities(),
                replacements,
                request.payment_method_id,
            )
        except ValueError as error:
            refuse(INVALID_ACTION, "remedy", f"It cannot be applied for like this: {error}")

    async def _considered(self, application: ReturnApplication) -> RemedyAnswer:
        case = self._case
        assert case.order is not None, "an approved return has its order"
        question = RemedyQuestion(
            application=application,
            order=case.order,
            variants=await self._variants(application),
            policy_version=case.rules.decision.policy_version if case.rules.decision else "",
        )
        answer = await calls.consider_remedy(question)
        if answer.refusal:
            refuse(INVALID_ACTION, answer.refusal.field, answer.refusal.detail)
        return answer

    async def _variants(self, application: ReturnApplication) -> tuple[Variant, ...]:
        item_ids = tuple(dict.fromkeys(application.replacement_item_ids()))
        if not item_ids:
            return ()
        request = FactsRequest(order_id=application.order_id, item_ids=item_ids, at=workflow.now())
        try:
            facts = await calls.fetch_facts(request, summary="look at the replacements", give_up_after=_PATIENCE)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            refuse(INVALID_ACTION, "replacements", "The order system does not answer; try again in a moment.")
        return facts.variants

    async def _hold(self, request: RemedyChange, item_ids: tuple[str, ...]) -> None:
        """Hold the replacements. The return may have gone on meanwhile: then they are given back."""
        case = self._case
        reference = replacement_reference(case.rma_id)
        until = first_lease_until(workflow.now(), case.rules.clocks)
        hold = StockHold(reference=reference, item_ids=item_ids, at=workflow.now(), until=until)
        try:
            answer = await calls.hold_stock(
                hold, summary=f"hold {len(item_ids)} replacement units", give_up_after=_PATIENCE
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            # It may be held all the same.
            await give_back_stock(case, reference)
            refuse(INVALID_ACTION, "replacements", "The stock does not answer; try again in a moment.")
        if not answer.held:
            refuse(INVALID_ACTION, "replacements", f"{answer.missing_item_id} is out of stock.")
        try:
            validate(case, request)
        except BaseException:
            await give_back_stock(case, reference)
            raise
        case.holds_stock = True
        case.stock_held_until = until

    async def _carry_out_otherwise(
        self, request: RemedyChange, application: ReturnApplication, answer: RemedyAnswer
    ) -> None:
        case = self._case
        assert answer.terms is not None, "what is not refused has terms"
        before = case.remedy
        case.application = _with_the_units_of(case.application, application)
        case.terms = answer.terms
        case.rules = case.rules.model_copy(
            update={
                "price_difference_minor": answer.price_difference_minor,
                "settle_method_id": answer.settle_method_id,
                "replacement_prices_minor": answer.replacement_prices_minor,
            }
        )
        if request.remedy is Remedy.EXCHANGE:
            self._lease.keep()
        case.note("remedy changed", f"{before.value} to {request.remedy.value}")
        await case.record("remedy-changed", case.notices.customer(_TOLD[request.remedy]))


def _with_the_units_of(applied: ReturnApplication, otherwise: ReturnApplication) -> ReturnApplication:
    """The other application, for every unit that was applied for: those that were not authorised stay known."""
    replacements = {line.line_id: line.replacement_item_ids for line in otherwise.lines}
    lines = tuple(
        line.model_copy(update={"replacement_item_ids": replacements.get(line.line_id, ())})
        for line in applied.lines
    )
    return otherwise.model_copy(update={"lines": lines})
