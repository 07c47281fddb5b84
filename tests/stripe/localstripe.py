"""localstripe, an independent stand-in for Stripe: a process of its own from `.peers`, made by `make peers`.

It is licensed under the GPL, so nothing of it is imported. It knows no idempotency keys and no ceiling, lets every
refund succeed, and cannot list refunds by their time. What an earlier process left on disk is never read.
"""

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.e2e.processes import free_port
from tests.stripe.peer import KEY
from tests.stripe.proxy import listed_refunds

_PROGRAM = Path(__file__).parents[2] / ".peers" / "localstripe" / "bin" / "localstripe"
_CARD = {
    "type": "card",
    "card[number]": "4242424242424242",
    "card[exp_month]": "12",
    "card[exp_year]": "2030",
    "card[cvc]": "123",
}


class LocalStripe:
    """A running process, by its URL."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def pay(self, amount: int) -> str:
        """Take a payment by card; its id."""
        async with httpx.AsyncClient(base_url=self.url, headers={"Authorization": f"Bearer {KEY}"}) as http:
            card = (await http.post("/v1/payment_methods", data=_CARD)).json()
            asked = {"amount": str(amount), "currency": "cny", "payment_method": card["id"]}
            payment = (await http.post("/v1/payment_intents", data=asked)).json()
            confirmed = (await http.post(f"/v1/payment_intents/{payment['id']}/confirm")).json()
        assert confirmed["status"] == "succeeded", confirmed
        return str(payment["id"])

    async def refunded(self, payment_id: str) -> list[int]:
        """The amounts of the refunds of a payment."""
        return await listed_refunds(self.url, payment_id)

    async def _answers(self) -> bool:
        async with httpx.AsyncClient(base_url=self.url) as http:
            try:
                return (await http.get("/v1/refunds", auth=(KEY, ""))).is_success
            except httpx.HTTPError:
                return False

    async def wait(self) -> None:
        """Wait until it answers."""
        async with asyncio.timeout(30):
            while not await self._answers():
                await asyncio.sleep(0.1)


@contextmanager
def running_localstripe(folder: Path) -> Iterator[LocalStripe]:
    """Run it on a free port; a test fails, and is not left out, where it is not installed."""
    if not _PROGRAM.exists():
        pytest.fail(f"{_PROGRAM} is missing: run `make peers`")
    port = free_port()
    with (folder / "localstripe.log").open("wb") as log:
        process = subprocess.Popen(
            [_PROGRAM, "--from-scratch", "--port", str(port)], cwd=folder, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            yield LocalStripe(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()
            process.wait(10)
