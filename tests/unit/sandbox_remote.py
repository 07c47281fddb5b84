"""A client for the side of a sandbox that providers do not have: books, loads, scans, faults."""

from datetime import datetime
from types import TracebackType
from typing import Self
from urllib.parse import quote

import httpx
from pydantic import JsonValue

from domain.shipping import CarrierEvent
from sandbox.books import Book, Entry
from sandbox.carriers import ScanAnswer
from sandbox.control import BookAnswer, CountsAnswer, FaultsAnswer, LoadAnswer
from sandbox.faults import FaultSpec, FaultState
from sandbox.shop import LoadKind


class SandboxRemote:
    """Drives and reads a running sandbox, for stories, tests and oracles.

    Every method raises ``httpx.HTTPError`` if the sandbox does not do as asked.
    """

    def __init__(self, url: str) -> None:
        self._http = httpx.AsyncClient(base_url=url, timeout=30)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def load(self, kind: LoadKind, lines: str, now: datetime | None = None) -> int:
        """Load JSON Lines; returns how many. `now` is the time of the load in the books."""
        params = {"now": now.isoformat()} if now else None
        response = await self._http.post(f"/load/{kind}", content=lines, params=params)
        return LoadAnswer.model_validate_json(_ok(response).content).loaded

    async def book(self, book: Book, **wanted: str) -> list[Entry]:
        """Read a book, or the entries that `BookFilter` selects by `wanted`."""
        response = await self._http.get(f"/books/{book}", params=wanted)
        return list(BookAnswer.model_validate_json(_ok(response).content).entries)

    async def counts(self) -> dict[Book, int]:
        """How many entries each book has."""
        return CountsAnswer.model_validate_json(_ok(await self._http.get("/books")).content).books

    async def scan(
        self, carrier: str, tracking_no: str, kind: str, occurred_at: datetime, event_id: str | None = None
    ) -> CarrierEvent:
        """Let a courier scan a parcel."""
        body: dict[str, JsonValue] = {"kind": kind, "occurred_at": occurred_at.isoformat(), "event_id": event_id}
        response = await self._http.post(
            f"/carriers/{carrier}/tracking/{quote(tracking_no, safe='')}/scans", json=body
        )
        return ScanAnswer.model_validate_json(_ok(response).content).event

    async def set_fault(self, spec: FaultSpec) -> FaultState:
        """Set a fault."""
        response = await self._http.post("/faults", json=spec.model_dump(mode="json"))
        return FaultState.model_validate_json(_ok(response).content)

    async def faults(self) -> FaultsAnswer:
        """Read the faults that are set, and every hit."""
        return FaultsAnswer.model_validate_json(_ok(await self._http.get("/faults")).content)

    async def clear_faults(self) -> None:
        """Remove every fault."""
        _ok(await self._http.delete("/faults"))


def _ok(response: httpx.Response) -> httpx.Response:
    if response.is_error:
        message = f"the sandbox answered {response.status_code}: {response.text}"
        raise httpx.HTTPStatusError(message, request=response.request, response=response)
    return response
