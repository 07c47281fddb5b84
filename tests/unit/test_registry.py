"""The worker hosts exactly what workflows call, with the inputs and outputs that they expect."""

import inspect
from typing import get_type_hints
from unittest.mock import Mock

import pytest
from temporalio import activity, workflow

from policy.files import load_policies
from workers.registry import WORKFLOW_RUNNER, WORKFLOWS, Providers, ledger_activities, provider_activities
from workflows import ids
from workflows.calls import LEDGER_CALLS, PROVIDER_CALLS, LedgerCall, ProviderCall

# The activities are only looked at here, never run.
REGISTERED = {
    definition.name: definition
    for function in (
        *provider_activities(Providers.over(Mock()), Mock(), Mock()),
        *ledger_activities(Mock(), load_policies(None)),
    )
    if (definition := activity._Definition.from_callable(function))
}
ALL_CALLS: list[ProviderCall | LedgerCall] = [*PROVIDER_CALLS, *LEDGER_CALLS]  # type: ignore[type-arg]
CALLS = {call.name: call for call in ALL_CALLS}


def test_every_call_has_an_activity_and_every_activity_a_call() -> None:
    assert set(CALLS) == set(REGISTERED)


@pytest.mark.parametrize("call", CALLS.values(), ids=lambda call: str(call.name))
def test_a_call_and_its_activity_agree(call: ProviderCall | LedgerCall) -> None:  # type: ignore[type-arg]
    function = REGISTERED[call.name].fn
    hints = get_type_hints(function)
    (parameter,) = inspect.signature(function).parameters
    assert (hints[parameter], hints["return"]) == (call.input, call.output)


@pytest.mark.parametrize("kind", WORKFLOWS)
async def test_a_workflow_passes_the_sandbox(kind: type) -> None:
    definition = workflow._Definition.must_from_class(kind)
    WORKFLOW_RUNNER.prepare_workflow(definition)
    assert definition.name in (
        ids.RETURN_WORKFLOW,
        ids.FOLLOW_UP_WORKFLOW,
        ids.RECOVERY_CLAIM_WORKFLOW,
        ids.RECONCILIATION_WORKFLOW,
    )
