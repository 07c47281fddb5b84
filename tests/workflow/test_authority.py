"""Authority: caps per case and per agent-day, two people above the supervisor's cap, approvals that void."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from domain.actions import Action, Actor, Role
from domain.audit import AuditOutcome
from domain.clocks import ClockName
from domain.offers import OfferState
from domain.reasons import LiableParty
from domain.status import Approval
from starters.errors import AboveAuthority, ActionNotAllowed, InvalidAction, RoleNotPermitted, VersionOutdated
from testkit.pipeline import Pipeline, line
from tests.workflow.reviews import DAY, MINUTE, USED
from tests.workflow.test_without_goods import FAULTY
from workflows.contracts import ACTION_REQUESTS, ActionAnswer, ReturnStatus

LARGE = 600_000
"""More than a supervisor grants alone: 6,000 yuan."""


def terms(amount_minor: int, remedy: str = "price_compensation") -> dict[str, Any]:
    return {
        "remedy": remedy,
        "amount_minor": amount_minor,
        "basis": "The seam is loose.",
        "process": "We pay it to your card.",
        "time_limits": "3 business days",
        "freight": "merchant",
    }


def somebody(role: Role) -> Actor:
    """A person of a role whose day has not begun."""
    return Actor(role=role, id=f"{role.value}-{uuid4().hex[:8]}")


async def act(pipeline: Pipeline, rma_id: str, action: Action, actor: Actor, **fields: Any) -> ActionAnswer:
    return await pipeline.returns.act(
        rma_id, action, ACTION_REQUESTS[action].model_validate({"actor": actor, **fields})
    )


async def reviewed(pipeline: Pipeline, price_minor: int = 10_000) -> str:
    """A return that waits for a person."""
    order = await pipeline.order(lines=[line(unit_price_minor=price_minor)])
    rma_id = (await pipeline.apply(order, lines=[USED])).rma_id
    await pipeline.until(rma_id, lambda status: status.needs == Role.AGENT_TIER_2)
    return rma_id


async def waiting(pipeline: Pipeline) -> tuple[str, Actor, ReturnStatus]:
    """A large offer that waits for a second person."""
    rma_id, boss = await reviewed(pipeline, 1_000_000), somebody(Role.SUPERVISOR)
    answer = await act(pipeline, rma_id, Action.MAKE_OFFER, boss, terms=terms(LARGE))
    assert answer.awaits_approval
    status = await pipeline.until(rma_id, lambda status: status.needs == Role.SUPERVISOR)
    assert (status.offers, status.next_deadline is not None) == ((), True)
    return rma_id, boss, status


async def approve(pipeline: Pipeline, status: ReturnStatus, actor: Actor, **changes: Any) -> ActionAnswer:
    named = {"amount_minor": LARGE, "expected_version": status.version} | changes
    return await act(pipeline, status.rma_id, Action.APPROVE_PAYOUT, actor, **named)


async def test_an_agent_above_the_cap_is_refused_and_told_whom_to_ask(pipeline: Pipeline) -> None:
    rma_id, agent = await reviewed(pipeline), somebody(Role.AGENT_TIER_1)
    before = await pipeline.returns.status(rma_id)
    with pytest.raises(AboveAuthority, match=r"may grant CN¥30\.00 for one case.*Ask agent_tier_2") as refused:
        await act(pipeline, rma_id, Action.MAKE_OFFER, agent, terms=terms(3_001))
    assert refused.value.field == "terms.amount_minor"
    assert await pipeline.returns.status(rma_id) == before
    (line_of_audit,) = pipeline.ledger.audit_entries(rma_id)
    assert (line_of_audit.actor_id, line_of_audit.outcome, line_of_audit.rule) == (
        agent.id,
        AuditOutcome.REFUSED,
        "case_cap",
    )
    await act(pipeline, rma_id, Action.MAKE_OFFER, agent, terms=terms(3_000))


async def test_a_split_over_two_cases_of_one_day_is_refused_until_the_first_is_given_back(
    pipeline: Pipeline,
) -> None:
    agent = somebody(Role.AGENT_TIER_1)
    first, second = await reviewed(pipeline), await reviewed(pipeline)
    await act(pipeline, first, Action.MAKE_OFFER, agent, terms=terms(2_000))
    with pytest.raises(AboveAuthority, match="in one day"):
        await act(pipeline, second, Action.MAKE_OFFER, agent, terms=terms(2_000))
    assert (await pipeline.returns.status(second)).offers == ()
    await pipeline.act(first, Action.DECLINE_OFFER, Role.CUSTOMER, offer_number=1)
    await pipeline.told(first)
    await pipeline.until(first, lambda status: status.needs == Role.AGENT_TIER_2)
    await act(pipeline, second, Action.MAKE_OFFER, agent, terms=terms(2_000))
    outcomes = [entry.outcome for entry in pipeline.ledger.audit_entries(first)]
    assert outcomes == [AuditOutcome.RELEASED, AuditOutcome.GRANTED]


async def test_two_offers_at_once_draw_once(pipeline: Pipeline) -> None:
    rma_id = await reviewed(pipeline)
    agents = [somebody(Role.AGENT_TIER_1) for _ in range(3)]
    answers = await asyncio.gather(
        *(act(pipeline, rma_id, Action.MAKE_OFFER, agent, terms=terms(1_000)) for agent in agents),
        return_exceptions=True,
    )
    taken = [answer for answer in answers if isinstance(answer, ActionAnswer)]
    assert len(taken) == 1
    status = await pipeline.returns.status(rma_id)
    assert [offer.state for offer in status.offers] == [OfferState.PROPOSED]
    granted = [entry for entry in pipeline.ledger.audit_entries(rma_id) if entry.outcome is AuditOutcome.GRANTED]
    given_back = [e for e in pipeline.ledger.audit_entries(rma_id) if e.outcome is AuditOutcome.RELEASED]
    assert len(granted) - len(given_back) == 1


async def test_the_shop_draws_on_a_budget_when_it_takes_the_customers_counter(pipeline: Pipeline) -> None:
    rma_id, agent = await reviewed(pipeline), somebody(Role.AGENT_TIER_1)
    await act(pipeline, rma_id, Action.MAKE_OFFER, agent, terms=terms(1_000))
    await pipeline.act(rma_id, Action.COUNTER_OFFER, Role.CUSTOMER, offer_number=1, terms=terms(5_000))
    with pytest.raises(AboveAuthority):
        await act(pipeline, rma_id, Action.ACCEPT_OFFER, agent, offer_number=2)
    assert (await pipeline.returns.status(rma_id)).offers[-1].state is OfferState.PROPOSED
    await act(pipeline, rma_id, Action.ACCEPT_OFFER, somebody(Role.AGENT_TIER_2), offer_number=2)
    status = await pipeline.until(rma_id, lambda status: status.approval is Approval.APPROVED)
    assert status.offers[-1].state is OfferState.ACCEPTED


async def test_goods_that_stay_with_the_customer_count_beyond_the_limit(pipeline: Pipeline) -> None:
    rma_id = await reviewed(pipeline)
    keep = terms(0, "refund_only")
    with pytest.raises(AboveAuthority, match=r"this adds CN¥100\.00"):
        await act(pipeline, rma_id, Action.MAKE_OFFER, somebody(Role.AGENT_TIER_1), terms=keep)
    cheap = await reviewed(pipeline, 1_500)
    await act(pipeline, cheap, Action.MAKE_OFFER, somebody(Role.AGENT_TIER_1), terms=keep)


async def test_above_the_supervisors_cap_a_second_person_approves(pipeline: Pipeline) -> None:
    rma_id, boss, status = await waiting(pipeline)
    assert status.pending_payout is not None
    assert (status.pending_payout.amount_minor, status.pending_payout.version) == (LARGE, status.version)
    assert status.next_deadline is not None
    with pytest.raises(RoleNotPermitted, match="another supervisor"):
        await approve(pipeline, status, boss)
    with pytest.raises(RoleNotPermitted):
        await approve(pipeline, status, somebody(Role.AGENT_TIER_3))
    other = somebody(Role.SUPERVISOR)
    with pytest.raises(InvalidAction, match="exactly"):
        await approve(pipeline, status, other, amount_minor=LARGE - 1)
    with pytest.raises(VersionOutdated, match=f"at version {status.version}"):
        await approve(pipeline, status, other, expected_version=status.version - 1)
    await approve(pipeline, status, other)
    status = await pipeline.until(rma_id, lambda status: status.needs == Role.CUSTOMER)
    (offer,) = status.offers
    assert (offer.proposer, offer.terms.amount_minor, status.pending_payout) == (boss, LARGE, None)
    with pytest.raises(ActionNotAllowed):
        await approve(pipeline, status, other)
    assert await pipeline.told(rma_id, "staff_alert") == ["staff_approval_needed"]
    outcomes = [(entry.outcome, entry.actor_id) for entry in pipeline.ledger.audit_entries(rma_id)]
    assert outcomes == [(AuditOutcome.APPROVED, other.id), (AuditOutcome.PENDING, boss.id)]


async def test_a_change_of_the_return_voids_what_waits(pipeline: Pipeline) -> None:
    rma_id, _, before = await waiting(pipeline)
    await pipeline.act(
        rma_id,
        Action.REVIEW,
        Role.AGENT_TIER_2,
        approve=False,
        note="worn",
        liability={"SHIRT-M": LiableParty.CUSTOMER.value},
    )
    status = await pipeline.until(rma_id, lambda status: status.pending_payout is None)
    assert status.version > before.version
    with pytest.raises(ActionNotAllowed):
        await approve(pipeline, before, somebody(Role.SUPERVISOR))
    await pipeline.told(rma_id)
    assert pipeline.ledger.audit_entries(rma_id)[0].outcome is AuditOutcome.RELEASED


async def test_what_nobody_approves_expires_and_goes_to_management(pipeline: Pipeline) -> None:
    rma_id, boss, status = await waiting(pipeline)
    await pipeline.lapse(rma_id, DAY + MINUTE)
    status = await pipeline.until(rma_id, lambda status: status.pending_payout is None)
    assert [clock.state for clock in status.clocks if clock.name is ClockName.APPROVAL] == ["breached"]
    assert "staff_approval_expired" in await pipeline.told(rma_id, "staff_alert")
    assert pipeline.ledger.audit_entries(rma_id)[0].outcome is AuditOutcome.RELEASED
    assert (await act(pipeline, rma_id, Action.MAKE_OFFER, boss, terms=terms(LARGE))).awaits_approval


async def test_a_second_person_may_decline(pipeline: Pipeline) -> None:
    rma_id, boss, _ = await waiting(pipeline)
    with pytest.raises(InvalidAction, match="Another payout waits"):
        await act(pipeline, rma_id, Action.MAKE_OFFER, boss, terms=terms(1_000))
    await act(pipeline, rma_id, Action.DECLINE_PAYOUT, somebody(Role.SUPERVISOR), note="a repair is enough")
    status = await pipeline.until(rma_id, lambda status: status.needs == Role.AGENT_TIER_2)
    assert (status.pending_payout, status.offers) == (None, ())


async def test_an_action_on_an_old_version_is_refused(pipeline: Pipeline) -> None:
    rma_id = await reviewed(pipeline)
    version = (await pipeline.returns.status(rma_id)).version
    verdict: dict[str, Any] = {"approve": False, "note": "worn"}
    with pytest.raises(VersionOutdated, match=f"at version {version}, not {version - 1}") as refused:
        await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, expected_version=version - 1, **verdict)
    assert refused.value.field == "expected_version"
    assert (await pipeline.returns.status(rma_id)).version == version
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, expected_version=version, **verdict)
    assert (await pipeline.returns.status(rma_id)).version > version


async def test_goods_that_a_reviewer_lets_the_customer_keep_are_within_their_authority(pipeline: Pipeline) -> None:
    order = await pipeline.order(lines=[line(unit_price_minor=LARGE)])
    rma_id = (await pipeline.apply(order, desired_resolution="refund_only", lines=[FAULTY])).rma_id
    verdict: dict[str, Any] = {"approve": True, "note": "it is so"}
    for role in (Role.AGENT_TIER_1, Role.AGENT_TIER_2, Role.AGENT_TIER_3):
        with pytest.raises(AboveAuthority) as refused:
            await act(pipeline, rma_id, Action.REVIEW, somebody(role), **verdict)
        assert refused.value.field == "approve"
    boss, other = somebody(Role.SUPERVISOR), somebody(Role.SUPERVISOR)
    assert (await act(pipeline, rma_id, Action.REVIEW, boss, **verdict)).awaits_approval
    status = await pipeline.until(rma_id, lambda status: status.pending_payout is not None)
    assert status.approval is Approval.MANUAL_REVIEW
    await approve(pipeline, status, other)
    assert (await pipeline.end(rma_id)).refunded_minor == LARGE


async def test_units_accepted_after_all_are_within_the_supervisors_authority_or_wait(pipeline: Pipeline) -> None:
    order = await pipeline.order(lines=[line(unit_price_minor=LARGE)])
    broken = {
        "line_id": "SHIRT-M",
        "quantity": 1,
        "verdict": "rejected",
        "grade": "C",
        "disposition": "HOLD",
        "note": "a stain",
    }
    rma_id = await pipeline.inspected(order, broken)
    await pipeline.act(rma_id, Action.CONTEST, Role.CUSTOMER, note="it came like this")
    boss, other = somebody(Role.SUPERVISOR), somebody(Role.SUPERVISOR)
    verdict = {"note": "so it did", "accepted": [{"line_id": "SHIRT-M", "quantity": 1}]}
    assert (await act(pipeline, rma_id, Action.DECIDE_CONTEST, boss, **verdict)).awaits_approval
    status = await pipeline.until(rma_id, lambda status: status.pending_payout is not None)
    await approve(pipeline, status, other)
    assert (await pipeline.end(rma_id)).refunded_minor == LARGE


async def test_a_payout_whose_clock_is_paused_may_be_approved_until_that_is_due(pipeline: Pipeline) -> None:
    rma_id, _, status = await waiting(pipeline)
    until = await pipeline.now(rma_id) + 10 * DAY
    pause: dict[str, Any] = {"cause": "strike", "note": "a strike", "until": until}
    await pipeline.act(rma_id, Action.PAUSE_CLOCKS, Role.SUPERVISOR, **pause)
    await pipeline.lapse(rma_id, 3 * DAY)
    await approve(pipeline, status, somebody(Role.SUPERVISOR))
    status = await pipeline.until(rma_id, lambda status: status.pending_payout is None)
    assert [offer.state for offer in status.offers] == [OfferState.PROPOSED]


async def test_an_approval_that_cannot_be_carried_out_now_leaves_the_payout_waiting(pipeline: Pipeline) -> None:
    """An expert is asked while a verdict waits for a second person: the approval comes too early."""
    order = await pipeline.order(lines=[line(quantity=2, unit_price_minor=LARGE)])
    two = [{"line_id": "SHIRT-M", "quantity": 2, "condition": "unopened"}]
    found = {"line_id": "SHIRT-M", "quantity": 1, "verdict": "rejected", "grade": "D", "note": "worn"}
    rma_id = await pipeline.inspected(order, found, found | {"verdict": "accepted"}, lines=two)
    await pipeline.until(rma_id, lambda status: Action.CONTEST in status.allowed_actions)
    await pipeline.act(rma_id, Action.CONTEST, Role.CUSTOMER, note="it came like this")
    verdict = {"note": "new", "accepted": [{"line_id": "SHIRT-M", "quantity": 1}]}
    await act(pipeline, rma_id, Action.DECIDE_CONTEST, somebody(Role.SUPERVISOR), **verdict)
    status = await pipeline.until(rma_id, lambda status: status.pending_payout is not None)
    await pipeline.act(rma_id, Action.REQUEST_EXPERT, Role.SUPERVISOR, note="from wearing it?")
    with pytest.raises(ActionNotAllowed, match="decide_contest is not allowed"):
        await approve(pipeline, status, somebody(Role.SUPERVISOR))
    assert (await pipeline.returns.status(rma_id)).pending_payout == status.pending_payout
    finding = {"finding": "fault", "note": "I took it apart"}
    await pipeline.act(rma_id, Action.EXPERT_OPINION, Role.AGENT_TIER_2, **finding)
    await approve(pipeline, status, somebody(Role.SUPERVISOR))
    assert (await pipeline.end(rma_id)).refunded_minor == 2 * LARGE
