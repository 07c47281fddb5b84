"""The invariants of returns, read from the providers' books and held against the ledger and the status.

They are numbered as in the design: I1 never more back than was paid, I2 one effect per key, I3 what was approved
is paid, I4 the ledger says what the provider says, I5 no refund without a reason, I6 outcomes are the provider's
word, I7 one live pickup and label per parcel, I8 every message at least once under one id, I10 one coupon for a
late inspection. I9, that histories replay, is `chaos.histories`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from chaos.books import BooksOfReturn
from domain.intents import IntentState, PaymentDirection, PaymentIntent
from domain.keys import inspection_clock_key
from domain.record import Record
from ledger.answers import OrderBalance
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
"""What has to stand in the timeline before money goes back for goods that were delivered. Where the order system
stopped the fulfilment, nothing was."""


class Broken(Record):
    """An invariant that does not hold, of which return, and what contradicts it."""

    invariant: str
    rma_id: str
    told: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.rma_id}: {self.told}"


def of_order(
    paid_minor: int,
    cases: Sequence[ReturnStatus],
    books: Mapping[str, BooksOfReturn],
    balance: OrderBalance | None,
) -> list[Broken]:
    """What the books contradict of the returns of one order and their follow-ups; empty if all holds.

    Args:
        paid_minor: What was paid for the order before its returns, in minor units.
        cases: The returns, each with its follow-ups, as they stand.
        books: By the RMA id of each return that is no follow-up.
        balance: The ledger's word on the order; None where it cannot be read.
    """
    firsts = [case for case in cases if case.follows is None]
    if not firsts:
        return []
    name = firsts[0].rma_id
    refunds = [entry for case in firsts for entry in books[case.rma_id].moved("refunds")]
    charges = [entry for case in firsts for entry in books[case.rma_id].moved("charges")]
    broken = _never_overdrawn(name, paid_minor, [books[case.rma_id] for case in firsts])
    broken += _once_each(name, "paid", (refund["reference"] for refund in refunds))
    broken += _once_each(name, "charged", (charge["reference"] for charge in charges))
    told = {payment.key for case in cases for payment in case.payments if payment.state.is_paid}
    holds = {entry["reference"] for case in firsts for entry in books[case.rma_id].of("payment_holds")}
    moved = {entry["reference"] for entry in (*refunds, *charges)}
    if told - holds != moved:
        broken.append(
            Broken(
                invariant="I3",
                rma_id=name,
                told=f"the status says {sorted(told - holds)} moved, the books say {sorted(moved)}",
            )
        )
    if balance is not None and any(case.refusal is None for case in firsts):
        broken += _agrees(name, cases, sum(refund["amount_minor"] for refund in refunds), balance)
    for first in firsts:
        family = [case for case in cases if case is first or (case.follows and case.follows.root == first.rma_id)]
        broken += _of_return(first, family, books[first.rma_id])
    return broken


def of_intents(rma_id: str, intents: Iterable[PaymentIntent], books: BooksOfReturn) -> list[Broken]:
    """What the ledger's intents say that the provider does not (I6)."""
    moved = {entry["reference"]: entry for book in ("refunds", "charges") for entry in books.moved(book)}
    broken = []
    for intent in intents:
        if intent.direction is PaymentDirection.HOLD:
            continue
        entry = moved.get(intent.key)
        if intent.state.is_paid and (entry is None or entry["amount_minor"] != intent.amount_minor):
            told = f"{intent.key} is {intent.state} with {intent.amount_minor}, the provider has {entry}"
            broken.append(Broken(invariant="I6", rma_id=rma_id, told=told))
        if intent.state is IntentState.DECLINED and entry is not None:
            told = f"{intent.key} is DECLINED, and the provider moved {entry['amount_minor']}"
            broken.append(Broken(invariant="I6", rma_id=rma_id, told=told))
    return broken


def _never_overdrawn(name: str, paid_minor: int, books: Sequence[BooksOfReturn]) -> list[Broken]:
    """I1 at any instant. Of several returns of an order the charges are taken to come first."""
    moves = [move for each in books for move in each.in_sequence()]
    if len(books) > 1:
        moves.sort(key=lambda move: move[0] != "charges")
    left = paid_minor
    for book, entry in moves:
        left += entry["amount_minor"] if book == "charges" else -entry["amount_minor"]
        if left < 0:
            told = f"{paid_minor - left} paid back of {paid_minor} with {entry['reference']}"
            return [Broken(invariant="I1", rma_id=name, told=told)]
    return []


def _once_each(name: str, verb: str, references: Iterable[str]) -> list[Broken]:
    repeated = [key for key, count in Counter(references).items() if count > 1]
    return [Broken(invariant="I2", rma_id=name, told=f"{verb} more than once: {repeated}")] if repeated else []


def _agrees(name: str, cases: Sequence[ReturnStatus], refunded_minor: int, balance: OrderBalance) -> list[Broken]:
    broken = []
    if balance.refunded_minor != refunded_minor:
        told = f"the ledger says {balance.refunded_minor}, the provider {refunded_minor}"
        broken.append(Broken(invariant="I4", rma_id=name, told=told))
    if all(case.is_final for case in cases) and balance.reserved_minor:
        broken.append(Broken(invariant="I4", rma_id=name, told=f"{balance.reserved_minor} are still reserved"))
    return broken


def _of_return(status: ReturnStatus, family: Sequence[ReturnStatus], books: BooksOfReturn) -> list[Broken]:
    """What one return and its follow-ups break of what holds for each return."""
    broken = []
    rma_id = status.rma_id

    def breaks(invariant: str, told: str) -> None:
        broken.append(Broken(invariant=invariant, rma_id=rma_id, told=told))

    entitled = books.of("fulfilments") or any(_is_entitled(case) for case in family)
    if books.moved("refunds") and not entitled:
        breaks("I5", "a refund without an inspection, a cancellation or an exception")
    parcels = max(len(status.parcels), 1)
    for book in ("pickups", "labels"):
        live = books.live(book)
        if len(live) > parcels:
            breaks("I7", f"live {book} {live}")
    given = [entry["key"] for entry in books.of("coupons")]
    given += [entry["reference"] for entry in books.of("store_credit") if entry["kind"] == "grant"]
    broken += _once_each(rma_id, "given", given)
    coupons = [key for key in given if key == inspection_clock_key(rma_id)]
    breached = [clock for clock in status.clocks if clock.name == "inspection" and clock.state == "breached"]
    if len(coupons) > 1 or (breached and status.is_final and len(coupons) != 1):
        breaks("I10", f"{len(coupons)} breach coupons, {len(breached)} broken promises")
    return broken


def _is_entitled(status: ReturnStatus) -> bool:
    return any(entry.what.endswith(ENTITLES) or entry.what in ENTITLES for entry in status.timeline)
