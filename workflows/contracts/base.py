"""What every action has in common."""

from pydantic import Field

from domain.actions import Action, Actor
from domain.record import Record, UtcDatetime


class ActionRequest(Record):
    """What every action has in common.

    `expected_version` is the version of the return that was looked at; an action on an older one is refused.
    """

    actor: Actor
    expected_version: int | None = Field(default=None, ge=1)


class ParcelRequest(ActionRequest):
    """What every action on a parcel has in common.

    `parcel` is its number; it may be left out where only one parcel of the return allows the action.
    """

    parcel: int | None = Field(default=None, ge=1, le=1_000)


class ActionAnswer(Record):
    """An action that was accepted, with the workflow's time, UTC.

    `awaits_approval` says that it happens once a second person has approved it.
    """

    rma_id: str
    action: Action
    accepted_at: UtcDatetime
    awaits_approval: bool = False
