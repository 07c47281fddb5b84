"""What customers choose where a remedy cannot be carried out."""

from temporalio import workflow

from domain.actions import Action
from workflows.contracts import ActionAnswer, SubstituteChoice
from workflows.handlers.base import CaseHandlers
from workflows.handlers.described import described
from workflows.stages.substitute import Substitutes
from workflows.validation import substitute as validation


class SubstituteHandlers(CaseHandlers):
    """What customers choose where a remedy cannot be carried out."""

    _substitutes: Substitutes

    @workflow.update(
        name=Action.CHOOSE_SUBSTITUTE,
        description=described(
            "What takes the place of what cannot be had.", SubstituteChoice, Action.CHOOSE_SUBSTITUTE
        ),
    )
    def choose_substitute(self, request: SubstituteChoice) -> ActionAnswer:
        """Take the customer's choice."""
        self._substitutes.on_choice(request)
        return self._accepted(Action.CHOOSE_SUBSTITUTE)

    @choose_substitute.validator
    def _validate_choose_substitute(self, request: SubstituteChoice) -> None:
        validation.substitute(self._case, request)
