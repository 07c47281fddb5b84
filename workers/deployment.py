"""Which build of the code a worker is, and whether Temporal routes any work to it (ADR 0026)."""

import structlog
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue, TaskQueueVersioningInfo
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError
from temporalio.worker import WorkerDeploymentConfig

from workers.settings import WorkerSettings
from workflows.roles import WorkerRole

log = structlog.get_logger(__name__)


def deployment_config(settings: WorkerSettings) -> WorkerDeploymentConfig:
    """What the worker says of itself.

    Without versioning it takes every return, and its build id is only written into the histories. With it, a
    return goes on with whatever version is current at its next step.
    """
    versioned = settings.worker_versioning
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(settings.deployment_name, settings.build_id),
        use_worker_versioning=versioned,
        default_versioning_behavior=(
            VersioningBehavior.AUTO_UPGRADE if versioned else VersioningBehavior.UNSPECIFIED
        ),
    )


async def warn_if_idle(client: Client, settings: WorkerSettings) -> None:
    """Log a warning with the command that mends it if Temporal routes no new work to this worker."""
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=settings.task_queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    try:
        routing = (await client.workflow_service.describe_task_queue(request)).versioning_info
    except RPCError as error:
        log.warning("routing_unknown", reason=error.message)
        return
    hint = idle_because(routing, settings)
    if hint:
        log.warning(
            "worker_gets_no_work",
            deployment=settings.deployment_name,
            build_id=settings.build_id,
            current=routing.current_deployment_version.build_id,
            hint=hint,
        )


def idle_because(routing: TaskQueueVersioningInfo, settings: WorkerSettings) -> str:
    """Why nothing is routed to this worker and what to do; empty if something is, or if it only relays."""
    if settings.worker_roles == {WorkerRole.MESSAGING}:
        return ""
    current, ramping = routing.current_deployment_version, routing.ramping_deployment_version
    own = (settings.deployment_name, settings.build_id)
    if settings.worker_versioning:
        if own in ((current.deployment_name, current.build_id), (ramping.deployment_name, ramping.build_id)):
            return ""
        return f"This version is neither current nor ramping. Give it work: returns deploy current {own[1]}"
    if not current.build_id or (not ramping.build_id and routing.ramping_version_percentage > 0):
        return ""
    return (
        f"Work goes to version {current.build_id}, and this worker has no versioning. "
        "Set RETURNFLOW_WORKER_VERSIONING=true, or: returns deploy current unversioned"
    )
