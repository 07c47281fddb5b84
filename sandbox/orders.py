"""The order system: orders, catalogue, fulfilment, replacements."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.routing import APIRoute

from domain.orders import CustomerTier, Discount, FreightInsurance, OrderStatus, TenderKind
from domain.record import MinorUnits, Record, UtcDatetime
from sandbox.faults import Target
from sandbox.gift_cards import GiftCards
from sandbox.money_book import MoneyBook
from sandbox.retail import RetailLine
from sandbox.shop import CancelFulfilmentBody, Fulfilment, Shop
from sandbox.stock import Replacement, ReplacementBody, Stock


class PaymentAnswer(Record):
    """A payment taken for an order; `refunded_minor` went back before the order was loaded."""

    payment_id: str
    method_id: str
    captured_minor: MinorUnits
    refunded_minor: MinorUnits
    tender: TenderKind


class MethodAnswer(Record):
    """A means of payment; a gift card with its balance as it is now."""

    method_id: str
    source: str
    balance_minor: MinorUnits | None


class OrderAnswer(Record):
    """An order with its customer's means of payment."""

    order_id: str
    customer_id: str
    customer_tier: CustomerTier
    customer_agent: str | None
    status: OrderStatus
    currency: str
    lines: tuple[RetailLine, ...]
    discounts: tuple[Discount, ...]
    shipping_minor: MinorUnits
    payments: tuple[PaymentAnswer, ...]
    payment_methods: tuple[MethodAnswer, ...]
    delivered_at: UtcDatetime | None
    freight_insurance: FreightInsurance | None
    receipt_confirmed_at: UtcDatetime | None
    orders_in_a_year: int
    returned_in_a_year: int


class VariantAnswer(Record):
    """A variant of the catalogue, available if a unit of it is not held for anybody."""

    item_id: str
    product_id: str
    options: dict[str, str]
    available: bool
    unit_price_minor: MinorUnits


class VariantsAnswer(Record):
    """The variants that the catalogue knows among those asked for."""

    variants: tuple[VariantAnswer, ...]


def orders_router(
    shop: Shop, stock: Stock, money: MoneyBook, cards: GiftCards, route_class: type[APIRoute]
) -> APIRouter:
    """Make the routes of the order system."""
    router = APIRouter(tags=["orders"], route_class=route_class)

    @router.get("/orders/{order_id}", name=Target.GET_ORDER)
    async def get_order(order_id: str) -> OrderAnswer:
        """Read an order. 404 ``unknown_order``."""
        order = shop.order(order_id)
        customer = shop.customer(order.customer_id)
        payments = [money.loaded_payment(payment_id) for payment_id in order.taken]
        return OrderAnswer(
            **order.model_dump(exclude={"payments"}),
            customer_tier=customer.tier if customer else CustomerTier.REGULAR,
            customer_agent=customer.agent if customer else None,
            orders_in_a_year=customer.orders_in_a_year if customer else 0,
            returned_in_a_year=customer.returned_in_a_year if customer else 0,
            payments=tuple(
                PaymentAnswer(
                    payment_id=payment.payment_id,
                    method_id=payment.method_id,
                    captured_minor=payment.amount_minor,
                    refunded_minor=payment.refunded_before_minor,
                    tender=payment.tender,
                )
                for payment in payments
                if payment
            ),
            payment_methods=tuple(
                MethodAnswer(method_id=method.id, source=method.source, balance_minor=cards.balance(method.id))
                for method in (customer.payment_methods if customer else ())
            ),
        )

    @router.get("/catalog/variants", name=Target.GET_VARIANTS)
    async def get_variants(
        item_id: Annotated[list[str], Query(min_length=1)], at: UtcDatetime | None = None
    ) -> VariantsAnswer:
        """Read variants, each once, available at a moment, now by default. Unknown ones are left out."""
        moment = at or datetime.now(UTC)
        known = [(each, shop.variant(each)) for each in dict.fromkeys(item_id)]
        return VariantsAnswer(
            variants=tuple(
                VariantAnswer(
                    item_id=each,
                    product_id=found[0],
                    options=found[1].options,
                    available=stock.has(each, moment),
                    unit_price_minor=found[1].unit_price_minor,
                )
                for each, found in known
                if found
            )
        )

    @router.post("/orders/{order_id}/cancel-fulfilment", name=Target.CANCEL_FULFILMENT)
    async def cancel_fulfilment(order_id: str, body: CancelFulfilmentBody) -> Fulfilment:
        """Stop the fulfilment of a pending order. 404 ``unknown_order``, 409 ``order_not_pending``."""
        return shop.cancel_fulfilment(order_id, body)

    @router.post("/replacements", name=Target.REPLACEMENT)
    async def create_replacement(body: ReplacementBody) -> Replacement:
        """Send held items. 404 ``unknown_order``, 409 ``nothing_held`` or ``reference_conflict``."""
        return stock.replace(body)

    return router
