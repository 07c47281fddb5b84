"""What is said of a chargeback."""

from enum import StrEnum

from pydantic import Field

from domain.record import Identifier, MinorUnits
from workflows.contracts.base import ActionRequest


class ChargebackNotice(ActionRequest):
    """The customer's bank took an amount of a captured payment back; minor units of the order's currency."""

    chargeback_id: Identifier
    payment_id: Identifier
    amount_minor: MinorUnits = Field(gt=0)


class HoldEnd(StrEnum):
    """Why the hold is released."""

    WON = "won"
    WITHDRAWN = "withdrawn"


class HoldRelease(ActionRequest):
    """The chargeback was won or withdrawn: what is not paid yet is paid."""

    chargeback_id: Identifier
    outcome: HoldEnd
    note: str = Field(min_length=1, max_length=2_000)


class ChargebackAcceptance(ActionRequest):
    """The chargeback was lost: it counts as paid back, and what it covers is not paid again."""

    chargeback_id: Identifier
    note: str = Field(min_length=1, max_length=2_000)
