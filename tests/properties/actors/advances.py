"""Refunds paid at the carrier's first scan, and what becomes of them after the inspection."""

from enum import StrEnum

from domain.bookkeeping import AdvanceEnd, RecoveryAuthorization
from domain.intents import PaymentDirection, RefundBasis
from ledger.errors import CeilingExceeded, NothingToRecover
from tests.properties.actors.payments import Payments
from tests.properties.actors.stage import NOW
from tests.properties.bank import Weather
from tests.properties.case import Case, to_settle
from tests.unit.ledger_builders import an_authorization


class Verdict(StrEnum):
    """What is to become of an advance that was more than the inspection found."""

    CHARGE = "charge"
    WAIVE = "waive"
    UNPAID = "unpaid"


class Advances(Payments):
    """Pays in advance, and trues it up."""

    def pay_in_advance(self, case: Case, weather: Weather | None) -> None:
        """At the first scan: on account, and the units stay held. What cannot be paid leaves nothing behind."""
        request = an_authorization(
            case.rma_id,
            to_settle(case.held()),
            op=case.op("advance"),
            round=next(case.rounds),
            basis=RefundBasis.ADVANCE,
        )
        before = self.balance()
        try:
            answer = self.ask(lambda: self.ledger.authorize_refund(request, self.money_rules))
        except CeilingExceeded:
            self.assert_unchanged(before)
            return
        assert self.balance().lines == before.lines
        case.advanced = True
        self.entitled.add(case.rma_id)
        self.drawn(answer)
        self.send(answer.intents, weather)

    def true_up(self, case: Case, verdict: Verdict, weather: Weather | None) -> None:
        """After the inspection: the advance is kept, charged back, waived, or never paid back."""
        if verdict is Verdict.CHARGE:
            self.charge_back(case, weather)
        elif self.ledger.advance_account(case.rma_id).outstanding_minor:
            self.give_up(case, verdict)
        if not self.ledger.advance_account(case.rma_id).outstanding_minor:
            case.advance_is_over = True

    def give_up(self, case: Case, verdict: Verdict) -> None:
        """Waive what is left, or leave it to a person; the units count as paid for, whether they came or not."""
        entry = AdvanceEnd(rma_id=case.rma_id, op=case.op("end"), at=NOW, is_waived=verdict is Verdict.WAIVE)
        self.ask(lambda: self.ledger.end_advance(entry))
        case.settled = dict(case.authorized)
        case.advance_is_over = case.final = True

    def charge_back(self, case: Case, weather: Weather | None) -> None:
        """Charge what is left, once at a time; if nothing is, that is refused and changes nothing."""
        before = self.balance()
        left_minor = self.ledger.advance_account(case.rma_id).outstanding_minor
        request = RecoveryAuthorization(
            rma_id=case.rma_id, op=case.op("recovery"), at=NOW, round=next(case.rounds), method_id="M1"
        )
        try:
            charge = self.ask(lambda: self.ledger.authorize_recovery(request))
        except NothingToRecover:
            assert not left_minor or self.is_being_charged(case)
            self.assert_unchanged(before)
            return
        assert charge.amount_minor == left_minor
        self.keep(charge)
        self.send([charge], weather)

    def is_being_charged(self, case: Case) -> bool:
        """Whether a recovery is to be sent, or was sent and has no end yet."""
        return any(
            each.rma_id == case.rma_id and each.direction is PaymentDirection.CHARGE and not each.state.is_final
            for each in self.intents.values()
        )

    def is_paid_out(self, case: Case) -> bool:
        """Whether the customer has got anything of an advance, from us or by a chargeback."""
        return any(
            each.rma_id == case.rma_id and each.direction is PaymentDirection.REFUND and each.state.is_settled
            for each in self.intents.values()
        )
