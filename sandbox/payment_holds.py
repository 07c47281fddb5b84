"""The payment provider's holds: set aside, renewed, captured once, released, or lapsed by themselves."""

from datetime import datetime, timedelta
from enum import StrEnum

from domain.intents import ProviderStatus
from domain.record import MinorUnits, Record, UtcDatetime
from sandbox.bodies import Amount, Currency, Id, PaymentReference, TimedBody, make_id
from sandbox.books import Book, Books, Draft, Entry
from sandbox.clock import ProviderClock
from sandbox.faults import FaultKind, Faults, Target
from sandbox.gift_cards import GiftCards
from sandbox.money_book import MoneyBook
from sandbox.movements import Charge
from sandbox.refusals import Refused
from sandbox.shop import Shop

LIFETIME = timedelta(days=7)
"""How long a hold lives, and how long each renewal adds from its own moment."""


class PaymentHoldBody(TimedBody):
    """Set money aside on a means of payment."""

    reference: PaymentReference
    order_id: Id
    method_id: Id
    amount_minor: Amount
    currency: Currency
    rma_id: str = ""


class HoldReferenceBody(TimedBody):
    """Renew or release a hold."""

    reference: PaymentReference


class CaptureBody(TimedBody):
    """Take money out of a hold, once; what is left of it goes free."""

    reference: PaymentReference
    hold_reference: PaymentReference
    amount_minor: Amount
    currency: Currency
    rma_id: str = ""


class PaymentHoldState(StrEnum):
    """How a hold stands. One that is open lapses when its time has come."""

    DECLINED = "declined"
    OPEN = "open"
    CAPTURED = "captured"
    RELEASED = "released"


class PaymentHold(Record):
    """Money set aside. Amounts are minor units of `currency`; `status` is what became of the request."""

    reference: str
    provider_reference: str
    status: ProviderStatus
    failure: str = ""
    state: PaymentHoldState
    amount_minor: MinorUnits
    currency: str
    method_id: str
    order_id: str
    customer_id: str
    rma_id: str
    expires_at: UtcDatetime


class PaymentHolds:
    """Holds and captures by the caller's reference: a repeat of a reference gets what the first one came to."""

    def __init__(
        self,
        books: Books,
        shop: Shop,
        cards: GiftCards,
        money: MoneyBook,
        faults: Faults,
        clock: ProviderClock,
    ) -> None:
        self._books = books
        self._clock = clock
        self._shop = shop
        self._cards = cards
        self._money = money
        self._faults = faults
        self._holds: dict[str, PaymentHold] = {}
        books.fold(Book.PAYMENT_HOLDS, self._take)

    def find(self, reference: str) -> list[PaymentHold]:
        """The hold of a reference, as a list of one; empty if there is none."""
        return [self._holds[reference]] if reference in self._holds else []

    def hold(self, body: PaymentHoldBody) -> PaymentHold:
        """Set money aside, or decline.

        Raises:
            Refused: ``unknown_order``, ``unknown_method``, ``wrong_currency`` or ``reference_conflict``.
        """
        if earlier := self._holds.get(body.reference):
            asked = (body.method_id, body.amount_minor, body.currency, body.order_id)
            if asked != (earlier.method_id, earlier.amount_minor, earlier.currency, earlier.order_id):
                raise Refused(409, "reference_conflict", f"{body.reference} is another hold.")
            return earlier
        order = self._shop.order(body.order_id)
        method = self._shop.method(body.method_id)
        if method is None or method[0] != order.customer_id:
            raise Refused(404, "unknown_method", f"The customer has no means of payment {body.method_id}.")
        if body.currency != order.currency:
            raise Refused(409, "wrong_currency", f"The order is in {order.currency}.")
        failure = self._failure(Target.PAYMENT_HOLD, body.method_id, body.amount_minor, body.model_dump())
        return self._write(
            PaymentHold(
                reference=body.reference,
                provider_reference=make_id("ho_", body.reference, self._books.next_seq),
                status=ProviderStatus.FAILED if failure else ProviderStatus.SUCCEEDED,
                failure=failure,
                state=PaymentHoldState.DECLINED if failure else PaymentHoldState.OPEN,
                amount_minor=body.amount_minor,
                currency=body.currency,
                method_id=body.method_id,
                order_id=body.order_id,
                customer_id=order.customer_id,
                rma_id=body.rma_id,
                expires_at=body.at + LIFETIME + self._clock.ahead,
            ),
            body.at,
        )

    def renew(self, body: HoldReferenceBody) -> PaymentHold:
        """Let a hold live on from this moment.

        Raises:
            Refused: ``unknown_hold``, ``hold_not_open`` or ``renewal_declined``.
        """
        hold = self._open(body.reference, body.at)
        if self._failure(Target.RENEW_PAYMENT_HOLD, hold.method_id, 0, body.model_dump()):
            raise Refused(409, "renewal_declined", f"The bank does not renew {body.reference}.")
        later = max(hold.expires_at, body.at + LIFETIME + self._clock.ahead)
        return self._write(hold.model_copy(update={"expires_at": later}), body.at)

    def release(self, body: HoldReferenceBody) -> bool:
        """Give a hold back.

        Returns:
            Whether there was one to give back; one that is not open or was never made is left alone.
        """
        hold = self._holds.get(body.reference)
        if hold is None or hold.state is not PaymentHoldState.OPEN:
            return False
        self._write(hold.model_copy(update={"state": PaymentHoldState.RELEASED}), body.at)
        return True

    def capture(self, body: CaptureBody) -> Charge:
        """Take money out of a hold: a payment of the order, which can be refunded.

        Raises:
            Refused: ``unknown_hold``, ``hold_not_open``, ``over_capture``, ``wrong_currency`` or
                ``reference_conflict``.
        """
        if earlier := self._money.charges(body.reference):
            if (earlier[0].amount_minor, earlier[0].currency) != (body.amount_minor, body.currency):
                raise Refused(409, "reference_conflict", f"{body.reference} is another movement.")
            return earlier[0]
        hold = self._open(body.hold_reference, body.at)
        if body.currency != hold.currency:
            raise Refused(409, "wrong_currency", f"The hold is in {hold.currency}.")
        if body.amount_minor > hold.amount_minor:
            raise Refused(409, "over_capture", f"{body.hold_reference} holds {hold.amount_minor} minor units.")
        failure = self._failure(Target.CAPTURE_PAYMENT_HOLD, hold.method_id, body.amount_minor, body.model_dump())
        charge = Charge(
            reference=body.reference,
            provider_reference=make_id("ch_", body.reference, self._books.next_seq),
            status=ProviderStatus.FAILED if failure else ProviderStatus.SUCCEEDED,
            failure=failure,
            amount_minor=body.amount_minor,
            currency=body.currency,
            payment_id=body.reference,
            method_id=hold.method_id,
            order_id=hold.order_id,
            customer_id=hold.customer_id,
            rma_id=body.rma_id,
            idempotency_key=body.reference,
        )
        drafts = [Draft(book=Book.CHARGES, key=charge.reference, at=body.at, data=charge)]
        if not failure:
            captured = hold.model_copy(update={"state": PaymentHoldState.CAPTURED})
            drafts.append(Draft(book=Book.PAYMENT_HOLDS, key=hold.reference, at=body.at, data=captured))
            if self._cards.balance(hold.method_id) is not None:
                drafts.append(self._cards.moved(charge, body.at))
        self._books.append(*drafts)
        return charge

    def _open(self, reference: str, at: datetime) -> PaymentHold:
        hold = self._holds.get(reference)
        if hold is None:
            raise Refused(404, "unknown_hold", f"There is no hold {reference}.")
        if hold.state is not PaymentHoldState.OPEN or at >= hold.expires_at:
            raise Refused(409, "hold_not_open", f"The hold {reference} is {hold.state} until {hold.expires_at}.")
        return hold

    def _failure(self, target: Target, method_id: str, amount_minor: int, fields: dict[str, object]) -> str:
        if self._faults.strike(target, FaultKind.CLOSED_METHOD, fields):
            return "method_closed"
        balance = self._cards.balance(method_id)
        return "insufficient_balance" if balance is not None and balance < amount_minor else ""

    def _write(self, hold: PaymentHold, at: datetime) -> PaymentHold:
        self._books.append(Draft(book=Book.PAYMENT_HOLDS, key=hold.reference, at=at, data=hold))
        return hold

    def _take(self, entry: Entry) -> None:
        hold = PaymentHold.model_validate(entry.data)
        self._holds[hold.reference] = hold
