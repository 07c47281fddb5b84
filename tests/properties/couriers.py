"""The carriers and the coupon service of the sandbox, called through the real adapters without a socket."""

import httpx

from adapters.carrier.sandbox import SandboxCarrier
from adapters.coupons.sandbox import SandboxCoupons
from sandbox.app import create_app
from sandbox.settings import SandboxSettings


class Couriers:
    """The sandbox in this process: its carriers book anew with every request, so the adapter has to look first."""

    def __init__(self) -> None:
        transport = httpx.ASGITransport(app=create_app(SandboxSettings()))
        self._http = httpx.AsyncClient(transport=transport, base_url="http://sandbox")
        self.carrier = SandboxCarrier(self._http)
        self.coupons = SandboxCoupons(self._http)
        self._is_faulty = False

    async def fault(self, target: str, kind: str) -> None:
        """Have the next call of a kind fail in a way."""
        self._is_faulty = True
        answer = await self._http.post("/faults", json={"kind": kind, "target": target})
        answer.raise_for_status()

    async def clear_faults(self) -> None:
        """Let every call succeed again."""
        if self._is_faulty:
            (await self._http.delete("/faults")).raise_for_status()
        self._is_faulty = False

    async def book(self, name: str, key_prefix: str) -> list[dict[str, object]]:
        """The entries of a book that concern a return."""
        answer = await self._http.get(f"/books/{name}", params={"key_prefix": key_prefix})
        answer.raise_for_status()
        return [entry["data"] for entry in answer.json()["entries"]]

    async def close(self) -> None:
        """Let go of the client."""
        await self._http.aclose()
