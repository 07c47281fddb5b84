"""Both kinds of advance, as the other stages see them (section 6)."""

from collections.abc import Awaitable, Callable

from domain.inspection import InspectedUnits
from workflows.stages.advance_exchange import AdvanceExchange
from workflows.stages.advance_refund import AdvanceRefund


class Advances:
    """What was paid or sent before the inspection. A return has at most one advance, most have none."""

    def __init__(self, refund: AdvanceRefund, exchange: AdvanceExchange) -> None:
        self._refund = refund
        self._exchange = exchange

    def begin(self) -> None:
        """Pay or send as soon as a carrier has goods of the return, if that was granted."""
        self._refund.begin()
        self._exchange.begin()

    async def are_done(self) -> None:
        """Make sure that nothing more is paid or sent in advance: what is settled from now on builds on it."""
        await self._refund.is_done()
        await self._exchange.is_done()

    async def true_up(
        self, rest: Callable[[], Awaitable[None]], found: Callable[[], tuple[InspectedUnits, ...]]
    ) -> None:
        """Once every parcel is at its end: account for what was not earned.

        Args:
            rest: Waits for parcels that came after all while the customer was given notice.
            found: What the inspections found so far.
        """
        await self.are_done()
        await self._refund.true_up(rest)
        await self._exchange.close(found())
