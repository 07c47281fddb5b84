"""Judges a run when it is over: by the providers' books, the ledger, the statuses and the histories."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chaos.books import BooksOfReturn
from chaos.invariants import Broken, of_intents, of_order
from chaos.people import Seen
from domain.intents import PaymentIntent
from domain.keys import inspection_clock_key, parcel_prefix
from ledger.answers import OrderBalance
from replay.replaying import Outcome, Replayed
from workflows import ids
from workflows.contracts import ReturnStatus

_EITHER_WAY = timedelta(milliseconds=250)
"""So near to its deadline an inspection may count as late or not: the clock and the report run in one moment."""

_TELLS_OF_A_REFUND = ("refund_paid", "store_credit_paid")


@dataclass(frozen=True)
class LedgersWord:
    """What the ledger says; amounts are minor units. `unknown_orders` are those of returns that it should know."""

    balances: Mapping[str, OrderBalance]
    intents: Mapping[str, Sequence[PaymentIntent]]
    unknown_orders: Sequence[str] = ()
    undelivered: int = 0
    parked: Sequence[str] = ()


@dataclass(frozen=True)
class Evidence:
    """Everything that a run is judged by. What was not read is None, and is not judged."""

    seen: Sequence[Seen]
    books: Mapping[str, BooksOfReturn]
    promise: timedelta
    now: datetime
    ledger: LedgersWord | None = None
    replayed: Sequence[Replayed] | None = None


@dataclass
class Judgement:
    """What the oracle found.

    Attributes:
        broken: The invariants that do not hold.
        lost: Returns that are neither final, nor in somebody's queue, nor waiting under a live deadline.
        by_hand: Returns that wait for a person, with the role.
        waiting: Returns that wait for a deadline that is to come.
        otherwise: Returns that ended otherwise than their story tells, with what differs.
    """

    broken: list[Broken] = field(default_factory=list)
    lost: dict[str, str] = field(default_factory=dict)
    by_hand: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    otherwise: dict[str, str] = field(default_factory=dict)
    final: int = 0
    late: int = 0
    coupons: int = 0
    refunds: int = 0

    @property
    def holds(self) -> bool:
        """Whether every invariant holds, and every return is final or in somebody's queue."""
        return not self.broken and not self.lost and not self.waiting


def judge(evidence: Evidence) -> Judgement:
    """Hold what happened against what must always hold."""
    judgement = Judgement()
    for seen in evidence.seen:
        books = evidence.books[seen.life.rma_id]
        _place(judgement, seen, evidence.now)
        judgement.refunds += len(books.moved("refunds"))
        if seen.status is None:
            _not_there(judgement, seen, books)
            continue
        balance = evidence.ledger.balances.get(seen.life.order_id) if evidence.ledger else None
        judgement.broken += of_order(seen.life.paid_minor, [seen.status], {seen.life.rma_id: books}, balance)
        judgement.broken += _inspections(judgement, seen, seen.status, books, evidence.promise)
        if seen.status.is_final:
            judgement.broken += _messages(seen.status, books)
            judgement.broken += _as_told(judgement, seen, seen.status, books)
        if evidence.ledger:
            if seen.life.order_id in evidence.ledger.unknown_orders:
                told = f"the ledger does not know its order {seen.life.order_id}"
                judgement.broken.append(Broken(invariant="I4", rma_id=seen.life.rma_id, told=told))
            judgement.broken += of_intents(
                seen.life.rma_id, evidence.ledger.intents.get(seen.life.rma_id, ()), books
            )
            judgement.broken += _unpaid(seen, evidence.ledger.intents.get(seen.life.rma_id, ()))
    judgement.broken += [
        Broken(invariant="I3", rma_id=seen.life.rma_id, told="the worksheets do not come to what was drawn")
        for seen in evidence.seen
        if seen.status and seen.status.is_final and not seen.adds_up
    ]
    if evidence.ledger:
        judgement.broken += _outbox(evidence.ledger)
    if evidence.replayed is not None:
        judgement.broken += _histories(evidence.seen, evidence.replayed)
    return judgement


def _histories(seen: Sequence[Seen], replayed: Sequence[Replayed]) -> list[Broken]:
    """I9: every history that was read replays, and those of all returns were read."""
    broken = [
        Broken(invariant="I9", rma_id=each.name, told=f"event {each.event}: {each.told}")
        for each in replayed
        if each.outcome is not Outcome.OK
    ]
    read = {each.name for each in replayed}
    known = [each.life.rma_id for each in seen if each.status is not None]
    return broken + [
        Broken(invariant="I9", rma_id=rma_id, told="its history was not read")
        for rma_id in known
        if ids.return_workflow_id(rma_id) not in read
    ]


def _place(judgement: Judgement, seen: Seen, now: datetime) -> None:
    """Say where a return is at the end: final, with a person, waiting, or lost."""
    status, rma_id = seen.status, seen.life.rma_id
    if status is None:
        judgement.lost[rma_id] = seen.failed or "was never applied for"
    elif status.is_final:
        judgement.final += 1
    elif status.needs:
        judgement.by_hand[rma_id] = status.needs
    elif status.next_deadline and status.next_deadline.due_at > now:
        judgement.waiting[rma_id] = (
            f"{status.next_deadline.clock.value} until {status.next_deadline.due_at:%H:%M:%S}"
        )
    else:
        judgement.lost[rma_id] = f"{status.approval}, {status.logistics}, {status.reimbursement}: nobody is needed"


def _not_there(judgement: Judgement, seen: Seen, books: BooksOfReturn) -> None:
    if books.moved("refunds"):
        told = "money moved for a return that is not found"
        judgement.broken.append(Broken(invariant="I5", rma_id=seen.life.rma_id, told=told))


def _inspections(
    judgement: Judgement, seen: Seen, status: ReturnStatus, books: BooksOfReturn, promise: timedelta
) -> list[Broken]:
    """I10: the scans and receipts say when a parcel came, the timeline when it was inspected."""
    late, close = 0, False
    for number, inspected_at in _inspected(status).items():
        arrived_at = min(_arrivals(status, number, seen, books), default=None)
        if arrived_at is None:
            continue
        over = inspected_at - (arrived_at + promise)
        late += over > timedelta(0)
        close = close or abs(over) < _EITHER_WAY
    coupons = sum(entry["key"] == inspection_clock_key(status.rma_id) for entry in books.of("coupons"))
    judgement.late += late > 0
    judgement.coupons += coupons
    if close or not status.is_final or coupons == min(late, 1):
        return []
    told = f"{late} inspections were late, {coupons} breach coupons were issued"
    return [Broken(invariant="I10", rma_id=status.rma_id, told=told)]


def _inspected(status: ReturnStatus) -> dict[int, datetime]:
    """When each parcel was inspected first."""
    found: dict[int, datetime] = {}
    for entry in status.timeline:
        words = entry.what.split()
        number = int(words[1]) if words[0] == "parcel" and len(words) == 4 else 1
        if words[-2:-1] == ["inspection"] and words[-1] in ("ACCEPTED", "PARTIALLY_ACCEPTED", "REJECTED"):
            found.setdefault(number, entry.at)
    return found


def _arrivals(status: ReturnStatus, number: int, seen: Seen, books: BooksOfReturn) -> list[datetime]:
    """What the carrier and the warehouse say of when a parcel came.

    It came after the return was applied for and not in the future, whatever a carrier's clock says. A scan from
    the future counts when the return learned of it, and not before it was really made.
    """
    ours = [
        entry["tracking_no"]
        for book, what in (("pickups", "pickup"), ("labels", "label"))
        for entry in books.of(book)
        if entry["reference"].startswith(f"{parcel_prefix(status.rma_id, number)}-{what}")
    ]
    arrivals = [seen.received_at[number]] if number in seen.received_at else []
    for entry in books.entries.get("scans", ()):
        scan = entry["data"]
        if scan["kind"] != "delivered" or scan["tracking_no"] not in ours:
            continue
        said_at, made_at = datetime.fromisoformat(scan["occurred_at"]), datetime.fromisoformat(entry["at"])
        if said_at > made_at:
            said_at = max(made_at, _learned_at(status, number) or made_at)
        arrivals.append(max(said_at, status.timeline[0].at))
    return arrivals


def _learned_at(status: ReturnStatus, number: int) -> datetime | None:
    what = "logistics DELIVERED" if len(status.parcels) == 1 else f"parcel {number} logistics DELIVERED"
    return next((entry.at for entry in status.timeline if entry.what == what), None)


def _messages(status: ReturnStatus, books: BooksOfReturn) -> list[Broken]:
    """I8: a refund is told of once for each time that money went back, and repeats say the same."""
    broken = []
    said: dict[str, set[tuple[str, str]]] = defaultdict(set)
    told = set()
    for message in books.of("messages"):
        said[message["message_id"]].add((message["template"], message["body"]))
        if message["template"] in _TELLS_OF_A_REFUND and message["channel"] == "in_app":
            told.add(message["message_id"])
    for message_id, texts in said.items():
        if len(texts) > 1:
            broken.append(
                Broken(invariant="I8", rma_id=status.rma_id, told=f"{message_id} was sent with {len(texts)} texts")
            )
    paid = len(books.moved("refunds"))
    if len(told) != paid:
        broken.append(
            Broken(
                invariant="I8", rma_id=status.rma_id, told=f"{paid} refunds were paid, {len(told)} were told of"
            )
        )
    return broken


def _as_told(judgement: Judgement, seen: Seen, status: ReturnStatus, books: BooksOfReturn) -> list[Broken]:
    """I3: what ended as its story tells moved the amounts that its story tells.

    Where a person had to help or an action came too late, the return may have gone another way; that is listed.
    """
    life, expected = seen.life, seen.life.expected
    found = {
        "header": (expected.header.value, status.header.value),
        "refunded": (expected.refunded_minor, sum(entry["amount_minor"] for entry in books.moved("refunds"))),
        "charged": (expected.charged_minor, sum(entry["amount_minor"] for entry in books.moved("charges"))),
        "replacements": (expected.replacements, len({entry["reference"] for entry in books.of("replacements")})),
    }
    differs = [
        f"{name} {is_} for {told}" for name, (told, is_) in found.items() if told is not None and told != is_
    ]
    if not differs:
        return []
    told = f"{life.story.value}: {', '.join(differs)}"
    if status.header is expected.header and not seen.helped and not seen.refusals:
        return [Broken(invariant="I3", rma_id=status.rma_id, told=told)]
    judgement.otherwise[status.rma_id] = told
    return []


def _unpaid(seen: Seen, intents: Sequence[PaymentIntent]) -> list[Broken]:
    """I3: what was approved is paid, or a person has it."""
    status = seen.status
    if status is None or not status.is_final:
        return []
    open_ = [intent.key for intent in intents if not intent.state.is_final]
    if not open_:
        return []
    return [Broken(invariant="I3", rma_id=status.rma_id, told=f"final, and {open_} have no outcome")]


def _outbox(ledger: LedgersWord) -> list[Broken]:
    broken = []
    if ledger.undelivered:
        told = f"{ledger.undelivered} messages are not delivered"
        broken.append(Broken(invariant="I8", rma_id="", told=told))
    broken += [Broken(invariant="I8", rma_id="", told=f"message parked: {each}") for each in ledger.parked]
    return broken
