"""Follow-up cases: numbered once per request, with the units of the closed case that are free again."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.bookkeeping import FollowUpOpening, Review, TakenUpCase, TakeUp
from domain.coupons import BreachCertificate
from domain.follow_up import (
    ClaimedLine,
    EarlierFollowUp,
    FollowUp,
    FollowUpAnswer,
    FollowUpRefusal,
    FollowUpRefusalCode,
    FollowUpRequest,
    KeptCase,
    refuse_follow_up,
)
from domain.intents import IntentState
from domain.keys import follow_up_id
from ledger import breaches, events, intents, outbox, units
from ledger.entries import answers, once
from ledger.errors import ReturnNotFound
from ledger.orders import frozen, lock_order
from ledger.tables import EntryKind, FollowUpRow, IntentRow, OrderRow, ReturnRow


def open_follow_up(session: Session, opening: FollowUpOpening) -> FollowUpAnswer:
    """Number the follow-up and hold what is free of the units, or answer why there is none.

    The lock on the order decides between two that ask at once.
    """
    request = opening.request
    closed = session.get(ReturnRow, request.of)
    if closed is None:
        return _refused(request, FollowUpRefusalCode.NOT_FOUND, f"There is no return {request.of}.")
    if closed.closed_at is None:
        return _refused(request, FollowUpRefusalCode.STILL_OPEN, f"{request.of} has not ended: act on it.")
    if closed.order_id is None or closed.kept is None:
        detail = f"{request.of} was closed without anything to take up. Apply for a new return."
        return _refused(request, FollowUpRefusalCode.NOTHING_KEPT, detail)
    order = lock_order(session, closed.order_id)
    kept = KeptCase.model_validate(closed.kept)
    if row := _of_request(session, request):
        return _answer(row, kept)
    root = _root_of(session, request.of)
    numbered = _follow_ups_of(session, root)
    if refusal := refuse_follow_up(
        request,
        closed.header,
        closed.closed_at,
        _rules(session, root).clocks.reopen,
        tuple(_earlier(session, row) for row in numbered),
        opening.at,
    ):
        return FollowUpAnswer(request=request, refusal=refusal)
    wanted = _wanted(session, root, request)
    if unknown := next((line.line_id for line in request.lines if line.line_id not in wanted), None):
        return _refused(request, FollowUpRefusalCode.UNKNOWN_LINE, f"{request.of} has no line {unknown}.")
    number = max((row.number for row in numbered), default=1) + 1
    rma_id = follow_up_id(root, number)
    session.add(ReturnRow(rma_id=rma_id, order_id=order.order_id, opened_at=opening.at))
    session.flush()
    _hold(session, rma_id, order, wanted, _unpaid(session, root, [root, *(row.rma_id for row in numbered)]))
    row = FollowUpRow(
        rma_id=rma_id,
        root=root,
        number=number,
        follows=request.of,
        request_id=request.request_id,
        kind=request.kind,
        request=request.model_dump(mode="json"),
        at=opening.at,
    )
    session.add(row)
    return _answer(row, kept)


def take_up(session: Session, entry: TakeUp) -> TakenUpCase:
    """What a follow-up case starts from; what it has to tell goes into the outbox.

    Raises:
        ReturnNotFound: If it is no follow-up.
    """
    taken_up = once(session, entry, EntryKind.TAKE_UP, TakenUpCase, lambda: _take_up(session, entry))
    events.write(session, entry)
    return taken_up


def _take_up(session: Session, entry: TakeUp) -> TakenUpCase:
    row = session.get(FollowUpRow, entry.rma_id)
    case = session.get(ReturnRow, entry.rma_id)
    order = session.get(OrderRow, case.order_id) if case else None
    if row is None or order is None:
        raise ReturnNotFound(f"return {entry.rma_id} follows no other")
    request = FollowUpRequest.model_validate(row.request)
    held = {claim.line_id: claim.held for claim in units.claims_of(session, row.rma_id)}
    paid_before: dict[str, int] = {}
    for claim in units.claims_of(session, *_cases_before(session, row)):
        paid_before[claim.line_id] = paid_before.get(claim.line_id, 0) + claim.settled
    outbox.write(session, entry)
    return TakenUpCase(
        order=frozen(order),
        breach=_breach_before(session, row),
        rules=_rules(session, row.root),
        lines=tuple(
            ClaimedLine(line_id=line_id, held=held.get(line_id, 0), paid_before=paid_before.get(line_id, 0))
            for line_id in _wanted(session, row.root, request)
        ),
        paid=tuple(intents.to_intent(paid) for paid in _paid_before(session, row)),
    )


def _hold(
    session: Session, rma_id: str, order: OrderRow, wanted: Mapping[str, int], unpaid: Mapping[str, int]
) -> None:
    """Claim of the units that are wanted as many as are unpaid, and no other return holds or has settled."""
    facts = frozen(order)
    free: dict[str, int] = {}
    for line_id, quantity in wanted.items():
        line = facts.line(line_id)
        left = (line.quantity if line else 0) - units.taken_units(session, order.order_id, line_id)
        units_free = min(quantity, left, unpaid[line_id])
        if units_free > 0:
            free[line_id] = units_free
    units.hold(session, rma_id, order.order_id, free)


def _unpaid(session: Session, root: str, cases: Sequence[str]) -> dict[str, int]:
    """The units by line that the first case claimed and no case settled.

    A unit of the line that the customer never sent back does not stand in for one that was paid.
    """
    unpaid = _claimed(session, root)
    for claim in units.claims_of(session, *cases):
        unpaid[claim.line_id] = unpaid.get(claim.line_id, 0) - claim.settled
    return unpaid


def _claimed(session: Session, root: str) -> dict[str, int]:
    return {claim.line_id: claim.claimed for claim in units.claims_of(session, root)}


def _wanted(session: Session, root: str, request: FollowUpRequest) -> dict[str, int]:
    """The units that a follow-up is about: those of the request, at most what the first case had claimed."""
    claimed = _claimed(session, root)
    if not request.lines:
        return claimed
    asked: dict[str, int] = {}
    for line in request.lines:
        if line.line_id in claimed:
            asked[line.line_id] = min(asked.get(line.line_id, 0) + line.quantity, claimed[line.line_id])
    return asked


def _of_request(session: Session, request: FollowUpRequest) -> FollowUpRow | None:
    return session.scalars(
        select(FollowUpRow).where(FollowUpRow.follows == request.of, FollowUpRow.request_id == request.request_id)
    ).one_or_none()


def _root_of(session: Session, rma_id: str) -> str:
    row = session.get(FollowUpRow, rma_id)
    return row.root if row else rma_id


def _follow_ups_of(session: Session, root: str) -> Sequence[FollowUpRow]:
    return session.scalars(select(FollowUpRow).where(FollowUpRow.root == root).order_by(FollowUpRow.number)).all()


def _earlier(session: Session, row: FollowUpRow) -> EarlierFollowUp:
    case = session.get(ReturnRow, row.rma_id)
    return EarlierFollowUp(rma_id=row.rma_id, kind=row.kind, is_open=case is not None and case.closed_at is None)


def _rules(session: Session, root: str) -> Review:
    """The rules that the first case stays on: those of its last review."""
    reviews = answers(session, root, (EntryKind.OPENING,), Review)
    return list(reviews.values())[-1] if reviews else Review()


def _paid_before(session: Session, row: FollowUpRow) -> Sequence[IntentRow]:
    return session.scalars(
        select(IntentRow)
        .where(
            IntentRow.rma_id.in_(_cases_before(session, row)),
            IntentRow.state.in_((IntentState.SUCCEEDED, IntentState.RECONCILED)),
        )
        .order_by(IntentRow.id)
    ).all()


def _breach_before(session: Session, row: FollowUpRow) -> BreachCertificate | None:
    """The broken promise that has earned the return its coupon already."""
    for rma_id in _cases_before(session, row):
        if breach := breaches.of_return(session, rma_id):
            return breach
    return None


def _cases_before(session: Session, row: FollowUpRow) -> list[str]:
    return [row.root, *(other.rma_id for other in _follow_ups_of(session, row.root) if other.number < row.number)]


def _refused(request: FollowUpRequest, code: FollowUpRefusalCode, detail: str) -> FollowUpAnswer:
    return FollowUpAnswer(request=request, refusal=FollowUpRefusal(code=code, detail=detail))


def _answer(row: FollowUpRow, kept: KeptCase) -> FollowUpAnswer:
    request = FollowUpRequest.model_validate(row.request)
    return FollowUpAnswer(
        request=request,
        rma_id=row.rma_id,
        application=kept.application,
        follows=FollowUp(
            of=row.follows,
            root=row.root,
            number=row.number,
            kind=row.kind,
            actor=request.actor,
            reason=request.reason,
            lines=request.lines,
            received_at=request.received_at,
        ),
    )
