"""Refunds and charges as they stand: a fold over their books."""

from domain.intents import ProviderStatus
from domain.record import UtcDatetime
from sandbox.books import Book, Books, Entry
from sandbox.movements import Charge, Movement, Refund


class MoneyBook:
    """Every movement of money by the ids that it can be found under."""

    def __init__(self, books: Books) -> None:
        self._refunds: dict[str, Refund] = {}
        self._charges: dict[str, Charge] = {}
        self._refunds_by_reference: dict[str, list[str]] = {}
        self._charges_by_reference: dict[str, list[str]] = {}
        self._charges_by_payment: dict[str, list[str]] = {}
        self._drawn_minor: dict[str, int] = {}
        self._first_answers: dict[str, Movement] = {}
        self._asked_at: dict[str, UtcDatetime] = {}
        books.fold(Book.REFUNDS, self._take_refund)
        books.fold(Book.CHARGES, self._take_charge)

    def refunds(self, reference: str) -> list[Refund]:
        """Every refund of a reference, oldest first."""
        return [self._refunds[each] for each in self._refunds_by_reference.get(reference, ())]

    def charges(self, reference: str) -> list[Charge]:
        """Every charge of a reference, oldest first."""
        return [self._charges[each] for each in self._charges_by_reference.get(reference, ())]

    def payment(self, payment_id: str) -> Charge | None:
        """The payment of an id; None if there is none."""
        known = self._charges_by_payment.get(payment_id)
        return self._charges[known[0]] if known else None

    def loaded_payment(self, payment_id: str) -> Charge | None:
        """The payment that came with an order under this id; None if there is none."""
        return self._charges.get(payment_id)

    def refundable_minor(self, payment_id: str) -> int:
        """What is left of a payment: captured, less what went back or is on its way, in minor units."""
        charges = [self._charges[each] for each in self._charges_by_payment.get(payment_id, ())]
        captured = sum(each.amount_minor for each in charges if each.status is ProviderStatus.SUCCEEDED)
        returned_before = sum(each.refunded_before_minor for each in charges)
        return captured - returned_before - self._drawn_minor.get(payment_id, 0)

    def first_answer(self, idempotency_key: str) -> Movement | None:
        """What the first request under an idempotency key was answered."""
        return self._first_answers.get(idempotency_key)

    def asked_at(self, movement: Movement) -> UtcDatetime:
        """The caller's time of the request that a movement came from."""
        return self._asked_at[movement.provider_reference]

    def _take_refund(self, entry: Entry) -> None:
        refund = Refund.model_validate(entry.data)
        before = self._refunds.get(refund.provider_reference)
        change = _drawn(refund) - (_drawn(before) if before else 0)
        self._drawn_minor[refund.payment_id] = self._drawn_minor.get(refund.payment_id, 0) + change
        self._refunds[refund.provider_reference] = refund
        self._index(refund, self._refunds_by_reference, entry.at)

    def _take_charge(self, entry: Entry) -> None:
        charge = Charge.model_validate(entry.data)
        self._charges[charge.provider_reference] = charge
        self._index(charge, self._charges_by_reference, entry.at)
        same_payment = self._charges_by_payment.setdefault(charge.payment_id, [])
        if charge.provider_reference not in same_payment:
            same_payment.append(charge.provider_reference)

    def _index(self, movement: Movement, by_reference: dict[str, list[str]], at: UtcDatetime) -> None:
        same_reference = by_reference.setdefault(movement.reference, [])
        if movement.provider_reference not in same_reference:
            same_reference.append(movement.provider_reference)
        self._asked_at.setdefault(movement.provider_reference, at)
        if movement.idempotency_key:
            self._first_answers.setdefault(movement.idempotency_key, movement)


def _drawn(refund: Refund) -> int:
    return 0 if refund.status is ProviderStatus.FAILED else refund.amount_minor
