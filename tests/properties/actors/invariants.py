"""What must hold at any instant, by the books of the providers."""

from collections import Counter

from hypothesis.stateful import invariant, precondition

from domain.chargebacks import ChargebackState
from domain.intents import PaymentDirection
from domain.orders import paid_by_line
from tests.properties.actors.warehouse import Warehouse
from tests.properties.case import Case


class Invariants(Warehouse):
    """The invariants of section 9, and what advances and holds promise beside them."""

    @invariant()
    def i1_no_line_is_paid_back_beyond_what_was_paid(self) -> None:
        paid_back: Counter[str] = Counter()
        for quote in self.quoted:
            for line in quote.lines:
                paid_back[line.line_id] += line.net_minor
            for compensation in quote.compensations:
                paid_back[compensation.line_id] += compensation.amount_minor
        for line_id, paid in paid_by_line(self.order).items():
            assert paid_back[line_id] <= paid

    @invariant()
    def i1_refunds_never_exceed_what_was_paid(self) -> None:
        """What a bank takes back counts too; what it takes beyond, we cannot undo, but never add to."""
        payments = {payment.payment_id for payment in self.order.payments}
        for payment_id in payments | {entry.intent.payment_id for entry in self.bank.of(PaymentDirection.REFUND)}:
            beyond_minor = self.overpaid_minor(payment_id)
            assert beyond_minor <= self.beyond_minor.get(payment_id, 0)
            self.beyond_minor[payment_id] = max(beyond_minor, 0)

    @invariant()
    def i1_a_chargeback_stands_for_refunds_only_once(self) -> None:
        lost = sum(each.amount_minor for each in self.chargebacks.values() if each.state is ChargebackState.LOST)
        assert self.set_against_minor <= lost

    @invariant()
    def i2_one_movement_at_the_provider_per_intent(self) -> None:
        for direction in PaymentDirection:
            moved = [entry.intent.key for entry in self.bank.succeeded(direction)]
            assert len(moved) == len(set(moved))

    @precondition(lambda self: self.cases)
    @invariant()
    def i4_the_ledger_knows_no_more_than_the_provider(self) -> None:
        balance = self.balance()
        moved = self.bank.moved(PaymentDirection.REFUND)
        assert balance.refunded_minor <= moved <= balance.refunded_minor + balance.reserved_minor
        assert balance.captured_minor <= self.taken_minor()
        for line in balance.lines:
            assert line.held + line.settled <= line.quantity

    @invariant()
    def i5_no_refund_without_a_basis(self) -> None:
        for entry in self.bank.succeeded(PaymentDirection.REFUND):
            assert entry.intent.rma_id in self.entitled

    @invariant()
    def i6_final_states_stay(self) -> None:
        for key, state in self.final.items():
            assert self.intents[key].state is state

    @invariant()
    def i7_one_live_pickup(self) -> None:
        for case in self.touched("pickups"):
            pickups = self.run(self.couriers.book("pickups", f"{case.rma_id}-pickup-"))
            last = {pickup["pickup_id"]: pickup["status"] for pickup in pickups}
            assert list(last.values()).count("booked") <= 1

    @invariant()
    def i10_at_most_one_breach_coupon(self) -> None:
        for case in self.touched("coupons"):
            assert len(self.coupons_of(case)) <= 1

    @invariant()
    def what_was_advanced_is_not_refunded_again(self) -> None:
        """What a return was paid, less what the customer paid back, is what is due and what is out in advance."""
        if self.accounts_seen_at == self.writes.count:
            return
        self.accounts_seen_at = self.writes.count
        for case in self.cases:
            if case.advanced:
                account = self.ledger.advance_account(case.rma_id)
                assert account.outstanding_minor >= 0
                out_minor = account.outstanding_minor + account.waived_minor
                assert self.paid_to(case) <= case.due_minor + out_minor

    @invariant()
    def a_hold_is_captured_once_and_for_what_never_came(self) -> None:
        holds = {entry.intent.key: entry for entry in self.bank.succeeded(PaymentDirection.HOLD)}
        paid = paid_by_line(self.order)
        quantities = {line.line_id: line.quantity for line in self.order.lines}
        captured: Counter[str] = Counter()
        for entry in self.bank.succeeded(PaymentDirection.CAPTURE):
            case = self.case_of(entry.intent.rma_id)
            captured[entry.intent.payment_id] += entry.intent.amount_minor
            worth = sum(-(-paid[line] * count // quantities[line]) for line, count in case.captured.items())
            assert entry.intent.amount_minor <= worth
            for line, count in case.captured.items():
                came = case.accepted.get(line, 0) + case.rejected.get(line, 0) - case.wrong.get(line, 0)
                assert count + came <= case.authorized[line]
        for key, captured_minor in captured.items():
            assert captured_minor <= holds[key].intent.amount_minor

    def paid_to(self, case: Case) -> int:
        """What a return was paid by the bank's book, less what was charged back of it."""
        return sum(
            sign * entry.intent.amount_minor
            for direction, sign in ((PaymentDirection.REFUND, 1), (PaymentDirection.CHARGE, -1))
            for entry in self.bank.succeeded(direction)
            if entry.intent.rma_id == case.rma_id
        )

    def taken_minor(self) -> int:
        """What was taken from the customer: by the order's payments, by charges and from holds."""
        paid = sum(payment.captured_minor for payment in self.order.payments)
        return paid + self.bank.moved(PaymentDirection.CHARGE) + self.bank.moved(PaymentDirection.CAPTURE)
