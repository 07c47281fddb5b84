"""Replacements: the stock held for them and their release (section 6)."""

from domain.record import Record, UtcDatetime


class StockHold(Record):
    """Hold one unit of each item for a return, under our reference."""

    reference: str
    item_ids: tuple[str, ...]
    at: UtcDatetime


class HoldAnswer(Record):
    """Whether the stock is held; nothing is held in part."""

    held: bool
    missing_item_id: str = ""


class HoldRelease(Record):
    """Give held stock back."""

    reference: str
    at: UtcDatetime


class ReplacementOrder(Record):
    """Release the replacement to the customer out of the held stock, under our reference."""

    reference: str
    order_id: str
    item_ids: tuple[str, ...]
    at: UtcDatetime


class ReplacementAnswer(Record):
    """The order that carries the replacement, or why there is none."""

    released: bool
    replacement_order_id: str = ""
    why: str = ""
