"""What the returns of a run are about: each story with its application, its conduct and the end it should have."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from domain.keys import rma_id_for
from domain.status import Header

Json = dict[str, Any]

SHIRT, SHIRT_LARGE, SHIRT_DEARER, MUG, BADGE = (
    "CHAOS-TEE-M",
    "CHAOS-TEE-L",
    "CHAOS-TEE-XL",
    "CHAOS-MUG",
    "CHAOS-BADGE",
)
SHIRT_MINOR, DEARER_BY_MINOR, BADGE_MINOR = 9_900, 3_000, 1_500
_DEDUCTION_BPS = 1_500


class Story(StrEnum):
    """The stories. Their weights are in `_WEIGHTS`."""

    PLAIN = "plain refund"
    LATE = "late inspection"
    TWO_PARCELS = "two parcels"
    DEDUCTED = "partly accepted"
    CONTESTED = "contested"
    EXCHANGE = "exchange"
    DEARER_EXCHANGE = "exchange with a charge"
    ADVANCE_REFUND = "advance refund"
    ADVANCE_EXCHANGE = "advance exchange"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    DECLINED = "declined"
    REVIEWED = "approved by a person"
    LOST = "parcel lost"
    REFUND_ONLY = "refund only"
    CLOSED_CARD = "closed card"
    STORE_CREDIT = "store credit"
    CANCELLED_ORDER = "cancelled order"
    LABEL = "sent with a label"


_WEIGHTS = {
    Story.PLAIN: 20,
    Story.LATE: 12,
    Story.TWO_PARCELS: 8,
    Story.DEDUCTED: 7,
    Story.CONTESTED: 5,
    Story.EXCHANGE: 7,
    Story.DEARER_EXCHANGE: 3,
    Story.ADVANCE_REFUND: 5,
    Story.ADVANCE_EXCHANGE: 4,
    Story.WITHDRAWN: 5,
    Story.REFUSED: 3,
    Story.DECLINED: 3,
    Story.REVIEWED: 4,
    Story.LOST: 3,
    Story.REFUND_ONLY: 3,
    Story.CLOSED_CARD: 4,
    Story.STORE_CREDIT: 4,
    Story.CANCELLED_ORDER: 4,
    Story.LABEL: 4,
}


class Finding(StrEnum):
    """What the warehouse finds in a parcel."""

    ALL_GOOD = "all good"
    WORN = "one worn, the others rejected"
    NOTHING_GOOD = "nothing good"


@dataclass(frozen=True)
class Conduct:
    """What the people of a story do.

    Attributes:
        inspect_after: Seconds that a delivered parcel lies before it is inspected.
        receives: Whether the warehouse reports the receipt before the inspection.
        approves: What the person who reviews it says.
        withdraws: Whether the customer withdraws before the courier comes.
        loses: Whether the courier loses the parcel.
        contests: Whether the customer contests the inspection; a supervisor then takes everything back.
        closed: Whether the card that was paid with is closed, so that another has to be named.
    """

    inspect_after: float = 0.5
    receives: bool = False
    finds: Finding = Finding.ALL_GOOD
    approves: bool = True
    withdraws: bool = False
    loses: bool = False
    contests: bool = False
    closed: bool = False


@dataclass(frozen=True)
class Expected:
    """The end that a story should have, by the books. Amounts are minor units; what is None is not judged."""

    header: Header = Header.COMPLETED
    refunded_minor: int | None = 0
    charged_minor: int = 0
    replacements: int = 0


@dataclass(frozen=True)
class Life:
    """One return of a run. `starts_at` is in seconds since the run began."""

    number: int
    story: Story
    starts_at: float
    order: Json
    customer: Json
    application: Json
    request_id: str
    conduct: Conduct = field(default_factory=Conduct)
    expected: Expected = field(default_factory=Expected)

    @property
    def order_id(self) -> str:
        """The order, which has no other return."""
        return str(self.order["order_id"])

    @property
    def rma_id(self) -> str:
        """The number that the return will have."""
        return rma_id_for(self.order_id, self.request_id)

    @property
    def paid_minor(self) -> int:
        """What was paid for the order."""
        return sum(payment["amount_minor"] for payment in self.order["payments"])


CATALOG: Json = {
    "product_id": "P-CHAOS-TEE",
    "name": "T-shirt",
    "variants": [
        {
            "item_id": item_id,
            "options": {"size": size},
            "available": True,
            "unit_price_minor": SHIRT_MINOR + more,
            "stock": 100_000,
        }
        for item_id, size, more in (
            (SHIRT, "M", 0),
            (SHIRT_LARGE, "L", 0),
            (SHIRT_DEARER, "XL", DEARER_BY_MINOR),
        )
    ],
}


def make_life(number: int, starts_at: float, run: str, draw: random.Random) -> Life:
    """Draw a return. Its order, customer and request are its own; `run` keeps runs on one platform apart."""
    story = draw.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
    units = draw.randint(1, 2)
    mug_minor = draw.randint(1_000, 20_000)
    name = f"{run}-{number}"
    order = _order(name, mug_minor, draw.random() < 0.3)
    customer = {
        "customer_id": order["customer_id"],
        "payment_methods": [
            {"id": f"CARD-{name}", "source": "credit_card"},
            {"id": f"WALLET-{name}", "source": "wallet"},
        ],
    }
    asked, conduct, expected = _TOLD[story](units, mug_minor, draw)
    if story in (Story.ADVANCE_REFUND, Story.ADVANCE_EXCHANGE):
        customer["tier"] = "high_value"
    if story is Story.CANCELLED_ORDER:
        order["status"] = "pending"
        expected = Expected(refunded_minor=sum(each["amount_minor"] for each in order["payments"]))
    if story is Story.DEARER_EXCHANGE:
        asked["payment_method_id"] = f"WALLET-{name}"
    if story is Story.CLOSED_CARD:
        # One tender, so that one refund is declined.
        order["payments"] = [_payment(sum(each["amount_minor"] for each in order["payments"]), f"CARD-{name}")]
    application = {"order_id": order["order_id"], "customer_id": order["customer_id"], **asked}
    return Life(number, story, starts_at, order, customer, application, f"chaos-{name}", conduct, expected)


def _order(name: str, mug_minor: int, split: bool) -> Json:
    """More than is ever returned, so that a refund that is paid twice is not refused for lack of money."""
    lines = [
        _line(SHIRT, "P-CHAOS-TEE", "T-shirt", "apparel", SHIRT_MINOR, 4),
        _line(MUG, "P-CHAOS-MUG", "Mug", "general", mug_minor, 3),
        _line(BADGE, "P-CHAOS-BADGE", "Badge", "general", BADGE_MINOR, 3),
    ]
    total = 4 * SHIRT_MINOR + 3 * mug_minor + 3 * BADGE_MINOR
    payments = [_payment(total, f"CARD-{name}")]
    if split:
        payments = [_payment(total // 2, f"CARD-{name}"), _payment(total - total // 2, f"WALLET-{name}")]
    return {
        "order_id": f"O-{name}",
        "customer_id": f"C-{name}",
        "status": "delivered",
        "currency": "CNY",
        "lines": lines,
        "payments": payments,
    }


def _line(item_id: str, product_id: str, name: str, category: str, price_minor: int, quantity: int) -> Json:
    return {
        "item_id": item_id,
        "product_id": product_id,
        "name": name,
        "options": {},
        "category": category,
        "unit_price_minor": price_minor,
        "quantity": quantity,
    }


def _payment(amount_minor: int, method_id: str) -> Json:
    return {"kind": "payment", "amount_minor": amount_minor, "payment_method_id": method_id}


def _asks(remedy: str, *lines: Json, **more: Any) -> Json:
    return {"desired_resolution": remedy, "lines": list(lines), **more}


def _of(line_id: str, quantity: int, **more: Any) -> Json:
    return {"line_id": line_id, "quantity": quantity, "condition": "unopened", **more}


_Told = tuple[Json, Conduct, Expected]


def _plain(units: int, mug_minor: int, draw: random.Random) -> _Told:
    both = draw.random() < 0.5
    lines = [_of(SHIRT, units), *([_of(MUG, 1)] if both else [])]
    refunded = units * SHIRT_MINOR + (mug_minor if both else 0)
    conduct = Conduct(receives=draw.random() < 0.5)
    return _asks("return_and_refund", *lines), conduct, Expected(refunded_minor=refunded)


def _late(units: int, mug_minor: int, draw: random.Random) -> _Told:
    asked, _, expected = _plain(units, mug_minor, draw)
    return asked, Conduct(inspect_after=draw.uniform(11, 14), receives=draw.random() < 0.3), expected


def _two_parcels(units: int, mug_minor: int, draw: random.Random) -> _Told:
    packed = [{"lines": [{"line_id": SHIRT, "quantity": units}]}, {"lines": [{"line_id": MUG, "quantity": 1}]}]
    asked = _asks("return_and_refund", _of(SHIRT, units), _of(MUG, 1), parcels=packed)
    return asked, Conduct(receives=draw.random() < 0.5), Expected(refunded_minor=units * SHIRT_MINOR + mug_minor)


def _deducted(units: int, mug_minor: int, draw: random.Random) -> _Told:
    left = SHIRT_MINOR - SHIRT_MINOR * _DEDUCTION_BPS // 10_000
    return (
        _asks("return_and_refund", _of(SHIRT, units)),
        Conduct(finds=Finding.WORN, receives=draw.random() < 0.5),
        Expected(refunded_minor=left),
    )


def _contested(units: int, mug_minor: int, draw: random.Random) -> _Told:
    return (
        _asks("return_and_refund", _of(SHIRT, units)),
        Conduct(finds=Finding.NOTHING_GOOD, contests=True),
        Expected(refunded_minor=units * SHIRT_MINOR),
    )


def _exchange(units: int, mug_minor: int, draw: random.Random) -> _Told:
    line = _of(SHIRT, units, reason="size_too_small", replacement_item_ids=[SHIRT_LARGE] * units)
    return _asks("exchange", line), Conduct(receives=draw.random() < 0.5), Expected(replacements=1)


def _dearer_exchange(units: int, mug_minor: int, draw: random.Random) -> _Told:
    line = _of(SHIRT, units, reason="changed_mind", replacement_item_ids=[SHIRT_DEARER] * units)
    return _asks("exchange", line), Conduct(), Expected(charged_minor=units * DEARER_BY_MINOR, replacements=1)


def _advance_refund(units: int, mug_minor: int, draw: random.Random) -> _Told:
    asked = _asks("return_and_refund", _of(SHIRT, units), advance=True)
    return asked, Conduct(inspect_after=draw.uniform(0.5, 4)), Expected(refunded_minor=units * SHIRT_MINOR)


def _advance_exchange(units: int, mug_minor: int, draw: random.Random) -> _Told:
    line = _of(SHIRT, units, reason="size_too_small", replacement_item_ids=[SHIRT_LARGE] * units)
    return (
        _asks("exchange", line, advance=True),
        Conduct(inspect_after=draw.uniform(0.5, 4)),
        Expected(replacements=1),
    )


def _withdrawn(units: int, mug_minor: int, draw: random.Random) -> _Told:
    asked = _asks("return_and_refund", _of(SHIRT, units))
    return asked, Conduct(withdraws=True), Expected(header=Header.CANCELED)


def _refused(units: int, mug_minor: int, draw: random.Random) -> _Told:
    wrong = draw.choice([_of("NO-SUCH-LINE", 1), _of(SHIRT, 99)])
    return _asks("return_and_refund", wrong), Conduct(), Expected(header=Header.REFUSED)


def _declined(units: int, mug_minor: int, draw: random.Random) -> _Told:
    asked = _asks("return_and_refund", _of(SHIRT, units, condition="used"))
    return asked, Conduct(approves=False), Expected(header=Header.DECLINED)


def _reviewed(units: int, mug_minor: int, draw: random.Random) -> _Told:
    asked = _asks("return_and_refund", _of(SHIRT, units, condition="used"))
    return asked, Conduct(receives=draw.random() < 0.5), Expected(refunded_minor=units * SHIRT_MINOR)


def _lost(units: int, mug_minor: int, draw: random.Random) -> _Told:
    asked = _asks("return_and_refund", _of(SHIRT, units))
    return asked, Conduct(loses=True), Expected(refunded_minor=units * SHIRT_MINOR)


def _refund_only(units: int, mug_minor: int, draw: random.Random) -> _Told:
    proof = [{"kind": "image", "reference": "media/broken.jpg"}]
    line = _of(BADGE, 1, reason="damaged_in_transit", evidence=proof)
    return _asks("refund_only", line), Conduct(), Expected(refunded_minor=BADGE_MINOR)


def _closed_card(units: int, mug_minor: int, draw: random.Random) -> _Told:
    asked = _asks("return_and_refund", _of(SHIRT, units))
    return asked, Conduct(closed=True), Expected(refunded_minor=units * SHIRT_MINOR)


def _store_credit(units: int, mug_minor: int, draw: random.Random) -> _Told:
    return _asks("store_credit", _of(SHIRT, units)), Conduct(), Expected(refunded_minor=units * SHIRT_MINOR)


def _cancelled_order(units: int, mug_minor: int, draw: random.Random) -> _Told:
    return _asks("cancel_order"), Conduct(), Expected(refunded_minor=None)


def _label(units: int, mug_minor: int, draw: random.Random) -> _Told:
    asked = _asks("return_and_refund", _of(SHIRT, units), ship_back="label")
    return asked, Conduct(receives=draw.random() < 0.5), Expected(refunded_minor=units * SHIRT_MINOR)


_TOLD: dict[Story, Callable[[int, int, random.Random], _Told]] = {
    Story.PLAIN: _plain,
    Story.LATE: _late,
    Story.TWO_PARCELS: _two_parcels,
    Story.DEDUCTED: _deducted,
    Story.CONTESTED: _contested,
    Story.EXCHANGE: _exchange,
    Story.DEARER_EXCHANGE: _dearer_exchange,
    Story.ADVANCE_REFUND: _advance_refund,
    Story.ADVANCE_EXCHANGE: _advance_exchange,
    Story.WITHDRAWN: _withdrawn,
    Story.REFUSED: _refused,
    Story.DECLINED: _declined,
    Story.REVIEWED: _reviewed,
    Story.LOST: _lost,
    Story.REFUND_ONLY: _refund_only,
    Story.CLOSED_CARD: _closed_card,
    Story.STORE_CREDIT: _store_credit,
    Story.CANCELLED_ORDER: _cancelled_order,
    Story.LABEL: _label,
}
