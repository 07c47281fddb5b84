"""What the tests of settlement do with money."""

from datetime import timedelta
from typing import Any

from testkit.pipeline import Pipeline

HOUR = timedelta(hours=1)


DAY = timedelta(days=1)


MINUTE = timedelta(minutes=1)


PHOTO = {"kind": "image", "reference": "media/seam.jpg"}


async def with_means(
    pipeline: Pipeline, payments: dict[str, int], gift: int = 0, **changes: Any
) -> dict[str, Any]:
    """An order paid by so much from each named card; the customer has a gift card as well, with a balance."""
    order = await pipeline.order()
    own = order["order_id"].removeprefix("O-")
    methods: list[dict[str, Any]] = [{"id": f"{name}-{own}", "source": "credit_card"} for name in payments]
    methods.append({"id": f"GIFT-{own}", "source": "gift_card", "balance_minor": gift})
    paid = [
        {"kind": "payment", "amount_minor": amount, "payment_method_id": f"{name}-{own}"}
        for name, amount in payments.items()
    ]
    return await pipeline.order(
        **{"customer_id": order["customer_id"], "payment_methods": methods, "payments": paid} | changes
    )


def means(order: dict[str, Any], name: str) -> str:
    """The id of a means of payment of `with_means`."""
    own = order["payments"][0]["payment_method_id"].split("-", 1)[1]
    return f"{name}-{own}"


async def paid_to(pipeline: Pipeline, rma_id: str, order: dict[str, Any]) -> dict[str, int]:
    """What the provider's books say was paid back, by means of payment."""
    paid: dict[str, int] = {}
    for refund in (await pipeline.ending(rma_id, order["order_id"])).refunds:
        paid[refund.method_id] = paid.get(refund.method_id, 0) + refund.amount_minor
    return paid


async def exactly_once(pipeline: Pipeline, rma_id: str, order: dict[str, Any], amount_minor: int) -> None:
    """One refund in the provider's books, and the same in the ledger."""
    succeeded = [entry for entry in await pipeline.books("refunds", rma_id) if entry["status"] == "succeeded"]
    assert [entry["amount_minor"] for entry in succeeded] == [amount_minor]
    assert (await pipeline.balance(order["order_id"])).refunded_minor == amount_minor


async def shipped_back(pipeline: Pipeline, order: dict[str, Any], **changes: Any) -> str:
    """A return whose parcel is at the warehouse."""
    rma_id = (await pipeline.apply(order, **changes)).rma_id
    await pipeline.to_the_warehouse(rma_id)
    return rma_id
