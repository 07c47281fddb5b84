"""What an activity asks of Temporal about the workflows of returns; the process that hosts it says who answers."""

from collections.abc import Sequence
from typing import Protocol


class ReturnWorkflows(Protocol):
    """The workflows of returns. It only reads: nothing is started, ended or sent a message."""

    async def is_running(self, rma_id: str) -> bool:
        """Whether a return's workflow is running, exactly."""
        ...

    async def running_among(self, rma_ids: Sequence[str]) -> set[str]:
        """Which of some returns, at most a hundred, have a running workflow; it may lag behind by a moment."""
        ...

    async def running(self, after: str = "") -> tuple[list[str], str]:
        """A page of the returns with a running workflow, which may lag behind by a moment.

        Args:
            after: What came with the page before; empty for the first page.

        Returns:
            The RMA ids, and where the next page begins: empty at the end.
        """
        ...
