"""Returns of one order, lived in any sequence by several actors, held against the books of the providers.

The ledger, the payment activity, the coupon activity and the adapters are the real ones. Played is the rest:
customers who apply, withdraw and contest, a warehouse that receives and inspects, providers that fail in every way
that they can, and workers that die between a provider's answer and our own books.
"""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from temporalio.exceptions import ApplicationError

from activities.coupons import CouponActivities
from activities.payment import PaymentActivities
from adapters.errors import ProviderError
from domain.application import PickupAddress, ShipBackMethod
from domain.bookkeeping import AuthorizedRefund, IntentCall, IntentOutcome
from domain.coupons import CouponOrder
from domain.intents import IntentState, PaymentDirection, PaymentIntent, ProviderStatus, RefundBasis
from domain.keys import inspection_clock_key, pickup_reference
from domain.orders import OrderSnapshot, paid_by_line
from domain.policy import ClawBack
from domain.refund import Circumstances, LineCompensation, RefundQuote, RefundRules, UnitsToSettle
from domain.shipping import BookingOutcome, PickupCancellation, PickupReference, PickupRequest
from domain.worksheet import sum_of_rows
from ledger.errors import AlreadySuperseded, CeilingExceeded, IntentNotDeclined, UnitsNotHeld
from ledger.ledger import Ledger
from tests.properties.bank import Bank, Weather, WorkerKilled
from tests.properties.case import Case
from tests.properties.couriers import Couriers
from tests.properties.orders import orders
from tests.unit.ledger_builders import (
    SHOP_IS_LIABLE,
    a_breach,
    a_closing,
    a_replacement,
    a_stage,
    an_authorization,
    an_opening,
)

NOW = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
_ADDRESS = PickupAddress(lines=("1 Garden Road",), city="Hangzhou", country="CN")
_CUSTOMER_IS_LIABLE = Circumstances(ship_back=ShipBackMethod.PICKUP)
T = TypeVar("T")


class ReturnsOfAnOrder(RuleBasedStateMachine):
    """Any life of any number of returns of one order."""

    ledger: Ledger
    couriers: Couriers
    runner: asyncio.Runner

    @initialize(
        order=orders(), claw_back=st.sampled_from(ClawBack), return_freight_minor=st.sampled_from([0, 0, 800])
    )
    def buy(self, order: OrderSnapshot, claw_back: ClawBack, return_freight_minor: int) -> None:
        self.order = order
        self.money_rules = RefundRules(
            claw_back=claw_back, return_freight_minor={order.currency: return_freight_minor}
        )
        self.quoted: list[RefundQuote] = []
        self.run(self.couriers.clear_faults())
        self.bank = Bank()
        self.payments = PaymentActivities(self.bank, self.ledger)
        self.coupons = CouponActivities(self.couriers.coupons)
        self.cases: list[Case] = []
        self.changed: dict[str, list[Case]] = {}
        self.intents: dict[str, PaymentIntent] = {}
        self.entitled: set[str] = set()
        self.final: dict[str, IntentState] = {}
        self.came_back: set[str] = set()

    # The customer

    @rule(data=st.data())
    def apply(self, data: st.DataObject) -> None:
        rma_id = f"{self.order.order_id}-R{len(self.cases) + 1}"
        units = {line.line_id: data.draw(st.integers(0, line.quantity)) for line in self.order.lines}
        wanted = {line_id: quantity for line_id, quantity in units.items() if quantity}
        opening = an_opening(rma_id, self.order, wanted, max_applications_per_line=100)
        if wanted and self.ledger.open_return(opening).refusal is None:
            self.cases.append(Case(rma_id, wanted))

    @precondition(lambda self: self.open_cases())
    @rule(data=st.data())
    def withdraw_or_end(self, data: st.DataObject) -> None:
        case = data.draw(st.sampled_from(self.open_cases()))
        self.ledger.close_return(a_closing(case.rma_id, op=case.op("close")))
        case.closed = True

    @precondition(lambda self: self.open_cases(inspected=True))
    @rule(data=st.data())
    def contest(self, data: st.DataObject) -> None:
        """A supervisor accepts some of what was rejected after all."""
        case = data.draw(st.sampled_from(self.open_cases(inspected=True)))
        if case.contested:
            return
        case.contested = True
        for line_id, rejected in case.rejected.items():
            after_all = data.draw(st.integers(0, rejected))
            case.rejected[line_id] -= after_all
            case.accepted[line_id] += after_all

    # The warehouse

    @precondition(lambda self: self.open_cases(inspected=False))
    @rule(data=st.data())
    def receive(self, data: st.DataObject) -> None:
        case = data.draw(st.sampled_from(self.open_cases(inspected=False)))
        for line_id, quantity in case.authorized.items():
            before = case.received.get(line_id, 0)
            case.received[line_id] = before + data.draw(st.integers(0, quantity - before))

    @precondition(lambda self: self.open_cases(inspected=False))
    @rule(data=st.data(), late=st.booleans())
    def inspect(self, data: st.DataObject, late: bool) -> None:
        case = data.draw(st.sampled_from(self.open_cases(inspected=False)))
        case.inspected = True
        case.inspected_late = late
        for line_id, received in case.received.items():
            case.accepted[line_id] = data.draw(st.integers(0, received))
            case.rejected[line_id] = received - case.accepted[line_id]
        self.entitled.add(case.rma_id)
        if late:
            breach = a_breach(case.rma_id)
            for _ in range(2):
                self.ledger.record(a_stage(case.rma_id, case.op("breach"), breach=breach))

    @precondition(lambda self: any(case.inspected_late for case in self.cases))
    @rule(data=st.data(), fault=st.sampled_from(["", "error_before", "error_after"]))
    def issue_coupon(self, data: st.DataObject, fault: str) -> None:
        """The activity of the coupon, tried again by a worker that does not know that it was tried before."""
        late = [case for case in self.cases if case.inspected_late]
        case = data.draw(st.sampled_from(late))
        self.touch("coupons", case)
        if fault:
            self.run(self.couriers.fault("coupons.issue", fault))
        order = self.coupon_for(case)
        try:
            coupon = self.run(self.coupons.issue(order))
        except ApplicationError:
            return
        self.ledger.record(a_stage(case.rma_id, case.op("coupon"), coupon_id=coupon.coupon_id))

    # Money

    @precondition(lambda self: self.open_cases(inspected=True))
    @rule(
        data=st.data(),
        shipping=st.booleans(),
        deduction_bps=st.sampled_from([0, 0, 1500]),
        destination=st.sampled_from([None, None, "M1", "gift-card"]),
    )
    def settle(self, data: st.DataObject, shipping: bool, deduction_bps: int, destination: str | None) -> None:
        """Authorise what was accepted and is not settled yet; a repeat gets the first answer."""
        case = data.draw(st.sampled_from(self.open_cases(inspected=True)))
        due = {line: units - case.settled.get(line, 0) for line, units in case.accepted.items()}
        request = an_authorization(
            case.rma_id,
            [
                UnitsToSettle(line_id=line, quantity=units, deduction_bps=deduction_bps)
                for line, units in due.items()
                if units
            ],
            op=case.op("settle"),
            round=next(case.rounds),
            basis=RefundBasis.INSPECTION,
            circumstances=SHOP_IS_LIABLE if shipping else _CUSTOMER_IS_LIABLE,
            destination=destination,
        )
        answer = self.ledger.authorize_refund(request, self.money_rules)
        assert self.ledger.authorize_refund(request, self.money_rules) == answer
        case.settled = dict(case.accepted)
        self.take(answer)

    @precondition(lambda self: self.open_cases())
    @rule(data=st.data(), amount_minor=st.integers(1, 3000))
    def compensate(self, data: st.DataObject, amount_minor: int) -> None:
        """The customer keeps the goods for a lower price; more than the line has left is refused."""
        case = data.draw(st.sampled_from(self.open_cases()))
        line_id = data.draw(st.sampled_from(sorted(case.authorized)))
        request = an_authorization(
            case.rma_id,
            op=case.op("compensate"),
            round=next(case.rounds),
            basis=RefundBasis.AGREEMENT,
            compensations=(LineCompensation(line_id=line_id, amount_minor=amount_minor),),
        )
        before = self.ledger.order_balance(self.order.order_id)
        left = paid_by_line(self.order)[line_id] - sum(quote.paid_for_line(line_id) for quote in self.quoted)
        try:
            self.take(self.ledger.authorize_refund(request, self.money_rules))
        except CeilingExceeded:
            assert amount_minor > left
            assert self.ledger.order_balance(self.order.order_id) == before
        else:
            assert amount_minor <= left
            self.entitled.add(case.rma_id)

    @precondition(lambda self: self.open_cases())
    @rule(data=st.data())
    def overreach(self, data: st.DataObject) -> None:
        """Somebody asks for more units than the return holds, in any state: refused, and nothing changes."""
        case = data.draw(st.sampled_from(self.open_cases()))
        line_id = data.draw(st.sampled_from(sorted(case.authorized)))
        held = case.authorized[line_id] - case.settled.get(line_id, 0)
        before = self.ledger.order_balance(self.order.order_id)
        request = an_authorization(
            case.rma_id, {line_id: held + 1}, op=case.op("overreach"), round=next(case.rounds)
        )
        try:
            self.ledger.authorize_refund(request)
        except (UnitsNotHeld, CeilingExceeded):
            assert self.ledger.order_balance(self.order.order_id) == before
            return
        raise AssertionError("more units were settled than the return held")

    @precondition(lambda self: self.intents)
    @rule(data=st.data(), weather=st.sampled_from(Weather))
    def attempt(self, data: st.DataObject, weather: Weather) -> None:
        """A worker runs the activity of an intent: the first time, again, or long after its end."""
        intent = data.draw(st.sampled_from(list(self.intents.values())))
        self.bank.weather = weather
        try:
            self.keep(self.run(self.payments.move_money(self.call(intent))))
        except (ApplicationError, WorkerKilled):
            self.keep(self.ledger.payment_intent(intent.key))

    @precondition(lambda self: any(entry.status is ProviderStatus.PENDING for entry in self.bank.book))
    @rule(data=st.data(), status=st.sampled_from([ProviderStatus.SUCCEEDED, ProviderStatus.FAILED]))
    def provider_finishes(self, data: st.DataObject, status: ProviderStatus) -> None:
        pending = [entry for entry in self.bank.book if entry.status is ProviderStatus.PENDING]
        data.draw(st.sampled_from(pending)).status = status

    @precondition(lambda self: any(intent.state.is_paid for intent in self.intents.values()))
    @rule(data=st.data())
    def money_comes_back(self, data: st.DataObject) -> None:
        """The provider reports that a refund that it had paid has failed after all."""
        paid = [key for key, intent in self.intents.items() if intent.state.is_paid]
        key = data.draw(st.sampled_from(paid))
        for entry in self.bank.book:
            if entry.intent.key == key and entry.status is ProviderStatus.SUCCEEDED:
                entry.status = ProviderStatus.FAILED
        self.came_back.add(key)
        self.final.pop(key)
        outcome = IntentOutcome(
            rma_id=self.intents[key].rma_id,
            op=f"returned-{key}",
            at=NOW,
            key=key,
            state=IntentState.DECLINED,
            failure="returned",
        )
        self.keep(self.ledger.intent_outcome(outcome))

    @precondition(lambda self: self.intents)
    @rule(data=st.data())
    def another_tender(self, data: st.DataObject) -> None:
        intent = data.draw(st.sampled_from(list(self.intents.values())))
        case = next(case for case in self.cases if case.rma_id == intent.rma_id)
        replacement = a_replacement(intent, op=case.op("tender"), round=next(case.rounds))
        try:
            self.keep(self.ledger.replace_tender(replacement))
        except (IntentNotDeclined, AlreadySuperseded, CeilingExceeded):
            return

    # Couriers

    @precondition(lambda self: self.open_cases())
    @rule(data=st.data(), fault=st.sampled_from(["", "", "error_before", "error_after"]))
    def book_pickup(self, data: st.DataObject, fault: str) -> None:
        """Book a courier in the place of the ones before, or try the last booking again."""
        case = data.draw(st.sampled_from(self.open_cases()))
        again = data.draw(st.booleans()) and bool(case.bookings)
        if not again:
            reference = pickup_reference(case.rma_id, len(case.bookings) + 1)
            case.bookings.append(PickupReference(carrier="swift", reference=reference))
        self.touch("pickups", case)
        if fault:
            self.run(self.couriers.fault("carriers.pickup", fault))
        request = PickupRequest(
            reference=case.bookings[-1].reference,
            rma_id=case.rma_id,
            carrier="swift",
            slot_start=NOW,
            slot_end=NOW,
            address=_ADDRESS,
            at=NOW,
            replaces=tuple(case.bookings[:-1]),
        )
        try:
            booking = self.run(self.couriers.carrier.book_pickup(request))
        except ProviderError:
            return
        assert booking.outcome is BookingOutcome.BOOKED

    @precondition(lambda self: any(case.bookings for case in self.cases))
    @rule(data=st.data())
    def withdraw_pickup(self, data: st.DataObject) -> None:
        booked = [case for case in self.cases if case.bookings]
        booking = data.draw(st.sampled_from(booked)).bookings[-1]
        cancellation = PickupCancellation(carrier=booking.carrier, reference=booking.reference, at=NOW)
        assert self.run(self.couriers.carrier.cancel_pickup(cancellation))

    # What must hold at any instant

    @invariant()
    def i1_no_line_is_paid_back_beyond_what_was_paid(self) -> None:
        for line_id, paid in paid_by_line(self.order).items():
            assert sum(quote.paid_for_line(line_id) for quote in self.quoted) <= paid

    @precondition(lambda self: self.cases)
    @invariant()
    def i1_refunds_never_exceed_what_was_paid(self) -> None:
        for payment in self.order.payments:
            refunded = sum(
                entry.intent.amount_minor
                for entry in self.bank.succeeded(PaymentDirection.REFUND, self.order.order_id)
                if entry.intent.payment_id == payment.payment_id
            )
            assert refunded <= payment.captured_minor

    @invariant()
    def i2_one_provider_refund_per_intent(self) -> None:
        moved = [entry.intent.key for entry in self.bank.succeeded(PaymentDirection.REFUND, self.order.order_id)]
        assert len(moved) == len(set(moved))

    @precondition(lambda self: self.cases)
    @invariant()
    def i4_the_ledger_knows_no_more_than_the_provider(self) -> None:
        balance = self.ledger.order_balance(self.order.order_id)
        moved = self.bank.moved(PaymentDirection.REFUND, self.order.order_id)
        assert balance.refunded_minor <= moved <= balance.refunded_minor + balance.reserved_minor
        for line in balance.lines:
            assert line.held + line.settled <= line.quantity

    @invariant()
    def i5_no_refund_without_a_basis(self) -> None:
        for entry in self.bank.succeeded(PaymentDirection.REFUND, self.order.order_id):
            assert entry.intent.rma_id in self.entitled

    @invariant()
    def i6_final_states_stay(self) -> None:
        for key, state in self.final.items():
            assert self.intents[key].state is state

    @precondition(lambda self: self.cases)
    @invariant()
    def i7_one_live_pickup(self) -> None:
        for case in self.touched("pickups"):
            if case.bookings:
                pickups = self.run(self.couriers.book("pickups", case.rma_id))
                last = {pickup["pickup_id"]: pickup["status"] for pickup in pickups}
                assert list(last.values()).count("booked") <= 1

    @invariant()
    def i10_at_most_one_breach_coupon(self) -> None:
        for case in self.touched("coupons"):
            assert len(self.coupons_of(case)) <= 1

    def teardown(self) -> None:
        """At rest nothing is lost: every intent is brought to its end, every late inspection has its coupon."""
        if not getattr(self, "cases", None):
            return
        for entry in self.bank.book:
            if entry.status is ProviderStatus.PENDING:
                entry.status = ProviderStatus.SUCCEEDED
        self.bank.weather = Weather.FINE
        for intent in list(self.intents.values()):
            self.keep(self.run(self.payments.move_money(self.call(intent))))
        for case in self.cases:
            if case.inspected_late:
                self.late_inspection_is_made_good(case)
        self.i1_refunds_never_exceed_what_was_paid()
        self.i2_one_provider_refund_per_intent()
        self.i6_final_states_stay()
        assert all(intent.state.is_final for intent in self.intents.values())
        balance = self.ledger.order_balance(self.order.order_id)
        assert balance.reserved_minor == 0
        assert balance.refunded_minor == self.bank.moved(PaymentDirection.REFUND, self.order.order_id)

    def late_inspection_is_made_good(self, case: Case) -> None:
        """The workflow repeats the coupon's activity until it is issued: exactly one (I10)."""
        order = self.coupon_for(case)
        for _ in range(10):
            try:
                self.run(self.coupons.issue(order))
                break
            except ApplicationError:
                continue
        assert len(self.coupons_of(case)) == 1

    # Helpers

    def coupon_for(self, case: Case) -> CouponOrder:
        """The coupon that a late inspection earns."""
        return CouponOrder(
            key=inspection_clock_key(case.rma_id),
            rma_id=case.rma_id,
            customer_id=self.order.customer_id,
            amount_minor=5000,
            currency="CNY",
            at=NOW,
        )

    def touch(self, book: str, case: Case) -> None:
        """Note that a provider's book may say something new of a return."""
        self.changed.setdefault(book, []).append(case)

    def touched(self, book: str) -> list[Case]:
        """The returns whose book was touched since it was last looked at."""
        return self.changed.pop(book, [])

    def open_cases(self, inspected: bool | None = None) -> list[Case]:
        """The returns that are not closed, inspected or not."""
        return [
            case for case in self.cases if not case.closed and (inspected is None or case.inspected is inspected)
        ]

    def keep(self, *intents: PaymentIntent) -> None:
        """Note what the ledger says of intents; a final state is held against every later one."""
        for intent in intents:
            self.intents[intent.key] = intent
            if intent.state.is_final and intent.key not in self.final:
                self.final[intent.key] = intent.state

    def take(self, answer: AuthorizedRefund) -> None:
        """Note an authorised refund: its worksheet comes to what its intents draw, points in kind."""
        drawn = sum(intent.amount_minor for intent in answer.intents)
        assert sum_of_rows((*answer.quote.rows, *answer.adjustments)) == drawn
        in_kind = {each.payment_id: each.method_id for each in self.order.payments if each.tender.is_in_kind}
        for intent in answer.intents:
            assert intent.method_id == in_kind.get(intent.payment_id, intent.method_id)
        self.quoted.append(answer.quote)
        self.keep(*answer.intents)

    def call(self, intent: PaymentIntent) -> IntentCall:
        """The activity's input for an intent."""
        return IntentCall(key=intent.key, rma_id=intent.rma_id, at=NOW)

    def coupons_of(self, case: Case) -> list[dict[str, object]]:
        """The coupon service's book on a return."""
        return self.run(self.couriers.book("coupons", case.rma_id))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run an activity or an adapter to its end."""
        return self.runner.run(work)
