"""The order system's snapshot of an order, frozen when a return opens (section 3)."""

from enum import StrEnum

from pydantic import Field, field_validator

from domain.money import split_by_largest_remainder
from domain.record import Identifier, MinorUnits, Quantity, Record, UtcDatetime


class OrderStatus(StrEnum):
    """Where the order stands; only `PENDING` is not shipped."""

    PENDING = "pending"
    PROCESSED = "processed"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class Funder(StrEnum):
    """Who pays for a discount."""

    SHOP = "shop"
    PLATFORM = "platform"
    PROMOTER = "promoter"


class CustomerTier(StrEnum):
    """How the shop ranks the customer; decides the order in which people review."""

    NEW = "new"
    DORMANT = "dormant"
    REGULAR = "regular"
    HIGH_VALUE = "high_value"


class ProductTag(StrEnum):
    """Kinds of goods that the no-reason return excludes (section 4)."""

    CUSTOM_MADE = "custom_made"
    PERISHABLE = "perishable"
    DIGITAL_MEDIA = "digital_media"
    NEWSPAPER = "newspaper"


class TenderKind(StrEnum):
    """What a payment was made with."""

    MONEY = "money"
    GIFT_CARD = "gift_card"
    STORE_CREDIT = "store_credit"
    POINTS = "points"
    COUPON = "coupon"

    @property
    def is_in_kind(self) -> bool:
        """Whether it goes back to the account it came from, whatever the customer consents to for money."""
        return self in (TenderKind.POINTS, TenderKind.COUPON)


class LineDiscount(Record):
    """A discount with the party that funds it, in minor units."""

    funder: Funder = Funder.SHOP
    amount_minor: MinorUnits


class Discount(LineDiscount):
    """An order-level discount. One with a threshold was given for goods worth that much, in minor units.

    The goods are measured after the discounts of their lines, before any order-level one.
    """

    threshold_minor: MinorUnits = 0


class TaxComponent(Record):
    """A tax contained in what was paid for a line, in minor units."""

    name: str
    amount_minor: MinorUnits


class OrderLine(Record):
    """A line of the order. Amounts are for the whole quantity, except the unit price.

    `discount_minor` is funded by the shop; `discounts` come on top of it, each with its funder.
    `serial_numbers` are those that were sent, where the shop keeps them.
    """

    line_id: str
    item_id: str
    product_id: str
    name: str
    category: str = "general"
    tags: tuple[ProductTag, ...] = ()
    quantity: Quantity = Field(ge=1)
    unit_price_minor: MinorUnits
    discount_minor: MinorUnits = 0
    discounts: tuple[LineDiscount, ...] = ()
    tax: tuple[TaxComponent, ...] = ()
    serial_numbers: tuple[str, ...] = ()

    @property
    def net_minor(self) -> int:
        """The line after its own discounts, before any share of an order-level one."""
        return self.unit_price_minor * self.quantity - self.line_discount_minor

    @property
    def line_discount_minor(self) -> int:
        """The line's own discounts, whoever funds them."""
        return self.discount_minor + sum(discount.amount_minor for discount in self.discounts)


class Payment(Record):
    """A payment captured for the order. `refunded_minor` went back before this pipeline saw the order."""

    payment_id: str
    method_id: str
    captured_minor: MinorUnits
    refunded_minor: MinorUnits = 0
    tender: TenderKind = TenderKind.MONEY


class PaymentMethod(Record):
    """A means of payment of the customer. Only a gift card has a balance."""

    method_id: str
    source: str
    balance_minor: MinorUnits | None = None

    @property
    def is_gift_card(self) -> bool:
        """Whether it is charged from a balance."""
        return self.source == TenderKind.GIFT_CARD

    @property
    def takes_any_refund(self) -> bool:
        """Whether money can be put on it with the customer's consent alone."""
        return self.source in (TenderKind.GIFT_CARD, TenderKind.STORE_CREDIT)


class FreightInsurance(Record):
    """A cover of the return freight. The insurer pays the customer directly: it is no part of any refund."""

    insurer: str
    cover_minor: MinorUnits


class OrderSnapshot(Record):
    """What the order system says of an order: the only source of prices, discounts and payments.

    Attributes:
        customer_agent: The person in the shop who looks after this customer, where the shop names one.
        receipt_confirmed_at: When the customer confirmed the receipt, where the shop asks for that.
        orders_in_a_year: The customer's orders of the last 365 days; 0 where the shop does not count.
        returned_in_a_year: Those of them that came back, in part or whole.
    """

    order_id: str
    customer_id: str
    customer_tier: CustomerTier = CustomerTier.REGULAR
    customer_agent: Identifier | None = None
    status: OrderStatus
    currency: str
    lines: tuple[OrderLine, ...]
    discounts: tuple[Discount, ...] = ()
    shipping_minor: MinorUnits = 0
    payments: tuple[Payment, ...]
    payment_methods: tuple[PaymentMethod, ...]
    delivered_at: UtcDatetime | None = None
    freight_insurance: FreightInsurance | None = None
    receipt_confirmed_at: UtcDatetime | None = None
    orders_in_a_year: int = Field(default=0, ge=0)
    returned_in_a_year: int = Field(default=0, ge=0)

    @field_validator("lines")
    @classmethod
    def _line_ids_are_unique(cls, lines: tuple[OrderLine, ...]) -> tuple[OrderLine, ...]:
        if len({line.line_id for line in lines}) != len(lines):
            raise ValueError("two lines share a line_id")
        return lines

    def line(self, line_id: str) -> OrderLine | None:
        """Find a line by its id."""
        return next((line for line in self.lines if line.line_id == line_id), None)

    def method(self, method_id: str) -> PaymentMethod | None:
        """Find one of the customer's means of payment by its id."""
        return next((method for method in self.payment_methods if method.method_id == method_id), None)


class Variant(Record):
    """A variant in the catalogue, with the price it sells for today."""

    item_id: str
    product_id: str
    available: bool
    unit_price_minor: MinorUnits


class FactsRequest(Record):
    """Read an order, and the variants that are asked for in its place, as they are at a moment (UTC)."""

    order_id: str
    item_ids: tuple[str, ...] = ()
    at: UtcDatetime | None = None


class OrderFacts(Record):
    """The order, None if there is no such one, and the variants that the catalogue knows."""

    order: OrderSnapshot | None
    variants: tuple[Variant, ...] = ()


class FulfilmentCancellation(Record):
    """Stop the fulfilment of an order that has not shipped, under our reference."""

    order_id: str
    reference: str
    at: UtcDatetime


class FulfilmentAnswer(Record):
    """Whether the fulfilment was stopped; if not, the order is being shipped."""

    cancelled: bool


def paid_by_line(order: OrderSnapshot) -> dict[str, int]:
    """What was actually paid for each line, after all discounts (rules 1 and 2 of section 9).

    Returns:
        Minor units by line id.
    """
    paid = {line.line_id: max(line.net_minor, 0) for line in order.lines}
    for shares in discount_shares(order):
        paid = {line_id: amount - shares[line_id] for line_id, amount in paid.items()}
    return paid


def discount_shares(order: OrderSnapshot) -> list[dict[str, int]]:
    """Each order-level discount shared over the lines, by largest remainder over what they cost before it.

    Returns:
        For each discount, minor units by line id. A discount beyond what is left to pay gives only that.
    """
    left = [max(line.net_minor, 0) for line in order.lines]
    shared = []
    for discount in order.discounts:
        shares = split_by_largest_remainder(min(discount.amount_minor, sum(left)), left)
        left = [amount - share for amount, share in zip(left, shares, strict=True)]
        shared.append({line.line_id: share for line, share in zip(order.lines, shares, strict=True)})
    return shared
