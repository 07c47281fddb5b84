"""The lines of the files that the sandbox is loaded from: orders, customers, catalogue."""

from enum import StrEnum

from pydantic import Field, model_validator

from domain.orders import (
    CustomerTier,
    Discount,
    FreightInsurance,
    LineDiscount,
    OrderStatus,
    ProductTag,
    TaxComponent,
    TenderKind,
)
from domain.record import Identifier, MinorUnits, Record, UtcDatetime
from sandbox.bodies import Currency


class PaymentKind(StrEnum):
    """A refund in a file went back before any caller saw the order."""

    PAYMENT = "payment"
    REFUND = "refund"


class RetailPayment(Record):
    """Money that moved for an order before it was loaded, in minor units.

    Attributes:
        payment_id: What the payment provider calls it; without one it is ``<order_id>-p1`` and so on.
    """

    kind: PaymentKind
    amount_minor: MinorUnits
    payment_method_id: Identifier
    payment_id: Identifier | None = None
    tender: TenderKind = TenderKind.MONEY


class RetailLine(Record):
    """A line of an order, named after its item unless it says otherwise.

    Amounts are for the whole quantity, except the unit price.
    """

    item_id: Identifier
    line_id: Identifier = Field(default_factory=lambda line: str(line.get("item_id", "")))
    product_id: Identifier
    name: str
    options: dict[str, str] = Field(default_factory=dict)
    category: str = "general"
    tags: tuple[ProductTag, ...] = ()
    quantity: int = Field(ge=1, le=100_000)
    unit_price_minor: MinorUnits
    discount_minor: MinorUnits = 0
    discounts: tuple[LineDiscount, ...] = ()
    tax: tuple[TaxComponent, ...] = ()
    serial_numbers: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _discount_fits(self) -> "RetailLine":
        given = self.discount_minor + sum(discount.amount_minor for discount in self.discounts)
        if given > self.unit_price_minor * self.quantity:
            raise ValueError("discount_minor is more than the line costs, with the discounts beside it")
        return self


class RetailOrder(Record):
    """An order with what was paid for it."""

    order_id: Identifier
    customer_id: Identifier
    status: OrderStatus
    currency: Currency
    lines: tuple[RetailLine, ...]
    payments: tuple[RetailPayment, ...]
    discounts: tuple[Discount, ...] = ()
    shipping_minor: MinorUnits = 0
    delivered_at: UtcDatetime | None = None
    freight_insurance: FreightInsurance | None = None
    receipt_confirmed_at: UtcDatetime | None = None

    @property
    def taken(self) -> dict[str, RetailPayment]:
        """The payments that were taken, by id."""
        taken = [payment for payment in self.payments if payment.kind is PaymentKind.PAYMENT]
        return {
            each.payment_id or f"{self.order_id}-p{number}": each for number, each in enumerate(taken, start=1)
        }

    @model_validator(mode="after")
    def _lines_are_told_apart(self) -> "RetailOrder":
        if not self.lines:
            raise ValueError("lines: an order has at least one")
        ids = [line.line_id for line in self.lines]
        if repeated := next((line_id for line_id in ids if ids.count(line_id) > 1), None):
            raise ValueError(f"lines: line_id {repeated} is used twice; give each line its own line_id")
        return self

    @model_validator(mode="after")
    def _payments_are_told_apart(self) -> "RetailOrder":
        if len(self.taken) < sum(payment.kind is PaymentKind.PAYMENT for payment in self.payments):
            raise ValueError("payments: a payment_id is used twice; give each payment its own payment_id")
        return self


class RetailMethod(Record):
    """A means of payment. Only a gift card has a balance."""

    id: Identifier
    source: str = Field(min_length=1)
    balance_minor: MinorUnits | None = None

    @property
    def is_gift_card(self) -> bool:
        """Whether the sandbox keeps its balance."""
        return self.source == "gift_card"


class RetailCustomer(Record):
    """A customer with the means of payment on file, and the orders of the last 365 days where they are counted.

    `agent` is the person in the shop who looks after this customer, if anyone does.
    """

    customer_id: Identifier
    tier: CustomerTier = CustomerTier.REGULAR
    agent: Identifier | None = None
    orders_in_a_year: int = Field(default=0, ge=0)
    returned_in_a_year: int = Field(default=0, ge=0)
    payment_methods: tuple[RetailMethod, ...]


class RetailVariant(Record):
    """A variant. Without `stock` an available one never runs out."""

    item_id: Identifier
    options: dict[str, str] = Field(default_factory=dict)
    available: bool
    unit_price_minor: MinorUnits
    stock: int | None = Field(default=None, ge=0)


class RetailProduct(Record):
    """A product of the catalogue with its variants."""

    product_id: Identifier
    name: str
    variants: tuple[RetailVariant, ...]
