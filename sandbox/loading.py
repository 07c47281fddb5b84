"""Loading orders, customers and the catalogue, from files or a request."""

from datetime import datetime, timedelta
from pathlib import Path

from domain.intents import ProviderStatus
from domain.orders import OrderStatus
from domain.record import Record
from sandbox.books import Book, Books, Draft
from sandbox.gift_cards import GiftCards
from sandbox.jsonlines import BadLine, LoadError, parse_lines
from sandbox.money_book import MoneyBook
from sandbox.movements import Charge, ChargeOrigin
from sandbox.retail import PaymentKind, RetailCustomer, RetailOrder, RetailProduct
from sandbox.shop import Load, LoadKind


class LoadSource(Record):
    """Lines to load, with the name that errors give to where they come from."""

    kind: LoadKind
    text: str
    name: str


def read_source(kind: LoadKind, path: Path) -> LoadSource:
    """Read a file to load.

    Raises:
        OSError: If it cannot be read.
        LoadError: If it is not UTF-8.
    """
    return LoadSource(kind=kind, text=decode(path.read_bytes(), str(path)), name=str(path))


def decode(content: bytes, source: str) -> str:
    """Decode the content of a file or a body.

    Raises:
        LoadError: If it is not UTF-8; it names the line.
    """
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise LoadError([BadLine(source=source, line=line, field="", message="not UTF-8")]) from error


class Loader:
    """Writes loads to the books, with the payments and balances that come with them.

    A record replaces an earlier one of the same id. A payment or a balance that is loaded again enters the
    books again only if it changed, so that the books do not count it twice.
    """

    def __init__(self, books: Books, money: MoneyBook, cards: GiftCards) -> None:
        self._books = books
        self._money = money
        self._cards = cards

    def load(self, *sources: LoadSource, now: datetime, delivered_ago: timedelta) -> int:
        """Load JSON Lines, all or none.

        Args:
            sources: The lines.
            now: The time of the load in the books, UTC.
            delivered_ago: How long before `now` a delivered order without `delivered_at` was delivered.

        Returns:
            How many records were loaded.

        Raises:
            LoadError: If any line is wrong.
        """
        loads = [(source.kind, _parse(source, now - delivered_ago)) for source in sources]
        drafts = [draft for kind, load in loads for draft in self._drafts(kind, load, now)]
        self._books.append(*drafts)
        return sum(len(load.orders) + len(load.customers) + len(load.catalog) for _, load in loads)

    def _drafts(self, kind: LoadKind, load: Load, now: datetime) -> list[Draft]:
        charges = [charge for order in load.orders for charge in _charges(order)]
        balances = [
            self._cards.loaded(customer.customer_id, method.id, method.balance_minor or 0, now)
            for customer in load.customers
            for method in customer.payment_methods
            if method.is_gift_card
        ]
        return [
            Draft(book=Book.LOADS, key=kind, at=now, data=load),
            *(
                Draft(book=Book.CHARGES, key=charge.payment_id, at=now, data=charge)
                for charge in charges
                if self._money.loaded_payment(charge.payment_id) != charge
            ),
            *(draft for draft in balances if draft),
        ]


def _parse(source: LoadSource, delivered_at: datetime) -> Load:
    if source.kind is LoadKind.ORDERS:
        orders = parse_lines(source.text, source.name, RetailOrder, lambda order: order.order_id)
        return Load(orders=tuple(_delivered(order, delivered_at) for order in orders))
    if source.kind is LoadKind.CUSTOMERS:
        customers = parse_lines(source.text, source.name, RetailCustomer, lambda each: each.customer_id)
        return Load(customers=tuple(customers))
    products = parse_lines(source.text, source.name, RetailProduct, lambda product: product.product_id)
    return Load(catalog=tuple(products))


def _delivered(order: RetailOrder, delivered_at: datetime) -> RetailOrder:
    if order.status is not OrderStatus.DELIVERED or order.delivered_at is not None:
        return order
    return order.model_copy(update={"delivered_at": delivered_at})


def _charges(order: RetailOrder) -> list[Charge]:
    """Make the payments of an order, named ``<order_id>-p1`` and so on unless the file names them.

    What went back before is counted against the first payment by the same means that has room for it.
    """
    payments = list(order.taken.values())
    refunded = [0] * len(payments)
    for refund in order.payments:
        left = refund.amount_minor if refund.kind is PaymentKind.REFUND else 0
        for index, payment in enumerate(payments):
            if payment.payment_method_id == refund.payment_method_id:
                part = min(left, payment.amount_minor - refunded[index])
                refunded[index] += part
                left -= part
    return [
        Charge(
            reference=payment_id,
            provider_reference=payment_id,
            status=ProviderStatus.SUCCEEDED,
            amount_minor=payment.amount_minor,
            currency=order.currency,
            payment_id=payment_id,
            method_id=payment.payment_method_id,
            order_id=order.order_id,
            customer_id=order.customer_id,
            origin=ChargeOrigin.LOADED,
            refunded_before_minor=returned,
            tender=payment.tender,
        )
        for payment_id, payment, returned in zip(order.taken, payments, refunded, strict=True)
    ]
