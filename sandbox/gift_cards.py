"""Gift cards: balances, as a fold over their book."""

from enum import StrEnum

from domain.record import MinorUnits, Record, UtcDatetime
from sandbox.books import Book, Books, Draft, Entry
from sandbox.movements import Movement, Refund


class CardMovementKind(StrEnum):
    """Why a balance changed."""

    LOADED = "loaded"
    REFUND = "refund"
    CHARGE = "charge"


class CardMovement(Record):
    """A change of a gift card's balance, in minor units; `change_minor` is negative for a charge."""

    method_id: str
    customer_id: str
    kind: CardMovementKind
    change_minor: int
    balance_minor: MinorUnits
    reference: str = ""
    order_id: str = ""
    rma_id: str = ""


class GiftCards:
    """The balance of every gift card, in minor units."""

    def __init__(self, books: Books) -> None:
        self._balances: dict[str, int] = {}
        books.fold(Book.GIFT_CARDS, self._take)

    def balance(self, method_id: str) -> int | None:
        """The balance of a card; None if no card of this id was loaded."""
        return self._balances.get(method_id)

    def loaded(self, customer_id: str, method_id: str, balance_minor: int, at: UtcDatetime) -> Draft | None:
        """Draft the entry that sets a card to a loaded balance; None if it has that balance."""
        before = self._balances.get(method_id)
        if before == balance_minor:
            return None
        movement = CardMovement(
            method_id=method_id,
            customer_id=customer_id,
            kind=CardMovementKind.LOADED,
            change_minor=balance_minor - (before or 0),
            balance_minor=balance_minor,
        )
        return Draft(book=Book.GIFT_CARDS, key=method_id, at=at, data=movement)

    def moved(self, movement: Movement, at: UtcDatetime) -> Draft:
        """Draft the entry of a refund to a card or a charge to it. The caller has checked the balance."""
        is_refund = isinstance(movement, Refund)
        change_minor = movement.amount_minor if is_refund else -movement.amount_minor
        card_movement = CardMovement(
            method_id=movement.method_id,
            customer_id=movement.customer_id,
            kind=CardMovementKind.REFUND if is_refund else CardMovementKind.CHARGE,
            change_minor=change_minor,
            balance_minor=self._balances[movement.method_id] + change_minor,
            reference=movement.reference,
            order_id=movement.order_id,
            rma_id=movement.rma_id,
        )
        return Draft(book=Book.GIFT_CARDS, key=movement.method_id, at=at, data=card_movement)

    def _take(self, entry: Entry) -> None:
        movement = CardMovement.model_validate(entry.data)
        self._balances[movement.method_id] = movement.balance_minor
