"""A sandbox for the tests of a module, and the two ways to it: as the pipeline calls it, and behind its back."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from adapters.http import make_http_client
from sandbox.server import running_sandbox
from sandbox.settings import SandboxSettings
from tests.unit.sandbox_remote import SandboxRemote


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A sandbox of its own for each module."""
    with running_sandbox(SandboxSettings()) as url:
        yield url


@pytest.fixture
async def client(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """The client that adapters are given."""
    async with make_http_client(url) as client:
        yield client


@pytest.fixture
async def remote(url: str) -> AsyncIterator[SandboxRemote]:
    """Books, scans and faults; the faults are gone after each test."""
    async with SandboxRemote(url) as remote:
        yield remote
        await remote.clear_faults()
