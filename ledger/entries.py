"""Each entry is written once: its answer is stored under its op, and every repeat gets that answer."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from domain.bookkeeping import LedgerEntry
from domain.record import Record
from ledger.errors import AlreadySuperseded, EntryKeyReused
from ledger.tables import EntryKind, EntryRow
from ledger.writes import insert_once

Answer = TypeVar("Answer", bound=Record)


def is_first(session: Session, entry: LedgerEntry, kind: EntryKind) -> bool:
    """Take the op of an entry; False if it was written before.

    Taking it comes first in a transaction, so that a repeat that runs at the same moment waits for the answer.

    Raises:
        EntryKeyReused: If the op was used for an entry of another kind.
    """
    taken = insert_once(session, EntryRow, {"rma_id": entry.rma_id, "op": entry.op, "kind": kind, "at": entry.at})
    if not taken:
        earlier = session.scalars(select(EntryRow.kind).where(*_is(entry.rma_id, entry.op))).one()
        if earlier is not kind:
            raise EntryKeyReused(f"op {entry.op} of {entry.rma_id} was an entry of kind {earlier}, not {kind}")
    return taken


def once(
    session: Session,
    entry: LedgerEntry,
    kind: EntryKind,
    answer_type: type[Answer],
    act: Callable[[], Answer],
) -> Answer:
    """Do what an entry asks for and store the answer, or give the stored one.

    Raises:
        EntryKeyReused: If the op was used for an entry of another kind.
    """
    if not is_first(session, entry, kind):
        return answers(session, entry.rma_id, (kind,), answer_type)[entry.op]
    answer = act()
    session.execute(
        update(EntryRow).where(*_is(entry.rma_id, entry.op)).values(answer=answer.model_dump(mode="json"))
    )
    return answer


def answers(
    session: Session, rma_id: str, kinds: Sequence[EntryKind], answer_type: type[Answer]
) -> dict[str, Answer]:
    """The answers that a return's entries of some kinds got, by op, in the sequence in which they were written."""
    rows = session.execute(
        select(EntryRow.op, EntryRow.answer)
        .where(EntryRow.rma_id == rma_id, EntryRow.kind.in_(kinds), EntryRow.answer.is_not(None))
        .order_by(EntryRow.id)
    )
    return {op: answer_type.model_validate(answer) for op, answer in rows}


def supersede(session: Session, rma_id: str, op: str, by: str) -> None:
    """Note which entry took the place of an earlier one; the order must be locked.

    Raises:
        AlreadySuperseded: If another one has.
    """
    earlier = session.scalars(select(EntryRow).where(*_is(rma_id, op))).one()
    if earlier.superseded_by:
        raise AlreadySuperseded(f"op {op} of {rma_id} was superseded by {earlier.superseded_by}")
    earlier.superseded_by = by


def chain_to(session: Session, rma_id: str, op: str) -> tuple[str, ...]:
    """An entry and those whose place it took, one after the other, the latest first."""
    chain = [op]
    while earlier := session.scalars(
        select(EntryRow.op).where(EntryRow.rma_id == rma_id, EntryRow.superseded_by == chain[-1])
    ).one_or_none():
        chain.append(earlier)
    return tuple(chain)


def _is(rma_id: str, op: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return EntryRow.rma_id == rma_id, EntryRow.op == op
