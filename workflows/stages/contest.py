"""Contest of an inspection: the customer may object to what was rejected or deducted (section 8).

Both sides may agree on it instead, which closes it. Silence accepts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow

from domain.actions import ContestState, Role, Side
from domain.application import Remedy
from domain.clocks import ClockName
from domain.lowered import after_lowering, choose_units, worth_of_lowering
from domain.offers import Offer, ceiling_minor
from domain.outbox import Template
from domain.refund import LoweredDeduction, UnitsToSettle
from domain.status import InspectionStatus
from workflows.case import ReturnCase
from workflows.contracts import Contest, ContestVerdict, ResultAcceptance
from workflows.gates import all_open
from workflows.parcel import Parcel
from workflows.stages.agreement import AgreementStage
from workflows.stages.authority import Payout
from workflows.stages.expert import ExpertReview

_SUPERVISOR_TIME = timedelta(hours=24)


@dataclass(frozen=True)
class ContestOutcome:
    """What a contest won: units that are accepted after all, and deductions of accepted units that are lowered."""

    accepted: tuple[UnitsToSettle, ...] = ()
    lowered: tuple[LoweredDeduction, ...] = ()


class ContestStage:
    """Runs beside the settlement: what was accepted is paid at once and does not wait for this."""

    def __init__(self, case: ReturnCase, parcel: Parcel, agreement: AgreementStage) -> None:
        self._case = case
        self._parcel = parcel
        self._agreement = agreement
        self._verdict: ContestVerdict | None = None
        self._wants_goods_back = False
        self.expert = ExpertReview(case, parcel)

    def on_acceptance(self, acceptance: ResultAcceptance) -> None:
        """Take the customer's agreement."""
        self._wants_goods_back = acceptance.return_rejected
        self._parcel.contest = ContestState.CLOSED
        self._end_talks()
        self._case.note("result accepted by the customer")

    def on_contest(self, contest: Contest) -> None:
        """Take the customer's objection."""
        self._parcel.contest = ContestState.CONTESTED
        self._wants_goods_back = contest.return_rejected
        shown = ", ".join(item.reference for item in contest.evidence)
        self._case.note("result contested", f"{contest.note} ({shown})" if shown else contest.note)

    def payout(self, verdict: ContestVerdict) -> Payout:
        """What a verdict grants beyond the inspection: units accepted after all, and lower deductions."""
        units = {entry.line_id: entry.quantity for entry in verdict.accepted}
        order = self._case.order
        worth = ceiling_minor(order, units) + worth_of_lowering(order, self._lowered(verdict)) if order else 0
        return Payout(added_minor=worth, field="accepted" if verdict.accepted else "deductions")

    def on_verdict(self, verdict: ContestVerdict) -> None:
        """Take the supervisor's decision."""
        self._verdict = verdict
        self._parcel.contest = ContestState.CLOSED
        self._end_talks()
        self._case.note("contest decided", f"{verdict.actor.id}: {verdict.note}")

    @property
    def agreed(self) -> Offer | None:
        """What both sides agreed on instead of a contest or its decision."""
        return self._case.negotiation.agreed_on(self._parcel.number)

    def open(self, to_pay: Sequence[UnitsToSettle]) -> None:
        """Let the customer object, if anything was not accepted, or is paid less a deduction."""
        parcel = self._parcel
        deducted = tuple(entry for entry in to_pay if entry.deduction_bps)
        if deducted and (all_open() or workflow.patched("contest-of-a-deduction")):
            parcel.deducted = deducted
        if parcel.deducted or any(line.accepted < line.expected for line in parcel.lines.values()):
            parcel.contest = ContestState.OPEN

    async def run(self) -> ContestOutcome:
        """Return what the customer won."""
        if self._parcel.contest is ContestState.NONE:
            return ContestOutcome()
        outcome = await self._decided()
        if self.agreed is not None:
            await self._agreement.is_told(self.agreed)
            outcome = ContestOutcome(self._as_agreed(self.agreed))
        return outcome

    async def send_goods_back(self) -> None:
        """Have the warehouse return what stays rejected, if the customer wants it; otherwise it is left to us."""
        case = self._case
        goods = [line for line in self._parcel.lines.values() if line.rejected]
        if not self._wants_goods_back or not goods:
            return
        count = sum(line.rejected for line in goods)
        case.note("rejected goods go back", f"{count} units")
        await case.record(
            "rejected-goods",
            case.notices.customer(Template.REJECTED_GOODS_RETURNED, rejected=count),
            *(case.notices.goods_to_customer(line.line_id, line.rejected) for line in goods),
        )

    async def _decided(self) -> ContestOutcome:
        case = self._case
        parcel = self._parcel
        due_at = workflow.now() + case.rules.clocks.contest
        await case.clocks.wait(
            ClockName.CONTEST, due_at, lambda: parcel.contest is not ContestState.OPEN, subject=parcel.subject
        )
        if self._is_negotiated():
            # Who waits for the shop's answer to a counter-offer is not silent.
            await workflow.wait_condition(
                lambda: parcel.contest is not ContestState.OPEN or not self._is_negotiated()
            )
        if parcel.contest is ContestState.OPEN:
            parcel.contest = ContestState.CLOSED
            case.note("result accepted by silence")
            await case.make_final("result accepted by silence")
        if parcel.contest is ContestState.CLOSED and self._verdict is None:
            return ContestOutcome()
        verdict = await self._supervisor_decides()
        if verdict is None:
            return ContestOutcome()
        if not (verdict.accepted or verdict.deductions):
            dismissed = case.notices.customer(Template.CONTEST_DISMISSED, reason=verdict.note)
            await case.record("contest-dismissed", dismissed)
        units = {entry.line_id: entry.quantity for entry in verdict.accepted}
        return ContestOutcome(self._accept_after_all(units), self._lower(verdict))

    async def _supervisor_decides(self) -> ContestVerdict | None:
        """Wait for the verdict, told each day that it is late; None if both sides agreed before it."""
        case = self._case
        await case.record(
            "contested",
            case.notices.customer(Template.CONTEST_RECEIVED),
            case.supervisor_alert(Template.STAFF_CONTEST_OVERDUE, waited=0),
        )
        if case.talks_about(self._parcel) is not Side.CUSTOMER:
            case.need(Role.SUPERVISOR, self._parcel.task("contest"))
        waited = 0
        while not self._is_over():
            due_at = workflow.now() + _SUPERVISOR_TIME
            if not await case.clocks.wait(ClockName.CONTEST, due_at, self._is_over, subject=self._parcel.subject):
                waited += 1
                await case.record(
                    "contest-overdue", case.supervisor_alert(Template.STAFF_CONTEST_OVERDUE, waited=waited)
                )
        case.need("", self._parcel.task("contest"))
        await self.expert.is_done()
        return self._verdict

    def _is_over(self) -> bool:
        return self._verdict is not None or self.agreed is not None

    def _is_negotiated(self) -> bool:
        return self._case.talks_about(self._parcel) is not None

    def _end_talks(self) -> None:
        """An open offer about this parcel is moot; one about another parcel goes on."""
        if self._is_negotiated():
            self._case.end_talks()

    def _as_agreed(self, offer: Offer) -> tuple[UnitsToSettle, ...]:
        """Store credit takes what was not accepted after all; with a compensation the customer keeps the goods."""
        if offer.terms.remedy is not Remedy.STORE_CREDIT:
            self._wants_goods_back = True
            return ()
        units = self._case.units_to_agree_on(self._parcel)
        return self._accept_after_all({line_id: quantity for line_id, quantity in units.items() if quantity})

    def _accept_after_all(self, units: Mapping[str, int]) -> tuple[UnitsToSettle, ...]:
        for line_id, quantity in units.items():
            self._parcel.count(self._parcel.lines[line_id].accepted_after_all(quantity))
        lines = self._parcel.lines.values()
        if all(line.accepted == line.expected for line in lines):
            self._parcel.move(InspectionStatus.ACCEPTED, "by the contest")
        elif units:
            self._parcel.move(InspectionStatus.PARTIALLY_ACCEPTED, "by the contest")
        return tuple(UnitsToSettle(line_id=line_id, quantity=quantity) for line_id, quantity in units.items())

    def _lower(self, verdict: ContestVerdict) -> tuple[LoweredDeduction, ...]:
        lowered = self._lowered(verdict)
        for entry in lowered:
            was, now = f"{entry.from_bps} basis points", f"{entry.to_bps}"
            self._case.note("deduction lowered", f"{entry.quantity} of {entry.line_id}: {was} to {now}")
        if lowered:
            self._parcel.take_less_off(after_lowering(self._parcel.deducted, lowered))
        return lowered

    def _lowered(self, verdict: ContestVerdict) -> tuple[LoweredDeduction, ...]:
        return tuple(
            chosen
            for entry in verdict.deductions
            for chosen in choose_units(self._parcel.deducted, entry.line_id, entry.quantity, entry.deduction_bps)
        )
