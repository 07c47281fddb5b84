"""What the Web UI tells of a return while one looks at it: what happened, what is due next, who must act."""

from datetime import datetime
from typing import TYPE_CHECKING

from domain.actions import PERMITTED_ROLES, Role
from domain.currencies import as_decimal
from domain.status import Reimbursement
from workflows.contracts import TimelineEntry

if TYPE_CHECKING:
    from workflows.case import ReturnCase

_LATEST = 8
_NOTHING_DUE = "nothing is due"


def details_of(case: "ReturnCase") -> str:
    """The state of a return in Markdown, with what happened last. Times are UTC."""
    facts = [
        f"**{case.header().value}**, {_words(case.stage().value)}",
        "",
        f"- next: {_next(case)}",
        f"- must act: {_must_act(case)}",
        f"- approval {case.approval.value}, goods {case.logistics.value}, inspection {case.inspection.value}",
        f"- money {_money(case)}",
    ]
    if case.breach is not None:
        due, noticed = _moment(case.breach.due_at), _moment(case.breach.observed_at)
        facts.append(f"- **inspection late**: was due {due}, noticed {noticed}")
    latest = case.timeline[-_LATEST:]
    left_out = len(case.timeline) - len(latest)
    happened = ["", "| when (UTC) | what happened |", "|---|---|", *map(_row, reversed(latest))]
    if left_out:
        happened.append(f"| | and {left_out} before: `returns status {case.rma_id}` |")
    return "\n".join(facts + happened)


def _next(case: "ReturnCase") -> str:
    deadline = case.clocks.next_deadline()
    return f"{_words(deadline.clock.value)} due {_moment(deadline.due_at)}" if deadline else _NOTHING_DUE


def _must_act(case: "ReturnCase") -> str:
    """Who, and with what: the actions that their role may send now."""
    if not case.needs:
        return "nobody"
    actions = [a.value for a in case.allowed_actions() if Role(case.needs) in PERMITTED_ROLES[a]]
    return f"{_words(case.needs)} ({', '.join(actions)})" if actions else _words(case.needs)


def _money(case: "ReturnCase") -> str:
    if case.reimbursement is Reimbursement.NONE:
        return case.reimbursement.value
    moved = ", ".join(
        f"{intent.direction.value} {as_decimal(intent.amount_minor, intent.currency)} {intent.currency} "
        f"{intent.state.value}"
        for intent in case.payments.values()
    )
    return f"{case.reimbursement.value}: {moved}" if moved else case.reimbursement.value


def _row(entry: TimelineEntry) -> str:
    # The detail of an entry may be what somebody wrote: it stays in the status.
    return f"| {_moment(entry.at)} | {entry.what} |"


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M")


def _words(code: str) -> str:
    return code.replace("_", " ")
