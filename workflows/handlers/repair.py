"""What the workshop reports."""

from temporalio import workflow

from domain.actions import Action
from workflows.contracts import ActionAnswer, RepairReport
from workflows.handlers.base import CaseHandlers
from workflows.handlers.described import described
from workflows.stages.repair import Repair
from workflows.validation import repair as validation


class RepairHandlers(CaseHandlers):
    """What the workshop reports."""

    _repair: Repair

    @workflow.update(
        name=Action.REPORT_REPAIR,
        description=described(
            "What came of a repair, and how it travels back.", RepairReport, Action.REPORT_REPAIR
        ),
    )
    def report_repair(self, request: RepairReport) -> ActionAnswer:
        """Take the workshop's report."""
        self._repair.on_report(request)
        return self._accepted(Action.REPORT_REPAIR)

    @report_repair.validator
    def _validate_report_repair(self, request: RepairReport) -> None:
        validation.repair_report(self._case, request)
