"""What the customer wants instead, while the goods are on their way back."""

from temporalio import workflow

from domain.actions import Action
from workflows.contracts import ActionAnswer, RemedyChange
from workflows.handlers.base import CaseHandlers
from workflows.handlers.described import described
from workflows.stages.remedy_change import RemedyChanges
from workflows.validation.remedy_change import remedy_change as validate


class RemedyChangeHandlers(CaseHandlers):
    """What the customer wants instead, while the goods are on their way back."""

    _remedy_changes: RemedyChanges

    @workflow.update(
        name=Action.CHANGE_REMEDY,
        description=described("Another remedy, until it is settled.", RemedyChange, Action.CHANGE_REMEDY),
    )
    async def change_remedy(self, request: RemedyChange) -> ActionAnswer:
        """Change the remedy, once it is known that the other one can be had."""
        await self._remedy_changes.change(request)
        return self._accepted(Action.CHANGE_REMEDY)

    @change_remedy.validator
    def _validate_change_remedy(self, request: RemedyChange) -> None:
        validate(self._case, request)
