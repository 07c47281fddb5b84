"""What the customer applies for: the record of section 3. Prices are never taken from it."""

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator, model_validator

from domain.reasons import ReturnReason
from domain.record import Identifier, Record, UtcDatetime


class Channel(StrEnum):
    """Where the application came in."""

    APP = "app"
    MINI_PROGRAM = "mini_program"
    WEB = "web"
    PHONE = "phone"
    CHAT = "chat"
    EMAIL = "email"
    SOCIAL = "social"
    STORE = "store"
    ORDER_SYSTEM = "order_system"


class Remedy(StrEnum):
    """What the customer is to get (section 6)."""

    RETURN_AND_REFUND = "return_and_refund"
    REFUND_ONLY = "refund_only"
    EXCHANGE = "exchange"
    REPAIR = "repair"
    REISSUE_PARTS = "reissue_parts"
    PRICE_COMPENSATION = "price_compensation"
    COUPON_COMPENSATION = "coupon_compensation"
    STORE_CREDIT = "store_credit"
    TRADE_IN = "trade_in"
    CANCEL_ORDER = "cancel_order"


_PAYS_TO_A_METHOD = frozenset({Remedy.RETURN_AND_REFUND, Remedy.REFUND_ONLY, Remedy.EXCHANGE, Remedy.REPAIR})
"""A repair that comes to nothing may end in a refund."""


COMPENSATIONS = (Remedy.PRICE_COMPENSATION, Remedy.COUPON_COMPENSATION)
"""The customer keeps the goods for an amount that both sides have to agree on."""


GOODS_COME_BACK = (
    Remedy.RETURN_AND_REFUND,
    Remedy.EXCHANGE,
    Remedy.REPAIR,
    Remedy.STORE_CREDIT,
    Remedy.TRADE_IN,
)
"""The remedies for which the customer sends goods."""


class DeclaredCondition(StrEnum):
    """The state of the goods as the customer tells it."""

    UNOPENED = "unopened"
    UNUSED = "unused"
    OPENED = "opened"
    ACTIVATED = "activated"
    USED = "used"


class ShipBackMethod(StrEnum):
    """How the parcel travels back (section 7)."""

    PICKUP = "pickup"
    LABEL = "label"
    QR_DROPOFF = "qr_dropoff"
    CUSTOMER_SHIPS = "customer_ships"
    NONE = "none"


class Locale(StrEnum):
    """The languages that customers are written to in."""

    ZH_CN = "zh-CN"
    EN = "en"


class EvidenceKind(StrEnum):
    """A video is reviewed before images."""

    IMAGE = "image"
    VIDEO = "video"


class Evidence(Record):
    """A reference to an image or a video in the shop's own store, never the bytes."""

    kind: EvidenceKind
    reference: str = Field(min_length=1, max_length=512)


MOST_EVIDENCE = 20
"""Pieces of evidence that a line takes."""


class ApplicationLine(Record):
    """Units of one order line.

    `replacement_item_ids` names a variant per unit, for an exchange only; `part_item_ids` the parts that are
    missing, for reissue_parts only. `serial_numbers` are what the customer reads on the goods, if they have any.
    """

    line_id: Identifier
    quantity: int = Field(ge=1, le=100_000)
    reason: ReturnReason = ReturnReason.CHANGED_MIND
    condition: DeclaredCondition = DeclaredCondition.UNUSED
    description: str = Field(default="", max_length=2_000)
    evidence: tuple[Evidence, ...] = Field(default=(), max_length=MOST_EVIDENCE)
    replacement_item_ids: tuple[Identifier, ...] = Field(default=(), max_length=1_000)
    serial_numbers: tuple[Annotated[str, Field(min_length=1, max_length=64)], ...] = Field(
        default=(), max_length=1_000
    )
    part_item_ids: tuple[Identifier, ...] = Field(default=(), max_length=100)


class Contact(Record):
    """How to reach the customer about this return. Personal data: stays in payloads."""

    name: str = Field(default="", max_length=200)
    phone: str = Field(default="", max_length=50)
    email: str = Field(default="", max_length=320)


class PickupAddress(Record):
    """Where the courier collects. Personal data: stays in payloads."""

    lines: tuple[str, ...] = Field(min_length=1, max_length=5)
    city: str = Field(min_length=1, max_length=100)
    postal_code: str = Field(default="", max_length=20)
    country: str = Field(min_length=2, max_length=56)


class PickupWindow(Record):
    """When the customer can be met; UTC."""

    start: UtcDatetime
    end: UtcDatetime

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "PickupWindow":
        if self.end <= self.start:
            raise ValueError("the window must end after it starts")
        return self


class PlannedLine(Record):
    """Units of a line of the return that travel in one parcel."""

    line_id: Identifier
    quantity: int = Field(ge=1, le=100_000)


class PlannedParcel(Record):
    """What the customer means to put into one parcel."""

    lines: tuple[PlannedLine, ...] = Field(min_length=1, max_length=500)


MOST_PARCELS = 20
"""Parcels that a return is sent in."""

_MOST_REPLACEMENTS = 1_000


class ReturnApplication(Record):
    """An application for a return, complete enough that the customer never has to tell it twice.

    `payment_method_id` is the means to refund to, or to settle an exchange's price difference with; without
    it the money goes back to where it came from. Naming another one is the customer's consent to it.

    `parcels` says how the units are packed, where they travel in more than one parcel; together the parcels
    hold exactly the units of the lines.
    `advance` is the wish to be paid, or sent the replacement, at the carrier's first scan: for trusted customers.
    """

    order_id: Identifier
    customer_id: Identifier
    desired_resolution: Remedy
    lines: tuple[ApplicationLine, ...] = Field(default=(), max_length=500, validate_default=True)
    payment_method_id: Identifier | None = None
    channel: Channel = Channel.ORDER_SYSTEM
    ship_back: ShipBackMethod = ShipBackMethod.PICKUP
    pickup_address: PickupAddress | None = None
    pickup_window: PickupWindow | None = None
    contact: Contact = Contact()
    locale: Locale = Locale.ZH_CN
    parcels: tuple[PlannedParcel, ...] = Field(default=(), max_length=MOST_PARCELS)
    advance: bool = False

    @field_validator("lines")
    @classmethod
    def _lines_fit_the_resolution(
        cls, lines: tuple[ApplicationLine, ...], info: ValidationInfo
    ) -> tuple[ApplicationLine, ...]:
        resolution = info.data.get("desired_resolution")
        if resolution is Remedy.CANCEL_ORDER and lines:
            raise ValueError("cancel_order is for the whole order and takes no lines")
        if resolution is not None and resolution is not Remedy.CANCEL_ORDER and not lines:
            raise ValueError("name at least one line to return")
        ids = [line.line_id for line in lines]
        if repeated := next((line_id for line_id in ids if ids.count(line_id) > 1), None):
            raise ValueError(f"line {repeated} is named twice; give its whole quantity once")
        if resolution is not Remedy.EXCHANGE and any(line.replacement_item_ids for line in lines):
            raise ValueError("replacement_item_ids belong to an exchange")
        if resolution is not Remedy.REISSUE_PARTS and any(line.part_item_ids for line in lines):
            raise ValueError("part_item_ids belong to reissue_parts")
        if resolution is Remedy.REISSUE_PARTS and not all(line.part_item_ids for line in lines):
            raise ValueError("name the part_item_ids that are missing from each line")
        return lines

    @field_validator("payment_method_id")
    @classmethod
    def _remedy_pays_to_a_method(cls, method_id: str | None, info: ValidationInfo) -> str | None:
        resolution = info.data.get("desired_resolution")
        if method_id and resolution is Remedy.CANCEL_ORDER:
            raise ValueError("a cancelled order is paid back to where its money came from")
        if method_id and resolution is not None and resolution not in _PAYS_TO_A_METHOD:
            raise ValueError(f"{resolution.value} takes no means of payment; leave it out")
        return method_id

    @field_validator("lines")
    @classmethod
    def _replacements_are_countable(cls, lines: tuple[ApplicationLine, ...]) -> tuple[ApplicationLine, ...]:
        if sum(len(line.replacement_item_ids) for line in lines) > _MOST_REPLACEMENTS:
            raise ValueError(f"an exchange is for at most {_MOST_REPLACEMENTS} units")
        return lines

    def with_evidence(self, added: Mapping[str, tuple[Evidence, ...]]) -> "ReturnApplication":
        """The application with more evidence for some of its lines, by line id."""
        lines = tuple(
            line.model_copy(update={"evidence": line.evidence + added.get(line.line_id, ())})
            for line in self.lines
        )
        return self.model_copy(update={"lines": lines})

    @field_validator("ship_back")
    @classmethod
    def _goods_need_a_way_back(cls, method: ShipBackMethod, info: ValidationInfo) -> ShipBackMethod:
        resolution = info.data.get("desired_resolution")
        if method is ShipBackMethod.NONE and resolution in GOODS_COME_BACK:
            raise ValueError(f"the goods of a {resolution} come back: choose how")
        return method

    @field_validator("parcels")
    @classmethod
    def _parcels_hold_the_lines(
        cls, parcels: tuple[PlannedParcel, ...], info: ValidationInfo
    ) -> tuple[PlannedParcel, ...]:
        lines = info.data.get("lines")
        if not parcels or lines is None:
            return parcels
        packed: Counter[str] = Counter()
        for parcel in parcels:
            for line in parcel.lines:
                packed[line.line_id] += line.quantity
        asked = {line.line_id: line.quantity for line in lines}
        for line_id in (*asked, *packed):
            if packed[line_id] != asked.get(line_id, 0):
                raise ValueError(
                    f"the parcels hold {packed[line_id]} units of line {line_id}, "
                    f"the return has {asked.get(line_id, 0)}"
                )
        return parcels

    def replacement_item_ids(self, authorized: Mapping[str, int] | None = None) -> tuple[str, ...]:
        """Every variant that the exchange asks for, one per unit; of each line the first authorised ones."""
        return tuple(
            item
            for line in self.lines
            for item in line.replacement_item_ids[: (authorized or {}).get(line.line_id)]
        )

    def part_item_ids(self) -> tuple[str, ...]:
        """Every part that is missing."""
        return tuple(item for line in self.lines for item in line.part_item_ids)
