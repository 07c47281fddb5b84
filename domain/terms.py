"""What a return is carried out as: the remedy with its amount, as applied for, decided or agreed (section 6)."""

from pydantic import Field

from domain.application import Remedy, ReturnApplication
from domain.reasons import LiableParty
from domain.record import MinorUnits, Record


class Terms(Record):
    """The remedy in force and its conditions.

    Attributes:
        remedy: What the customer gets.
        amount_minor: What a compensation or a trade-in pays, in minor units of the order's currency; 0 where the
            amount follows from the goods.
        freight: Who pays the return freight; None where it follows from the liability.
        collect_authorized: Whether a parcel of this return may come freight-collect.
        item_ids: What is sent to the customer: the variants of an exchange, the parts that were missing.
        agreed_offer: The number of the offer that the customer consented to; 0 where nothing was offered.
    """

    remedy: Remedy
    amount_minor: MinorUnits = 0
    freight: LiableParty | None = None
    collect_authorized: bool = False
    item_ids: tuple[str, ...] = Field(default=(), max_length=1_000)
    agreed_offer: int = Field(default=0, ge=0)

    @classmethod
    def applied_for(cls, application: ReturnApplication) -> "Terms":
        """What the customer asks for, in force until something else is decided or agreed."""
        return cls(
            remedy=application.desired_resolution,
            item_ids=application.replacement_item_ids() + application.part_item_ids(),
        )
