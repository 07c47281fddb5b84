"""Calls that are tried again and again, with the provider that they are made to."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import ApplicationErrorCategory, PendingActivityState
from temporalio.api.failure.v1 import Failure
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import WorkflowExecution
from temporalio.service import RPCError, RPCStatusCode

from starters.doctor.codes import Code
from starters.doctor.findings import Finding, Looked, Step
from starters.doctor.site import OURS, RETURNS, Site
from workflows import ids

_MOST_OF_A_KIND = 5
"""So many parts the bound has: no kind of candidate takes the place of all others."""

_BENIGN = ApplicationErrorCategory.APPLICATION_ERROR_CATEGORY_BENIGN
_SAFE_TO_TELL = ("ProviderUnavailable", "OutcomeUnknown")
"""Errors whose texts name the provider and what it did, and never quote anybody (`activities/errors.py`)."""


@dataclass(frozen=True)
class _Call:
    """A call that is under way, of a workflow.

    Attributes:
        since: When its last attempt began, or since when it waits for a worker: how old a call is that is tried
            again Temporal does not tell.
        is_benign: Whether nothing is wrong: the provider has answered that it is not done yet.
        pause: How long it waits until the next attempt; a provider may have asked for that.
    """

    workflow_id: str
    name: str
    activity_id: str
    attempt: int
    since: datetime
    pause: timedelta
    failure: str
    is_benign: bool
    is_running: bool


async def calls_retried(site: Site) -> Looked:
    """Calls of open returns and claims at a late attempt, or that have been under way for long.

    Visibility does not know of calls, so returns are asked one by one: all, or on a large installation those that
    are the likeliest to have a call under way.
    """
    total = await site.count(site.running(OURS))
    candidates = await _candidates(site, total)
    if len(candidates) > 100:
        site.progress(f"asking {len(candidates)} workflows for their calls")
    asked = await site.each(candidates, lambda execution: _calls_of(site, execution))
    slow = [call for calls in asked for call in calls if _is_slow(site, call) and not call.is_benign]
    by_name: defaultdict[str, list[_Call]] = defaultdict(list)
    for call in slow:
        by_name[call.name].append(call)
    missed = total > len(candidates)
    findings = tuple(_finding(site, name, calls, missed) for name, calls in sorted(by_name.items()))
    note = f"asked {len(candidates)} of {total} open workflows, those likeliest to have a call under way"
    return Looked(findings=findings, note=note if missed else "")


async def _candidates(site: Site, total: int) -> list[WorkflowExecution]:
    bound = site.limits.described
    if total <= bound:
        return await site.found(site.running(OURS), bound)
    share = bound // _MOST_OF_A_KIND
    found: dict[str, WorkflowExecution] = {}
    for query in (
        site.running(RETURNS, 'ReturnStage = "settlement" AND ReturnNeeds != "customer"'),
        site.running(RETURNS, 'ReturnStage = "review" AND ReturnNeeds IN ("nobody", "supervisor")'),
        site.running(RETURNS, f'ReturnNextDeadline < "{site.now.isoformat()}"'),
        site.running((ids.RECOVERY_CLAIM_WORKFLOW, ids.FOLLOW_UP_WORKFLOW)),
    ):
        found |= {execution.id: execution for execution in await site.found(query, share)}
    for execution in await site.found(site.running(RETURNS), bound):
        if len(found) >= bound:
            break
        found.setdefault(execution.id, execution)
    return list(found.values())


async def _calls_of(site: Site, execution: WorkflowExecution) -> list[_Call]:
    handle = site.client.get_workflow_handle(execution.id, run_id=execution.run_id)
    try:
        description = await handle.describe(rpc_timeout=site.limits.answer)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return []
        raise
    return [_call(execution.id, pending, site.now) for pending in description.raw_description.pending_activities]


def _call(workflow_id: str, pending: PendingActivityInfo, now: datetime) -> _Call:
    # Between attempts, the time of the schedule is that of the next one.
    told = (pending.last_started_time, pending.scheduled_time)
    last = _last_failure(pending)
    since = min((each.ToDatetime(UTC) for each in told if each.ByteSize()), default=now)
    return _Call(
        workflow_id=workflow_id,
        name=pending.activity_type.name,
        activity_id=pending.activity_id,
        attempt=pending.attempt,
        since=since,
        pause=pending.current_retry_interval.ToTimedelta(),
        failure=_told(last),
        is_benign=last.application_failure_info.category == _BENIGN,
        is_running=pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED,
    )


def _last_failure(pending: PendingActivityInfo) -> Failure:
    failure = pending.last_failure
    # The server puts a failure of its own around one whose causes are long.
    while failure.HasField("server_failure_info") and failure.HasField("cause"):
        failure = failure.cause
    return failure


def _told(failure: Failure) -> str:
    """What a failure was, empty if there was none; its text only where it is ours and quotes nobody."""
    if not failure.ByteSize():
        return ""
    if failure.HasField("timeout_failure_info"):
        return "no answer in time"
    kind = failure.application_failure_info.type
    return failure.message if kind in _SAFE_TO_TELL else kind or "an error without a name"


def _is_slow(site: Site, call: _Call) -> bool:
    waits = max(call.pause, site.now - call.since)
    return call.attempt >= site.limits.attempts or waits >= site.limits.call_age


def _finding(site: Site, name: str, calls: Sequence[_Call], missed: bool) -> Finding:
    failures = Counter(call.failure for call in calls if call.failure)
    told = "; last failure: " + ", ".join(failure for failure, _ in failures.most_common(3)) if failures else ""
    worst = max(calls, key=lambda call: call.attempt)
    provider = name.partition(".")[0]
    queue = ids.activity_queue(site.task_queue, name)
    if not failures and not any(call.is_running for call in calls):
        what = f"Calls of {name} that wait for a worker on {queue}: {len(calls)}."
        first = Step(
            command=f"RETURNFLOW_WORKER_ROLES={_role(name)} returns worker", say="another worker of its role"
        )
    else:
        what = f"Calls of {name} that do not get through: {len(calls)}, up to attempt {worst.attempt}{told}."
        first = Step(say=f"See whether the provider behind it answers: {provider}. Calls go on by themselves.")
    return Finding(
        code=Code.CALLS_RETRIED,
        what=what,
        why=_WHY.get(provider, f"Their returns wait for {provider}."),
        count=len(calls),
        at_least=missed,
        rma_ids=tuple(dict.fromkeys(ids.rma_id_in(call.workflow_id) for call in calls))[: site.limits.few],
        steps=(
            first,
            Step(
                command=site.commands.temporal(
                    *("activity", "reset", "--workflow-id", worst.workflow_id, "--activity-id", worst.activity_id)
                ),
                say="once it answers, to have one tried at once",
            ),
        ),
    )


def _role(name: str) -> str:
    provider = name.partition(".")[0]
    return provider if provider in ids.ROLES_WITH_A_QUEUE else "providers"


_WHY = {
    "orders": "New returns are not decided while the order system does not answer.",
    "carrier": "Pickups are not booked or parcels not tracked.",
    "payment": "Customers wait for their money. None is paid twice: it is looked up before it is sent again.",
    "coupons": "Customers wait for coupons that are owed to them.",
    "inventory": "Replacements are neither held nor given back.",
}
