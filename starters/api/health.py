"""Whether the process lives, and whether what it needs answers."""

import asyncio
import contextlib
from collections.abc import Awaitable
from typing import Literal

import structlog
from fastapi import APIRouter

from domain.record import Record
from ledger.ledger import Ledger
from starters.api.documentation import problems
from starters.api.error_handlers import RETRY_AFTER_SECONDS
from starters.api.problems import ProblemError
from starters.client import ReturnsClient
from starters.errors import ReturnNotFound
from starters.json_input import FieldError

_ANSWER_SECONDS = 3.0
_NOBODY = "-"

_log = structlog.get_logger(__name__)


class Health(Record):
    """All is well."""

    status: Literal["ok"] = "ok"


def health_router(returns: ReturnsClient, ledger: Ledger) -> APIRouter:
    """Make the routes for those who watch the process."""
    router = APIRouter(tags=["Health"])

    @router.get("/healthz", summary="Does the process live?")
    async def healthz() -> Health:
        """Answer at once, whatever is behind the API."""
        return Health()

    @router.get("/readyz", summary="Does what it needs answer?", responses=problems(503))
    async def readyz() -> Health:
        """Ask Temporal and the ledger; 503 names the one that does not answer within 3 seconds."""
        answers = await asyncio.gather(
            _answers("temporal", _ask_temporal(returns)),
            _answers("ledger", asyncio.to_thread(ledger.find_parcel, _NOBODY, _NOBODY)),
        )
        failed = [name for name in answers if name]
        if failed:
            raise ProblemError(
                503,
                "not_ready",
                f"{' and '.join(failed)} {'does' if len(failed) == 1 else 'do'} not answer.",
                field=failed[0],
                errors=[FieldError(field=name, detail="does not answer") for name in failed],
                headers={"Retry-After": RETRY_AFTER_SECONDS},
            )
        return Health()

    return router


async def _ask_temporal(returns: ReturnsClient) -> None:
    """Ask for a return that there cannot be: that it is not found is an answer."""
    with contextlib.suppress(ReturnNotFound):
        await returns.status(_NOBODY)


async def _answers(name: str, question: Awaitable[object]) -> str:
    """Empty if it answers, else its name."""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            await question
    except Exception as error:
        _log.warning("not_ready", of=name, error=type(error).__name__)
        return name
    return ""
