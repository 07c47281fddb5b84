"""Replacements that are sent in advance against a hold, which is captured only for units that never came."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from temporalio.exceptions import ApplicationError

from domain.bookkeeping import CaptureAuthorization, HoldAuthorization
from domain.holds import HoldCall, HoldState, units_that_never_came
from domain.intents import IntentState, PaymentDirection, PaymentIntent
from domain.keys import hold_key
from ledger.errors import HoldNotFound, HoldNotOpen, UnitsNotHeld
from tests.properties.actors.payments import Payments
from tests.properties.actors.stage import NOW
from tests.properties.bank import WEATHER, Weather, WorkerKilled
from tests.properties.case import Case, to_settle


class Holds(Payments):
    """Has money held, renewed, captured and given back."""

    def ask_for_hold(self, case: Case, weather: Weather | None) -> None:
        """At the first scan; another one if the last was declined. It reserves nothing."""
        before = self.balance()
        request = HoldAuthorization(
            rma_id=case.rma_id,
            op=case.op("hold"),
            at=NOW,
            round=next(case.rounds),
            method_id="M1",
            units=to_settle(case.held()),
        )
        intent = self.ask(lambda: self.ledger.authorize_hold(request))
        case.hold_key = intent.key
        case.hold_is_given_up = False
        self.keep(intent)
        self.assert_unchanged(before)
        self.send([intent], weather)

    @precondition(lambda self: self.with_hold())
    @rule(data=st.data(), weather=st.sampled_from(WEATHER), is_renewed=st.sampled_from([True, True, False]))
    def tend_hold(self, data: st.DataObject, weather: Weather, is_renewed: bool) -> None:
        """A worker renews a hold or gives it back, whatever it is known of it."""
        case = data.draw(st.sampled_from(self.with_hold()))
        self.bank.weather = weather
        with suppress(ApplicationError, WorkerKilled):
            if is_renewed:
                self.renew_hold(case)
            elif not any(intent.payment_id == case.hold_key for intent in self.captures()):
                self.give_hold_back(case)

    def renew_hold(self, case: Case) -> None:
        """Renew a hold: the ledger never thinks that it lives longer than the bank says."""
        try:
            hold = self.run(self.holds.renew_hold(self.hold_call(case)))
        except HoldNotFound:
            assert not self.intents[case.hold_key].state.is_final
            return
        if hold.expires_at is not None:
            assert hold.expires_at <= max(entry.expires_at for entry in self.bank.holds(case.hold_key))

    def give_hold_back(self, case: Case) -> None:
        """Give a hold back, perhaps before it is known whether it was made; then it is not captured."""
        case.hold_is_given_up = True
        self.run(self.holds.release_hold(self.hold_call(case)))
        if self.intents[case.hold_key].state.is_paid:
            assert self.ledger.payment_hold(case.hold_key).state is HoldState.RELEASED

    def capture(self, case: Case, after: timedelta, weather: Weather | None) -> None:
        """Take what never came out of the hold; without an open one this is refused, and changes nothing."""
        units = units_that_never_came(case.awaited(), case.rejected, case.found())
        request = CaptureAuthorization(
            rma_id=case.rma_id,
            op=case.op("capture"),
            at=NOW + after,
            round=next(case.rounds),
            hold_key=case.hold_key or hold_key(case.rma_id, 1),
            units=units,
        )
        before = self.balance()
        if refused := self.refusal_of_capture(case, request):
            with pytest.raises(refused):
                self.ledger.authorize_capture(request)
            self.assert_unchanged(before)
            return
        intent = self.ask(lambda: self.ledger.authorize_capture(request))
        case.captured = {entry.line_id: entry.quantity for entry in units}
        case.final = True
        self.keep(intent)
        self.assert_unchanged(before)
        self.send([intent], weather)

    @precondition(lambda self: any(case.settled for case in self.with_hold()))
    @rule(data=st.data())
    def capture_what_came(self, data: st.DataObject) -> None:
        """Somebody charges for units that came and are settled: refused, and nothing changes."""
        case = data.draw(st.sampled_from([case for case in self.with_hold() if case.settled]))
        units = {line: count + 1 for line, count in case.held().items()}
        request = CaptureAuthorization(
            rma_id=case.rma_id,
            op=case.op("capture"),
            at=NOW,
            round=next(case.rounds),
            hold_key=case.hold_key,
            units=to_settle(units),
        )
        before = self.balance()
        with pytest.raises((UnitsNotHeld, HoldNotFound, HoldNotOpen)):
            self.ledger.authorize_capture(request)
        self.assert_unchanged(before)

    def refusal_of_capture(self, case: Case, request: CaptureAuthorization) -> type[Exception] | None:
        """Why nothing can be captured now."""
        intent = self.intents.get(request.hold_key)
        if intent is None or not intent.state.is_final:
            return HoldNotFound
        if intent.state is IntentState.DECLINED:
            return HoldNotOpen
        hold = self.ledger.payment_hold(request.hold_key)
        is_open = hold.state is HoldState.OPEN and hold.expires_at is not None and hold.expires_at > request.at
        in_use = any(
            each.payment_id == request.hold_key and each.state is not IntentState.DECLINED
            for each in self.captures()
        )
        return None if is_open and not in_use else HoldNotOpen

    def needs_hold(self, case: Case) -> bool:
        """Whether no hold was asked for, or the last one was declined."""
        return not case.hold_key or self.intents[case.hold_key].state is IntentState.DECLINED

    def with_hold(self) -> list[Case]:
        """The open returns for which a hold was asked."""
        return [case for case in self.open_cases() if case.hold_key]

    def captures(self) -> list[PaymentIntent]:
        """The intents to capture."""
        return [each for each in self.intents.values() if each.direction is PaymentDirection.CAPTURE]

    def hold_call(self, case: Case) -> HoldCall:
        """The activities' input for the hold of a return."""
        return HoldCall(key=case.hold_key, rma_id=case.rma_id, at=NOW)
