"""Sellable stock and what is held of it: a fold over the loads, the holds and the replacements."""

from collections import Counter
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from domain.record import Record, UtcDatetime
from sandbox.bodies import Id, TimedBody
from sandbox.books import Book, Books, Draft, Entry
from sandbox.refusals import Refused
from sandbox.shop import Load, Shop


class HoldBody(TimedBody):
    """Hold one unit of each item, all or none, until the end of the lease if it has one."""

    reference: Id
    item_ids: tuple[Id, ...] = Field(min_length=1)
    until: UtcDatetime | None = None


class ReleaseBody(TimedBody):
    """Give a hold back."""

    reference: Id


class ReplacementBody(TimedBody):
    """Send the held items to the customer of an order."""

    reference: Id
    order_id: Id
    item_ids: tuple[Id, ...] = Field(min_length=1)


class HoldStatus(StrEnum):
    """How a hold stands."""

    HELD = "held"
    RELEASED = "released"
    USED = "used"


class Hold(Record):
    """Units set aside under a reference; `until` is the end of the lease, None for one without an end."""

    reference: str
    item_ids: tuple[str, ...]
    status: HoldStatus
    until: UtcDatetime | None = None

    def is_live(self, at: datetime) -> bool:
        """Whether the units are set aside at a moment: a lease that has ended frees them by itself."""
        return self.status is HoldStatus.HELD and (self.until is None or at < self.until)


class HoldOutcome(Record):
    """Whether the units are held; `missing_item_id` is the first item that is not there."""

    reference: str
    held: bool
    missing_item_id: str = ""


class Replacement(Record):
    """A replacement that was sent out of held stock."""

    reference: str
    order_id: str
    replacement_order_id: str
    item_ids: tuple[str, ...]


class Stock:
    """Holds and replacements by the caller's reference."""

    def __init__(self, books: Books, shop: Shop) -> None:
        self._books = books
        self._shop = shop
        self._on_hand: dict[str, int] = {}
        self._holds: dict[str, Hold] = {}
        self._held_of_item: dict[str, dict[str, Hold]] = {}
        self._replacements: dict[str, Replacement] = {}
        self._replacements_of_order: Counter[str] = Counter()
        books.fold(Book.LOADS, self._take_load)
        books.fold(Book.HOLDS, self._take_hold)
        books.fold(Book.REPLACEMENTS, self._take_replacement)

    def has(self, item_id: str, at: datetime, units: int = 1) -> bool:
        """Whether that many units of an item can be sold at a moment: on hand and not held for anybody."""
        known = self._shop.variant(item_id)
        if known is None or not known[1].available:
            return False
        on_hand = self._on_hand.get(item_id)
        return on_hand is None or on_hand - self._held(item_id, at) >= units

    def hold(self, body: HoldBody) -> HoldOutcome:
        """Hold units. A repeat finds the first hold, and a later end of the lease renews it.

        One that was given back, or whose lease has ended, is taken again if the units are still there.

        Raises:
            Refused: ``reference_conflict`` if the reference holds other items.
        """
        current = self._holds.get(body.reference)
        is_used = current is not None and current.status is HoldStatus.USED
        if current and (is_used or current.is_live(body.at)):
            if Counter(current.item_ids) != Counter(body.item_ids):
                raise Refused(409, "reference_conflict", f"{body.reference} holds other items.")
            if not is_used and current.until and body.until and body.until > current.until:
                self._write(current.model_copy(update={"until": body.until}), body.at)
            return HoldOutcome(reference=body.reference, held=True)
        for item_id, units in Counter(body.item_ids).items():
            if not self.has(item_id, body.at, units):
                return HoldOutcome(reference=body.reference, held=False, missing_item_id=item_id)
        held = HoldStatus.HELD
        self._write(Hold(reference=body.reference, item_ids=body.item_ids, status=held, until=body.until), body.at)
        return HoldOutcome(reference=body.reference, held=True)

    def release(self, body: ReleaseBody) -> bool:
        """Give a hold back.

        Returns:
            Whether there was one to give back; one that was used or never made is left alone.
        """
        hold = self._holds.get(body.reference)
        if hold is None or hold.status is not HoldStatus.HELD:
            return False
        self._write(hold.model_copy(update={"status": HoldStatus.RELEASED}), body.at)
        return True

    def replace(self, body: ReplacementBody) -> Replacement:
        """Use the hold of the reference for a replacement; what it does not need goes free.

        A repeat gets the first one.

        Raises:
            Refused: ``unknown_order``, ``nothing_held``, or ``reference_conflict`` if the reference stands
                for other items or another order.
        """
        order = self._shop.order(body.order_id)
        asked = Counter(body.item_ids)
        if sent := self._replacements.get(body.reference):
            if (sent.order_id, Counter(sent.item_ids)) != (body.order_id, asked):
                raise Refused(409, "reference_conflict", f"{body.reference} is another replacement.")
            return sent
        hold = self._holds.get(body.reference)
        if hold is None or not hold.is_live(body.at):
            raise Refused(409, "nothing_held", f"Nothing is held under {body.reference}.")
        if asked - Counter(hold.item_ids):
            raise Refused(409, "reference_conflict", f"{body.reference} holds other items.")
        number = self._replacements_of_order[order.order_id] + 1
        replacement = Replacement(
            reference=body.reference,
            order_id=order.order_id,
            replacement_order_id=f"{order.order_id}-x{number}",
            item_ids=body.item_ids,
        )
        used = hold.model_copy(update={"status": HoldStatus.USED})
        self._books.append(
            Draft(book=Book.HOLDS, key=body.reference, at=body.at, data=used),
            Draft(book=Book.REPLACEMENTS, key=body.reference, at=body.at, data=replacement),
        )
        return replacement

    def _held(self, item_id: str, at: datetime) -> int:
        holds = self._held_of_item.get(item_id, {}).values()
        return sum(hold.item_ids.count(item_id) for hold in holds if hold.is_live(at))

    def _write(self, hold: Hold, at: datetime) -> None:
        self._books.append(Draft(book=Book.HOLDS, key=hold.reference, at=at, data=hold))

    def _take_load(self, entry: Entry) -> None:
        for product in Load.model_validate(entry.data).catalog:
            for variant in product.variants:
                self._on_hand.pop(variant.item_id, None)
                if variant.stock is not None:
                    self._on_hand[variant.item_id] = variant.stock

    def _take_hold(self, entry: Entry) -> None:
        hold = Hold.model_validate(entry.data)
        self._holds[hold.reference] = hold
        for item_id in hold.item_ids:
            of_item = self._held_of_item.setdefault(item_id, {})
            if hold.status is HoldStatus.HELD:
                of_item[hold.reference] = hold
            else:
                of_item.pop(hold.reference, None)

    def _take_replacement(self, entry: Entry) -> None:
        replacement = Replacement.model_validate(entry.data)
        self._replacements[replacement.reference] = replacement
        self._replacements_of_order[replacement.order_id] += 1
        for item_id in replacement.item_ids:
            if item_id in self._on_hand:
                self._on_hand[item_id] -= 1
