"""Returns for tests: started over the whole pipeline, and taken on by what the people of a shop do."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from domain.actions import Action, Role
from testkit.pipeline import Pipeline, line
from workflows.contracts import ActionAnswer, Decision, ReturnResult, ReturnStatus


@dataclass(frozen=True)
class AppliedReturn:
    """A return that was applied for.

    Attributes:
        pipeline: What it runs on, for everything that has no method here.
        order: The order as it was loaded, with `order_id`, `customer_id` and `lines`.
        decision: The first decision.
    """

    pipeline: Pipeline
    order: dict[str, Any]
    decision: Decision

    @property
    def rma_id(self) -> str:
        """The number of the return."""
        return self.decision.rma_id

    async def status(self) -> ReturnStatus:
        """Where it stands."""
        return await self.pipeline.returns.status(self.rma_id)

    async def until(self, holds: Callable[[ReturnStatus], bool]) -> ReturnStatus:
        """Wait until the status says so.

        Raises:
            AssertionError: If it does not within half a minute of real time; the text has the status.
        """
        return await self.pipeline.until(self.rma_id, holds)

    async def act(self, action: Action, role: Role, **fields: Any) -> ActionAnswer:
        """Send an action as a role; the fields are those of `workflows.contracts.ACTION_REQUESTS[action]`."""
        return await self.pipeline.act(self.rma_id, action, role, **fields)

    async def to_the_warehouse(self) -> None:
        """The courier fetches, hands over and delivers the parcel."""
        await self.pipeline.to_the_warehouse(self.rma_id)

    async def receive(self, **fields: Any) -> ActionAnswer:
        """The warehouse receives the parcel, now unless `received_at` says otherwise."""
        return await self.pipeline.receive(self.rma_id, **fields)

    async def inspect(self, *units: dict[str, Any]) -> ActionAnswer:
        """The warehouse inspects; without units everything is accepted as good as new."""
        return await self.pipeline.inspect(self.rma_id, *units)

    async def end(self) -> ReturnResult:
        """Wait for the end.

        Raises:
            TimeoutError: If it does not come within half a minute of real time.
        """
        return await self.pipeline.end(self.rma_id)

    async def books(self, book: str) -> list[dict[str, Any]]:
        """What a provider wrote down of it, in sequence: `refunds`, `coupons`, `labels`, `messages` …"""
        return await self.pipeline.books(book, self.rma_id)


class ReturnFactory:
    """Starts returns. Each has an order and a customer of its own."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._loop = asyncio.get_running_loop()

    async def __call__(
        self, *lines: dict[str, Any], order: Mapping[str, Any] | None = None, **application: Any
    ) -> AppliedReturn:
        """Load a delivered order and apply for a return of all of it, unopened.

        Args:
            lines: Lines of the order, made with `testkit.pipeline.line`; without any, a shirt at 100.00 yuan.
            order: Other fields of the order, as the order system has them, such as `shipping_minor` or `tier`.
            application: Other fields of `domain.application.ReturnApplication`, `lines` included.

        Raises:
            RuntimeError: If the test runs on another event loop than the pipeline.
            pydantic.ValidationError: If the application has a field that there is not, or a value that is none.
        """
        if asyncio.get_running_loop() is not self._loop:
            raise RuntimeError(
                "This test runs on an event loop of its own, where the pipeline does not run. Set "
                'asyncio_default_test_loop_scope = "session" in pytest\'s settings, or mark the test with '
                '@pytest.mark.asyncio(loop_scope="session").'
            )
        loaded = await self._pipeline.order(**(order or {}), lines=list(lines) or [line()])
        everything = [
            {"line_id": each["item_id"], "quantity": each["quantity"], "condition": "unopened"}
            for each in loaded["lines"]
        ]
        decision = await self._pipeline.apply(loaded, **({"lines": everything} | application))
        return AppliedReturn(self._pipeline, loaded, decision)


class FastForward:
    """Moves the clocks of returns."""

    async def __call__(self, applied: AppliedReturn, time: timedelta) -> None:
        """Let virtual time pass for one return; every promise that runs out on the way is acted upon.

        Raises:
            ValueError: If the return has ended: nothing runs in it any more.
        """
        if (await applied.status()).is_final:
            raise ValueError(f"{applied.rma_id} has ended, so its clock does not move any more.")
        await applied.pipeline.lapse(applied.rma_id, time)
