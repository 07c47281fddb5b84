"""Whether somebody works: on every task queue, and for the version that gets the returns."""

from collections.abc import Sequence

from temporalio.client import WorkflowExecution, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from starters.deployment import UNVERSIONED, Deployment, DeploymentRefused, VersionStatus
from starters.doctor.codes import Code
from starters.doctor.findings import Finding, Looked, Step
from starters.doctor.site import RETURNS, Site
from starters.queues import QueueState, queue_states
from starters.translation import stands_still
from workflows import ids
from workflows.contracts import STATUS_QUERY
from workflows.roles import WorkerRole

_ASKED = 3
_NOBODY = (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED, RPCStatusCode.FAILED_PRECONDITION)
"""The last is said where nobody asks for the work of the queue, and of a return that stands still."""


async def workers(site: Site) -> Looked:
    """Task queues that nobody asks for work, and workers that ask for work and do nothing with it."""
    states = await queue_states(site.client, site.task_queue)
    since = site.now - site.limits.polled_within
    idle = [state for state in states if state.polled_at is None or state.polled_at < since]
    if len(idle) == len(states):
        return Looked(findings=(_nobody_works(site, idle),))
    findings = [_nobody_polls(site, state) for state in idle]
    if WorkerRole.WORKFLOWS not in {state.role for state in idle}:
        findings += await _silent(site)
    return Looked(findings=tuple(findings))


async def _silent(site: Site) -> list[Finding]:
    """Ask some returns for their status, which only a worker can answer."""
    asked = await site.found(site.running(RETURNS), _ASKED)
    if not asked or any(await site.each(asked, lambda execution: _answers(site, execution))):
        return []
    return [
        Finding(
            code=Code.WORKERS_SILENT,
            what=f"No worker answers for returns within {site.limits.answer.total_seconds():g} seconds.",
            why=_WHY[WorkerRole.WORKFLOWS],
            rma_ids=tuple(ids.rma_id_of(execution.id) for execution in asked),
            steps=(
                Step(say="See whether the workers run, hang, or have no CPU left, and start them again:"),
                Step(command="RETURNFLOW_WORKER_ROLES=workflows returns worker"),
            ),
        )
    ]


async def _answers(site: Site, execution: WorkflowExecution) -> bool:
    """Whether a worker takes a question to a return; one that stands still answers too, with its failure."""
    handle = site.client.get_workflow_handle(execution.id, run_id=execution.run_id)
    try:
        await handle.query(STATUS_QUERY, rpc_timeout=site.limits.answer)
    except WorkflowQueryFailedError:
        return True
    except RPCError as error:
        return error.status not in _NOBODY or stands_still(error)
    return True


async def versions(site: Site) -> Looked:
    """Versions of the workers that returns are given to and that have no worker."""
    try:
        status = await Deployment(site.client, site.deployment, site.task_queue).status()
    except DeploymentRefused:
        # No worker with versioning was ever seen: the task queues say it all.
        return Looked()
    findings = []
    for version in status.versions:
        if version.workers or not (version.percent or version.kept):
            continue
        findings.append(_version_without_workers(site, version))
    return Looked(findings=tuple(findings))


def _nobody_works(site: Site, states: Sequence[QueueState]) -> Finding:
    seen = [state.polled_at for state in states if state.polled_at]
    since = f" since {max(seen):%Y-%m-%d %H:%M:%S} UTC" if seen else ""
    waiting = _waiting(sum(state.backlog for state in states))
    return Finding(
        code=Code.QUEUE_WITHOUT_WORKERS,
        what=f"No worker asks for work on {site.task_queue} and its other queues{since}.{waiting}",
        why=_WHY[WorkerRole.WORKFLOWS],
        steps=(
            Step(command="returns worker"),
            Step(
                say="If one runs, read its log, and see that RETURNFLOW_TASK_QUEUE and the namespace are the same."
            ),
        ),
    )


def _waiting(backlog: int) -> str:
    return f" Tasks that wait there: about {backlog}." if backlog else ""


def _nobody_polls(site: Site, state: QueueState) -> Finding:
    role = state.role.value
    since = f" since {state.polled_at:%Y-%m-%d %H:%M:%S} UTC" if state.polled_at else ""
    where = f"{state.task_queue}{since}.{_waiting(state.backlog)}"
    return Finding(
        code=Code.QUEUE_WITHOUT_WORKERS,
        what=f"No worker with the role {role} asks for work on {where}",
        why=_WHY[state.role],
        steps=(
            Step(command=f"RETURNFLOW_WORKER_ROLES={role} returns worker"),
            Step(say="If one runs, read its log: it names the setting that keeps it from working."),
        ),
    )


_WHY = {
    WorkerRole.WORKFLOWS: "No return goes on: no clock is acted on, no action taken, and status does not answer.",
    WorkerRole.PROVIDERS: "New returns are not decided; stock, coupons, store credit and claims wait.",
    WorkerRole.CARRIER: "No pickup is booked and no parcel is tracked.",
    WorkerRole.PAYMENT: "No refund and no charge is made.",
}


def _version_without_workers(site: Site, version: VersionStatus) -> Finding:
    build = version.build_id
    if version.percent:
        share = f"{version.percent:g} % of the returns"
        what = f"Version {build} is {version.state.value}, gets {share}, and has no worker."
    else:
        what = f"Version {build} has no worker; returns that are kept with it: {version.kept}."
    run = "returns worker"
    if build != UNVERSIONED:
        run = f"RETURNFLOW_WORKER_VERSIONING=true RETURNFLOW_BUILD_ID={build} {run}"
    instead = (
        Step(
            command=site.commands.returns("deploy", "status"),
            say="which version has workers; then make it current",
        )
        if version.percent
        else Step(command=site.commands.returns("deploy", "release", build), say="or let them go on without it")
    )
    return Finding(
        code=Code.VERSION_WITHOUT_WORKERS,
        what=what,
        why="Those returns stand still, though other workers run: they are given nothing of it.",
        count=version.open,
        steps=(Step(command=run), instead),
    )
