"""The order system: facts, fulfilment, replacements."""

from temporalio import activity

from activities.errors import provider_errors
from adapters.orders.port import OrdersPort
from domain.exchange import ReplacementAnswer, ReplacementOrder
from domain.orders import FactsRequest, FulfilmentAnswer, FulfilmentCancellation, OrderFacts


class OrderActivities:
    """Asks the order system."""

    def __init__(self, orders: OrdersPort) -> None:
        self._orders = orders

    @activity.defn(name="orders.fetch_facts")
    async def fetch_facts(self, request: FactsRequest) -> OrderFacts:
        """Read the order and the variants that are asked for in its place."""
        with provider_errors():
            order = await self._orders.get_order(request.order_id)
            variants = await self._orders.get_variants(request.item_ids, request.at) if request.item_ids else []
        return OrderFacts(order=order, variants=tuple(variants))

    @activity.defn(name="orders.cancel_fulfilment")
    async def cancel_fulfilment(self, request: FulfilmentCancellation) -> FulfilmentAnswer:
        """Stop the fulfilment; a repeat is the same cancellation."""
        with provider_errors():
            cancelled = await self._orders.cancel_fulfilment(request.order_id, request.reference, request.at)
        return FulfilmentAnswer(cancelled=cancelled)

    @activity.defn(name="orders.create_replacement")
    async def create_replacement(self, order: ReplacementOrder) -> ReplacementAnswer:
        """Release the replacement; a repeat of the reference finds the first one."""
        with provider_errors():
            return await self._orders.create_replacement(order)
