"""Is the request right in fact? The order, the units, the means of payment, the replacements (section 4).

Where several reasons apply, the first of this order counts: the order, its state, its items, the count and
the availability of replacements, the means of payment, its balance.
"""

from collections.abc import Mapping
from datetime import datetime

from domain.application import Remedy, ReturnApplication
from domain.currencies import is_known_currency
from domain.money import refund_for_units
from domain.orders import OrderSnapshot, OrderStatus, Variant, paid_by_line
from domain.refusals import Refusal, RefusalCode


def check_facts(
    application: ReturnApplication,
    order: OrderSnapshot | None,
    variants: Mapping[str, Variant],
    supported_currencies: frozenset[str],
) -> Refusal | None:
    """Return why the request is wrong in fact, or None if it is right.

    Args:
        application: What the customer asks for.
        order: The order system's snapshot, None if it knows no such order.
        variants: The catalogue's answer for the replacements or parts asked for, by item id.
        supported_currencies: The currencies that the policy has amounts for.
    """
    if order is None:
        return Refusal(
            code=RefusalCode.ORDER_NOT_FOUND,
            field="order_id",
            detail=f"The order system knows no order {application.order_id}. Check the order number.",
            values={"order_id": application.order_id},
        )
    return (
        _check_order(application, order, supported_currencies)
        or _check_units(application, order)
        or (
            _check_replacements(application, order, variants)
            if application.desired_resolution is Remedy.EXCHANGE
            else None
        )
        or _check_parts(application, variants)
        or _check_payment_method(application, order)
        or (
            _check_balance(application, order, variants)
            if application.desired_resolution is Remedy.EXCHANGE
            else None
        )
    )


def check_pickup_window(application: ReturnApplication, latest: datetime) -> Refusal | None:
    """Return why the courier cannot come when the customer asks for it: the hand-over's promise would be over."""
    window = application.pickup_window
    if window is None or window.start <= latest:
        return None
    return Refusal(
        code=RefusalCode.PICKUP_WINDOW_TOO_LATE,
        field="pickup_window.start",
        detail=f"The parcel has to be collected by {latest.isoformat()}.",
        values={"latest_at": latest.isoformat()},
    )


def price_difference(application: ReturnApplication, order: OrderSnapshot, variants: Mapping[str, Variant]) -> int:
    """What the replacements cost more than was paid for the units they replace, in minor units.

    Positive: the customer pays. Negative: the customer is paid back. The units are taken as the first of
    their line; what they turn out to be worth after earlier returns is settled by the ledger.
    """
    paid = paid_by_line(order)
    difference = 0
    for asked in application.lines:
        line = order.line(asked.line_id)
        if line is None:
            continue
        difference -= refund_for_units(paid[line.line_id], line.quantity, 0, asked.quantity)
        difference += sum(variants[item].unit_price_minor for item in asked.replacement_item_ids)
    return difference


def settling_method_id(application: ReturnApplication, order: OrderSnapshot) -> str:
    """The means of payment that an exchange's difference is settled with: never points or a coupon by itself."""
    money = (payment.method_id for payment in order.payments if not payment.tender.is_in_kind)
    return application.payment_method_id or next(money, "")


_RIGHT_STATUS = {Remedy.REFUND_ONLY: (OrderStatus.DELIVERED, OrderStatus.PROCESSED)}
"""Goods that were shipped and never came are paid without a return; everything else needs a delivery."""


def _check_order(
    application: ReturnApplication, order: OrderSnapshot, supported_currencies: frozenset[str]
) -> Refusal | None:
    if order.customer_id != application.customer_id:
        return Refusal(
            code=RefusalCode.CUSTOMER_MISMATCH,
            field="customer_id",
            detail="The order belongs to another customer.",
        )
    if not is_known_currency(order.currency) or order.currency not in supported_currencies:
        return Refusal(
            code=RefusalCode.CURRENCY_NOT_SUPPORTED,
            field="order.currency",
            detail=f"The policy has no amounts for the order's currency {order.currency}.",
            values={"currency": order.currency},
        )
    if application.desired_resolution is Remedy.CANCEL_ORDER:
        if order.status is not OrderStatus.PENDING:
            return Refusal(
                code=RefusalCode.ORDER_NOT_PENDING,
                field="order_id",
                detail=f"The order is {order.status}; only an order that is not being shipped is cancelled.",
            )
    elif order.status not in _RIGHT_STATUS.get(application.desired_resolution, (OrderStatus.DELIVERED,)):
        return Refusal(
            code=RefusalCode.ORDER_NOT_DELIVERED,
            field="order_id",
            detail=f"The order is {order.status}; only a delivered order is returned or exchanged.",
            values={"status_code": order.status.value},
        )
    return None


def _check_units(application: ReturnApplication, order: OrderSnapshot) -> Refusal | None:
    for index, asked in enumerate(application.lines):
        line = order.line(asked.line_id)
        if line is None:
            return Refusal(
                code=RefusalCode.ITEM_NOT_IN_ORDER,
                field=f"lines[{index}].line_id",
                detail=f"The order has no line {asked.line_id}.",
                values={"line_id": asked.line_id, "asked": asked.quantity},
            )
        if asked.quantity > line.quantity:
            return Refusal(
                code=RefusalCode.ITEM_NOT_IN_ORDER,
                field=f"lines[{index}].quantity",
                detail=f"Line {asked.line_id} holds {line.quantity} units, {asked.quantity} were asked for.",
                values={"line_id": asked.line_id, "asked": asked.quantity},
            )
    return None


def _check_replacements(
    application: ReturnApplication, order: OrderSnapshot, variants: Mapping[str, Variant]
) -> Refusal | None:
    for index, asked in enumerate(application.lines):
        if len(asked.replacement_item_ids) != asked.quantity:
            return Refusal(
                code=RefusalCode.ITEM_COUNT_MISMATCH,
                field=f"lines[{index}].replacement_item_ids",
                detail=f"Name one replacement for each of the {asked.quantity} units.",
                values={"asked": asked.quantity},
            )
    for index, asked in enumerate(application.lines):
        line = order.line(asked.line_id)
        for position, item_id in enumerate(asked.replacement_item_ids):
            variant = variants.get(item_id)
            if variant is None or line is None or variant.product_id != line.product_id or not variant.available:
                return Refusal(
                    code=RefusalCode.REPLACEMENT_UNAVAILABLE,
                    field=f"lines[{index}].replacement_item_ids[{position}]",
                    detail=f"{item_id} is not a variant of the same product that is in stock.",
                    values={"item_id": item_id},
                )
    return None


def _check_parts(application: ReturnApplication, variants: Mapping[str, Variant]) -> Refusal | None:
    """A part that ran out is no reason to refuse: the customer then chooses what takes its place."""
    for index, asked in enumerate(application.lines):
        for position, item_id in enumerate(asked.part_item_ids):
            if item_id not in variants:
                return Refusal(
                    code=RefusalCode.PART_UNKNOWN,
                    field=f"lines[{index}].part_item_ids[{position}]",
                    detail=f"The catalogue knows no part {item_id}.",
                    values={"item_id": item_id},
                )
    return None


def _check_payment_method(application: ReturnApplication, order: OrderSnapshot) -> Refusal | None:
    method_id = application.payment_method_id
    if method_id is None:
        return None
    method = order.method(method_id)
    if method is None:
        return Refusal(
            code=RefusalCode.PAYMENT_METHOD_UNKNOWN,
            field="payment_method_id",
            detail="It is not one of this customer's means of payment.",
        )
    paid_with = {payment.method_id for payment in order.payments if not payment.tender.is_in_kind}
    if (
        application.desired_resolution is not Remedy.EXCHANGE
        and method_id not in paid_with
        and not method.takes_any_refund
    ):
        return Refusal(
            code=RefusalCode.REFUND_METHOD_NOT_ALLOWED,
            field="payment_method_id",
            detail="A refund goes back to the original means of payment or, by consent, to a gift card "
            "or store credit.",
        )
    return None


def _check_balance(
    application: ReturnApplication, order: OrderSnapshot, variants: Mapping[str, Variant]
) -> Refusal | None:
    difference = price_difference(application, order, variants)
    method = order.method(settling_method_id(application, order))
    if method is None and difference > 0:
        return Refusal(
            code=RefusalCode.PAYMENT_METHOD_UNKNOWN,
            field="payment_method_id",
            detail="Name the means of payment that the price difference is paid with.",
        )
    if method is None or not method.is_gift_card:
        return None
    if difference > (method.balance_minor or 0):
        return Refusal(
            code=RefusalCode.GIFT_CARD_BALANCE_TOO_LOW,
            field="payment_method_id",
            detail="The gift card does not cover the price difference.",
        )
    return None
