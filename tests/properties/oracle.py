"""The invariants of section 9, read from the providers' books and held against the ledger."""

from collections import Counter
from typing import Any

from domain.intents import ProviderStatus
from domain.keys import inspection_clock_key
from testkit.pipeline import Pipeline
from workflows.contracts import ReturnStatus

ENTITLES = (
    "inspection ACCEPTED",
    "inspection PARTIALLY_ACCEPTED",
    "logistics LOST",
    "contest decided",
    "arbitration",
    "paid without the goods",
    "goodwill granted",
)
"""What has to stand in the timeline before money goes back for goods that were delivered."""


async def broken_invariants(pipeline: Pipeline, order: dict[str, Any], *cases: ReturnStatus) -> list[str]:
    """What the books contradict of the returns of an order and their follow-ups; empty if all holds."""
    broken: list[str] = []
    firsts = [case for case in cases if case.follows is None]
    refunds = [entry for case in firsts for entry in await _movements(pipeline, "refunds", case.rma_id)]
    charges = [entry for case in firsts for entry in await _movements(pipeline, "charges", case.rma_id)]
    paid = sum(payment["amount_minor"] for payment in order["payments"]) + sum(
        charge["amount_minor"] for charge in charges
    )
    refunded = sum(refund["amount_minor"] for refund in refunds)
    if refunded > paid:
        broken.append(f"I1: {refunded} paid back of {paid}")
    repeated = [key for key, count in Counter(refund["reference"] for refund in refunds).items() if count > 1]
    if repeated:
        broken.append(f"I2: paid more than once: {repeated}")
    told = {payment.key for case in cases for payment in case.payments if payment.state.is_paid}
    if told != {entry["reference"] for entry in (*refunds, *charges)}:
        broken.append(f"I3: the status says {sorted(told)} moved, the books say otherwise")
    if any(case.refusal is None for case in firsts):
        balance = pipeline.ledger.order_balance(order["order_id"])
        if balance.refunded_minor != refunded:
            broken.append(f"I4: the ledger says {balance.refunded_minor}, the provider {refunded}")
        if all(case.is_final for case in cases) and balance.reserved_minor:
            broken.append(f"I4: {balance.reserved_minor} are still reserved")
    for first in firsts:
        family = [case for case in cases if case is first or (case.follows and case.follows.root == first.rma_id)]
        broken += await _broken_by(pipeline, first, family)
    for case in cases:
        if not (await pipeline.returns.explain(case.rma_id)).adds_up:
            broken.append(f"I3: the worksheets of {case.rma_id} do not come to what was drawn")
    return broken


async def _broken_by(pipeline: Pipeline, status: ReturnStatus, family: list[ReturnStatus]) -> list[str]:
    """What one return and its follow-ups break of what holds for each return."""
    broken: list[str] = []
    rma_id = status.rma_id
    if await _movements(pipeline, "refunds", rma_id) and not any(_is_entitled(case) for case in family):
        broken.append("I5: a refund without an inspection, a cancellation or an exception")
    parcels = max(len(status.parcels), 1)
    live = await pipeline.live_pickups(rma_id)
    if len(live) > parcels:
        broken.append(f"I7: live pickups {live}")
    labels = await pipeline.live_labels(rma_id)
    if len(labels) > parcels:
        broken.append(f"I7: live labels {labels}")
    given = [entry["key"] for entry in await pipeline.books("coupons", rma_id)]
    given += [
        entry["reference"] for entry in await pipeline.books("store_credit", rma_id) if entry["kind"] == "grant"
    ]
    if twice := [key for key, count in Counter(given).items() if count > 1]:
        broken.append(f"I2: given more than once: {twice}")
    coupons = [key for key in given if key == inspection_clock_key(rma_id)]
    breached = [clock for clock in status.clocks if clock.name == "inspection" and clock.state == "breached"]
    if len(coupons) > 1 or (breached and status.is_final and len(coupons) != 1):
        broken.append(f"I10: {len(coupons)} breach coupons, {len(breached)} broken promises")
    return broken


async def _movements(pipeline: Pipeline, book: str, rma_id: str) -> list[dict[str, Any]]:
    last = {entry["provider_reference"]: entry for entry in await pipeline.books(book, rma_id)}
    return [entry for entry in last.values() if entry["status"] == ProviderStatus.SUCCEEDED]


def _is_entitled(status: ReturnStatus) -> bool:
    return any(entry.what in ENTITLES for entry in status.timeline)
