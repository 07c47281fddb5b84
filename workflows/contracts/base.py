"""What every action has in common."""

from domain.actions import Action, Actor
from domain.record import Record, UtcDatetime


class ActionRequest(Record):
    """What every action has in common."""

    actor: Actor


class ActionAnswer(Record):
    """An action that was accepted, with the workflow's time, UTC."""

    rma_id: str
    action: Action
    accepted_at: UtcDatetime
