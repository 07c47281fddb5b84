"""The invariants of section 9 for the returns of an order in a test's pipeline."""

from typing import Any

from chaos.books import READ, BooksOfReturn, Entry
from chaos.invariants import of_order
from testkit.pipeline import Pipeline
from workflows.contracts import ReturnStatus


async def broken_invariants(pipeline: Pipeline, order: dict[str, Any], *cases: ReturnStatus) -> list[str]:
    """What the books contradict of the returns of an order and their follow-ups; empty if all holds."""
    firsts = [case for case in cases if case.follows is None]
    books = {case.rma_id: await _books(pipeline, case.rma_id) for case in firsts}
    opened = any(case.refusal is None for case in firsts)
    balance = pipeline.ledger.order_balance(order["order_id"]) if opened else None
    paid_minor = sum(payment["amount_minor"] for payment in order["payments"])
    broken = [str(each) for each in of_order(paid_minor, cases, books, balance)]
    for case in cases:
        if not (await pipeline.returns.explain(case.rma_id)).adds_up:
            broken.append(f"I3: the worksheets of {case.rma_id} do not come to what was drawn")
    return broken


async def _books(pipeline: Pipeline, rma_id: str) -> BooksOfReturn:
    found: dict[str, list[Entry]] = {}
    for book in READ:
        answer = await pipeline.sandbox.get(f"/books/{book}", params={"key_prefix": rma_id})
        found[book] = answer.raise_for_status().json()["entries"]
    return BooksOfReturn(found)
