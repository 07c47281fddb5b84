"""The Temporal server of a test run, as tests get it."""

from dataclasses import dataclass

from temporalio.client import Client
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from starters.connection import connect_temporal


@dataclass(frozen=True)
class TimeSkippingEnv:
    """A real server on which every workflow has a clock of its own that a test may move.

    Attributes:
        address: Where it listens, `host:port`.
        client: Connected to it, with the converter of the pipeline.
        skipper: Starts workflows whose clocks skip, with `skipper.client`, and moves those clocks.
    """

    address: str
    client: Client
    skipper: TimeSkipper

    @classmethod
    async def connect(cls, address: str) -> "TimeSkippingEnv":
        """Connect to a server that runs.

        Raises:
            ServiceUnavailable: If none answers there.
        """
        client = await connect_temporal(address)
        return cls(address, client, time_skipper(client))


def time_skipper(client: Client) -> TimeSkipper:
    """Skips time for what it starts; a child moves by its own clock, not by what its parent was doing."""
    return TimeSkipper(client, config=TimeSkippingConfig(disable_propagation=True))
