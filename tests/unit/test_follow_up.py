"""When a case that ended may be taken up again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.actions import Actor, Role
from domain.follow_up import (
    EarlierFollowUp,
    FollowUpKind,
    FollowUpRefusalCode,
    FollowUpRequest,
    refuse_follow_up,
)
from domain.status import Approval, Header, Logistics, Reimbursement, derive_header

CLOSED_AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
WEEK = timedelta(days=7)
SECOND = timedelta(seconds=1)


def code(
    kind: FollowUpKind = FollowUpKind.REOPENED,
    header: str = Header.COMPLETED,
    now: datetime = CLOSED_AT + WEEK,
    earlier: tuple[EarlierFollowUp, ...] = (),
    role: Role = Role.SUPERVISOR,
) -> FollowUpRefusalCode | None:
    request = FollowUpRequest(
        of="RMA-1", request_id="q", kind=kind, actor=Actor(role=role, id="a"), reason="because"
    )
    refusal = refuse_follow_up(request, header, CLOSED_AT, WEEK, earlier, now)
    return refusal.code if refusal else None


def before(kind: FollowUpKind, is_open: bool = False) -> tuple[EarlierFollowUp, ...]:
    return (EarlierFollowUp(rma_id="RMA-1-2", kind=kind, is_open=is_open),)


@pytest.mark.parametrize(
    ("circumstances", "expected"),
    [
        ({}, None),
        ({"now": CLOSED_AT + WEEK + SECOND}, FollowUpRefusalCode.WINDOW_PASSED),
        ({"now": CLOSED_AT + 50 * WEEK, "kind": FollowUpKind.LATE_RECEIPT}, None),
        ({"role": Role.WAREHOUSE}, FollowUpRefusalCode.ROLE_NOT_PERMITTED),
        ({"role": Role.CUSTOMER, "kind": FollowUpKind.LATE_RECEIPT}, FollowUpRefusalCode.ROLE_NOT_PERMITTED),
        ({"earlier": before(FollowUpKind.REOPENED)}, FollowUpRefusalCode.ALREADY_REOPENED),
        ({"earlier": before(FollowUpKind.LATE_RECEIPT)}, None),
        ({"earlier": before(FollowUpKind.LATE_RECEIPT, is_open=True)}, FollowUpRefusalCode.FOLLOW_UP_OPEN),
        ({"earlier": before(FollowUpKind.REOPENED), "kind": FollowUpKind.LATE_RECEIPT}, None),
    ],
)
def test_when_a_closed_case_is_taken_up(
    circumstances: dict[str, Any], expected: FollowUpRefusalCode | None
) -> None:
    assert code(**circumstances) is expected


@pytest.mark.parametrize("header", [Header.DECLINED, Header.REFUSED, Header.CANCELED, Header.EXPIRED])
def test_only_a_solved_return_is_reopened(header: Header) -> None:
    assert code(header=header) is FollowUpRefusalCode.NOT_POSSIBLE


@pytest.mark.parametrize("header", [Header.COMPLETED, Header.EXPIRED, Header.CANCELED])
def test_goods_come_late_whatever_was_believed_of_them(header: Header) -> None:
    assert code(FollowUpKind.LATE_RECEIPT, header) is None


@pytest.mark.parametrize(("ended", "header"), [(False, Header.REOPENED), (True, Header.COMPLETED)])
def test_a_follow_up_shows_as_reopened_while_it_is_open(ended: bool, header: Header) -> None:
    shown = derive_header(Approval.APPROVED, Logistics.RECEIVED, Reimbursement.SETTLED, ended=ended, follows=True)
    assert shown is header
