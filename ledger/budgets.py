"""What people grant beyond the rules: held against their caps, per case and per day, before anything changes.

A request locks the order, which serialises what one case grants, then the grants that it gives back, then the
days of all agents that it concerns, which serialises what one person grants in several cases at once. Days are
locked in one sequence, so that two requests that each give back a grant of the other's agent never wait for each
other.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from domain.actions import Actor
from domain.audit import AuditEntry, AuditOutcome
from domain.authority import PayoutAnswer, PayoutApproval, PayoutRequest, PayoutState, judge_payout
from domain.policy.authority import PayoutCaps
from domain.record import Done
from ledger import audit
from ledger.entries import once
from ledger.errors import GrantNotPending, SamePerson
from ledger.orders import lock_order_of
from ledger.tables import AgentBudgetRow, EntryKind, FollowUpRow, GrantState, PayoutGrantRow
from ledger.writes import insert_once

_Day = tuple[str, date, str]
"""What one agent may grant in a day: the agent's id, the day and the currency."""

_OUTCOMES = {
    PayoutState.GRANTED: AuditOutcome.GRANTED,
    PayoutState.PENDING: AuditOutcome.PENDING,
    PayoutState.REFUSED: AuditOutcome.REFUSED,
}


def grant(
    session: Session, request: PayoutRequest, amount_minor: int, caps: PayoutCaps, day: date
) -> PayoutAnswer:
    """Grant an amount, keep it for a second person, or refuse it; each is written to the audit.

    Raises:
        ReturnNotFound: If the return was never opened.
    """
    return once(
        session, request, EntryKind.PAYOUT, PayoutAnswer, lambda: _grant(session, request, amount_minor, caps, day)
    )


def decide(session: Session, approval: PayoutApproval) -> None:
    """Take the second person's decision on a pending grant.

    Raises:
        GrantNotPending: If nothing waits under the op.
        SamePerson: If the person who asked approves.
    """
    once(session, approval, EntryKind.PAYOUT_DECISION, Done, lambda: _decide(session, approval))


def release(session: Session, rma_id: str, ops: Iterable[str], at: datetime) -> None:
    """Give back grants that are not used after all; one that was given back before stays as it is."""
    grants = _locked_grants(session, rma_id, ops)
    _give_back(session, grants, _locked_budgets(session, _days_spent_on(grants)), at)


def _give_back(
    session: Session, grants: Iterable[PayoutGrantRow], budgets: Mapping[_Day, AgentBudgetRow], at: datetime
) -> None:
    """Give back grants; the days that were spent on them are locked."""
    for row in grants:
        if row.state is GrantState.GRANTED:
            budgets[_day_of(row)].spent_minor -= row.amount_minor
        row.state = GrantState.RELEASED
        _audit_grant(session, row, at, AuditOutcome.RELEASED, "not_used")


def _grant(
    session: Session, request: PayoutRequest, amount_minor: int, caps: PayoutCaps, day: date
) -> PayoutAnswer:
    lock_order_of(session, request.rma_id)
    own_day = (request.actor.id, day, request.currency)
    grants = _locked_grants(session, request.rma_id, request.releases)
    budgets = _locked_budgets(session, [*_days_spent_on(grants), *([own_day] if amount_minor else [])])
    _give_back(session, grants, budgets, request.at)
    if amount_minor == 0:
        return PayoutAnswer(state=PayoutState.GRANTED)
    budget = budgets[own_day]
    answer = judge_payout(
        request.actor.role, amount_minor, _granted_in_case(session, request.rma_id), budget.spent_minor, caps
    )
    if answer.state is PayoutState.GRANTED:
        budget.spent_minor += amount_minor
    if answer.state is not PayoutState.REFUSED:
        session.add(
            PayoutGrantRow(
                rma_id=request.rma_id,
                op=request.op,
                agent_id=request.actor.id,
                agent_role=request.actor.role.value,
                action=request.action.value,
                day=day,
                currency=request.currency,
                amount_minor=amount_minor,
                case_version=request.case_version,
                state=GrantState.GRANTED if answer.state is PayoutState.GRANTED else GrantState.PENDING,
            )
        )
    audit.write(
        session,
        AuditEntry(
            at=request.at,
            rma_id=request.rma_id,
            actor_role=request.actor.role.value,
            actor_id=request.actor.id,
            action=request.action.value,
            outcome=_OUTCOMES[answer.state],
            rule=answer.rule.value,
            detail=f"{amount_minor} {request.currency} minor units at version {request.case_version}; "
            f"{answer.spent_minor} granted before, cap {answer.limit_minor}",
        ),
    )
    return answer


def _decide(session: Session, approval: PayoutApproval) -> Done:
    lock_order_of(session, approval.rma_id)
    row = _locked_grant(session, approval.rma_id, approval.request_op)
    if row is None or row.state is not GrantState.PENDING:
        raise GrantNotPending(f"nothing waits for approval under {approval.request_op} of {approval.rma_id}")
    if approval.approve and approval.approver.id == row.agent_id:
        raise SamePerson(f"{approval.request_op} of {approval.rma_id} needs another person than who asked for it")
    row.state = GrantState.APPROVED if approval.approve else GrantState.RELEASED
    row.approver_id = approval.approver.id
    outcome = AuditOutcome.APPROVED if approval.approve else AuditOutcome.DECLINED
    _audit_grant(session, row, approval.at, outcome, "second_person", by=approval.approver)
    return Done()


def _granted_in_case(session: Session, rma_id: str) -> int:
    """What was granted in the case and its follow-ups: to take a case up again does not raise its cap."""
    root = select(FollowUpRow.root).where(FollowUpRow.rma_id == rma_id).scalar_subquery()
    follow_ups = select(FollowUpRow.rma_id).where(FollowUpRow.root == root)
    amounts = select(func.coalesce(func.sum(PayoutGrantRow.amount_minor), 0)).where(
        or_(PayoutGrantRow.rma_id == rma_id, PayoutGrantRow.rma_id == root, PayoutGrantRow.rma_id.in_(follow_ups)),
        PayoutGrantRow.state != GrantState.RELEASED,
    )
    return int(session.scalars(amounts).one())


def _locked_budgets(session: Session, days: Iterable[_Day]) -> dict[_Day, AgentBudgetRow]:
    """Agents' days, locked until the transaction ends; always in the same sequence."""
    budgets = {}
    for agent_id, day, currency in sorted(set(days)):
        key = {"agent_id": agent_id, "day": day, "currency": currency}
        insert_once(session, AgentBudgetRow, {**key, "spent_minor": 0})
        row = session.get_one(AgentBudgetRow, key, with_for_update=True, populate_existing=True)
        budgets[agent_id, day, currency] = row
    return budgets


def _locked_grants(session: Session, rma_id: str, ops: Iterable[str]) -> list[PayoutGrantRow]:
    """The grants of a return that were not given back yet, locked until the transaction ends."""
    found = (_locked_grant(session, rma_id, op) for op in sorted(set(ops)))
    return [row for row in found if row is not None and row.state is not GrantState.RELEASED]


def _days_spent_on(grants: Iterable[PayoutGrantRow]) -> list[_Day]:
    return [_day_of(row) for row in grants if row.state is GrantState.GRANTED]


def _day_of(row: PayoutGrantRow) -> _Day:
    return row.agent_id, row.day, row.currency


def _locked_grant(session: Session, rma_id: str, op: str) -> PayoutGrantRow | None:
    return session.scalars(
        select(PayoutGrantRow)
        .where(PayoutGrantRow.rma_id == rma_id, PayoutGrantRow.op == op)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _audit_grant(
    session: Session,
    row: PayoutGrantRow,
    at: datetime,
    outcome: AuditOutcome,
    rule: str,
    by: Actor | None = None,
) -> None:
    audit.write(
        session,
        AuditEntry(
            at=at,
            rma_id=row.rma_id,
            actor_role=by.role.value if by else row.agent_role,
            actor_id=by.id if by else row.agent_id,
            action=row.action,
            outcome=outcome,
            rule=rule,
            detail=f"{row.amount_minor} {row.currency} minor units at version {row.case_version}",
        ),
    )
