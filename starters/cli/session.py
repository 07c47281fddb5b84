"""The way from a command to the returns: how to connect, and what each error means to a person."""

import asyncio
import importlib
import os
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import typer
from temporalio.client import Client

from domain.audit import AuditEntry
from starters.cli.output import fail
from starters.cli.stack_file import StackFile, find_stack
from starters.client import ReturnsClient
from starters.connection import connect_temporal
from starters.deployment import Deployment
from starters.errors import (
    AboveAuthority,
    ActionNotAllowed,
    InvalidAction,
    ReturnNotFound,
    ReturnsError,
    RoleNotPermitted,
    VersionOutdated,
)
from workflows import ids

T = TypeVar("T")

_TEMPORALS_OWN = ("TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE")
_HINTS: dict[type[ReturnsError], str] = {
    ReturnNotFound: "See which there are: returns list",
    ActionNotAllowed: "See where it stands: returns status {rma_id}",
    RoleNotPermitted: "Act as one of these: --as ROLE --actor ID",
    AboveAuthority: "Have it done by: --as ROLE --actor ID",
    VersionOutdated: "See what changed: returns status {rma_id}",
    InvalidAction: "See its lines and what is known: returns status {rma_id}",
}


class Session:
    """How to reach the returns. An option comes first, then the environment, then the local stack's file."""

    def __init__(
        self, address: str | None = None, namespace: str | None = None, task_queue: str | None = None
    ) -> None:
        self._address = address
        self._namespace = namespace
        self._task_queue = task_queue

    async def connect(self) -> ReturnsClient:
        """Connect to Temporal.

        Raises:
            ServiceUnavailable: If it does not answer.
        """
        return await ReturnsClient.connect(*self._server(), self._queue())

    async def deployment(self, name: str) -> Deployment:
        """Connect to Temporal for what is done with the versions of the workers.

        Raises:
            ServiceUnavailable: If it does not answer.
        """
        return Deployment(await self.temporal(), name, self._queue())

    async def temporal(self) -> Client:
        """Connect to Temporal, for what is about workflows of every type.

        Raises:
            ServiceUnavailable: If it does not answer.
        """
        return await connect_temporal(*self._server())

    def task_queue(self) -> str:
        """The queue that workers take returns from."""
        return self._queue()

    def installation(self) -> tuple[str | None, str | None, str]:
        """Temporal's address and namespace, None where Temporal's own settings say them, and the task queue."""
        return *self._server(), self._queue()

    def is_local_stack(self) -> bool:
        """Whether it is the stack that `returns up` started, which commands find by themselves."""
        return self._stack() is not None

    def sandbox_url(self) -> str:
        """The providers of the local stack; empty if there is none."""
        stack = find_stack()
        return stack.sandbox_url if stack else ""

    def ledger_url(self) -> str:
        """The ledger of RETURNFLOW_LEDGER_URL, or else of the local stack; empty if neither is known."""
        url = os.environ.get("RETURNFLOW_LEDGER_URL", "").strip()
        stack = None if url else self._stack()
        return url or (stack.ledger_url if stack else "")

    def keep_refusal(self, entry: AuditEntry) -> None:
        """Write a refusal to the audit of the ledger, if one is known."""
        url = self.ledger_url()
        if not url:
            return
        refusals = audit_module()
        try:
            refusals.keep_at(url, entry)
        except refusals.AuditUnavailable as error:
            typer.echo(f"returns: the refusal could not be written to the audit: {error}", err=True)

    def api_url(self) -> str:
        """The API of the local stack; empty if there is none."""
        stack = find_stack()
        return stack.api_url if stack else ""

    def _server(self) -> tuple[str | None, str | None]:
        """The address and the namespace of Temporal."""
        stack = self._stack()
        return (
            self._address or (stack.temporal if stack else None),
            self._namespace or (stack.namespace if stack else None),
        )

    def _queue(self) -> str:
        stack = self._stack()
        return self._task_queue or (stack.task_queue if stack else ids.DEFAULT_TASK_QUEUE)

    def _stack(self) -> StackFile | None:
        elsewhere = self._address or any(os.environ.get(name, "").strip() for name in _TEMPORALS_OWN)
        return None if elsewhere else find_stack()


def audit_module() -> Any:
    """What reads and writes the audit; imported only when needed, since most commands need no database."""
    return importlib.import_module("starters.kept_refusals")


def session_of(context: typer.Context) -> Session:
    """The session that the main command made."""
    session = context.find_object(Session)
    if session is None:
        raise AssertionError("the main command makes the session")
    return session


def with_returns(context: typer.Context, work: Callable[[ReturnsClient], Awaitable[T]], rma_id: str = "") -> T:
    """Connect, do the work, and end the command with code 1 if it is refused or fails.

    Args:
        context: Of the command.
        work: What to do with the returns.
        rma_id: The return that it is about, for hints.
    """
    session = session_of(context)

    async def connected() -> T:
        async with await session.connect() as returns:
            return await work(returns)

    try:
        return asyncio.run(connected())
    except ReturnsError as error:
        hint = _HINTS.get(type(error), "").format(rma_id=rma_id or "RMA")
        message = str(error)
        if isinstance(error, InvalidAction) and error.field:
            message = f"{error.field}: {message}"
        fail(message, hint)
