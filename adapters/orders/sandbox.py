"""The order system of the sandbox."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

import httpx

from adapters.errors import ProviderRefused
from adapters.http import ProviderHttp
from adapters.orders.port import OrdersPort
from domain.exchange import ReplacementAnswer, ReplacementOrder
from domain.orders import OrderSnapshot, Variant
from domain.record import Record

_CANNOT_REPLACE = frozenset({"nothing_held", "reference_conflict"})


class _Variants(Record):
    variants: tuple[Variant, ...]


class _Fulfilment(Record):
    reference: str


class _Replacement(Record):
    replacement_order_id: str


class SandboxOrders(OrdersPort):
    """The orders port on the sandbox."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._http = ProviderHttp(client, "orders")

    async def get_order(self, order_id: str) -> OrderSnapshot | None:
        """Read an order with its customer's means of payment; None if there is no such order."""
        try:
            return await self._http.read(f"/orders/{quote(order_id, safe='')}", OrderSnapshot)
        except ProviderRefused as refused:
            if refused.code == "unknown_order":
                return None
            raise

    async def get_variants(self, item_ids: Sequence[str], at: datetime | None = None) -> list[Variant]:
        """Read the variants that the catalogue knows among `item_ids`, available at a moment, now by default."""
        if not item_ids:
            return []
        asked: dict[str, str | list[str]] = {"item_id": list(item_ids)}
        if at is not None:
            asked["at"] = at.isoformat()
        answer = await self._http.read("/catalog/variants", _Variants, asked)
        return list(answer.variants)

    async def cancel_fulfilment(self, order_id: str, reference: str, at: datetime) -> bool:
        """Stop the fulfilment of an unshipped order; False if it is being shipped. May be repeated."""
        path = f"/orders/{quote(order_id, safe='')}/cancel-fulfilment"
        try:
            await self._http.write(path, {"reference": reference, "at": at.isoformat()}, _Fulfilment)
        except ProviderRefused as refused:
            if refused.code == "order_not_pending":
                return False
            raise
        return True

    async def create_replacement(self, order: ReplacementOrder) -> ReplacementAnswer:
        """Release a replacement from held stock. A repeat of the reference finds the first one.

        Returns:
            ``released=False`` with the order system's code in `why` if the stock is not held for it.
        """
        try:
            sent = await self._http.write("/replacements", order.model_dump(mode="json"), _Replacement)
        except ProviderRefused as refused:
            if refused.code in _CANNOT_REPLACE:
                return ReplacementAnswer(released=False, why=refused.code)
            raise
        return ReplacementAnswer(released=True, replacement_order_id=sent.replacement_order_id)
