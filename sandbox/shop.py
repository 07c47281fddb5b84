"""What the shop's order system knows: a fold over the loads and the stopped fulfilments."""

from enum import StrEnum

from domain.orders import OrderStatus
from domain.record import Record
from sandbox.bodies import Id, TimedBody
from sandbox.books import Book, Books, Draft, Entry
from sandbox.refusals import Refused
from sandbox.retail import RetailCustomer, RetailMethod, RetailOrder, RetailProduct, RetailVariant


class LoadKind(StrEnum):
    """What can be loaded."""

    ORDERS = "orders"
    CUSTOMERS = "customers"
    CATALOG = "catalog"


class Load(Record):
    """The records of one load, as written to the books. A record replaces an earlier one of the same id."""

    orders: tuple[RetailOrder, ...] = ()
    customers: tuple[RetailCustomer, ...] = ()
    catalog: tuple[RetailProduct, ...] = ()


class CancelFulfilmentBody(TimedBody):
    """Stop the fulfilment of an order that was not shipped."""

    reference: Id


class Fulfilment(Record):
    """A fulfilment that was stopped."""

    reference: str
    order_id: str
    status: OrderStatus


class Shop:
    """Orders, customers and catalogue by id."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._orders: dict[str, RetailOrder] = {}
        self._customers: dict[str, RetailCustomer] = {}
        self._variants: dict[str, tuple[str, RetailVariant]] = {}
        self._methods: dict[str, tuple[str, RetailMethod]] = {}
        self._cancelled_by: dict[str, str] = {}
        books.fold(Book.LOADS, self._take_load)
        books.fold(Book.FULFILMENTS, self._take_cancellation)

    def order(self, order_id: str) -> RetailOrder:
        """Find an order as it stands.

        Raises:
            Refused: ``unknown_order``.
        """
        order = self._orders.get(order_id)
        if order is None:
            raise Refused(404, "unknown_order", f"There is no order {order_id}.")
        if order_id in self._cancelled_by:
            return order.model_copy(update={"status": OrderStatus.CANCELLED})
        return order

    def customer(self, customer_id: str) -> RetailCustomer | None:
        """Find a customer; None if none of this id was loaded."""
        return self._customers.get(customer_id)

    def variant(self, item_id: str) -> tuple[str, RetailVariant] | None:
        """Find a variant with the id of its product."""
        return self._variants.get(item_id)

    def method(self, method_id: str) -> tuple[str, RetailMethod] | None:
        """Find a means of payment with the id of the customer it belongs to."""
        return self._methods.get(method_id)

    def cancel_fulfilment(self, order_id: str, body: CancelFulfilmentBody) -> Fulfilment:
        """Stop the fulfilment of a pending order. A repeat of the reference gets the first answer.

        Raises:
            Refused: ``unknown_order``, or ``order_not_pending``.
        """
        order = self.order(order_id)
        stopped = Fulfilment(reference=body.reference, order_id=order_id, status=OrderStatus.CANCELLED)
        if self._cancelled_by.get(order_id) == body.reference:
            return stopped
        if order.status is not OrderStatus.PENDING:
            raise Refused(409, "order_not_pending", f"Order {order_id} is {order.status}.")
        self._books.append(Draft(book=Book.FULFILMENTS, key=body.reference, at=body.at, data=stopped))
        return stopped

    def _take_load(self, entry: Entry) -> None:
        load = Load.model_validate(entry.data)
        for order in load.orders:
            self._orders[order.order_id] = order
            self._cancelled_by.pop(order.order_id, None)
        for customer in load.customers:
            self._customers[customer.customer_id] = customer
            for method in customer.payment_methods:
                self._methods[method.id] = (customer.customer_id, method)
        for product in load.catalog:
            for variant in product.variants:
                self._variants[variant.item_id] = (product.product_id, variant)

    def _take_cancellation(self, entry: Entry) -> None:
        stopped = Fulfilment.model_validate(entry.data)
        self._cancelled_by[stopped.order_id] = stopped.reference
