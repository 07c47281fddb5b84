"""What the actors share: the order, the providers, and what everyone may know of the returns."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize

from activities.coupons import CouponActivities
from activities.holds import HoldActivities
from activities.payment import PaymentActivities
from domain.bookkeeping import AuthorizedRefund, IntentCall
from domain.chargebacks import Chargeback, ChargebackState
from domain.intents import IntentState, PaymentDirection, PaymentIntent
from domain.orders import OrderSnapshot
from domain.policy import ClawBack
from domain.refund import RefundQuote, RefundRules
from domain.worksheet import WorksheetRule, sum_of_rows
from ledger.answers import OrderBalance
from ledger.ledger import Ledger
from tests.properties.bank import Bank
from tests.properties.case import Case
from tests.properties.couriers import Couriers
from tests.properties.orders import orders
from tests.properties.writes import Writes

NOW = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
T = TypeVar("T")


class Stage(RuleBasedStateMachine):
    """The stage: an order was bought, and nothing has come back yet."""

    ledger: Ledger
    writes: Writes
    couriers: Couriers
    loop: asyncio.AbstractEventLoop

    @initialize(
        order=orders(), claw_back=st.sampled_from(ClawBack), return_freight_minor=st.sampled_from([0, 0, 800])
    )
    def buy(self, order: OrderSnapshot, claw_back: ClawBack, return_freight_minor: int) -> None:
        self.order = order
        self.money_rules = RefundRules(
            claw_back=claw_back, return_freight_minor={order.currency: return_freight_minor}
        )
        self.run(self.couriers.clear_faults())
        self.bank = Bank()
        self.payments = PaymentActivities(self.bank, self.ledger)
        self.holds = HoldActivities(self.payments, self.bank, self.ledger)
        self.coupons = CouponActivities(self.couriers.coupons)
        self.cases: list[Case] = []
        self.quoted: list[RefundQuote] = []
        self.intents: dict[str, PaymentIntent] = {}
        self.final: dict[str, IntentState] = {}
        self.entitled: set[str] = set()
        self.chargebacks: dict[str, Chargeback] = {}
        self.beyond_minor: dict[str, int] = {}
        self.set_against_minor = 0
        self.changed: dict[str, list[Case]] = {}
        self.accounts_seen_at = -1
        self.asked = 0
        self.refused_at: dict[str, int] = {}
        self._balance: tuple[int, OrderBalance] | None = None

    # Returns

    def open_cases(self, inspected: bool | None = None) -> list[Case]:
        """The returns that are not closed, inspected or not."""
        return [
            case for case in self.cases if not case.closed and (inspected is None or case.inspected is inspected)
        ]

    def case_of(self, rma_id: str) -> Case:
        """The return under an RMA id."""
        return next(case for case in self.cases if case.rma_id == rma_id)

    def family(self, case: Case) -> list[Case]:
        """The first case of a return and those that followed it, this one included."""
        return [other for other in self.cases if other.root == case.root]

    # Money

    def balance(self) -> OrderBalance:
        """The order's books, read again if anything was written to the ledger since."""
        if self._balance is None or self._balance[0] != self.writes.count:
            self._balance = (self.writes.count, self.ledger.order_balance(self.order.order_id))
        return self._balance[1]

    def ask(self, ledger: Callable[[], T]) -> T:
        """Ask the ledger for something; every third time once more, which gets the first answer."""
        answer = ledger()
        self.asked += 1
        assert self.asked % 3 or ledger() == answer
        return answer

    def assert_unchanged(self, before: OrderBalance) -> None:
        """What was refused has left nothing behind."""
        assert self.ledger.order_balance(self.order.order_id) == before

    def was_refused(self, what: str, before: OrderBalance) -> None:
        """Note that something was refused and changed nothing: in the same state it would be refused again."""
        self.assert_unchanged(before)
        self.refused_at[what] = self.writes.count

    def is_news(self, what: str) -> bool:
        """Whether anything was written since something was refused."""
        return self.refused_at.get(what) != self.writes.count

    def keep(self, *intents: PaymentIntent) -> None:
        """Note what the ledger says of intents; a final state is held against every later one."""
        for intent in intents:
            self.intents[intent.key] = intent
            if intent.state.is_final and intent.key not in self.final:
                self.final[intent.key] = intent.state

    def drawn(self, answer: AuthorizedRefund) -> None:
        """Note the intents of a refund: its worksheet comes to what they draw, points in kind."""
        drawn_minor = sum(intent.amount_minor for intent in answer.intents)
        assert sum_of_rows((*answer.quote.rows, *answer.adjustments)) == drawn_minor
        in_kind = {each.payment_id: each.method_id for each in self.order.payments if each.tender.is_in_kind}
        for intent in answer.intents:
            assert intent.method_id == in_kind.get(intent.payment_id, intent.method_id)
        self.keep(*answer.intents)

    def settled(self, case: Case, answer: AuthorizedRefund) -> None:
        """Note a refund that settles what it quotes. An advance leaves lost chargebacks to it."""
        self.drawn(answer)
        charged_back = [row for row in answer.adjustments if row.rule is WorksheetRule.CHARGED_BACK]
        self.set_against_minor -= sum_of_rows(charged_back)
        self.quoted.append(answer.quote)
        case.due_minor += sum(intent.amount_minor for intent in answer.intents) + answer.given_otherwise_minor

    def captured_minor(self, payment_id: str) -> int:
        """What was taken from the customer by one payment: of the order, or of a charge since."""
        paid = sum(each.captured_minor for each in self.order.payments if each.payment_id == payment_id)
        return paid + sum(
            entry.intent.amount_minor
            for direction in (PaymentDirection.CHARGE, PaymentDirection.CAPTURE)
            for entry in self.bank.succeeded(direction)
            if entry.intent.key == payment_id
        )

    def overpaid_minor(self, payment_id: str) -> int:
        """What the customer got back of one payment, from us or by a lost chargeback, beyond what it was."""
        refunded = sum(
            entry.intent.amount_minor
            for entry in self.bank.succeeded(PaymentDirection.REFUND)
            if entry.intent.payment_id == payment_id
        )
        charged_back = sum(
            each.amount_minor
            for each in self.chargebacks.values()
            if each.payment_id == payment_id and each.state is ChargebackState.LOST
        )
        return refunded + charged_back - self.captured_minor(payment_id)

    def call(self, intent: PaymentIntent) -> IntentCall:
        """The activity's input for an intent."""
        return IntentCall(key=intent.key, rma_id=intent.rma_id, at=NOW)

    # Providers

    def touch(self, book: str, case: Case) -> None:
        """Note that a provider's book may say something new of a return."""
        self.changed.setdefault(book, []).append(case)

    def touched(self, book: str) -> list[Case]:
        """The returns whose book was touched since it was last looked at."""
        return self.changed.pop(book, [])

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run an activity or an adapter to its end."""
        return self.loop.run_until_complete(work)
