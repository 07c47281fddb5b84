"""Exchanges for tests: an order of shirts with variants of its own product."""

from typing import Any

from demo.story import Ending
from domain.actions import Action, Role
from domain.status import Approval
from testkit.pipeline import Pipeline, line, variant


class Swap:
    """An order of shirts at 100.00, the customer's means of payment, and variants of its own product."""

    def __init__(self, pipeline: Pipeline, order: dict[str, Any], own: str) -> None:
        self.pipeline = pipeline
        self.order = order
        self.own = own
        self.rma_id = ""

    @property
    def order_id(self) -> str:
        return str(self.order["order_id"])

    def means(self, name: str) -> str:
        return f"{name}-{self.own}"

    def item(self, name: str) -> str:
        return f"{name}-{self.own}"

    def asking(self, *items: str, **changes: Any) -> dict[str, Any]:
        return {
            "desired_resolution": "exchange",
            "lines": [
                {
                    "line_id": "SHIRT-M",
                    "quantity": len(items),
                    "condition": "unopened",
                    "replacement_item_ids": [self.item(item) for item in items],
                }
            ],
        } | changes

    async def apply(self, *items: str, **changes: Any) -> None:
        decision = await self.pipeline.apply(self.order, **self.asking(*items, **changes))
        assert decision.approval is not Approval.REFUSED, decision.refusal
        self.rma_id = decision.rma_id

    async def come_back(self, *units: dict[str, Any]) -> None:
        await self.pipeline.to_the_warehouse(self.rma_id)
        await self.pipeline.inspect(self.rma_id, *units)

    async def ending(self) -> Ending:
        return await self.pipeline.ending(self.rma_id, self.order_id)

    async def moved(self) -> tuple[dict[str, int], dict[str, int]]:
        """What was paid back and what was charged, by means of payment, as the provider's books say."""
        ending = await self.ending()
        sums: tuple[dict[str, int], dict[str, int]] = ({}, {})
        for entries, total in zip((ending.refunds, ending.charges), sums, strict=True):
            for entry in entries:
                total[entry.method_id] = total.get(entry.method_id, 0) + entry.amount_minor
        return sums

    async def hold(self) -> str:
        """How the stock's books say that the hold stands."""
        return str((await self.pipeline.books("holds", self.rma_id))[-1]["status"])

    async def substitute(self, remedy: str, *items: str) -> None:
        """The customer's choice in the place of a replacement that is out of stock."""
        await self.pipeline.until(self.rma_id, lambda status: "choose_substitute" in status.allowed_actions)
        fields = {"remedy": remedy, "item_ids": [self.item(item) for item in items]}
        await self.pipeline.act(self.rma_id, Action.CHOOSE_SUBSTITUTE, Role.CUSTOMER, None, **fields)

    async def choose(self, name: str) -> None:
        await self.pipeline.until(self.rma_id, lambda status: "choose_payment_method" in status.allowed_actions)
        await self.pipeline.act(
            self.rma_id, Action.CHOOSE_PAYMENT_METHOD, Role.CUSTOMER, method_id=self.means(name)
        )


async def swap(pipeline: Pipeline, quantity: int = 1, gift: int = 50_000, **changes: Any) -> Swap:
    """An order with variants that cost as much, more and less; of one there is a single unit."""
    seed = await pipeline.order()
    own = seed["order_id"].removeprefix("O-")
    product = f"P-{own}"
    methods: list[dict[str, Any]] = [
        {"id": f"{name}-{own}", "source": "credit_card"} for name in ("CARD", "OTHER")
    ]
    methods.append({"id": f"GIFT-{own}", "source": "gift_card", "balance_minor": gift})
    order = await pipeline.order(
        **{
            "customer_id": seed["customer_id"],
            "payment_methods": methods,
            "lines": [line(quantity=quantity, product_id=product)],
        }
        | changes
    )
    await pipeline.product(
        variant(f"SAME-{own}", 10_000, stock=5),
        variant(f"DEAR-{own}", 13_000, stock=5),
        variant(f"CHEAP-{own}", 7_500, stock=5),
        variant(f"LAST-{own}", 10_000, stock=1),
        product_id=product,
    )
    return Swap(pipeline, order, own)
