"""Parcels that reach the warehouse without their return being known: nothing that was accepted is lost."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.inspection import Disposition
from domain.orders import OrderSnapshot
from domain.receiving import (
    AwaitedLine,
    BlindReceipt,
    Candidate,
    DueReceipt,
    Goods,
    MatchedPart,
    ParkedDisposal,
    ParkedMatch,
    ParkedParcel,
    ParkedState,
    ParkReason,
    Received,
    match,
)
from ledger.errors import AlreadyDecided, ParkedNotFound, ReceiptIdReused, ReturnNotFound
from ledger.orders import frozen
from ledger.tables import ClaimRow, OrderRow, ParcelRow, ParkedParcelRow, ReceiptPartRow, ReceiptRow, ReturnRow
from ledger.writes import insert_once


def accept(session: Session, receipt: BlindReceipt) -> None:
    """Keep a receipt, divide it among the returns that wait for its goods, and park the rest. Once.

    Raises:
        ReceiptIdReused: If its id was used for another parcel.
    """
    body = receipt.model_dump(mode="json")
    if not insert_once(session, ReceiptRow, {"receipt_id": receipt.receipt_id, "receipt": body}):
        if _receipt(session, receipt.receipt_id) != receipt:
            raise ReceiptIdReused(f"receipt {receipt.receipt_id} was another parcel")
        return
    matching = match(receipt, _candidates(session, receipt))
    for part in matching.parts:
        _add_part(session, receipt.receipt_id, part)
    if matching.reason:
        _park(session, receipt.receipt_id, matching.reason, matching.left)


def due(session: Session, limit: int, receipt_id: str | None = None) -> list[DueReceipt]:
    """The parts that their returns have not taken yet, oldest first; those of one receipt if it is named."""
    rows = session.execute(
        select(ReceiptPartRow, ReceiptRow.receipt)
        .join(ReceiptRow, ReceiptRow.receipt_id == ReceiptPartRow.receipt_id)
        .where(
            ReceiptPartRow.taken_at.is_(None),
            ~ReceiptPartRow.is_refused,
            *((ReceiptPartRow.receipt_id == receipt_id,) if receipt_id else ()),
        )
        .order_by(ReceiptPartRow.id)
        .limit(limit)
    )
    return [
        _due(row, MatchedPart.model_validate(row.part), BlindReceipt.model_validate(receipt))
        for row, receipt in rows
    ]


def taken(session: Session, part_id: int, rma_id: str, at: datetime) -> None:
    """Note which return has taken a part, a follow-up case where it came late; the first time counts."""
    row = session.get_one(ReceiptPartRow, part_id)
    if row.taken_at is None:
        row.taken_at, row.rma_id = at, rma_id


def refused(session: Session, part_id: int, detail: str) -> None:
    """Park what a return refused."""
    row = session.get_one(ReceiptPartRow, part_id)
    if row.is_refused or row.taken_at is not None:
        return
    row.is_refused = True
    lines = MatchedPart.model_validate(row.part).lines
    goods = tuple(Goods(item_id=line.line_id, quantity=line.quantity) for line in lines)
    _park(session, row.receipt_id, ParkReason.REFUSED, goods, detail, row.rma_id)


def received(session: Session, receipt_id: str) -> Received:
    """The returns that a receipt was divided among, and what is parked of it."""
    rma_ids = session.scalars(
        select(ReceiptPartRow.rma_id)
        .where(ReceiptPartRow.receipt_id == receipt_id, ~ReceiptPartRow.is_refused)
        .order_by(ReceiptPartRow.id)
    )
    parked_ids = session.scalars(
        select(ParkedParcelRow.parked_id)
        .where(ParkedParcelRow.receipt_id == receipt_id, ParkedParcelRow.state == ParkedState.PARKED)
        .order_by(ParkedParcelRow.id)
    )
    return Received(receipt_id=receipt_id, rma_ids=tuple(dict.fromkeys(rma_ids)), parked_ids=tuple(parked_ids))


def parked(session: Session, state: ParkedState, limit: int) -> list[ParkedParcel]:
    """Parked goods in a state, oldest first."""
    rows = session.execute(
        select(ParkedParcelRow, ReceiptRow.receipt)
        .join(ReceiptRow, ReceiptRow.receipt_id == ParkedParcelRow.receipt_id)
        .where(ParkedParcelRow.state == state)
        .order_by(ParkedParcelRow.id)
        .limit(limit)
    )
    return [_parked(row, BlindReceipt.model_validate(receipt)) for row, receipt in rows]


def match_parked(session: Session, parked_id: str, decision: ParkedMatch, at: datetime) -> ParkedParcel:
    """Give parked goods to the return that a person found; it gets them as its part of the receipt.

    Raises:
        ParkedNotFound: If there are none under the id.
        AlreadyDecided: If somebody decided before, and otherwise.
        ReturnNotFound: If there is no such return.
    """
    row = _lock(session, parked_id)
    receipt = _receipt(session, row.receipt_id)
    if row.state is not ParkedState.PARKED:
        if (row.state, row.rma_id) != (ParkedState.MATCHED, decision.rma_id):
            raise AlreadyDecided(f"{parked_id} was {row.state.value} by {row.decided_by}")
        return _parked(row, receipt)
    found = session.get(ReturnRow, decision.rma_id)
    if found is None or found.order_id is None:
        raise ReturnNotFound(f"there is no return {decision.rma_id}")
    part = MatchedPart(rma_id=decision.rma_id, lines=decision.lines, late=found.closed_at is not None)
    _add_part(session, row.receipt_id, part, decision.parcel)
    row.state, row.rma_id, row.note = ParkedState.MATCHED, decision.rma_id, decision.note
    row.decided_by, row.decided_at = f"{decision.actor.role.value} {decision.actor.id}", at
    return _parked(row, receipt)


def dispose_parked(session: Session, parked_id: str, decision: ParkedDisposal, at: datetime) -> ParkedParcel:
    """Write down where parked goods go that belong to no return.

    Raises:
        ParkedNotFound: If there are none under the id.
        AlreadyDecided: If somebody decided before, and otherwise.
    """
    row = _lock(session, parked_id)
    if row.state is ParkedState.PARKED:
        row.state, row.disposition, row.note = ParkedState.DISPOSED, decision.disposition.value, decision.note
        row.decided_by, row.decided_at = f"{decision.actor.role.value} {decision.actor.id}", at
    elif (row.state, row.disposition) != (ParkedState.DISPOSED, decision.disposition.value):
        raise AlreadyDecided(f"{parked_id} was {row.state.value} by {row.decided_by}")
    return _parked(row, _receipt(session, row.receipt_id))


def _candidates(session: Session, receipt: BlindReceipt) -> list[Candidate]:
    """The returns that the parcel names; for goods that those do not wait for, the customer's other open ones."""
    named = list(dict.fromkeys([*_by_tracking_no(session, receipt), *receipt.rma_ids]))
    rows = {row.rma_id: row for row in session.scalars(select(ReturnRow).where(ReturnRow.rma_id.in_(named)))}
    orders = {
        order.order_id: frozen(order)
        for order in session.scalars(
            select(OrderRow).where(OrderRow.order_id.in_({row.order_id for row in rows.values()}))
        )
    }
    found = [rows[rma_id] for rma_id in named if rma_id in rows and rows[rma_id].order_id in orders]
    others: list[ReturnRow] = []
    if receipt.goods and found:
        customers = {orders[row.order_id or ""].customer_id for row in found}
        more = session.execute(
            select(ReturnRow, OrderRow)
            .join(OrderRow, OrderRow.order_id == ReturnRow.order_id)
            .where(
                ReturnRow.closed_at.is_(None),
                ReturnRow.rma_id.not_in(named),
                OrderRow.snapshot["customer_id"].as_string().in_(customers),
            )
            .order_by(ReturnRow.opened_at, ReturnRow.rma_id)
        )
        for other, order in more:
            others.append(other)
            orders[order.order_id] = frozen(order)
    return [_candidate(session, row, orders[row.order_id or ""], row in found) for row in (*found, *others)]


def _by_tracking_no(session: Session, receipt: BlindReceipt) -> list[str]:
    """Carriers use numbers again: open returns come before closed ones, of which only the latest counts."""
    if receipt.tracking_no is None:
        return []
    rows = session.execute(
        select(ParcelRow.rma_id, ParcelRow.closed)
        .where(
            ParcelRow.tracking_no == receipt.tracking_no,
            *((ParcelRow.carrier == receipt.carrier,) if receipt.carrier else ()),
        )
        .order_by(ParcelRow.closed, ParcelRow.id.desc())
    ).all()
    is_open = [rma_id for rma_id, closed in rows if not closed]
    return is_open or [rma_id for rma_id, _ in rows[:1]]


def _candidate(session: Session, row: ReturnRow, order: OrderSnapshot, is_named: bool) -> Candidate:
    claims = session.scalars(select(ClaimRow).where(ClaimRow.rma_id == row.rma_id)).all()
    items = {line.line_id: line.item_id for line in order.lines}
    came = _received_before(session, row.rma_id, [claim.line_id for claim in claims])
    header = row.header if row.closed_at is not None else ""
    awaited = {
        claim.line_id: claim.claimed if header else max(min(claim.held, claim.claimed - came[claim.line_id]), 0)
        for claim in claims
    }
    return Candidate(
        rma_id=row.rma_id,
        is_named=is_named,
        header=header,
        lines=tuple(
            AwaitedLine(line_id=line_id, item_id=items[line_id], quantity=quantity)
            for line_id, quantity in awaited.items()
            if line_id in items
        ),
    )


def _received_before(session: Session, rma_id: str, line_ids: Iterable[str]) -> dict[str, int]:
    """The units that earlier receipts have brought a return, where they said what."""
    came = dict.fromkeys(line_ids, 0)
    parts = session.scalars(
        select(ReceiptPartRow.part).where(ReceiptPartRow.rma_id == rma_id, ~ReceiptPartRow.is_refused)
    )
    for part in parts:
        lines = MatchedPart.model_validate(part).lines
        for line in lines:
            came[line.line_id] = came.get(line.line_id, 0) + line.quantity
    return came


def _add_part(session: Session, receipt_id: str, part: MatchedPart, parcel: int | None = None) -> None:
    session.add(
        ReceiptPartRow(receipt_id=receipt_id, rma_id=part.rma_id, part=part.model_dump(mode="json"), parcel=parcel)
    )


def _park(
    session: Session,
    receipt_id: str,
    reason: ParkReason,
    goods: Sequence[Goods],
    detail: str = "",
    rma_id: str = "",
) -> None:
    before = session.scalars(select(ParkedParcelRow.id).where(ParkedParcelRow.receipt_id == receipt_id)).all()
    session.add(
        ParkedParcelRow(
            parked_id=f"{receipt_id}-{len(before) + 1}",
            receipt_id=receipt_id,
            state=ParkedState.PARKED,
            reason=reason,
            detail=detail,
            goods={"goods": [item.model_dump(mode="json") for item in goods]},
            rma_id=rma_id,
        )
    )


def _receipt(session: Session, receipt_id: str) -> BlindReceipt:
    body = session.scalars(select(ReceiptRow.receipt).where(ReceiptRow.receipt_id == receipt_id)).one()
    return BlindReceipt.model_validate(body)


def _lock(session: Session, parked_id: str) -> ParkedParcelRow:
    row = session.scalars(
        select(ParkedParcelRow).where(ParkedParcelRow.parked_id == parked_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise ParkedNotFound(f"nothing is parked under {parked_id}")
    return row


def _due(row: ReceiptPartRow, part: MatchedPart, receipt: BlindReceipt) -> DueReceipt:
    return DueReceipt(
        part_id=row.id, rma_id=row.rma_id, receipt=receipt, lines=part.lines, late=part.late, parcel=row.parcel
    )


def _parked(row: ParkedParcelRow, receipt: BlindReceipt) -> ParkedParcel:
    return ParkedParcel(
        parked_id=row.parked_id,
        state=row.state,
        reason=row.reason,
        detail=row.detail,
        receipt_id=row.receipt_id,
        received_at=receipt.received_at,
        carrier=receipt.carrier or "",
        tracking_no=receipt.tracking_no or "",
        rma_ids=receipt.rma_ids,
        goods=tuple(Goods.model_validate(item) for item in row.goods["goods"]),
        rma_id=row.rma_id,
        disposition=Disposition(row.disposition) if row.disposition else None,
        note=row.note,
    )
