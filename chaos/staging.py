"""A run on a platform that is somebody else's: nothing is killed, only the sandbox providers are disturbed."""

import asyncio
import os
from collections.abc import Callable

import httpx

from chaos.caller import Caller
from chaos.plan import Plan
from chaos.progress import Progress
from chaos.refusals import NotASandbox
from chaos.report import Report
from chaos.run import Platform, Run
from starters.cli.session import Session


async def run_on_platform(
    plan: Plan, api_url: str, sandbox_url: str, token: str, session: Session, told: Callable[[Progress], None]
) -> Report:
    """Run against a platform.

    Raises:
        NotASandbox: If the sandbox's address is not that of a sandbox.
        ServiceUnavailable: If Temporal does not answer.
    """
    await require_sandbox(sandbox_url)
    deadline = asyncio.get_running_loop().time() + plan.size.bound
    api, sandbox = Caller(api_url, deadline, token), Caller(sandbox_url, deadline + 60)
    try:
        ledger_url = os.environ.get("RETURNFLOW_LEDGER_URL", "").strip()
        platform = Platform(api, sandbox, await session.temporal(), ledger_url)
        return await Run(plan, platform, told).go()
    finally:
        await api.close()
        await sandbox.close()


async def require_sandbox(url: str) -> None:
    """Refuse what is not the sandbox: it says of itself what it is, and has control routes and books.

    Raises:
        NotASandbox: If it is something else, or does not answer.
    """
    async with httpx.AsyncClient(base_url=url, timeout=10, trust_env=False) as http:
        try:
            description = (await http.get("/openapi.json")).raise_for_status().json()
            faults = (await http.get("/faults")).raise_for_status().json()
            books = (await http.get("/books")).raise_for_status().json()
            is_sandbox = (
                description["info"]["title"] == "Returnflow sandbox" and "hits" in faults and "books" in books
            )
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise NotASandbox(
                f"There is no sandbox at {url}: {type(error).__name__}. Nothing was done."
            ) from error
    if not is_sandbox:
        raise NotASandbox(f"What answers at {url} is not the sandbox. Nothing was done.")
