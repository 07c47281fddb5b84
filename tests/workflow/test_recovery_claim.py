"""Recovery of a loss: the customer is paid first; the claim takes its own time, its own deadlines, its own end."""

from typing import Any

import pytest

from domain.actions import Action, Actor, Role
from domain.claims import ClaimEvidenceKind, ClaimReason, ClaimState
from domain.follow_up import FollowUpKind, FollowUpRequest
from domain.status import Logistics
from starters.errors import ActionNotAllowed, InvalidAction, ReturnNotFound, RoleNotPermitted
from testkit.pipeline import Pipeline, line, outage
from tests.workflow.claims import CARRIER, Claim
from tests.workflow.parcels import DAY, HOUR, booked
from workflows.contracts.claims import ClaimAction

PHOTO = {"kind": "image", "reference": "photos/broken.jpg"}
BROKEN = {"line_id": "SHIRT-M", "quantity": 1, "reason": "damaged_in_transit", "evidence": [PHOTO]}


async def lost(pipeline: Pipeline, order: dict[str, Any] | None = None) -> Claim:
    """A return whose parcel the carrier lost; its customer is paid and its case is closed."""
    rma_id = await booked(pipeline, order or await pipeline.order())
    await pipeline.scan(rma_id, "picked_up")
    await pipeline.scan(rma_id, "lost")
    assert (await pipeline.end(rma_id)).refunded_minor == 10_000
    return Claim(pipeline, rma_id)


async def test_a_lost_parcel_is_paid_and_then_claimed_with_its_evidence(pipeline: Pipeline) -> None:
    claim = await lost(pipeline)
    status = await claim.until(lambda status: status.claim.state is ClaimState.FILED)
    assert (status.claim.reason, status.claim.claimed_minor) == (ClaimReason.LOST_IN_TRANSIT, 10_000)
    kinds = [piece.kind for piece in status.claim.evidence]
    assert set(kinds) == {
        ClaimEvidenceKind.ORDER_VALUE,
        ClaimEvidenceKind.REFUND,
        ClaimEvidenceKind.TRACKING,
    }
    references = " ".join(piece.reference for piece in status.claim.evidence)
    assert f"{claim.rma_id}-refund-1-t0" in references
    assert " lost " in references
    await claim.act(ClaimAction.ANSWER, Role.ORDER_SYSTEM, verdict="accepted", amount_minor=10_000)
    status = await claim.until(lambda status: status.is_final)
    assert (status.claim.state, status.claim.awarded_minor) == (ClaimState.ACCEPTED, 10_000)
    assert [filed["claimed_minor"] for filed in await claim.filed()] == [10_000]
    [kept] = [each for each in pipeline.ledger.recovery_claims() if each.rma_id == claim.rma_id]
    assert (kept.state, kept.awarded_minor) == (ClaimState.ACCEPTED, 10_000)
    assert await claim.alerts(0) == []


async def test_a_claims_desk_that_is_down_for_days_delays_no_customer(pipeline: Pipeline) -> None:
    rma_id = await booked(pipeline)
    reference = f"{rma_id}-claim-carrier"
    await pipeline.fault(target="claims.file", match={"reference": reference}, **outage(12))
    await pipeline.scan(rma_id, "picked_up")
    await pipeline.scan(rma_id, "lost")
    assert (await pipeline.end(rma_id)).refunded_minor == 10_000
    claim = Claim(pipeline, rma_id)
    await claim.lapse(DAY + 2 * HOUR)
    status = await claim.until(lambda status: status.needs == Role.SUPERVISOR)
    assert status.claim.state is ClaimState.PREPARING
    with pytest.raises(ActionNotAllowed):
        await claim.act(ClaimAction.ANSWER, verdict="rejected")
    await claim.lapse(2 * DAY)
    status = await claim.until(lambda status: status.claim.state is ClaimState.FILED)
    assert status.needs == ""
    assert len(await claim.filed()) == 1
    assert set(await claim.alerts(1)) == {"staff_claim_stuck"}


async def test_an_answer_that_was_lost_does_not_claim_twice(pipeline: Pipeline) -> None:
    rma_id = await booked(pipeline)
    reference = f"{rma_id}-claim-carrier"
    await pipeline.fault(target="claims.file", kind="error_after", match={"reference": reference})
    await pipeline.scan(rma_id, "picked_up")
    await pipeline.scan(rma_id, "lost")
    await pipeline.end(rma_id)
    claim = Claim(pipeline, rma_id)
    await claim.lapse(HOUR)
    await claim.until(lambda status: status.claim.state is ClaimState.FILED)
    assert len(await claim.filed()) == 1


async def test_silence_reaches_a_person_and_a_lost_answer_is_looked_up(pipeline: Pipeline) -> None:
    claim = await lost(pipeline)
    await claim.until(lambda status: status.claim.state is ClaimState.FILED)
    await claim.lapse(29 * DAY)
    assert await claim.alerts(0) == []
    await claim.lapse(2 * DAY)
    await claim.until(lambda status: status.needs == Role.SUPERVISOR)
    assert await claim.alerts(1) == ["staff_claim_silent"]
    await claim.answered_at_the_desk(verdict="partly_accepted", amount_minor=4_000)
    await claim.lapse(8 * DAY)
    status = await claim.until(lambda status: status.is_final)
    assert (status.claim.state, status.claim.awarded_minor) == (ClaimState.PARTLY_ACCEPTED, 4_000)
    assert await claim.alerts(2) == ["staff_claim_silent", "staff_claim_lost"]


async def test_a_rejection_is_contested_once_with_what_was_gathered_since(pipeline: Pipeline) -> None:
    claim = await lost(pipeline)
    await claim.until(lambda status: status.claim.state is ClaimState.FILED)
    more = {"kind": "photo", "reference": "photos/handover.jpg"}
    await claim.act(ClaimAction.ADD_EVIDENCE, Role.AGENT_TIER_1, evidence=[more])
    await claim.answered_at_the_desk(verdict="rejected")
    await claim.act(ClaimAction.ANSWER, verdict="rejected", note="no proof")
    status = await claim.until(lambda status: status.claim.state is ClaimState.CONTESTED)
    [desk] = await claim.filed()
    assert desk["round"] == 2
    assert "photos/handover.jpg" in str(desk["evidence"])
    await claim.act(ClaimAction.ANSWER, verdict="rejected", note="still none")
    status = await claim.until(lambda status: status.is_final)
    assert (status.claim.state, status.claim.awarded_minor) == (ClaimState.REJECTED, 0)
    with pytest.raises(ActionNotAllowed, match="has ended"):
        await claim.act(ClaimAction.ADD_EVIDENCE, evidence=[more])


async def test_what_does_not_fit_a_claim_is_refused(pipeline: Pipeline) -> None:
    claim = await lost(pipeline)
    await claim.until(lambda status: status.claim.state is ClaimState.FILED)
    for verdict, amount_minor in (("accepted", 9_999), ("partly_accepted", 10_000), ("rejected", 1)):
        with pytest.raises(InvalidAction) as refused:
            await claim.act(ClaimAction.ANSWER, verdict=verdict, amount_minor=amount_minor)
        assert refused.value.field == "amount_minor"
    with pytest.raises(RoleNotPermitted):
        await claim.act(ClaimAction.WRITE_OFF, Role.AGENT_TIER_3, note="too small")
    with pytest.raises(RoleNotPermitted):
        await claim.act(ClaimAction.ANSWER, Role.CUSTOMER, verdict="rejected")
    await claim.act(ClaimAction.WRITE_OFF, note="too small")
    assert (await claim.until(lambda status: status.is_final)).claim.state is ClaimState.WRITTEN_OFF


async def test_a_parcel_that_comes_after_all_withdraws_the_claim(pipeline: Pipeline) -> None:
    claim = await lost(pipeline)
    await claim.until(lambda status: status.claim.state is ClaimState.FILED)
    receipt = FollowUpRequest(
        of=claim.rma_id,
        request_id="scan-1",
        kind=FollowUpKind.LATE_RECEIPT,
        actor=Actor(role=Role.WAREHOUSE, id="dock-2"),
        reason="it stood at the dock",
    )
    with pipeline.skipper.with_time_skipping_disabled():
        await pipeline.returns.follow_up(receipt)
    status = await claim.until(lambda status: status.is_final)
    assert status.claim.state is ClaimState.WITHDRAWN
    assert await claim.alerts(1) == ["staff_claim_moot"]


async def test_goods_that_came_damaged_are_claimed_once_they_are_paid(pipeline: Pipeline) -> None:
    order = await pipeline.order(lines=[line(unit_price_minor=8_000)])
    rma_id = (await pipeline.apply(order, lines=[BROKEN])).rma_id
    await pipeline.act(rma_id, Action.REVIEW, Role.AGENT_TIER_2, approve=True, note="broken")
    await pipeline.to_the_warehouse(rma_id)
    with pytest.raises(ReturnNotFound, match="no claim against the carrier"):
        await pipeline.returns.claim_status(rma_id, CARRIER)
    await pipeline.inspect(rma_id)
    await pipeline.end(rma_id)
    status = await Claim(pipeline, rma_id).until(lambda status: status.claim.state is ClaimState.FILED)
    assert (status.claim.reason, status.claim.claimed_minor) == (ClaimReason.DAMAGED_IN_TRANSIT, 8_000)
    assert "photos/broken.jpg" in str(status.claim.evidence)


async def test_a_missed_acceptance_scan_is_claimed_for_what_the_contract_pays(pipeline: Pipeline) -> None:
    rma_id = await booked(pipeline)
    await pipeline.scan(rma_id, "picked_up")
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.PICKED_UP)
    await pipeline.lapse(rma_id, 3 * HOUR)
    await pipeline.scan(rma_id, "delivered")
    await pipeline.until(rma_id, lambda status: status.logistics is Logistics.DELIVERED)
    await pipeline.inspect(rma_id)
    await pipeline.end(rma_id)
    status = await Claim(pipeline, rma_id).until(lambda status: status.claim.state is ClaimState.FILED)
    assert (status.claim.reason, status.claim.claimed_minor) == (ClaimReason.SCAN_MISSING, 500)


async def test_a_plain_return_gives_rise_to_no_claim(pipeline: Pipeline) -> None:
    rma_id = await pipeline.inspected(await pipeline.order())
    await pipeline.end(rma_id)
    with pytest.raises(ReturnNotFound):
        await pipeline.returns.claim_status(rma_id, CARRIER)
    history = await pipeline.history(rma_id)
    assert not any("recovery-claims" in str(event) for event in history.events)
