"""What type the payloads of a history have: read from the workflow definitions and the activity references."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from temporalio import workflow

from workflows import calls
from workflows.calls import LedgerCall, ProviderCall
from workflows.follow_up_workflow import FollowUpWorkflow
from workflows.reconciliation_workflow import ReconciliationWorkflow
from workflows.recovery_claim_workflow import RecoveryClaimWorkflow
from workflows.return_workflow import ReturnWorkflow


@dataclass(frozen=True)
class Contract:
    """What goes into a workflow, an activity or a handler, and what it answers."""

    takes: Sequence[Any] = ()
    answers: Any = None


@dataclass(frozen=True)
class WorkflowContract(Contract):
    """The contract of a workflow type, with those of its handlers by their names."""

    signals: dict[str | None, Contract] = field(default_factory=dict)
    updates: dict[str | None, Contract] = field(default_factory=dict)
    queries: dict[str | None, Contract] = field(default_factory=dict)


@cache
def workflow_contracts() -> dict[str, WorkflowContract]:
    """The contract of every workflow type by its name."""
    kinds = (ReturnWorkflow, FollowUpWorkflow, RecoveryClaimWorkflow, ReconciliationWorkflow)
    return dict(map(contract_of, kinds))


@cache
def activity_contracts() -> dict[str, Contract]:
    """The contract of every activity by its name."""
    references = (each for each in vars(calls).values() if isinstance(each, ProviderCall | LedgerCall))
    return {each.name: Contract((each.input,), each.output) for each in references}


def contract_of(kind: type) -> tuple[str, WorkflowContract]:
    """The name of a workflow class, and its contract."""
    definition = workflow._Definition.must_from_class(kind)
    contract = WorkflowContract(
        definition.arg_types or (),
        definition.ret_type,
        {name: Contract(each.arg_types or ()) for name, each in definition.signals.items()},
        {name: Contract(each.arg_types or (), each.ret_type) for name, each in definition.updates.items()},
        {name: Contract(each.arg_types or (), each.ret_type) for name, each in definition.queries.items()},
    )
    return definition.name or "", contract
