"""Accepted units whose remedy cannot be had: another variant or a refund, by the customer's choice (section 6)."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from domain.actions import Role
from domain.application import Remedy
from domain.exchange import StockHold, are_variants_of
from domain.keys import substitute_reference
from domain.orders import FactsRequest
from domain.outbox import OutboxItem, Template
from domain.refund import UnitsToSettle
from workflows import calls
from workflows.case import ReturnCase
from workflows.stages.stock import give_back_stock
from workflows.stages.substitute import Substitutes

_CHOICES = (Remedy.RETURN_AND_REFUND, Remedy.EXCHANGE)


class HeldSubstitute(NamedTuple):
    """What the customer chose, held in stock under a reference."""

    reference: str
    item_ids: tuple[str, ...]


class Substitution:
    """Asks the customer, and holds what was chosen."""

    def __init__(self, case: ReturnCase, substitutes: Substitutes) -> None:
        self._case = case
        self._substitutes = substitutes
        self._holds = 0
        self._one_at_a_time = asyncio.Lock()

    async def choice(
        self, units: Sequence[UnitsToSettle], why: Template, outbox: tuple[OutboxItem, ...]
    ) -> HeldSubstitute | None:
        """Tell the customer why, and take the choice; None for a refund, which silence is as well."""
        async with self._one_at_a_time:
            due_at = workflow.now() + self._case.rules.clocks.substitute
            told = self._case.notices.customer(why, due_at=due_at.isoformat())
            await self._case.record("substitute", *outbox, told)
            return await self._held_items(units, due_at)

    async def _held_items(self, units: Sequence[UnitsToSettle], due_at: datetime) -> HeldSubstitute | None:
        case = self._case
        case.substitute_units = sum(entry.quantity for entry in units)
        case.need(Role.CUSTOMER, "substitute")
        try:
            while choice := await self._substitutes.choice(_CHOICES, due_at):
                if choice.remedy is not Remedy.EXCHANGE:
                    return None
                if reference := await self._hold(choice.item_ids, units):
                    return HeldSubstitute(reference, choice.item_ids)
                await case.record(
                    "substitute-unavailable",
                    case.notices.customer(Template.SUBSTITUTE_UNAVAILABLE, due_at=due_at.isoformat()),
                )
        finally:
            case.need("", "substitute")
        await case.make_final("refunded by silence")
        return None

    async def _hold(self, item_ids: tuple[str, ...], units: Sequence[UnitsToSettle]) -> str:
        """Hold variants of the units' own products; the reference, or nothing if they cannot be had."""
        case = self._case
        self._holds += 1
        reference = substitute_reference(case.rma_id, self._holds)
        request = FactsRequest(
            order_id=case.application.order_id, item_ids=tuple(dict.fromkeys(item_ids)), at=workflow.now()
        )
        hold = StockHold(reference=reference, item_ids=item_ids, at=workflow.now())
        try:
            facts = await calls.fetch_facts(request, summary="look at the substitutes")
            if not are_variants_of(self._units_one_by_one(units), item_ids, case.order, facts.variants):
                return ""
            answer = await calls.hold_stock(hold, summary=f"hold {len(item_ids)} substitutes")
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            # It may be held all the same.
            await give_back_stock(case, reference)
            return ""
        case.price_replacements({variant.item_id: variant.unit_price_minor for variant in facts.variants})
        return reference if answer.held else ""

    def _units_one_by_one(self, units: Sequence[UnitsToSettle]) -> tuple[str, ...]:
        """The line of each unit, in the sequence in which its substitute is named."""
        return tuple(entry.line_id for entry in units for _ in range(entry.quantity))
