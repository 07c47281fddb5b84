"""Authority: what a person grants beyond the rules is asked of the ledger before anything changes (section 10).

Above the supervisor's cap it waits for a second person, bound to its exact amount and the return's version.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from domain.actions import Action, Role
from domain.authority import PayoutAnswer, PayoutApproval, PayoutRequest, PayoutState, PendingPayout
from domain.clocks import ClockName
from domain.notices import MANAGEMENT
from domain.outbox import Template
from workflows import calls
from workflows.case import ReturnCase
from workflows.contracts import ActionRequest, PayoutConsent, PayoutRefusal
from workflows.validation.rules import ABOVE_AUTHORITY, INVALID_ACTION, VERSION_OUTDATED, refuse

_ANSWERS_AN_OFFER = (Action.ACCEPT_OFFER, Action.COUNTER_OFFER)

Check = Callable[[], None]
"""Raises if the action is not possible any more."""

Perform = Callable[[str], None]
"""Does what was granted, given the op of the grant; empty where none was needed."""


@dataclass(frozen=True)
class Payout:
    """What an action would grant beyond the rules, in minor units; `field` is what a refusal names."""

    added_minor: int = 0
    kept_minor: int = 0
    field: str = "amount_minor"
    releases: tuple[str, ...] = ()


class Authority:
    """Takes discretionary actions one at a time, each once the ledger has granted it."""

    def __init__(self, case: ReturnCase) -> None:
        self._case = case
        self._turn = asyncio.Lock()
        self._check: Check = lambda: None
        self._perform: Perform = lambda op: None
        self._asked_at = case.opened_at
        self._followed: list[asyncio.Task[None]] = []
        self._closing = False

    async def grant(
        self, request: ActionRequest, action: Action, payout: Payout, check: Check, perform: Perform
    ) -> bool:
        """Do an action once its payout is granted, and say whether it waits for a second person instead.

        Raises:
            ApplicationError: If it is above the actor's authority, or not possible any more; nothing has changed.
        """
        async with self._turn:
            check()
            if not payout.added_minor and not payout.kept_minor:
                perform("")
                return False
            if self._case.pending_payout is not None:
                refuse(
                    INVALID_ACTION, "action", "Another payout waits for a second person; have it decided first."
                )
            op = _op("payout")
            answer = await calls.grant_payout(self._request(request, action, payout, op))
            if answer.state is PayoutState.REFUSED:
                refuse(ABOVE_AUTHORITY, payout.field, answer.told)
            await self._still_possible(check, op)
            if answer.state is PayoutState.GRANTED:
                perform(op)
                return False
            self._wait_for_second_person(request, action, answer, op, check, perform)
            return True

    async def on_consent(self, request: PayoutConsent, check: Check) -> None:
        """Take the second person's approval, and do what was approved.

        Raises:
            ApplicationError: If it is not possible any more; nothing has changed.
        """
        async with self._turn:
            check()
            self._check()
            pending = await self._decide(request, approve=True)
            self._case.pending_payout = None
            await self._still_possible(self._check, pending.op)
            self._case.note("payout approved", f"{request.actor.role.value} {request.actor.id}")
            self._perform(pending.op)

    async def on_refusal(self, request: PayoutRefusal, check: Check) -> None:
        """Take the second person's refusal.

        Raises:
            ApplicationError: If it is not possible any more; nothing has changed.
        """
        async with self._turn:
            check()
            await self._decide(request, approve=False)
            self._case.pending_payout = None
            self._case.note("payout declined", f"{request.actor.role.value} {request.actor.id}: {request.note}")

    def move_end(self) -> None:
        """Let a payout that waits do so until its clock is due, which a pause or its end has moved."""
        pending = self._case.pending_payout
        if pending is not None:
            moved = {"expires_at": self._ends_at(pending.op)}
            self._case.pending_payout = pending.model_copy(update=moved)

    async def close(self) -> None:
        """Void what waits, and wait until it is written."""
        self._closing = True
        for task in self._followed:
            await task

    def _request(self, request: ActionRequest, action: Action, payout: Payout, op: str) -> PayoutRequest:
        case = self._case
        return PayoutRequest(
            rma_id=case.rma_id,
            op=op,
            at=workflow.now(),
            actor=request.actor,
            action=action,
            currency=case.rules.currency,
            amount_minor=payout.added_minor,
            kept_minor=payout.kept_minor,
            case_version=case.version,
            policy_version=case.rules.decision.policy_version if case.rules.decision else "",
            releases=payout.releases,
        )

    async def _still_possible(self, check: Check, op: str) -> None:
        """Give the grant back if the return moved on while the ledger was asked."""
        try:
            check()
        except ApplicationError:
            await self._case.record(f"{op}-void", releases=(op,))
            raise

    def _wait_for_second_person(
        self,
        request: ActionRequest,
        action: Action,
        answer: PayoutAnswer,
        op: str,
        check: Check,
        perform: Perform,
    ) -> None:
        case = self._case
        self._asked_at = workflow.now()
        pending = PendingPayout(
            action=action,
            requested_by=request.actor,
            amount_minor=answer.amount_minor,
            currency=case.rules.currency,
            version=case.version,
            expires_at=self._ends_at(op),
            op=op,
        )
        self._check, self._perform = check, perform
        case.pending_payout = pending
        case.note("payout waits for a second person", f"{action.value} by {request.actor.id}")
        self._followed.append(asyncio.create_task(self._follow(pending)))

    async def _follow(self, pending: PendingPayout) -> None:
        """Have it decided under its clock. A change of the return voids it; without a decision it is escalated."""
        case = self._case
        params: dict[str, str | int] = {
            "amount_minor": pending.amount_minor,
            "currency": pending.currency,
            "version": pending.version,
        }
        expires_at = pending.expires_at.isoformat()
        await case.record(
            f"{pending.op}-needed",
            case.supervisor_alert(Template.STAFF_APPROVAL_NEEDED, **params, expires_at=expires_at),
        )
        if self._waits(pending):
            case.need(Role.SUPERVISOR, "approval")
        in_time = await case.clocks.wait(
            ClockName.APPROVAL,
            # The clock adds the pauses itself.
            self._asked_at + case.rules.clocks.approval,
            lambda: not self._waits(pending),
            moot=lambda: self._closing or case.version != pending.version or self._is_talked_over(pending),
            subject=pending.op,
        )
        case.need("", "approval")
        if not self._waits(pending):
            return
        case.pending_payout = None
        if in_time:
            case.note("payout void", "the return changed")
            await case.record(f"{pending.op}-void", releases=(pending.op,))
        else:
            case.note("payout not approved in time", "management told")
            await case.record(
                f"{pending.op}-expired",
                case.notices.staff(Template.STAFF_APPROVAL_EXPIRED, MANAGEMENT, **params),
                releases=(pending.op,),
            )
        case.publish()

    def _is_talked_over(self, pending: PendingPayout) -> bool:
        """Whether the offer that a payout is about is not open any more: nothing is left to approve."""
        return pending.action in _ANSWERS_AN_OFFER and self._case.negotiation.open is None

    def _waits(self, pending: PendingPayout) -> bool:
        """Whether a payout still waits; its end may have moved."""
        now = self._case.pending_payout
        return now is not None and now.op == pending.op

    def _ends_at(self, op: str) -> datetime:
        """When a payout that is asked for has to be approved, with the pauses of its clock."""
        case = self._case
        ends_at = self._asked_at + case.rules.clocks.approval
        return case.clocks.due_at(ClockName.APPROVAL, self._asked_at, ends_at, subject=op)

    async def _decide(self, request: PayoutConsent | PayoutRefusal, approve: bool) -> PendingPayout:
        case = self._case
        pending = case.pending_payout
        if pending is None:
            raise AssertionError("the check refuses where nothing waits")
        await calls.decide_payout(
            PayoutApproval(
                rma_id=case.rma_id,
                op=_op("payout-decision"),
                at=workflow.now(),
                request_op=pending.op,
                approver=request.actor,
                approve=approve,
            )
        )
        if not self._waits(pending):
            refuse(VERSION_OUTDATED, "expected_version", "The return changed meanwhile; the payout is void.")
        return pending


def _op(name: str) -> str:
    """The op of what an update asks of the ledger.

    It is the update's own and no count: a workflow task that was lost after the ledger answered is run again, with
    another update first perhaps, which must not get that answer.
    """
    update = workflow.current_update_info()
    if update is None:
        raise AssertionError("payouts are asked for by updates only")
    return f"{name}-{update.id}"
