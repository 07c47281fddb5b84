"""Money held while goods travel: renewed before it lapses, captured once or given back (section 6)."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from domain.bookkeeping import CaptureAuthorization, HoldAuthorization, IntentCall
from domain.holds import HoldCall, HoldState, PaymentHold
from domain.intents import IntentState, PaymentIntent
from domain.outbox import Template
from domain.refund import UnitsToSettle
from workflows import calls
from workflows.case import ReturnCase
from workflows.gates import timer_for
from workflows.stages.payment import Payments

_ASK_AGAIN = timedelta(hours=2)


class HoldOnPayment:
    """One hold of one return."""

    def __init__(self, case: ReturnCase, payments: Payments) -> None:
        self._case = case
        self._payments = payments
        self._hold: PaymentHold | None = None
        self._asked_for = ""
        self._ended = False
        self._keeping: asyncio.Task[None] | None = None

    async def place(self, units: tuple[UnitsToSettle, ...], method_id: str) -> bool:
        """Hold what was paid for the units; False if the provider declines or does not say."""
        case = self._case
        try:
            intent = await calls.authorize_hold(
                HoldAuthorization(
                    rma_id=case.rma_id,
                    op=case.step("hold"),
                    at=workflow.now(),
                    round=self._payments.next_round(),
                    method_id=method_id,
                    units=units,
                )
            )
            self._asked_for = intent.key
            self._hold = await calls.place_hold(
                IntentCall(key=intent.key, rma_id=case.rma_id, at=workflow.now()),
                summary=f"hold {intent.amount_minor} {intent.currency} (minor units)",
            )
        except (ActivityError, ApplicationError) as error:
            case.note("payment not held", calls.reason_of(error))
            return False
        is_held = self._hold.state is HoldState.OPEN
        self._show(intent, IntentState.SUCCEEDED if is_held else IntentState.DECLINED)
        if is_held:
            self._keeping = asyncio.create_task(self._keep())
        return is_held

    async def capture(self, units: tuple[UnitsToSettle, ...]) -> bool:
        """Take what the units are worth out of the hold; False if that cannot be done, which a person is told."""
        case = self._case
        await self._stop()
        try:
            intent = await calls.authorize_capture(
                CaptureAuthorization(
                    rma_id=case.rma_id,
                    op=case.step("capture"),
                    at=workflow.now(),
                    round=self._payments.next_round(),
                    hold_key=self._asked_for,
                    units=units,
                )
            )
        except (ActivityError, ApplicationError) as error:
            case.note("not captured", calls.reason_of(error))
        else:
            if await self._payments.capture(intent, "hold"):
                return True
        await case.record("not-captured", case.supervisor_alert(Template.STAFF_REPLACEMENT_UNPAID))
        return False

    async def release(self) -> None:
        """Give the hold back, also one of which it is not known whether it was made."""
        case = self._case
        await self._stop()
        if not self._asked_for or (self._hold and self._hold.state is HoldState.DECLINED):
            return
        try:
            await calls.release_hold(self._call(), summary="give the held payment back")
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            alert = case.supervisor_alert(Template.STAFF_CLEANUP_FAILED, what="payment hold")
            await case.record("cleanup-failed", alert)

    async def _keep(self) -> None:
        """Renew the hold before it lapses. One that cannot be renewed is told to a person, once."""
        case = self._case
        margin = case.rules.hold_margin
        while self._hold is not None and self._hold.expires_at is not None:
            expires_at = self._hold.expires_at
            if await self._ended_within(expires_at - margin - workflow.now()):
                return
            with suppress(ActivityError):
                self._hold = await calls.renew_hold(self._call(), summary="renew the held payment")
            if self._hold.expires_at != expires_at:
                case.note("payment hold renewed", f"until {self._hold.expires_at}")
                continue
            if workflow.now() + _ASK_AGAIN >= expires_at:
                case.note("payment hold lapsed")
                await case.record("hold-lapsed", case.supervisor_alert(Template.STAFF_HOLD_LAPSED))
                return
            margin = expires_at - workflow.now() - _ASK_AGAIN

    async def _ended_within(self, time: timedelta) -> bool:
        if not self._ended and (timer := timer_for(time)):
            with suppress(TimeoutError):
                await workflow.wait_condition(
                    lambda: self._ended, timeout=timer, timeout_summary="renew the held payment"
                )
        return self._ended

    async def _stop(self) -> None:
        self._ended = True
        if self._keeping is not None:
            await self._keeping

    def _call(self) -> HoldCall:
        return HoldCall(key=self._asked_for, rma_id=self._case.rma_id, at=workflow.now())

    def _show(self, intent: PaymentIntent, state: IntentState) -> None:
        self._case.payments[intent.key] = intent.model_copy(update={"state": state})
