"""What the pipeline asks of the shop's order system."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.exchange import ReplacementAnswer, ReplacementOrder
from domain.orders import OrderSnapshot, Variant


class OrdersPort(Protocol):
    """The order system: orders, catalogue, fulfilment.

    Every method raises the errors of `adapters.errors`.
    """

    async def get_order(self, order_id: str) -> OrderSnapshot | None:
        """Read an order with its customer's means of payment; None if there is no such order."""
        ...

    async def get_variants(self, item_ids: Sequence[str], at: datetime | None = None) -> list[Variant]:
        """Read the variants that the catalogue knows among `item_ids`, available at a moment, now by default."""
        ...

    async def cancel_fulfilment(self, order_id: str, reference: str, at: datetime) -> bool:
        """Stop the fulfilment of an unshipped order; False if it is being shipped. May be repeated."""
        ...

    async def create_replacement(self, order: ReplacementOrder) -> ReplacementAnswer:
        """Release a replacement from held stock; what it does not need of the hold goes free.

        A repeat of the reference finds the first one.
        """
        ...
