"""What people send while money moves."""

from pydantic import Field

from domain.record import Identifier
from workflows.contracts.base import ActionRequest


class PaymentMethodChoice(ActionRequest):
    """Another means of payment in the place of one that was declined."""

    method_id: Identifier


class RecoveryAppeal(ActionRequest):
    """The customer appeals against paying back what was advanced."""

    note: str = Field(min_length=1, max_length=2_000)


class RecoveryVerdict(ActionRequest):
    """The supervisor's decision on that appeal: waived, or to be paid back all the same, and why."""

    waive: bool
    note: str = Field(min_length=1, max_length=2_000)
