"""One Temporal server per run; per test process a sandbox, a ledger and a worker of its own."""

import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import settings

from testkit.pipeline import Pipeline, running_pipeline
from testkit.server import TemporalServer

settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

_ADDRESS = "RETURNFLOW_TEST_TEMPORAL"
_server = pytest.StashKey[TemporalServer]()
_folder = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """Start the server in the process that steers the run; the others inherit its address."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    folder = tempfile.mkdtemp(prefix="returnflow-tests-")
    server = TemporalServer(Path(folder))
    server.start()
    os.environ[_ADDRESS] = server.address
    config.stash[_server] = server
    config.stash[_folder] = folder


def pytest_collection_finish() -> None:
    """What is imported by now lives as long as the run: looking through it again and again only costs time."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server, whatever the run came to."""
    if _server in config.stash:
        config.stash[_server].stop()
        shutil.rmtree(config.stash[_folder], ignore_errors=True)


@pytest.fixture(scope="session")
def temporal_address() -> str:
    """The address of the run's server."""
    return os.environ[_ADDRESS]


@pytest.fixture(scope="session")
async def pipeline(temporal_address: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pipeline]:
    """The whole pipeline on a task queue of its own, with real HTTP to a sandbox of its own."""
    async with running_pipeline(temporal_address, tmp_path_factory.mktemp("pipeline")) as running:
        yield running
