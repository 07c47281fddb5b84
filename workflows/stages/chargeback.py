"""Chargebacks: an open one freezes what is not paid yet, until a supervisor decides (section 10)."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from domain.actions import Role
from domain.bookkeeping import ChargebackReport
from domain.chargeback_entries import decision_entry, report_entry
from domain.chargebacks import Chargeback, ChargebackState
from domain.clocks import ClockName
from domain.outbox import Template
from workflows import calls
from workflows.case import ReturnCase
from workflows.contracts import ChargebackAcceptance, ChargebackNotice, HoldRelease
from workflows.gates import all_open


class ChargebackLane:
    """Follows each chargeback from its report to its end, beside everything else."""

    def __init__(self, case: ReturnCase) -> None:
        self._case = case
        self._lanes: list[asyncio.Task[None]] = []

    @property
    def is_pending(self) -> bool:
        """Whether a chargeback is still to be decided or written down."""
        return any(not lane.done() for lane in self._lanes)

    def on_report(self, notice: ChargebackNotice) -> None:
        """Take a chargeback; a repeat of its report changes nothing."""
        case = self._case
        if notice.chargeback_id in case.chargebacks:
            return
        chargeback = Chargeback(
            chargeback_id=notice.chargeback_id, payment_id=notice.payment_id, amount_minor=notice.amount_minor
        )
        case.chargebacks[notice.chargeback_id] = chargeback
        case.freezes.append(notice.chargeback_id)
        case.note("chargeback", f"{notice.chargeback_id}: {notice.amount_minor} of {notice.payment_id}")
        self._lanes.append(asyncio.create_task(self._run(chargeback)))

    def on_release(self, release: HoldRelease) -> None:
        """Take the word that a chargeback was won or withdrawn."""
        self._decide(release.chargeback_id, ChargebackState.WON)
        self._case.note(f"chargeback {release.outcome.value}", f"{release.actor.id}: {release.note}")

    def on_acceptance(self, acceptance: ChargebackAcceptance) -> None:
        """Take the word that a chargeback was lost."""
        self._decide(acceptance.chargeback_id, ChargebackState.LOST)
        self._case.note("chargeback lost", f"{acceptance.actor.id}: {acceptance.note}")

    async def has_ended(self) -> None:
        """Wait until every chargeback is decided; without one nothing is waited for."""
        while self.is_pending:
            for lane in list(self._lanes):
                await lane

    async def _run(self, reported: Chargeback) -> None:
        case = self._case
        payments = list(case.payments.values())
        entry = report_entry(case.rma_id, reported, case.rules.currency, case.notices, payments, workflow.now())
        if not await self._is_taken(reported, entry):
            return
        state = await self._supervisor_decides(reported)
        decision = decision_entry(case.rma_id, reported, case.rules.currency, case.notices, state, workflow.now())
        outcome = await case.in_ledger(calls.decide_chargeback, decision)
        for intent in outcome.covered:
            if intent.key in case.payments:
                case.payments[intent.key] = intent
        case.freezes.remove(reported.chargeback_id)
        if outcome.chargeback.state is not state:
            await self._decided_before(outcome.chargeback, state)

    async def _is_taken(self, reported: Chargeback, entry: ChargebackReport) -> bool:
        """Have the ledger keep a report. One that contradicts another return of the order is dropped and told.

        Asking again would not help, and would freeze this return for good.
        """
        case = self._case
        if not (all_open() or workflow.patched("report-not-taken")):
            await case.in_ledger(calls.report_chargeback, entry)
            return True
        try:
            await calls.report_chargeback(entry)
        except (ActivityError, ApplicationError) as error:
            refused = calls.reason_of(error)
        else:
            return True
        del case.chargebacks[reported.chargeback_id]
        case.freezes.remove(reported.chargeback_id)
        case.note("chargeback not taken", f"{reported.chargeback_id}: {refused}")
        await case.record(
            "chargeback-not-taken",
            case.supervisor_alert(
                Template.STAFF_CHARGEBACK_NOT_TAKEN, chargeback_id=reported.chargeback_id, refused=refused
            ),
        )
        return False

    async def _decided_before(self, first: Chargeback, decided: ChargebackState) -> None:
        """Another return of the order decided it otherwise: that stands, and this return goes on by it."""
        case = self._case
        case.chargebacks[first.chargeback_id] = first
        case.note("chargeback decided before", f"{first.chargeback_id} {first.state.value}, not {decided.value}")
        await case.record(
            "chargeback-decided-before",
            case.supervisor_alert(
                Template.STAFF_CHARGEBACK_DECIDED,
                chargeback_id=first.chargeback_id,
                first=first.state.value,
                second=decided.value,
            ),
        )

    async def _supervisor_decides(self, reported: Chargeback) -> ChargebackState:
        case = self._case
        desk = f"chargeback {reported.chargeback_id}"
        case.need(Role.SUPERVISOR, desk)
        case.publish()
        waited = 0
        while (state := case.chargebacks[reported.chargeback_id].state) is ChargebackState.OPEN:
            decided = await case.clocks.wait(
                ClockName.CHARGEBACK,
                workflow.now() + case.rules.clocks.chargeback,
                lambda: case.chargebacks[reported.chargeback_id].state is not ChargebackState.OPEN,
                subject=reported.chargeback_id,
            )
            if not decided:
                waited += 1
                alert = case.supervisor_alert(
                    Template.STAFF_CHARGEBACK,
                    chargeback_id=reported.chargeback_id,
                    waited=waited,
                    amount_minor=reported.amount_minor,
                    currency=case.rules.currency,
                )
                await case.record("chargeback-overdue", alert)
        case.need("", desk)
        case.publish()
        return state

    def _decide(self, chargeback_id: str, state: ChargebackState) -> None:
        chargeback = self._case.chargebacks[chargeback_id]
        self._case.chargebacks[chargeback_id] = chargeback.model_copy(update={"state": state})
