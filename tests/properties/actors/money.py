"""Refunds of what was accepted and of what was agreed on, and attempts to get more than that."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from domain.application import ShipBackMethod
from domain.intents import RefundBasis
from domain.money import refund_for_units
from domain.orders import paid_by_line
from domain.refund import Circumstances, LineCompensation
from ledger.errors import (
    CeilingExceeded,
    UnitsNotHeld,
)
from tests.properties.actors.payments import SOON_OR_LATER, Payments
from tests.properties.bank import Weather
from tests.properties.case import Case, to_settle
from tests.unit.ledger_builders import SHOP_IS_LIABLE, an_authorization

_CUSTOMER_IS_LIABLE = Circumstances(ship_back=ShipBackMethod.PICKUP)


class Money(Payments):
    """Pays what is due."""

    @precondition(lambda self: self.to_settle())
    @rule(
        data=st.data(),
        shipping=st.booleans(),
        deduction_bps=st.sampled_from([0, 0, 1500]),
        destination=st.sampled_from([None, None, "M1", "gift-card"]),
        weather=st.sampled_from(SOON_OR_LATER),
    )
    def settle(
        self,
        data: st.DataObject,
        shipping: bool,
        deduction_bps: int,
        destination: str | None,
        weather: Weather | None,
    ) -> None:
        """Authorise what was accepted and is not settled yet; a repeat gets the first answer."""
        case = data.draw(st.sampled_from(self.to_settle()))
        due = case.unsettled()
        request = an_authorization(
            case.rma_id,
            to_settle(due, 0 if case.is_exchange else deduction_bps),
            op=case.op("settle"),
            round=next(case.rounds),
            basis=RefundBasis.EXCHANGE_DIFFERENCE if case.is_exchange else RefundBasis.INSPECTION,
            circumstances=SHOP_IS_LIABLE if shipping else _CUSTOMER_IS_LIABLE,
            destination=destination,
            less_minor=self.price_of(due) if case.is_exchange else 0,
        )
        before = self.balance()
        try:
            answer = self.ask(lambda: self.ledger.authorize_refund(request, self.money_rules))
        except CeilingExceeded:
            # What was given in advance is not there for others, until it is accounted for or charged back.
            assert self.given_in_advance_minor() > 0
            self.assert_unchanged(before)
            return
        case.settled = {line: case.settled.get(line, 0) + due.get(line, 0) for line in case.authorized}
        self.settled(case, answer)
        self.send(answer.intents, weather)

    @precondition(lambda self: self.with_units() and self.is_news("compensate"))
    @rule(data=st.data(), amount_minor=st.integers(1, 3000))
    def compensate(self, data: st.DataObject, amount_minor: int) -> None:
        """The customer keeps the goods for a lower price; more than the line has left is refused."""
        case = data.draw(st.sampled_from(self.with_units()))
        line_id = data.draw(st.sampled_from(sorted(case.authorized)))
        request = an_authorization(
            case.rma_id,
            op=case.op("compensate"),
            round=next(case.rounds),
            basis=RefundBasis.AGREEMENT,
            compensations=(LineCompensation(line_id=line_id, amount_minor=amount_minor),),
        )
        before = self.balance()
        left = paid_by_line(self.order)[line_id] - sum(quote.paid_for_line(line_id) for quote in self.quoted)
        try:
            self.settled(case, self.ledger.authorize_refund(request, self.money_rules))
        except CeilingExceeded:
            assert amount_minor > left or self.given_in_advance_minor() > 0
            self.was_refused("compensate", before)
        else:
            assert amount_minor <= left
            self.entitled.add(case.rma_id)

    @precondition(lambda self: self.with_units() and self.is_news("overreach"))
    @rule(data=st.data())
    def overreach(self, data: st.DataObject) -> None:
        """Somebody asks for more units than the return holds, in any state: refused, and nothing changes."""
        case = data.draw(st.sampled_from(self.with_units()))
        line_id = data.draw(st.sampled_from(sorted(case.authorized)))
        before = self.balance()
        request = an_authorization(
            case.rma_id, {line_id: case.held()[line_id] + 1}, op=case.op("overreach"), round=next(case.rounds)
        )
        try:
            self.ledger.authorize_refund(request)
        except (UnitsNotHeld, CeilingExceeded):
            self.was_refused("overreach", before)
            return
        raise AssertionError("more units were settled than the return held")

    def to_settle(self) -> list[Case]:
        """The returns of which units were accepted and are not settled yet."""
        return [case for case in self.open_cases(inspected=True) if case.unsettled()]

    def with_units(self) -> list[Case]:
        """The open returns that are about any units."""
        return [case for case in self.open_cases() if case.authorized and not case.final]

    def given_in_advance_minor(self) -> int:
        """What was paid in advance in any return of the order and no refund accounts for: not yet, or waived."""
        accounts = (self.ledger.advance_account(case.rma_id) for case in self.cases if case.advanced)
        return sum(account.outstanding_minor + account.waived_minor for account in accounts)

    def price_of(self, units: dict[str, int]) -> int:
        """What the replacements of units cost: what the first ones of their lines were paid."""
        paid = paid_by_line(self.order)
        quantities = {line.line_id: line.quantity for line in self.order.lines}
        return sum(refund_for_units(paid[line], quantities[line], 0, count) for line, count in units.items())
