"""Returns that stand still: the code of the workers cannot go on with them."""

from collections import Counter

from temporalio.api.common.v1 import WorkflowExecution as Execution
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryReverseRequest
from temporalio.client import WorkflowExecution
from temporalio.common import SearchAttributeKey

from starters.deployment import UNVERSIONED, Deployment, DeploymentRefused, VersionState
from starters.doctor.codes import Code
from starters.doctor.findings import Finding, Looked, Step
from starters.doctor.site import OURS, Site
from workflows import ids

_PROBLEMS = SearchAttributeKey.for_keyword_list("TemporalReportedProblems")
_MARKED = f"{_PROBLEMS.name} IS NOT NULL"
_DIVERGED = f'{_PROBLEMS.name} IN ("cause=WorkflowTaskFailedCauseNonDeterministicError")'
_LAST_EVENTS = 20
_BOOK = "docs/changing-workflows.md#production-is-stuck"
_WHY = (
    "No clock of them is acted on and no action is taken. Nothing of them is lost: they go on once the code can."
)


async def standing_still(site: Site) -> Looked:
    """Workflows whose task fails again and again; Temporal marks them after a few attempts."""
    diverged = site.running(OURS, _DIVERGED)
    others = site.running(OURS, f"{_MARKED} AND NOT {_DIVERGED}")
    findings = []
    if count := await site.count(diverged):
        few = await site.found(diverged, site.limits.few)
        findings.append(_nondeterminism(count, _rma_ids(few), await _ways_back(site)))
    if count := await site.count(others):
        few = await site.found(others, site.limits.few)
        reasons = Counter(await site.each(few, lambda execution: _reason(site, execution)))
        findings.append(_other(site, count, _rma_ids(few), list(reasons)))
    return Looked(findings=tuple(findings))


def _nondeterminism(count: int, rma_ids: tuple[str, ...], ways_back: tuple[Step, ...]) -> Finding:
    return Finding(
        code=Code.NONDETERMINISM,
        what=(
            f"Workflows that stand still: {count}. Nondeterminism: the code of the workers does not fit what an "
            "earlier version wrote."
        ),
        why=f"{_WHY} Every further return that comes to the changed place joins them.",
        count=count,
        rma_ids=rma_ids,
        steps=ways_back,
    )


async def _ways_back(site: Site) -> tuple[Step, ...]:
    """How to give the returns back to the version before the current one."""
    try:
        versions = (await Deployment(site.client, site.deployment, site.task_queue).status()).versions
    except DeploymentRefused:
        versions = ()
    current = next((each.build_id for each in versions if each.state is VersionState.CURRENT), UNVERSIONED)
    before = next((each.build_id for each in versions if each.build_id != current and each.workers), "")
    if current == UNVERSIONED or not before:
        return (Step(say=f"Start workers with the code of before in the place of those that run now. {_BOOK}"),)
    back = site.commands.returns("deploy", "current", before, "--keep", current)
    return (
        Step(
            command=site.commands.returns("deploy", "status"),
            say="whether these are the versions before and after",
        ),
        Step(command=back, say=f"back; those that the new version has touched stay with it. {_BOOK}"),
    )


def _other(site: Site, count: int, rma_ids: tuple[str, ...], reasons: list[str]) -> Finding:
    return Finding(
        code=Code.WORKFLOW_TASKS_FAIL,
        what=f"Workflows that stand still: {count}. It is no nondeterminism: {'; '.join(reasons)}.",
        why=_WHY,
        count=count,
        rma_ids=rma_ids,
        steps=(
            Step(say="Read `Failed activation` in the log of the workers: it has the place in the code."),
            Step(
                command=site.commands.returns("deploy", "status"),
                say=f"if it began with a new version, go back to the one before. {_BOOK}",
            ),
        ),
    )


async def _reason(site: Site, execution: WorkflowExecution) -> str:
    """What the last failure of its task was, in words; never its text, which may quote what a person wrote."""
    marks = execution.typed_search_attributes.get(_PROBLEMS) or ()
    if "category=WorkflowTaskTimedOut" in marks:
        return "their worker does not answer in time (it is overloaded, or ends while it works on them)"
    request = GetWorkflowExecutionHistoryReverseRequest(
        namespace=site.client.namespace,
        execution=Execution(workflow_id=execution.id, run_id=execution.run_id),
        maximum_page_size=_LAST_EVENTS,
    )
    history = await site.client.workflow_service.get_workflow_execution_history_reverse(
        request, timeout=site.limits.answer
    )
    for event in history.history.events:
        failed = event.workflow_task_failed_event_attributes
        if event.HasField("workflow_task_failed_event_attributes"):
            raised = failed.failure.application_failure_info.type
            return f"the code raises {raised}" if raised else "the code raises an error"
    return next(
        (mark.removeprefix("cause=") for mark in marks if mark.startswith("cause=")), "the reason is unknown"
    )


def _rma_ids(executions: list[WorkflowExecution]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids.rma_id_in(execution.id) for execution in executions))
