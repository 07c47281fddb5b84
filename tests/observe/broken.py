"""A workflow whose code was changed without a gate while a run of it was open."""

from datetime import timedelta

from temporalio import workflow


@workflow.defn(name="Broken", sandboxed=False)
class AsItWas:
    @workflow.run
    async def run(self) -> None:
        await workflow.sleep(timedelta(hours=1))

    @workflow.signal
    def again(self) -> None:
        """Give it a task."""


@workflow.defn(name="Broken", sandboxed=False)
class AsItIs(AsItWas):
    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity("none", start_to_close_timeout=timedelta(hours=1))

    @workflow.signal
    def again(self) -> None:
        """Give it a task."""
