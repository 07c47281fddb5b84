"""The customer: applies, contests, and comes back after the end."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from domain.actions import Actor, Role
from domain.application import ApplicationLine, Contact, Remedy, ReturnApplication
from domain.bookkeeping import FollowUpOpening, TakenUpCase, TakeUp
from domain.follow_up import FollowUpKind, FollowUpRefusalCode, FollowUpRequest, KeptCase
from domain.status import Header
from tests.properties.actors.stage import NOW, Stage
from tests.properties.case import Case
from tests.unit.ledger_builders import a_closing, an_opening

_ASKED_BY = {
    FollowUpKind.REOPENED: Actor(role=Role.CUSTOMER, id="C-1"),
    FollowUpKind.LATE_RECEIPT: Actor(role=Role.WAREHOUSE, id="dock-2"),
}

_MOST_AT_ONCE = 2
"""How many returns of the order are open at once: more would all stay at their beginning."""


class Customer(Stage):
    """Begins returns, and takes them up again."""

    @precondition(lambda self: len(self.open_cases()) < _MOST_AT_ONCE and self.is_news("apply"))
    @rule(data=st.data())
    def apply(self, data: st.DataObject) -> None:
        """Apply for some units, or for more than are free."""
        rma_id = f"{self.order.order_id}-R{len(self.cases) + 1}"
        units = {line.line_id: data.draw(st.integers(0, line.quantity)) for line in self.order.lines}
        wanted = {line_id: quantity for line_id, quantity in units.items() if quantity}
        wanted = wanted or {self.order.lines[0].line_id: 1}
        opening = an_opening(rma_id, self.order, wanted, max_applications_per_line=100)
        if self.ledger.open_return(opening).refusal is None:
            self.cases.append(Case(rma_id, wanted))
        else:
            self.refused_at["apply"] = self.writes.count

    @precondition(lambda self: self.contestable())
    @rule(data=st.data())
    def contest(self, data: st.DataObject) -> None:
        """A supervisor accepts some of what was rejected after all."""
        case = data.draw(st.sampled_from(self.contestable()))
        case.contested = True
        for line_id, rejected in case.rejected.items():
            after_all = data.draw(st.integers(0, rejected))
            case.rejected[line_id] -= after_all
            case.accepted[line_id] += after_all

    @precondition(lambda self: self.is_news("follow-up") or not self.open_cases())
    @precondition(lambda self: any(case.closed for case in self.cases))
    @rule(data=st.data(), kind=st.sampled_from(FollowUpKind))
    def take_up_again(self, data: st.DataObject, kind: FollowUpKind) -> None:
        """A closed return is reopened, or goods of it come late: once at a time, and reopened once only."""
        of = data.draw(st.sampled_from([case for case in self.cases if case.closed]))
        opening = FollowUpOpening(
            request=FollowUpRequest(
                of=of.rma_id,
                request_id=of.op("again"),
                kind=kind,
                actor=_ASKED_BY[kind],
                reason="something came after the end",
            ),
            at=NOW,
        )
        expected = self.refusal_of_follow_up(of, kind)
        before = self.balance()
        for _ in range(2):
            answer = self.ledger.open_follow_up(opening)
            assert (answer.refusal.code if answer.refusal else None) is expected
            assert answer.rma_id == ("" if expected else f"{of.root}-{len(self.family(of)) + 1}")
        if expected:
            self.was_refused("follow-up", before)
            return
        entry = TakeUp(rma_id=answer.rma_id, op="take-up", at=NOW)
        taken_up = self.ask(lambda: self.ledger.take_up(entry))
        self.starts_from_what_was(of, taken_up)
        case = Case(answer.rma_id, {line.line_id: line.held for line in taken_up.lines if line.held}, of.root)
        case.follows_kind = kind
        self.cases.append(case)

    def close(self, case: Case, header: Header) -> None:
        """End a return: completed once it was inspected."""
        closed_as = Header.COMPLETED if case.inspected else header
        kept = KeptCase(application=self.application(case))
        self.ledger.close_return(a_closing(case.rma_id, op=case.op("close"), header=closed_as, kept=kept))
        case.closed_as = closed_as

    def contestable(self) -> list[Case]:
        """The returns whose inspection is not final."""
        return [case for case in self.open_cases(inspected=True) if not (case.contested or case.final)]

    def refusal_of_follow_up(self, of: Case, kind: FollowUpKind) -> FollowUpRefusalCode | None:
        """Why a closed return cannot be taken up now."""
        followed = self.family(of)[1:]
        if kind is FollowUpKind.REOPENED and of.closed_as != Header.COMPLETED:
            return FollowUpRefusalCode.NOT_POSSIBLE
        if any(not case.closed for case in followed):
            return FollowUpRefusalCode.FOLLOW_UP_OPEN
        if kind is FollowUpKind.REOPENED and any(case.follows_kind == kind for case in followed):
            return FollowUpRefusalCode.ALREADY_REOPENED
        return None

    def starts_from_what_was(self, of: Case, taken_up: TakenUpCase) -> None:
        """A follow-up holds what is free, and knows what was paid, which nobody pays again."""
        family = self.family(of)
        free = {line.line_id: line.quantity - line.held - line.settled for line in self.balance().lines}
        for line in taken_up.lines:
            assert line.paid_before == sum(case.settled.get(line.line_id, 0) for case in family)
            assert free[line.line_id] >= 0
        paid = {intent.key for intent in self.intents.values() if intent.state.is_paid}
        of_family = {key for key in paid if self.intents[key].rma_id in {case.rma_id for case in family}}
        assert {intent.key for intent in taken_up.paid} == of_family
        assert (taken_up.breach is not None) is any(case.inspected_late for case in family)

    def application(self, case: Case) -> ReturnApplication:
        """What a follow-up keeps of the application."""
        lines = case.authorized or {self.order.lines[0].line_id: 1}
        return ReturnApplication(
            order_id=self.order.order_id,
            customer_id=self.order.customer_id,
            desired_resolution=Remedy.RETURN_AND_REFUND,
            lines=tuple(ApplicationLine(line_id=line, quantity=units) for line, units in lines.items()),
            contact=Contact(phone="13800000000"),
        )
