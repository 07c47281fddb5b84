"""The payment provider's rules: what it refuses, what it declines, and what moves at once."""

from typing import TypeVar

from domain.intents import ProviderStatus
from domain.record import UtcDatetime
from sandbox.bodies import Amount, Currency, Id, PaymentReference, TimedBody, make_id
from sandbox.books import Book, Books, Draft
from sandbox.faults import FaultKind, Faults, Target
from sandbox.gift_cards import GiftCards
from sandbox.money_book import MoneyBook
from sandbox.movements import Charge, Movement, Refund
from sandbox.refusals import Refused
from sandbox.shop import Shop
from sandbox.store_credit import StoreCredit

M = TypeVar("M", bound=Movement)


class RefundBody(TimedBody):
    """Give money of a payment back to a means of payment of the same customer."""

    reference: PaymentReference
    payment_id: Id
    method_id: Id
    amount_minor: Amount
    currency: Currency
    rma_id: str = ""


class ChargeBody(TimedBody):
    """Take money from a means of payment."""

    reference: PaymentReference
    order_id: str = ""
    method_id: Id
    amount_minor: Amount
    currency: Currency
    rma_id: str = ""


class PaymentDesk:
    """Carries out refunds and charges and remembers idempotency keys for good."""

    def __init__(self, books: Books, shop: Shop, cards: GiftCards, credit: StoreCredit, faults: Faults) -> None:
        self._books = books
        self._shop = shop
        self._cards = cards
        self._credit = credit
        self._faults = faults
        self._money = MoneyBook(books)

    @property
    def money(self) -> MoneyBook:
        """The movements as they stand."""
        return self._money

    def refund(self, body: RefundBody, idempotency_key: str) -> tuple[Refund, bool]:
        """Refund a payment.

        Returns:
            The refund, and whether it is the stored answer of an earlier request.

        Raises:
            Refused: ``unknown_payment``, ``wrong_currency``, ``unknown_method``, ``over_refund`` or
                ``idempotency_key_reused``.
        """
        payment = self._money.payment(body.payment_id)
        if payment is None:
            raise Refused(404, "unknown_payment", f"There is no payment {body.payment_id}.")
        refund = Refund(
            reference=body.reference,
            provider_reference=make_id("re_", body.reference, self._books.next_seq),
            status=ProviderStatus.PENDING,
            amount_minor=body.amount_minor,
            currency=body.currency,
            payment_id=body.payment_id,
            method_id=body.method_id,
            order_id=payment.order_id,
            customer_id=payment.customer_id,
            rma_id=body.rma_id,
            idempotency_key=idempotency_key,
        )
        if stored := self._stored(refund):
            return stored, True
        if body.currency != payment.currency:
            raise Refused(409, "wrong_currency", f"The payment was made in {payment.currency}.")
        if body.method_id != payment.method_id:
            self._check_recipient(body, payment.customer_id)
        left = self._money.refundable_minor(body.payment_id)
        if body.amount_minor > left:
            raise Refused(409, "over_refund", f"Of payment {body.payment_id} {left} minor units are left.")
        return self._begin(refund, body.at), False

    def charge(self, body: ChargeBody, idempotency_key: str) -> tuple[Charge, bool]:
        """Charge a means of payment.

        Returns:
            The charge, and whether it is the stored answer of an earlier request.

        Raises:
            Refused: ``unknown_order``, ``unknown_method``, ``wrong_currency`` or ``idempotency_key_reused``.
        """
        charge = Charge(
            reference=body.reference,
            provider_reference=make_id("ch_", body.reference, self._books.next_seq),
            status=ProviderStatus.PENDING,
            amount_minor=body.amount_minor,
            currency=body.currency,
            payment_id=body.reference,
            method_id=body.method_id,
            order_id=body.order_id,
            customer_id=self._owner(body.method_id),
            rma_id=body.rma_id,
            idempotency_key=idempotency_key,
        )
        if stored := self._stored(charge):
            return stored, True
        if body.order_id:
            order = self._shop.order(body.order_id)
            self._check_owner(body.method_id, order.customer_id)
            if body.currency != order.currency:
                raise Refused(409, "wrong_currency", f"The order is in {order.currency}.")
        return self._begin(charge, body.at), False

    def look_up_refunds(self, reference: str) -> list[Refund]:
        """Find the refunds of a reference; one that was pending comes to its end by being looked at."""
        return [self._end_if_pending(refund) for refund in self._money.refunds(reference)]

    def look_up_charges(self, reference: str) -> list[Charge]:
        """Find the charges of a reference; one that was pending comes to its end by being looked at."""
        return [self._end_if_pending(charge) for charge in self._money.charges(reference)]

    def _stored(self, asked: M) -> M | None:
        if not asked.idempotency_key:
            return None
        first = self._money.first_answer(asked.idempotency_key)
        if first is None or self._faults.strike(_target(asked), FaultKind.FORGOTTEN_KEY, asked.model_dump()):
            return None
        if not isinstance(first, type(asked)) or not asked.asks_the_same_as(first):
            raise Refused(409, "idempotency_key_reused", "The key came with another request before.")
        return first

    def _begin(self, movement: M, at: UtcDatetime) -> M:
        if self._faults.strike(_target(movement), FaultKind.PENDING, movement.model_dump()):
            self._books.append(Draft(book=_book(movement), key=movement.reference, at=at, data=movement))
            return movement
        return self._end(movement, at)

    def _end_if_pending(self, movement: M) -> M:
        if movement.status is not ProviderStatus.PENDING:
            return movement
        return self._end(movement, self._money.asked_at(movement))

    def _end(self, movement: M, at: UtcDatetime) -> M:
        balance = self._cards.balance(movement.method_id)
        failure = ""
        if self._faults.strike(_target(movement), FaultKind.CLOSED_METHOD, movement.model_dump()):
            failure = "method_closed"
        elif isinstance(movement, Charge) and balance is not None and balance < movement.amount_minor:
            failure = "insufficient_balance"
        status = ProviderStatus.FAILED if failure else ProviderStatus.SUCCEEDED
        ended = movement.model_copy(update={"status": status, "failure": failure})
        drafts = [Draft(book=_book(ended), key=ended.reference, at=at, data=ended)]
        if balance is not None and not failure:
            drafts.append(self._cards.moved(ended, at))
        if self._credit.account(ended.method_id) and not failure:
            drafts.append(self._credit.refunded(ended, at))
        self._books.append(*drafts)
        return ended

    def _owner(self, method_id: str) -> str:
        known = self._shop.method(method_id)
        if known is None:
            raise Refused(404, "unknown_method", f"There is no means of payment {method_id}.")
        return known[0]

    def _check_recipient(self, body: RefundBody, customer_id: str) -> None:
        """A refund may go to any means of payment of the customer, and to their store credit."""
        account = self._credit.account(body.method_id)
        if account is None or account.customer_id != customer_id:
            self._check_owner(body.method_id, customer_id)
        elif account.currency != body.currency:
            raise Refused(409, "wrong_currency", f"The account is in {account.currency}.")

    def _check_owner(self, method_id: str, customer_id: str) -> None:
        if self._owner(method_id) != customer_id:
            raise Refused(404, "unknown_method", f"The customer has no means of payment {method_id}.")


def _book(movement: Movement) -> Book:
    return Book.REFUNDS if isinstance(movement, Refund) else Book.CHARGES


def _target(movement: Movement) -> Target:
    return Target.REFUND if isinstance(movement, Refund) else Target.CHARGE
