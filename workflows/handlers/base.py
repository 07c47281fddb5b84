"""What every handler has: the case, and the answer to an action that was accepted."""

from temporalio import workflow

from domain.actions import Action
from workflows.case import ReturnCase
from workflows.contracts import ActionAnswer


class CaseHandlers:
    """The base of the handlers of a stage. `ReturnWorkflow` is made of them and sets what they hand to."""

    _case: ReturnCase

    def _accepted(self, action: Action, awaits_approval: bool = False) -> ActionAnswer:
        return ActionAnswer(
            rma_id=self._case.rma_id,
            action=action,
            accepted_at=workflow.now(),
            awaits_approval=awaits_approval,
        )
