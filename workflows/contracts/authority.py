"""What the second person decides on a payout above the supervisor's cap."""

from pydantic import Field

from domain.record import MinorUnits
from workflows.contracts.base import ActionRequest


class PayoutConsent(ActionRequest):
    """Approve a payout: exactly this amount, at exactly this version of the return."""

    amount_minor: MinorUnits
    expected_version: int = Field(ge=1)


class PayoutRefusal(ActionRequest):
    """Decline a payout that waits for a second person."""

    note: str = Field(default="", max_length=2_000)
