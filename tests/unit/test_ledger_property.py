"""Whatever happens in whatever sequence, no more is paid back than was paid, and nothing stays reserved."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from domain.bookkeeping import AuthorizedRefund, RefundAuthorization
from domain.intents import IntentState, PaymentDirection, PaymentIntent
from domain.orders import OrderSnapshot
from domain.refund import Circumstances, UnitsToSettle
from ledger.errors import AlreadySuperseded, CeilingExceeded, ChargeOutstanding, IntentNotDeclined, UnitsNotHeld
from ledger.ledger import Ledger
from tests.unit.ledger_builders import (
    NOW,
    SHOP_IS_LIABLE,
    a_charge,
    a_closing,
    a_line,
    a_replacement,
    an_authorization,
    an_opening,
    an_order,
    an_outcome,
    open_and_authorize,
    pay,
)

pytest_plugins = ["tests.unit.ledger_fixtures"]

# Every example is another order in the same ledger.
_numbers = itertools.count()


@st.composite
def orders(draw: st.DrawFn) -> OrderSnapshot:
    """An order of a few lines, paid in full by one to three payments."""
    lines = tuple(
        a_line(f"L{index}", draw(st.integers(1, 4)), draw(st.integers(1, 5000)))
        for index in range(draw(st.integers(1, 2)))
    )
    shipping_minor = draw(st.integers(0, 500))
    total = sum(line.net_minor for line in lines) + shipping_minor
    cuts = sorted(draw(st.lists(st.integers(0, total), max_size=2)))
    amounts = [end - start for start, end in itertools.pairwise((0, *cuts, total))]
    payments = {f"P{index}": amount for index, amount in enumerate(amounts, start=1)}
    return an_order(lines, payments, shipping_minor, order_id=f"O-{next(_numbers)}")


class ReturnsOfAnOrder(RuleBasedStateMachine):
    """Returns of one order, told about by a provider whose books are kept apart from the ledger's."""

    ledger: Ledger

    @initialize(order=orders())
    def buy(self, order: OrderSnapshot) -> None:
        self.order = order
        self.steps = itertools.count()
        self.returns: list[str] = []
        self.authorized: list[tuple[RefundAuthorization, AuthorizedRefund]] = []
        self.intents: dict[str, PaymentIntent] = {}
        self.provider: dict[str, int] = {}
        self.granted_later = 0

    @rule(data=st.data())
    def open(self, data: st.DataObject) -> None:
        rma_id = f"{self.order.order_id}-R{next(self.steps)}"
        units = {line.line_id: data.draw(st.integers(0, line.quantity)) for line in self.order.lines}
        wanted = {line_id: quantity for line_id, quantity in units.items() if quantity}
        opening = an_opening(rma_id, self.order, wanted, max_applications_per_line=100)
        if self.ledger.open_return(opening).refusal is None:
            self.returns.append(rma_id)

    @precondition(lambda self: self.returns)
    @rule(data=st.data(), shipping=st.booleans(), less_minor=st.sampled_from([0, 0, 100, 4000]))
    def authorize(self, data: st.DataObject, shipping: bool, less_minor: int) -> None:
        step = next(self.steps)
        units = tuple(
            UnitsToSettle(
                line_id=line.line_id,
                quantity=data.draw(st.integers(0, line.quantity)),
                deduction_bps=data.draw(st.sampled_from([0, 0, 1500])),
            )
            for line in self.order.lines
        )
        request = an_authorization(
            data.draw(st.sampled_from(self.returns)),
            units=units,
            op=f"op-{step}",
            round=step,
            circumstances=SHOP_IS_LIABLE if shipping else Circumstances(),
            less_minor=less_minor,
            destination=data.draw(st.sampled_from([None, "M1", "gift-card"])),
        )
        try:
            answer = self.ledger.authorize_refund(request)
        except UnitsNotHeld:
            return
        self.authorized.append((request, answer))
        self.keep(*answer.intents)
        if answer.owed_by_customer_minor:
            charge = a_charge(
                request.rma_id, answer.owed_by_customer_minor, op=f"op-{next(self.steps)}", round=step
            )
            self.keep(self.ledger.authorize_charge(charge))

    @precondition(lambda self: self.authorized)
    @rule(data=st.data())
    def fall_through(self, data: st.DataObject) -> None:
        step = next(self.steps)
        request, exchange = data.draw(st.sampled_from(self.authorized))
        payout = an_authorization(
            request.rma_id,
            op=f"op-{step}",
            round=step,
            instead_of=request.op,
            units=request.units,
            circumstances=data.draw(st.sampled_from([SHOP_IS_LIABLE, Circumstances()])),
        )
        try:
            answer = self.ledger.authorize_refund(payout)
        except (ChargeOutstanding, AlreadySuperseded):
            return
        assert self.ledger.authorize_refund(payout) == answer
        self.granted_later += answer.quote.total_minor - exchange.quote.total_minor
        self.keep(*answer.intents)

    @precondition(lambda self: self.intents)
    @rule(data=st.data(), state=st.sampled_from([IntentState.SUCCEEDED, IntentState.DECLINED]))
    def outcome(self, data: st.DataObject, state: IntentState) -> None:
        intent = data.draw(st.sampled_from(list(self.intents.values())))
        for _ in range(2):
            told = self.ledger.intent_outcome(an_outcome(intent, state, op=f"op-{next(self.steps)}"))
        was_settled = intent.state.is_final
        came_back = intent.state.is_paid and intent.direction is PaymentDirection.REFUND
        if not was_settled and state.is_paid:
            self.provider[intent.key] = intent.amount_minor
        elif came_back and state is IntentState.DECLINED:
            del self.provider[intent.key]
        self.keep(told)

    @precondition(lambda self: self.intents)
    @rule(data=st.data())
    def submit_without_answer(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(list(self.intents)))
        self.ledger.intent_submitted(key, NOW)
        self.ledger.intent_unknown(key, NOW)
        self.keep(self.ledger.payment_intent(key))

    @precondition(lambda self: self.intents)
    @rule(data=st.data())
    def replace(self, data: st.DataObject) -> None:
        step = next(self.steps)
        intent = data.draw(st.sampled_from(list(self.intents.values())))
        try:
            self.keep(self.ledger.replace_tender(a_replacement(intent, op=f"op-{step}", round=step)))
        except (IntentNotDeclined, AlreadySuperseded, CeilingExceeded):
            return

    @precondition(lambda self: self.returns)
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        rma_id = data.draw(st.sampled_from(self.returns))
        self.ledger.close_return(a_closing(rma_id, op=f"op-{next(self.steps)}"))

    @precondition(lambda self: self.returns)
    @invariant()
    def keeps_within_what_was_paid(self) -> None:
        balance = self.ledger.order_balance(self.order.order_id)
        paid_back = self.moved(PaymentDirection.REFUND)
        charged = self.moved(PaymentDirection.CHARGE)
        captured = sum(payment.captured_minor for payment in self.order.payments) + charged
        on_its_way = sum(
            intent.amount_minor
            for intent in self.intents.values()
            if intent.direction is PaymentDirection.REFUND and not intent.state.is_final
        )
        assert (balance.captured_minor, balance.refunded_minor, balance.reserved_minor) == (
            captured,
            paid_back,
            on_its_way,
        )
        for payment in balance.payments:
            assert payment.refunded_minor + payment.reserved_minor <= payment.captured_minor
        for line in balance.lines:
            assert line.held + line.settled <= line.quantity

    @precondition(lambda self: self.returns)
    @invariant()
    def pays_no_more_than_was_quoted(self) -> None:
        quoted = sum(answer.quote.total_minor for _, answer in self.authorized)
        owed = quoted + self.granted_later + self.moved(PaymentDirection.CHARGE)
        paid_or_on_its_way = sum(
            intent.amount_minor
            for intent in self.intents.values()
            if intent.direction is PaymentDirection.REFUND and intent.state is not IntentState.DECLINED
        )
        assert paid_or_on_its_way <= owed

    def teardown(self) -> None:
        if not getattr(self, "returns", None):
            return
        for intent in [each for each in self.intents.values() if not each.state.is_final]:
            self.provider[intent.key] = intent.amount_minor
            self.keep(pay(self.ledger, intent))
        balance = self.ledger.order_balance(self.order.order_id)
        assert balance.reserved_minor == 0
        assert balance.refunded_minor == self.moved(PaymentDirection.REFUND)

    def keep(self, *intents: PaymentIntent) -> None:
        self.intents.update({intent.key: intent for intent in intents})

    def moved(self, direction: PaymentDirection) -> int:
        return sum(amount for key, amount in self.provider.items() if self.intents[key].direction is direction)


def test_any_sequence_keeps_within_what_was_paid(ledger: Ledger) -> None:
    machine = type("ReturnsInThisLedger", (ReturnsOfAnOrder,), {"ledger": ledger})
    # The rules are the same on both databases; PostgreSQL takes several times as long.
    runs = 25 if ledger.engine.dialect.name == "sqlite" else 5
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=runs,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=orders(), data=st.data())
def test_any_split_of_an_order_sums_to_exactly_what_was_paid(
    ledger: Ledger, order: OrderSnapshot, data: st.DataObject
) -> None:
    units = [line.line_id for line in order.lines for _ in range(line.quantity)]
    for number, line_id in enumerate(data.draw(st.permutations(units))):
        refund = open_and_authorize(
            ledger, f"{order.order_id}-R{number}", order, {line_id: 1}, circumstances=SHOP_IS_LIABLE
        )
        for intent in refund.intents:
            pay(ledger, intent)

    balance = ledger.order_balance(order.order_id)
    assert balance.refunded_minor == balance.captured_minor
    assert balance.reserved_minor == 0
