"""What people grant beyond the rules: one budget per agent and day, one per case, and a line of audit for each."""

import multiprocessing
from datetime import date
from typing import Any

import pytest

from domain.actions import Action, Actor, Role
from domain.audit import AuditEntry, AuditOutcome
from domain.authority import PayoutApproval, PayoutRequest, PayoutRule, PayoutState
from domain.policy.authority import PayoutCaps
from ledger.errors import GrantNotPending, ReturnNotFound, SamePerson
from ledger.ledger import Ledger
from tests.unit.ledger_builders import NOW, a_line, a_stage, an_opening, an_order, row_counts
from tests.unit.ledger_rivals import grant_at_once

pytest_plugins = ["tests.unit.ledger_fixtures"]

CAPS = PayoutCaps(agent_tier_1=3_000, agent_tier_2=50_000, agent_tier_3=500_000, supervisor=500_000)
DAY = date(2026, 3, 1)
AGENT = Actor(role=Role.AGENT_TIER_1, id="agent-1")
BOSS = Actor(role=Role.SUPERVISOR, id="boss-1")
OTHER_BOSS = Actor(role=Role.SUPERVISOR, id="boss-2")


@pytest.fixture
def cases(ledger: Ledger) -> Ledger:
    """A ledger with three returns of three orders."""
    for number in (1, 2, 3):
        order = an_order(lines=(a_line("L1", 1, 900_000),), order_id=f"O-{number}")
        ledger.open_return(an_opening(f"R{number}", order, {"L1": 1}))
    return ledger


def a_request(rma_id: str, op: str = "payout-1", actor: Actor = AGENT, **fields: Any) -> PayoutRequest:
    fixed = {"action": Action.MAKE_OFFER, "currency": "CNY", "case_version": 3, "policy_version": "test-1"}
    return PayoutRequest.model_validate({"rma_id": rma_id, "op": op, "at": NOW, "actor": actor, **fixed, **fields})


def grant(ledger: Ledger, rma_id: str, amount: int, op: str = "payout-1", **fields: Any) -> PayoutState:
    day = fields.pop("day", DAY)
    return ledger.grant_payout(a_request(rma_id, op, **fields), amount, CAPS, day).state


def test_a_split_over_two_cases_of_a_day_is_refused(cases: Ledger) -> None:
    assert grant(cases, "R1", 2_000) is PayoutState.GRANTED
    answer = cases.grant_payout(a_request("R2"), 2_000, CAPS, DAY)
    assert (answer.state, answer.rule, answer.spent_minor, answer.limit_minor, answer.ask) == (
        PayoutState.REFUSED,
        PayoutRule.DAY_CAP,
        2_000,
        3_000,
        Role.AGENT_TIER_2,
    )
    assert grant(cases, "R3", 1_000) is PayoutState.GRANTED
    assert grant(cases, "R2", 3_000, "payout-2", day=date(2026, 3, 2)) is PayoutState.GRANTED


def test_a_split_over_two_agents_of_a_case_is_refused(cases: Ledger) -> None:
    assert grant(cases, "R1", 2_000) is PayoutState.GRANTED
    colleague = Actor(role=Role.AGENT_TIER_1, id="agent-2")
    answer = cases.grant_payout(a_request("R1", "payout-2", colleague), 2_000, CAPS, DAY)
    assert (answer.state, answer.rule, answer.spent_minor) == (PayoutState.REFUSED, PayoutRule.CASE_CAP, 2_000)


def test_a_repeat_counts_once(cases: Ledger) -> None:
    assert [grant(cases, "R1", 2_000) for _ in range(3)] == [PayoutState.GRANTED] * 3
    assert grant(cases, "R2", 1_000) is PayoutState.GRANTED
    assert row_counts(cases.engine)["payout_grants"] == 2


def test_what_is_not_used_goes_back_to_its_day_once(cases: Ledger) -> None:
    grant(cases, "R1", 3_000)
    assert grant(cases, "R2", 1) is PayoutState.REFUSED
    for op in ("ended-1", "ended-2"):
        cases.record(a_stage("R1", op, releases=("payout-1", "payout-unknown")))
    assert grant(cases, "R2", 3_000, "payout-2") is PayoutState.GRANTED
    assert grant(cases, "R3", 1) is PayoutState.REFUSED


def test_a_grant_can_take_the_place_of_an_earlier_one(cases: Ledger) -> None:
    grant(cases, "R1", 3_000)
    assert grant(cases, "R1", 2_500, "payout-2", releases=("payout-1",)) is PayoutState.GRANTED
    assert grant(cases, "R2", 501) is PayoutState.REFUSED
    assert grant(cases, "R2", 500, "payout-2") is PayoutState.GRANTED


def test_what_the_rules_cover_is_granted_without_a_line(cases: Ledger) -> None:
    assert grant(cases, "R1", 0) is PayoutState.GRANTED
    assert cases.audit_entries() == []


def test_above_the_supervisor_a_second_person_decides(cases: Ledger) -> None:
    assert grant(cases, "R1", 600_000, actor=BOSS) is PayoutState.PENDING
    own = PayoutApproval(rma_id="R1", op="d-1", at=NOW, request_op="payout-1", approver=BOSS, approve=True)
    with pytest.raises(SamePerson):
        cases.decide_payout(own)
    approval = own.model_copy(update={"op": "d-2", "approver": OTHER_BOSS})
    for _ in range(2):
        cases.decide_payout(approval)
    with pytest.raises(GrantNotPending):
        cases.decide_payout(approval.model_copy(update={"op": "d-3"}))
    # What two people decided draws on no single person's day, but on the case.
    assert grant(cases, "R2", 500_000, actor=BOSS) is PayoutState.GRANTED
    assert grant(cases, "R1", 1, "payout-2", actor=OTHER_BOSS) is PayoutState.PENDING
    assert [(line.outcome, line.actor_id) for line in reversed(cases.audit_entries("R1"))] == [
        (AuditOutcome.PENDING, "boss-1"),
        (AuditOutcome.APPROVED, "boss-2"),
        (AuditOutcome.PENDING, "boss-2"),
    ]


def test_a_declined_payout_leaves_the_case_free(cases: Ledger) -> None:
    grant(cases, "R1", 600_000, actor=BOSS)
    cases.decide_payout(
        PayoutApproval(rma_id="R1", op="d-1", at=NOW, request_op="payout-1", approver=OTHER_BOSS, approve=False)
    )
    assert grant(cases, "R1", 500_000, "payout-2", actor=BOSS) is PayoutState.GRANTED


def test_the_audit_says_who_was_refused_what_by_which_rule(cases: Ledger) -> None:
    grant(cases, "R1", 9_000)
    cases.write_audit(
        AuditEntry(
            at=NOW,
            rma_id="R2",
            actor_role="customer",
            actor_id="C-1",
            action="review",
            outcome=AuditOutcome.REFUSED,
            rule="RoleNotPermitted",
        )
    )
    newest, oldest = cases.audit_entries()
    assert (newest.rma_id, newest.rule) == ("R2", "RoleNotPermitted")
    assert (oldest.rma_id, oldest.actor_id, oldest.action, oldest.outcome, oldest.rule) == (
        "R1",
        "agent-1",
        "make_offer",
        AuditOutcome.REFUSED,
        "case_cap",
    )
    assert "9000 CNY minor units at version 3; 0 granted before, cap 3000" in oldest.detail
    assert cases.audit_entries("R1") == [oldest]
    assert len(cases.audit_entries(limit=1)) == 1


def test_a_return_that_was_never_opened_grants_nothing(ledger: Ledger) -> None:
    with pytest.raises(ReturnNotFound):
        grant(ledger, "R9", 1)
    assert row_counts(ledger.engine)["agent_budgets"] == 0


def test_two_workers_cannot_grant_an_agents_day_twice(ledger_url: str, cases: Ledger) -> None:
    spawn = multiprocessing.get_context("spawn")
    start = spawn.Barrier(3)
    granted: multiprocessing.Queue[bool] = spawn.Queue()
    rivals = [
        spawn.Process(
            target=grant_at_once, args=(ledger_url, a_request(f"R{number}"), 1_400, CAPS, DAY, start, granted)
        )
        for number in (1, 2, 3)
    ]
    for rival in rivals:
        rival.start()
    answers = sorted(granted.get(timeout=60) for _ in rivals)
    for rival in rivals:
        rival.join(60)

    assert answers == [False, True, True]
