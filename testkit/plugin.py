"""The pytest plugin: `pytest_plugins = ["testkit.plugin"]` in the topmost conftest.py.

One Temporal server per run, shared by the processes of pytest-xdist; per process one pipeline with a worker, a
ledger and providers of its own. Everything runs on the event loop of the session.
"""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from starters.stack import StackError
from testkit.environment import TimeSkippingEnv
from testkit.histories import RecordHistory, Replay
from testkit.pipeline import Pipeline, running_pipeline
from testkit.returns import FastForward, ReturnFactory
from testkit.server import TemporalServer

_ADDRESS = "RETURNFLOW_TEST_TEMPORAL"
_server = pytest.StashKey[TemporalServer]()
_folder = pytest.StashKey[str]()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the server in the process that steers the run; the others inherit its address."""
    config = session.config
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    config.stash[_folder] = tempfile.mkdtemp(prefix="returnflow-tests-")
    server = config.stash[_server] = TemporalServer(Path(config.stash[_folder]))
    try:
        server.start()
    except StackError as error:
        raise pytest.UsageError(str(error)) from error
    os.environ[_ADDRESS] = server.address


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server, whatever the run came to."""
    if _server in config.stash:
        config.stash[_server].stop()
        shutil.rmtree(config.stash[_folder], ignore_errors=True)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def time_skipping_env() -> TimeSkippingEnv:
    """The run's Temporal server: its address, a connected client, and what skips time on it."""
    return await TimeSkippingEnv.connect(os.environ[_ADDRESS])


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pipeline(
    time_skipping_env: TimeSkippingEnv, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pipeline]:
    """The whole pipeline on a task queue of its own, with real HTTP to providers of its own."""
    async with running_pipeline(time_skipping_env.address, tmp_path_factory.mktemp("pipeline")) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def return_factory(pipeline: Pipeline) -> ReturnFactory:
    """`await return_factory(line(...), …)` loads an order and applies for its return."""
    return ReturnFactory(pipeline)


@pytest.fixture(scope="session")
def fast_forward() -> FastForward:
    """`await fast_forward(applied, timedelta(hours=49))` moves the clock of one return."""
    return FastForward()


@pytest.fixture(scope="session")
def record_history() -> RecordHistory:
    """`await record_history(applied)` is its history so far; with a path it is saved there as well."""
    return RecordHistory()


@pytest.fixture(scope="session")
def replay() -> Replay:
    """`await replay(history)`, or a file or folder of them, on the worker's registry of today."""
    return Replay()
