"""What may be done with a return, as the command to type: with its own lines, numbers and amounts."""

import json
import shlex
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.actions import PARCEL_ACTIONS, PERMITTED_ROLES, Action, Role
from domain.application import Remedy
from domain.chargebacks import ChargebackState
from domain.clocks import ClockState
from starters.api.examples import ACTIONS
from workflows.contracts import ParcelStatus, ReturnStatus

_OWN_COMMANDS = {
    Action.CANCEL: "returns cancel {rma_id}",
    Action.REVIEW: "returns review {rma_id} --approve --note 'why'",
    Action.RECEIVE: "returns receive {rma_id}",
    Action.INSPECT: "returns inspect {rma_id} --accept-all",
}


def default_role(action: Action) -> Role:
    """The role that usually sends an action."""
    return PERMITTED_ROLES[action][0]


def command_for(action: Action, status: ReturnStatus) -> str:
    """The command that sends an action, with an example of what it takes that fits the return."""
    parcel = _parcel_for(action, status)
    if action in _OWN_COMMANDS:
        command = _OWN_COMMANDS[action].format(rma_id=status.rma_id)
        return f"{command} --parcel {parcel.number}" if parcel and len(status.parcels) > 1 else command
    body = example_for(action, status)
    command = f"returns act {status.rma_id} {action.value}"
    return f"{command} --json-body {shlex.quote(json.dumps(body))}" if body else command


def example_for(action: Action, status: ReturnStatus) -> dict[str, Any]:
    """An example of what an action takes, without who sends it."""
    example = {name: value for name, value in ACTIONS[action].items() if name != "actor"}
    changes = _FITTED[action](status) if action in _FITTED else {}
    body = {name: value for name, value in (example | changes).items() if value is not None}
    parcel = _parcel_for(action, status)
    return {"parcel": parcel.number, **body} if parcel and len(status.parcels) > 1 else body


def _parcel_for(action: Action, status: ReturnStatus) -> ParcelStatus | None:
    """The first parcel that an action is possible for; None where it is not about a parcel."""
    if action not in (*PARCEL_ACTIONS, Action.MAKE_OFFER):
        return None
    return next((parcel for parcel in status.parcels if action in parcel.allowed_actions), None)


def _tomorrow() -> datetime:
    return datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _window() -> dict[str, str]:
    start = _tomorrow()
    return {"start": start.isoformat(), "end": (start + timedelta(hours=4)).isoformat()}


def _evidence(status: ReturnStatus) -> dict[str, Any]:
    (example,) = ACTIONS[Action.SUBMIT_EVIDENCE]["lines"]
    return {"lines": [example | {"line_id": status.lines[0].line_id}]} if status.lines else {}


def _liability(status: ReturnStatus) -> dict[str, Any]:
    (example,) = ACTIONS[Action.DECIDE_LIABILITY]["liability"].values()
    return {"liability": {status.lines[0].line_id: example}} if status.lines else {}


def _verdict(status: ReturnStatus) -> dict[str, Any]:
    """All that is contested of a parcel: its units that were not accepted, and half of each deduction."""
    parcel = _parcel_for(Action.DECIDE_CONTEST, status)
    if parcel is None:
        return {}
    accepted = [
        {"line_id": line.line_id, "quantity": line.expected - line.accepted}
        for line in parcel.lines
        if line.expected > line.accepted
    ]
    # A line is named once: what it has of the highest deduction.
    deducted = {units.line_id: units for units in sorted(parcel.deducted, key=lambda units: units.deduction_bps)}
    lowered = [
        {"line_id": line_id, "quantity": units.quantity, "deduction_bps": units.deduction_bps // 2}
        for line_id, units in deducted.items()
    ]
    return {"accepted": accepted or None, "deductions": lowered or None}


def _ruling(status: ReturnStatus) -> dict[str, Any]:
    left = {line.line_id: line.requested - max(line.accepted, line.refunded) for line in status.lines}
    units = [{"line_id": line_id, "quantity": quantity} for line_id, quantity in left.items() if quantity > 0]
    return {"units": units} if units else {"units": None, "amount_minor": 500}


def _pause(status: ReturnStatus) -> dict[str, Any]:
    running = list(dict.fromkeys(clock.name.value for clock in status.clocks if clock.state is ClockState.RUNNING))
    return {"until": (_tomorrow() + timedelta(days=1)).isoformat(), "clocks": running[:1] or None}


def _open_chargeback(status: ReturnStatus) -> dict[str, Any]:
    open_ones = [each.chargeback_id for each in status.chargebacks if each.state is ChargebackState.OPEN]
    return {"chargeback_id": open_ones[0]} if open_ones else {}


def _answered_offer(status: ReturnStatus) -> dict[str, Any]:
    return {"offer_number": status.offers[-1].number} if status.offers else {}


def _payout(status: ReturnStatus) -> dict[str, Any]:
    pending = status.pending_payout
    return {"amount_minor": pending.amount_minor, "expected_version": status.version} if pending else {}


def _other_remedy(status: ReturnStatus) -> dict[str, Any]:
    is_refund = status.remedy is Remedy.RETURN_AND_REFUND
    return {"remedy": (Remedy.STORE_CREDIT if is_refund else Remedy.RETURN_AND_REFUND).value}


def _substitute(status: ReturnStatus) -> dict[str, Any]:
    if not status.substitutes or Remedy.EXCHANGE in status.substitutes:
        return {}
    return {"remedy": status.substitutes[0].value, "item_ids": None}


_FITTED: dict[Action, Callable[[ReturnStatus], dict[str, Any]]] = {
    Action.SUBMIT_EVIDENCE: _evidence,
    Action.BOOK_PICKUP: lambda _: {"window": _window(), "carrier": None},
    Action.CHANGE_PICKUP: lambda _: {"window": _window()},
    Action.CHANGE_REMEDY: _other_remedy,
    Action.RECORD_HANDOVER: lambda _: {"handed_over_at": datetime.now(UTC).isoformat(timespec="seconds")},
    Action.DECIDE_CONTEST: _verdict,
    Action.DECIDE_LIABILITY: _liability,
    Action.RECORD_ARBITRATION: _ruling,
    Action.REPORT_CHARGEBACK: lambda status: {"payment_id": f"{status.order_id}-p1", "amount_minor": 100},
    Action.RELEASE_HOLD: _open_chargeback,
    Action.ACCEPT_CHARGEBACK: _open_chargeback,
    Action.PAUSE_CLOCKS: _pause,
    Action.ACCEPT_OFFER: _answered_offer,
    Action.COUNTER_OFFER: _answered_offer,
    Action.DECLINE_OFFER: _answered_offer,
    Action.APPROVE_PAYOUT: _payout,
    Action.CHOOSE_SUBSTITUTE: _substitute,
}
"""What of an example follows from the return; a None leaves a field out."""
