"""The invariants of section 9, read from the providers' books and held against the ledger."""

from collections import Counter
from typing import Any

from domain.intents import ProviderStatus
from domain.keys import inspection_clock_key
from tests.pipeline import Pipeline
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


async def broken_invariants(
    pipeline: Pipeline, order: dict[str, Any], status: ReturnStatus, *follow_ups: ReturnStatus
) -> list[str]:
    """What the books contradict of a return and the cases that followed it; empty if every invariant holds."""
    broken: list[str] = []
    rma_id = status.rma_id
    last = follow_ups[-1] if follow_ups else status
    refunds = await _movements(pipeline, "refunds", rma_id)
    charges = await _movements(pipeline, "charges", rma_id)
    paid = sum(payment["amount_minor"] for payment in order["payments"]) + sum(
        charge["amount_minor"] for charge in charges
    )
    refunded = sum(refund["amount_minor"] for refund in refunds)
    if refunded > paid:
        broken.append(f"I1: {refunded} paid back of {paid}")
    repeated = [key for key, count in Counter(refund["reference"] for refund in refunds).items() if count > 1]
    if repeated:
        broken.append(f"I2: paid more than once: {repeated}")
    told = {payment.key for case in (status, *follow_ups) for payment in case.payments if payment.state.is_paid}
    if told != {entry["reference"] for entry in (*refunds, *charges)}:
        broken.append(f"I3: the status says {sorted(told)} moved, the books say otherwise")
    if status.refusal is None:
        balance = pipeline.ledger.order_balance(order["order_id"])
        if balance.refunded_minor != refunded:
            broken.append(f"I4: the ledger says {balance.refunded_minor}, the provider {refunded}")
        if last.is_final and balance.reserved_minor:
            broken.append(f"I4: {balance.reserved_minor} are still reserved")
    if refunds and not any(_is_entitled(case) for case in (status, *follow_ups)):
        broken.append("I5: a refund without an inspection, a cancellation or an exception")
    live = await pipeline.live_pickups(rma_id)
    if len(live) > 1:
        broken.append(f"I7: live pickups {live}")
    labels = await pipeline.live_labels(rma_id)
    if len(labels) > 1:
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
