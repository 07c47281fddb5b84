"""What becomes of a promotion whose threshold a partial return undercuts."""

from enum import StrEnum

from domain.record import Record


class ClawBack(StrEnum):
    """How a lost threshold promotion counts (rule 5 of section 9).

    PROPORTIONAL leaves every unit its share of the discount. REPRICE prices what the customer keeps anew,
    without the promotion, and takes the difference off the refund.
    """

    PROPORTIONAL = "PROPORTIONAL"
    REPRICE = "REPRICE"


class PromotionRules(Record):
    """The merchant's choice for threshold promotions."""

    claw_back: ClawBack = ClawBack.PROPORTIONAL
