"""What people send to take up a closed return, and to decide it."""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from domain.follow_up import FollowUp
from domain.record import MOST_MINOR_UNITS, MinorUnits, Record
from workflows.contracts.base import ActionRequest


class ReopenRequest(ActionRequest):
    """Take up a return that has ended, within the time that the policy allows. Once."""

    note: str = Field(min_length=1, max_length=2_000)


class FollowUpOpened(Record):
    """The follow-up case that was opened: a return with a number of its own."""

    rma_id: str
    follows: FollowUp


class ReopeningOrder(StrEnum):
    """What a supervisor may order for a return that was reopened."""

    INSPECT_AGAIN = "inspect_again"
    PAY = "pay"
    DISMISS = "dismiss"


class ReopeningVerdict(ActionRequest):
    """The supervisor's decision on a return that was reopened, with its reason.

    Attributes:
        amount_minor: What `pay` pays back, in minor units of the order's currency.
        coupon_minor: What `pay` gives as a coupon, instead of money or beside it.
    """

    order: ReopeningOrder
    note: str = Field(min_length=1, max_length=2_000)
    amount_minor: MinorUnits = 0
    coupon_minor: MinorUnits = 0

    @model_validator(mode="after")
    def _can_be_granted_together(self) -> Self:
        if self.amount_minor + self.coupon_minor > MOST_MINOR_UNITS:
            raise ValueError(
                f"coupon_minor: with amount_minor it comes to more than {MOST_MINOR_UNITS}; give less"
            )
        return self
