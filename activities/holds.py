"""Payment holds: placed like every movement, then renewed and given back. Neither of these moves money."""

import asyncio

from temporalio import activity

from activities.errors import provider_errors
from activities.payment import PaymentActivities
from adapters.errors import ProviderRefused
from adapters.payment.port import PaymentPort
from domain.bookkeeping import IntentCall
from domain.holds import HoldCall, HoldState, PaymentHold
from domain.record import Done
from ledger.ledger import Ledger


class HoldActivities:
    """Keeps the ledger's books of holds in step with the provider's."""

    def __init__(self, payments: PaymentActivities, payment: PaymentPort, ledger: Ledger) -> None:
        self._payments = payments
        self._payment = payment
        self._ledger = ledger

    @activity.defn(name="payment.place_hold")
    async def place_hold(self, call: IntentCall) -> PaymentHold:
        """Have the provider hold the money of a recorded intent; a lost answer is looked up, not sent again.

        Raises:
            ApplicationError: If the outcome is not known yet.
        """
        intent = await self._payments.move_money(call)
        return await asyncio.to_thread(self._ledger.payment_hold, intent.key)

    @activity.defn(name="payment.renew_hold")
    async def renew_hold(self, call: HoldCall) -> PaymentHold:
        """Let a hold live on. One that the provider does not renew counts as lapsed once it does lapse."""
        hold = await asyncio.to_thread(self._ledger.payment_hold, call.key)
        if hold.state is not HoldState.OPEN:
            return hold
        with provider_errors():
            try:
                expires_at = await self._payment.renew_hold(call.key, call.at)
            except ProviderRefused:
                return hold
        await asyncio.to_thread(self._ledger.hold_renewed, call.key, expires_at)
        return await asyncio.to_thread(self._ledger.payment_hold, call.key)

    @activity.defn(name="payment.release_hold")
    async def release_hold(self, call: HoldCall) -> Done:
        """Give a hold back. One whose outcome is not known is given back unseen."""
        with provider_errors():
            await self._payment.release_hold(call.key, call.at)
        intent = await asyncio.to_thread(self._ledger.payment_intent, call.key)
        if intent.state.is_paid:
            await asyncio.to_thread(self._ledger.hold_ended, call.key, HoldState.RELEASED)
        return Done()
