"""Which queues a process polls, by its roles; together the roles poll every queue that workflows send work to."""

from concurrent.futures import ThreadPoolExecutor
from unittest.mock import Mock
from uuid import uuid4

import pytest
from temporalio.worker import Worker

from policy.files import load_policies
from starters.queues import QueueState, queue_states
from testkit.environment import TimeSkippingEnv
from workers.hosting import make_workers
from workers.registry import Providers
from workers.settings import load_settings
from workflows import ids
from workflows.calls import PROVIDER_CALLS
from workflows.roles import ALL_ROLES, WorkerRole, activity_queues

QUEUE = "shop"


@pytest.fixture
def hosted(time_skipping_env: TimeSkippingEnv) -> "Hosted":
    return Hosted(time_skipping_env)


class Hosted:
    """Workers that are made and never run."""

    def __init__(self, env: TimeSkippingEnv) -> None:
        self._client = env.client

    def by(self, *roles: WorkerRole) -> dict[str, set[str]]:
        """What is polled on each queue, by what stands behind the name of the main one."""
        # A client takes each queue once only.
        queue = uuid4().hex
        providers, policies = Providers.over(Mock()), load_policies(None)
        with ThreadPoolExecutor(1) as executor:
            workers = make_workers(
                self._client,
                queue,
                providers,
                Mock(),
                policies,
                roles,
                activity_executor=executor,
                max_concurrent_activities=1,
            )
        return {worker.task_queue.removeprefix(queue): kinds_of(worker) for worker in workers}


def kinds_of(worker: Worker) -> set[str]:
    config = worker.config()
    kinds = {"workflows"} if config["workflows"] else set()
    return kinds | (set() if config["no_remote_activities"] else {"activities"})


def test_one_process_polls_everything(hosted: Hosted) -> None:
    assert hosted.by(*ALL_ROLES) == {
        "": {"workflows", "activities"},
        "-carrier": {"activities"},
        "-payment": {"activities"},
    }


@pytest.mark.parametrize(
    ("role", "polled"),
    [
        (WorkerRole.WORKFLOWS, {"": {"workflows"}}),
        (WorkerRole.PROVIDERS, {"": {"activities"}}),
        (WorkerRole.CARRIER, {"-carrier": {"activities"}}),
        (WorkerRole.PAYMENT, {"-payment": {"activities"}}),
        (WorkerRole.MESSAGING, {}),
    ],
)
def test_a_role_polls_its_queue_only(hosted: Hosted, role: WorkerRole, polled: dict[str, set[str]]) -> None:
    assert hosted.by(role) == polled


def test_every_call_goes_to_a_queue_that_a_role_polls() -> None:
    queues = {call.name: ids.activity_queue(QUEUE, call.name) for call in PROVIDER_CALLS}

    assert set(queues.values()) == set(activity_queues(QUEUE).values())
    assert queues["payment.move_money"] == "shop-payment"
    assert queues["carrier.book_pickup"] == "shop-carrier"
    assert queues["claims.file"] == QUEUE


async def test_a_queue_that_nobody_polls_is_found(time_skipping_env: TimeSkippingEnv) -> None:
    states = await queue_states(time_skipping_env.client, "nobody-is-here")

    assert {state.role for state in states} == ALL_ROLES - {WorkerRole.MESSAGING}
    assert QueueState(WorkerRole.PAYMENT, "nobody-is-here-payment", pollers=0, backlog=0) in states


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("RETURNFLOW_LEDGER_URL", "sqlite:///ledger.db")
    monkeypatch.setenv("RETURNFLOW_PROVIDERS_URL", "http://127.0.0.1:1")
    return monkeypatch


@pytest.mark.parametrize(
    ("value", "roles"),
    [
        (None, ALL_ROLES),
        ("", ALL_ROLES),
        ("payment", {WorkerRole.PAYMENT}),
        (" carrier , payment,", {WorkerRole.CARRIER, WorkerRole.PAYMENT}),
    ],
)
def test_roles_are_read_from_the_environment(
    settings: pytest.MonkeyPatch, value: str | None, roles: set[WorkerRole]
) -> None:
    if value is not None:
        settings.setenv("RETURNFLOW_WORKER_ROLES", value)
    assert load_settings().worker_roles == roles


@pytest.mark.parametrize(
    ("value", "told"), [("paiment,carrier", ", not paiment"), (",", "must be one or more of")]
)
def test_roles_that_cover_nothing_or_do_not_exist_are_refused(
    settings: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], value: str, told: str
) -> None:
    settings.setenv("RETURNFLOW_WORKER_ROLES", value)
    with pytest.raises(SystemExit) as end:
        load_settings()
    said = capsys.readouterr().err
    assert end.value.code == 2
    assert "RETURNFLOW_WORKER_ROLES: must be one or more of workflows, providers, carrier, payment" in said
    assert told in said
