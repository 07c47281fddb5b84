"""The rules that several actions share.

Every refusal is an `ApplicationError` whose type says which kind it is and whose first detail names the field.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NoReturn

from temporalio.exceptions import ApplicationError

from domain.actions import PERMITTED_ROLES, Action
from workflows.case import ReturnCase
from workflows.contracts import ActionRequest
from workflows.parcel import Parcel

ACTION_NOT_ALLOWED = "ActionNotAllowed"
ROLE_NOT_PERMITTED = "RoleNotPermitted"
INVALID_ACTION = "InvalidAction"
REQUEST_ID_REUSED = "RequestIdReused"
VERSION_OUTDATED = "VersionOutdated"
ABOVE_AUTHORITY = "AboveAuthority"

_CLOCK_SKEW = timedelta(minutes=5)


def allowed(case: ReturnCase, action: Action, request: ActionRequest) -> None:
    """Refuse an action that the return does not allow now, that the role may not send, or on an old version."""
    possible = case.allowed_actions()
    if action not in possible:
        now = ", ".join(possible) or "none"
        refuse(
            ACTION_NOT_ALLOWED,
            "action",
            f"{action.value} is not allowed while the return is {case.header().value}. Allowed now: {now}.",
        )
    if request.actor.role not in PERMITTED_ROLES[action]:
        roles = ", ".join(PERMITTED_ROLES[action])
        refuse(
            ROLE_NOT_PERMITTED,
            "actor.role",
            f"{request.actor.role.value} may not send {action.value}. Permitted: {roles}.",
        )
    if request.expected_version not in (None, case.version):
        refuse(
            VERSION_OUTDATED,
            "expected_version",
            f"The return is at version {case.version}, not {request.expected_version}: look at it again first.",
        )


def known_lines(case: ReturnCase, line_ids: Iterable[str], field: str = "lines") -> None:
    """Refuse lines that are not in the return."""
    for index, line_id in enumerate(line_ids):
        if line_id not in case.lines:
            refuse(INVALID_ACTION, f"{field}[{index}].line_id", f"The return has no line {line_id}.")


def named_once(line_ids: Iterable[str], field: str = "lines") -> None:
    """Refuse a line that is named twice."""
    seen: list[str] = []
    for index, line_id in enumerate(line_ids):
        if line_id in seen:
            refuse(INVALID_ACTION, f"{field}[{index}].line_id", f"Line {line_id} is named twice.")
        seen.append(line_id)


def not_too_many(parcel: Parcel, quantities: Iterable[tuple[str, int]], field: str = "lines") -> None:
    """Refuse more units of a line than the parcel has."""
    totals: dict[str, int] = {}
    for index, (line_id, quantity) in enumerate(quantities):
        totals[line_id] = totals.get(line_id, 0) + quantity
        expected = parcel.line(line_id).expected
        if totals[line_id] > expected:
            refuse(
                INVALID_ACTION,
                f"{field}[{index}].quantity",
                f"The parcel has {expected} units of {line_id}, not {totals[line_id]}.",
            )


def not_in_the_future(field: str, moment: datetime, now: datetime) -> None:
    """Refuse a moment that has not come yet."""
    if moment > now + _CLOCK_SKEW:
        refuse(INVALID_ACTION, field, f"It lies in the future; now is {now.isoformat()}.")


def not_before_the_application(case: ReturnCase, field: str, moment: datetime) -> None:
    """Refuse a moment before the return was applied for."""
    if moment < case.opened_at - _CLOCK_SKEW:
        refuse(INVALID_ACTION, field, f"It lies before the application of {case.opened_at.isoformat()}.")


def refuse(kind: str, field: str, message: str) -> NoReturn:
    """Refuse an action, naming its field and what to do."""
    raise ApplicationError(message, {"field": field}, type=kind, non_retryable=True)
