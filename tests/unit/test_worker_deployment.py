"""What a worker says of its build, and when it says that it gets no work."""

import pytest
from temporalio.api.deployment.v1 import WorkerDeploymentVersion
from temporalio.api.taskqueue.v1 import TaskQueueVersioningInfo
from temporalio.common import VersioningBehavior

from workers.deployment import deployment_config, idle_because
from workers.settings import WorkerSettings
from workflows.roles import WorkerRole


def settings(versioned: bool) -> WorkerSettings:
    return WorkerSettings(
        ledger_url="sqlite:///ledger.db", providers_url="http://shop", build_id="1.5", worker_versioning=versioned
    )


def routing(current: str = "", ramping: str = "", percent: float = 0) -> TaskQueueVersioningInfo:
    def version(build_id: str) -> WorkerDeploymentVersion | None:
        return WorkerDeploymentVersion(deployment_name="returnflow", build_id=build_id) if build_id else None

    return TaskQueueVersioningInfo(
        current_deployment_version=version(current),
        ramping_deployment_version=version(ramping),
        ramping_version_percentage=percent,
    )


def test_open_returns_go_with_the_current_version() -> None:
    assert deployment_config(settings(True)).default_versioning_behavior is VersioningBehavior.AUTO_UPGRADE


def test_without_versioning_the_build_is_told_all_the_same() -> None:
    config = deployment_config(settings(False))
    assert (config.version.deployment_name, config.version.build_id) == ("returnflow", "1.5")
    assert not config.use_worker_versioning


@pytest.mark.parametrize(
    ("versioned", "seen", "hint"),
    [
        (True, routing(), "returns deploy current 1.5"),
        (True, routing("1.4"), "returns deploy current 1.5"),
        (True, routing("1.5"), ""),
        (True, routing("1.4", "1.5", 10), ""),
        (False, routing(), ""),
        (False, routing("1.4"), "RETURNFLOW_WORKER_VERSIONING=true"),
        (False, routing("1.4", "", 10), ""),
    ],
    ids=["none", "another", "current", "ramping", "off", "off_beside_current", "off_while_ramped_to"],
)
def test_a_worker_that_gets_no_work_says_what_to_do(
    versioned: bool, seen: TaskQueueVersioningInfo, hint: str
) -> None:
    why = idle_because(seen, settings(versioned))
    assert (hint in why) if hint else why == ""


def test_a_worker_that_only_relays_misses_no_work() -> None:
    relaying = settings(True).model_copy(update={"worker_roles": frozenset({WorkerRole.MESSAGING})})
    assert idle_because(routing("1.4"), relaying) == ""
