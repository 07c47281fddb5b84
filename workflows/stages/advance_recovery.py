"""Recovery of an advance that was not earned: announced, open to appeal, then charged (section 6)."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import workflow

from domain.actions import Role
from domain.advances import AdvanceAccount, RecoveryState
from domain.bookkeeping import AdvanceEnd, AdvanceQuestion, RecoveryAuthorization
from domain.clocks import ClockName
from domain.outbox import OutboxItem, Template
from workflows import calls
from workflows.case import ReturnCase
from workflows.contracts import RecoveryAppeal, RecoveryVerdict
from workflows.stages.payment import Payments

_SUPERVISOR_TIME = timedelta(hours=24)

SUBJECT = "advance"
"""What tells the promises about an advance from those about the refund itself."""


class AdvanceRecovery:
    """Gets back what is left of an advance. Nothing is charged without notice, or while an appeal is open."""

    def __init__(self, case: ReturnCase, payments: Payments) -> None:
        self._case = case
        self._payments = payments
        self._verdict: RecoveryVerdict | None = None

    def on_appeal(self, appeal: RecoveryAppeal) -> None:
        """Take the customer's appeal."""
        self._case.recovery = RecoveryState.APPEALED
        self._case.note("recovery appealed", appeal.note)

    def on_verdict(self, verdict: RecoveryVerdict) -> None:
        """Take the supervisor's decision."""
        self._verdict = verdict
        self._case.recovery = RecoveryState.CLOSED
        self._case.note("recovery decided", f"{verdict.actor.id}: {verdict.note}")

    async def run(self, account: AdvanceAccount, method_id: str, rest: Callable[[], Awaitable[None]]) -> None:
        """Announce the recovery, hear the customer, and charge what is left unless a supervisor waives it.

        A parcel that came after all in the meantime is inspected and settled against the advance first: `rest`
        waits for it.
        """
        case = self._case
        settled = len(case.authorizations)
        await self._announce(account)
        verdict = None
        if case.recovery is RecoveryState.APPEALED or self._verdict:
            verdict = await self._supervisor_decides()
        case.recovery = RecoveryState.CLOSED
        waived = verdict is not None and verdict.waive
        if verdict and not waived:
            upheld = case.notices.customer(Template.RECOVERY_UPHELD, reason=verdict.note)
            await case.record("recovery-upheld", upheld)
        if not waived:
            await case.make_final("what was advanced is charged back")
        await rest()
        case.closing = True
        if len(case.authorizations) > settled:
            account = await case.in_ledger(calls.advance_account, AdvanceQuestion(rma_id=case.rma_id))
        if not account.outstanding_minor:
            await case.record("advance-kept", case.notices.customer(Template.ADVANCE_KEPT))
            return
        if waived:
            await self._end(case.notices.customer(Template.RECOVERY_WAIVED), is_waived=True)
            return
        intent = await case.in_ledger(
            calls.authorize_recovery,
            RecoveryAuthorization(
                rma_id=case.rma_id,
                op=case.step("recovery"),
                at=workflow.now(),
                round=self._payments.next_round(),
                method_id=method_id,
            ),
        )
        if await self._payments.charge(intent, SUBJECT):
            await case.record("recovered", case.notices.customer(Template.RECOVERY_PAID, **_amount(account)))
            return
        case.note("advance not paid back", intent.key)
        await self._end(
            case.notices.customer(Template.RECOVERY_UNPAID, **_amount(account)),
            case.supervisor_alert(Template.STAFF_RECOVERY_UNPAID, **_amount(account)),
            is_waived=False,
        )

    async def _announce(self, account: AdvanceAccount) -> None:
        case = self._case
        due_at = workflow.now() + case.rules.clocks.recovery_notice
        case.recovery = RecoveryState.ANNOUNCED
        # Whatever became of the parcels, the return goes on until this is decided.
        case.closing = False
        await case.record(
            "recovery-notice",
            case.notices.customer(Template.RECOVERY_NOTICE, due_at=due_at.isoformat(), **_amount(account)),
        )
        await case.clocks.wait(
            ClockName.RECOVERY_NOTICE, due_at, lambda: case.recovery is not RecoveryState.ANNOUNCED
        )

    async def _supervisor_decides(self) -> RecoveryVerdict:
        case = self._case
        case.need(Role.SUPERVISOR, "recovery")
        received: tuple[OutboxItem, ...] = (case.notices.customer(Template.RECOVERY_APPEAL_RECEIVED),)
        waited = 0
        while self._verdict is None:
            alert = case.supervisor_alert(Template.STAFF_RECOVERY_APPEALED, waited=waited)
            await case.record("recovery-appealed", *received, alert)
            received = ()
            waited += 1
            await case.clocks.wait(
                ClockName.RECOVERY_NOTICE, workflow.now() + _SUPERVISOR_TIME, lambda: self._verdict is not None
            )
        case.need("", "recovery")
        return self._verdict

    async def _end(self, *outbox: OutboxItem, is_waived: bool) -> None:
        case = self._case
        case.recovery = RecoveryState.CLOSED
        await case.in_ledger(
            calls.end_advance,
            AdvanceEnd(
                rma_id=case.rma_id,
                op=case.step("advance-end"),
                at=workflow.now(),
                outbox=outbox,
                is_waived=is_waived,
            ),
        )


def _amount(account: AdvanceAccount) -> dict[str, str | int]:
    return {"amount_minor": account.outstanding_minor, "currency": account.currency}
