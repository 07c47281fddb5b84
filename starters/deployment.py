"""The versions of the workers: which one gets the returns, and which returns stay where they are (ADR 0026)."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum

from google.protobuf.field_mask_pb2 import FieldMask
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.deployment.v1 import WorkerDeploymentInfo
from temporalio.api.enums.v1 import RoutingConfigUpdateState, TaskQueueType, WorkerVersioningMode
from temporalio.api.enums.v1 import WorkerDeploymentVersionStatus as Status
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue
from temporalio.api.workflow.v1 import VersioningOverride, WorkflowExecutionOptions
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    DescribeWorkerDeploymentRequest,
    DescribeWorkerDeploymentResponse,
    SetWorkerDeploymentCurrentVersionRequest,
    SetWorkerDeploymentRampingVersionRequest,
    UpdateWorkflowExecutionOptionsRequest,
)
from temporalio.client import Client
from temporalio.common import PinnedVersioningOverride, SearchAttributeKey, WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode

from domain.record import Record
from starters.errors import ReturnsError
from starters.translation import unavailable

UNVERSIONED = "unversioned"
"""In place of a build id: the workers that run without versioning."""

FAILING = 'TemporalReportedProblems IN ("category=WorkflowTaskFailed") AND ExecutionStatus = "Running"'
"""Finds workflows whose workflow task has failed more than a few times."""

_OVERRIDES_AT_ONCE = 20
_TOLD_WITHIN_SECONDS = 30.0
_LOOKED_THROUGH_FOR_PATCHES = 1000
_OPEN = 'ExecutionStatus = "Running"'
_PATCHES = SearchAttributeKey.for_keyword_list("TemporalChangeVersion")


class DeploymentRefused(ReturnsError):
    """Temporal does not route work as it was asked to; the text says why.

    Attributes:
        hint: What to do next.
    """

    def __init__(self, detail: str, hint: str) -> None:
        super().__init__(detail)
        self.hint = hint


class VersionState(StrEnum):
    """What a version of the workers is used for."""

    CURRENT = "current"
    RAMPING = "ramping"
    INACTIVE = "inactive"
    DRAINING = "draining"
    DRAINED = "drained"


class VersionStatus(Record):
    """A version of the workers.

    Attributes:
        build_id: Of its code; ``unversioned`` stands for workers without versioning.
        state: What it is used for.
        percent: The share of new work that it gets, 0 to 100.
        workers: How many processes polled with it lately; Temporal forgets one after five minutes.
        open: Workflows in progress that it worked on last.
        kept: Those of them that stay with it, whichever version is current.
    """

    build_id: str
    state: VersionState
    percent: float
    workers: int
    open: int
    kept: int


class DeploymentStatus(Record):
    """The versions of a deployment and what open workflows are to them.

    Attributes:
        deployment: Its name.
        versions: The newest first.
        patches: How many open workflows have passed each patch, of the newest 1000 that have passed any.
        failing: How many open workflows stand still, since their workflow task fails again and again.
    """

    deployment: str
    versions: tuple[VersionStatus, ...]
    patches: dict[str, int]
    failing: int


class Routing(Record):
    """Who gets the work, as it was read: `token` makes a change fail that somebody else was quicker with."""

    token: bytes
    current: str
    ramping: str
    percent: float


class Deployment:
    """The worker versions of one deployment on one task queue."""

    def __init__(self, client: Client, name: str, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue
        self.name = name

    async def status(self) -> DeploymentStatus:
        """Read every version, what it is used for and how many workflows are on it.

        Raises:
            DeploymentRefused: If no worker with versioning was ever seen.
            ServiceUnavailable: If Temporal does not answer.
        """
        answer = await self._describe()
        routing = _routing(answer)
        pollers = await self._pollers()
        versions = [
            await self._version(summary.deployment_version.build_id, _STATES[summary.status], routing, pollers)
            for summary in _newest_first(answer.worker_deployment_info)
        ]
        if pollers[UNVERSIONED] or UNVERSIONED in (routing.current, routing.ramping):
            state = VersionState.CURRENT if routing.current == UNVERSIONED else VersionState.INACTIVE
            state = VersionState.RAMPING if routing.ramping == UNVERSIONED else state
            versions.append(await self._version(UNVERSIONED, state, routing, pollers))
        return DeploymentStatus(
            deployment=self.name,
            versions=tuple(versions),
            patches=await self._patches_of_open(),
            failing=await self._count(FAILING),
        )

    async def routing(self) -> Routing:
        """Read who gets the work.

        Raises:
            DeploymentRefused: If no worker with versioning was ever seen.
            ServiceUnavailable: If Temporal does not answer.
        """
        return _routing(await self._describe())

    async def set_current(self, build_id: str, seen: Routing, force: bool = False) -> None:
        """Give every workflow that is not kept elsewhere to a version, from its next step on.

        Args:
            build_id: The version, or ``unversioned``.
            seen: The routing that the decision was made on.
            force: Also if no worker polls with it.

        Raises:
            DeploymentRefused: If it has no workers, or the routing has changed since.
            ServiceUnavailable: If Temporal does not answer.
        """
        request = SetWorkerDeploymentCurrentVersionRequest(
            namespace=self._client.namespace,
            deployment_name=self.name,
            build_id=_at_temporal(build_id),
            conflict_token=seen.token,
            allow_no_pollers=force,
            ignore_missing_task_queues=force,
            identity=self._client.identity,
        )
        try:
            await self._client.workflow_service.set_worker_deployment_current_version(request)
        except RPCError as error:
            raise self._refusal(error, build_id) from error
        await self._is_known_to_every_queue()

    async def set_ramping(self, build_id: str, percent: float, seen: Routing, force: bool = False) -> None:
        """Give a share of the workflows to a version; 0 ends that.

        Raises:
            DeploymentRefused: If it has no workers, or the routing has changed since.
            ServiceUnavailable: If Temporal does not answer.
        """
        request = SetWorkerDeploymentRampingVersionRequest(
            namespace=self._client.namespace,
            deployment_name=self.name,
            build_id=_at_temporal(build_id) if percent else "",
            percentage=percent,
            conflict_token=seen.token,
            allow_no_pollers=force,
            ignore_missing_task_queues=force,
            identity=self._client.identity,
        )
        try:
            await self._client.workflow_service.set_worker_deployment_ramping_version(request)
        except RPCError as error:
            raise self._refusal(error, build_id) from error
        await self._is_known_to_every_queue()

    async def keep(self, build_id: str, patches: Sequence[str] = ()) -> set[str]:
        """Have the open workflows that a version worked on last stay with it, whichever version is current.

        One that is failing on another version already does not come back by this: it has to be kept before.

        Args:
            build_id: The version.
            patches: Only those that have passed one of these; by default all.

        Returns:
            The ids of those that a search did not show as kept before.
        """
        query = f"{self._on(build_id)} AND {_NOT_KEPT}"
        if patches:
            query += f" AND ({' OR '.join(f'{_PATCHES.name} = {_quoted(patch)}' for patch in patches)})"
        version = WorkerDeploymentVersion(self.name, build_id)
        return await self._override(query, PinnedVersioningOverride(version)._to_proto())

    async def release(self, build_id: str) -> int:
        """Have the workflows that were kept on a version go on with the current one.

        Returns:
            How many were kept.
        """
        return len(await self._override(f"{self._on(build_id)} AND {_KEPT}", None))

    async def kept(self, build_id: str) -> int:
        """How many open workflows are kept on a version."""
        return await self._count(f"{self._on(build_id)} AND {_KEPT}")

    async def _override(self, query: str, override: VersioningOverride | None) -> set[str]:
        """Set or remove an override on all that a query finds; which of them are still open."""
        at_once = asyncio.Semaphore(_OVERRIDES_AT_ONCE)

        async def one(found: WorkflowExecution) -> str:
            async with at_once:
                return found.workflow_id if await self._set_override(found, override) else ""

        try:
            found = [
                WorkflowExecution(workflow_id=each.id, run_id=each.run_id)
                async for each in self._client.list_workflows(query)
            ]
            return set(await asyncio.gather(*(one(each) for each in found))) - {""}
        except RPCError as error:
            raise unavailable(error) from error

    async def _set_override(self, execution: WorkflowExecution, override: VersioningOverride | None) -> bool:
        """Set or remove an override; False if the workflow has ended meanwhile."""
        request = UpdateWorkflowExecutionOptionsRequest(
            namespace=self._client.namespace,
            workflow_execution=execution,
            workflow_execution_options=WorkflowExecutionOptions(versioning_override=override),
            update_mask=FieldMask(paths=["versioning_override"]),
            identity=self._client.identity,
        )
        try:
            await self._client.workflow_service.update_workflow_execution_options(request)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return True

    async def _is_known_to_every_queue(self) -> None:
        """Wait until Temporal has told its task queues; until then some of them still hand out work as before."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_TOLD_WITHIN_SECONDS):
                while await self._is_being_told():
                    await asyncio.sleep(0.1)

    async def _is_being_told(self) -> bool:
        info = (await self._describe()).worker_deployment_info
        return info.routing_config_update_state == RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS

    async def _describe(self) -> DescribeWorkerDeploymentResponse:
        request = DescribeWorkerDeploymentRequest(namespace=self._client.namespace, deployment_name=self.name)
        try:
            return await self._client.workflow_service.describe_worker_deployment(request)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise DeploymentRefused(
                    f"no worker of a deployment {self.name} was ever seen in {self._client.namespace}",
                    "Start one with RETURNFLOW_WORKER_VERSIONING=true, or name another with --deployment.",
                ) from error
            raise unavailable(error) from error

    async def _version(
        self, build_id: str, state: VersionState, routing: Routing, pollers: Counter[str]
    ) -> VersionStatus:
        share = {routing.current: 100 - routing.percent, routing.ramping: routing.percent}
        versioned = build_id != UNVERSIONED
        return VersionStatus(
            build_id=build_id,
            state=state,
            percent=share.get(build_id, 0),
            workers=pollers[build_id],
            open=await self._count(self._on(build_id)) if versioned else await self._count(self._unversioned()),
            kept=await self.kept(build_id) if versioned else 0,
        )

    async def _pollers(self) -> Counter[str]:
        """How many processes poll for workflows, by build id."""
        request = DescribeTaskQueueRequest(
            namespace=self._client.namespace,
            task_queue=TaskQueue(name=self._task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
        try:
            answer = await self._client.workflow_service.describe_task_queue(request)
        except RPCError as error:
            raise unavailable(error) from error
        return Counter(build_id for _, build_id in {(each.identity, _build_of(each)) for each in answer.pollers})

    async def _patches_of_open(self) -> dict[str, int]:
        passed: Counter[str] = Counter()
        query = f"{_PATCHES.name} IS NOT NULL AND {_OPEN}"
        try:
            async for execution in self._client.list_workflows(query, limit=_LOOKED_THROUGH_FOR_PATCHES):
                passed.update(execution.typed_search_attributes.get(_PATCHES) or ())
        except RPCError as error:
            raise unavailable(error) from error
        return dict(sorted(passed.items()))

    async def _count(self, query: str) -> int:
        try:
            return (await self._client.count_workflows(query)).count
        except RPCError as error:
            raise unavailable(error) from error

    def _on(self, build_id: str) -> str:
        return f"TemporalWorkerDeploymentVersion = {_quoted(f'{self.name}:{build_id}')} AND {_OPEN}"

    def _unversioned(self) -> str:
        return f"TaskQueue = {_quoted(self._task_queue)} AND TemporalWorkerDeploymentVersion IS NULL AND {_OPEN}"

    def _refusal(self, error: RPCError, build_id: str) -> ReturnsError:
        if error.status not in (RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.NOT_FOUND):
            return unavailable(error)
        return DeploymentRefused(
            f"version {build_id} is not given any work: {error.message}",
            "See which versions have workers, and whether somebody else was quicker: returns deploy status",
        )


_KEPT = 'TemporalWorkflowVersioningBehavior = "Pinned"'
_NOT_KEPT = 'TemporalWorkflowVersioningBehavior != "Pinned"'
_STATES = {
    Status.WORKER_DEPLOYMENT_VERSION_STATUS_CURRENT: VersionState.CURRENT,
    Status.WORKER_DEPLOYMENT_VERSION_STATUS_RAMPING: VersionState.RAMPING,
    Status.WORKER_DEPLOYMENT_VERSION_STATUS_DRAINING: VersionState.DRAINING,
    Status.WORKER_DEPLOYMENT_VERSION_STATUS_DRAINED: VersionState.DRAINED,
    Status.WORKER_DEPLOYMENT_VERSION_STATUS_INACTIVE: VersionState.INACTIVE,
    Status.WORKER_DEPLOYMENT_VERSION_STATUS_CREATED: VersionState.INACTIVE,
    Status.WORKER_DEPLOYMENT_VERSION_STATUS_UNSPECIFIED: VersionState.INACTIVE,
}


def _newest_first(
    info: WorkerDeploymentInfo,
) -> list[WorkerDeploymentInfo.WorkerDeploymentVersionSummary]:
    return sorted(info.version_summaries, key=lambda each: each.create_time.ToDatetime(), reverse=True)


def _routing(answer: DescribeWorkerDeploymentResponse) -> Routing:
    config = answer.worker_deployment_info.routing_config
    ramps = config.ramping_version_percentage > 0
    return Routing(
        token=answer.conflict_token,
        current=config.current_deployment_version.build_id or UNVERSIONED,
        ramping=(config.ramping_deployment_version.build_id or UNVERSIONED) if ramps else "",
        percent=config.ramping_version_percentage,
    )


def _build_of(poller: PollerInfo) -> str:
    options = poller.deployment_options
    versioned = options.worker_versioning_mode == WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED
    return options.build_id if versioned else UNVERSIONED


def _at_temporal(build_id: str) -> str:
    return "" if build_id == UNVERSIONED else build_id


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
