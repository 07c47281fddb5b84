"""Why goods come back, and who answers for it (section 5)."""

from dataclasses import dataclass
from enum import StrEnum


class ReturnReason(StrEnum):
    """The reason that the customer gives for a line."""

    CHANGED_MIND = "changed_mind"
    SIZE_TOO_SMALL = "size_too_small"
    SIZE_TOO_LARGE = "size_too_large"
    COLOR_DIFFERS = "color_differs"
    MATERIAL_DIFFERS = "material_differs"
    NOT_AS_DESCRIBED = "not_as_described"
    QUALITY_DEFECT = "quality_defect"
    DAMAGED_IN_TRANSIT = "damaged_in_transit"
    WRONG_ITEM = "wrong_item"
    MISSING_PARTS = "missing_parts"
    LATE_DELIVERY = "late_delivery"
    ARRIVED_AFTER_CANCEL = "arrived_after_cancel"
    OTHER = "other"


class LiableParty(StrEnum):
    """Who bears the cost of a return."""

    MERCHANT = "merchant"
    CARRIER = "carrier"
    CUSTOMER = "customer"
    PLATFORM = "platform"


class RootCause(StrEnum):
    """What a reason points to; each has a department that it goes to."""

    PRODUCT_QUALITY = "product_quality"
    PACKAGING = "packaging"
    LOGISTICS = "logistics"
    LISTING = "listing"
    SERVICE = "service"
    CUSTOMER_CHOICE = "customer_choice"


@dataclass(frozen=True)
class ReasonRule:
    """The default reading of a reason; a reviewer may change the liability."""

    liable: LiableParty
    root_cause: RootCause
    is_fault: bool = False


REASON_RULES: dict[ReturnReason, ReasonRule] = {
    ReturnReason.CHANGED_MIND: ReasonRule(LiableParty.CUSTOMER, RootCause.CUSTOMER_CHOICE),
    ReturnReason.SIZE_TOO_SMALL: ReasonRule(LiableParty.CUSTOMER, RootCause.LISTING),
    ReturnReason.SIZE_TOO_LARGE: ReasonRule(LiableParty.CUSTOMER, RootCause.LISTING),
    ReturnReason.COLOR_DIFFERS: ReasonRule(LiableParty.MERCHANT, RootCause.LISTING),
    ReturnReason.MATERIAL_DIFFERS: ReasonRule(LiableParty.MERCHANT, RootCause.LISTING),
    ReturnReason.NOT_AS_DESCRIBED: ReasonRule(LiableParty.MERCHANT, RootCause.LISTING, True),
    ReturnReason.QUALITY_DEFECT: ReasonRule(LiableParty.MERCHANT, RootCause.PRODUCT_QUALITY, True),
    ReturnReason.DAMAGED_IN_TRANSIT: ReasonRule(LiableParty.CARRIER, RootCause.PACKAGING, True),
    ReturnReason.WRONG_ITEM: ReasonRule(LiableParty.MERCHANT, RootCause.SERVICE, True),
    ReturnReason.MISSING_PARTS: ReasonRule(LiableParty.MERCHANT, RootCause.PRODUCT_QUALITY, True),
    ReturnReason.LATE_DELIVERY: ReasonRule(LiableParty.CARRIER, RootCause.LOGISTICS),
    ReturnReason.ARRIVED_AFTER_CANCEL: ReasonRule(LiableParty.MERCHANT, RootCause.SERVICE),
    ReturnReason.OTHER: ReasonRule(LiableParty.CUSTOMER, RootCause.CUSTOMER_CHOICE),
}

NO_REASON = frozenset(
    reason
    for reason, rule in REASON_RULES.items()
    if not rule.is_fault and reason is not ReturnReason.ARRIVED_AFTER_CANCEL
)
"""Reasons that prove no fault, so that the exclusions from the return without a reason apply."""
