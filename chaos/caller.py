"""HTTP as a real caller does it: what was not answered is asked again, under the same id, until time is up."""

import asyncio
from typing import Any

import httpx

from chaos.stories import Json
from workflows.contracts import ReturnStatus

_ASK_AGAIN_SECONDS = 0.7
_TIMEOUT_SECONDS = 35.0
_TRY_AGAIN = (429, 500, 502, 503, 504)


class OutOfTime(Exception):
    """The run's time was up before a call was answered."""


class Caller:
    """Calls the API or the sandbox, through outages."""

    def __init__(self, base_url: str, deadline: float, token: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=50)
        self._http = httpx.AsyncClient(
            base_url=base_url, timeout=_TIMEOUT_SECONDS, headers=headers, limits=limits, trust_env=False
        )
        self._deadline = deadline

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def call(self, method: str, path: str, key: str = "", **parts: Any) -> httpx.Response:
        """Make a call until it is answered by the other side itself: done, or a refusal.

        Raises:
            OutOfTime: If the run's deadline comes first.
        """
        headers = {"Idempotency-Key": key} if key else {}
        while True:
            try:
                answer = await self._http.request(method, path, headers=headers, **parts)
            except httpx.TransportError:
                pass
            else:
                if answer.status_code not in _TRY_AGAIN:
                    return answer
            if asyncio.get_running_loop().time() > self._deadline:
                raise OutOfTime(f"{method} {path} was not answered in time")
            await asyncio.sleep(_ASK_AGAIN_SECONDS)

    async def get(self, path: str, **query: str) -> Any:
        """Read something that must be there.

        Raises:
            OutOfTime: If the run's deadline comes first.
            httpx.HTTPStatusError: If it is refused.
        """
        return (await self.call("GET", path, params=query)).raise_for_status().json()

    async def send(self, path: str, body: Json, method: str = "POST") -> Any:
        """Send something that must be taken.

        Raises:
            OutOfTime: If the run's deadline comes first.
            httpx.HTTPStatusError: If it is refused.
        """
        return (await self.call(method, path, json=body)).raise_for_status().json()

    async def status(self, rma_id: str) -> ReturnStatus | None:
        """Where a return stands; None if there is no such return.

        Raises:
            OutOfTime: If the run's deadline comes first.
        """
        answer = await self.call("GET", f"/v1/returns/{rma_id}")
        if answer.status_code == 404:
            return None
        return ReturnStatus.model_validate_json(answer.raise_for_status().content)

    async def once(self, path: str, method: str = "GET", body: Json | None = None) -> bool:
        """Make a call once; whether it was done."""
        try:
            return (await self._http.request(method, path, json=body, timeout=12.0)).is_success
        except httpx.HTTPError:
            return False
