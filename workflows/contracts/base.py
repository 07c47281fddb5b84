"""What every action has in common."""

from pydantic import Field

from domain.actions import Action, Actor
from domain.record import Record, UtcDatetime


class ActionRequest(Record):
    """What every action has in common."""

    actor: Actor


class ParcelRequest(ActionRequest):
    """What every action on a parcel has in common.

    `parcel` is its number; it may be left out where only one parcel of the return allows the action.
    """

    parcel: int | None = Field(default=None, ge=1, le=1_000)


class ActionAnswer(Record):
    """An action that was accepted, with the workflow's time, UTC."""

    rma_id: str
    action: Action
    accepted_at: UtcDatetime
