"""The units of an order: held by a return from its opening, then settled or released."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.orders import OrderLine, OrderSnapshot
from domain.refund import UnitsToSettle
from domain.refusals import Refusal, RefusalCode
from ledger.errors import CeilingExceeded, UnitsNotHeld
from ledger.tables import ClaimRow, FollowUpRow


def check_available(
    session: Session, order: OrderSnapshot, units: Mapping[str, int], max_applications: int
) -> Refusal | None:
    """Why the units cannot be claimed, or None if they can. The order must be locked.

    A unit is taken while any return of the order holds it or has settled it; the returns ever opened on a
    line are counted, whatever became of them.
    """
    for index, (line_id, asked) in enumerate(units.items()):
        line = order.line(line_id)
        if line is None:
            return Refusal(
                code=RefusalCode.ITEM_NOT_IN_ORDER,
                field=f"lines[{index}].line_id",
                detail=f"The order had no line {line_id} when its first return was opened.",
                values={"line_id": line_id, "asked": asked},
            )
        taken = taken_units(session, order.order_id, line_id)
        if asked > line.quantity - taken:
            return Refusal(
                code=RefusalCode.UNITS_ALREADY_CLAIMED,
                field=f"lines[{index}].quantity",
                detail=f"Of the {line.quantity} units of line {line_id}, {taken} are in another return; "
                f"{asked} were asked for.",
                values={"line_id": line_id, "quantity": line.quantity, "taken": taken, "asked": asked},
            )
    for index, line_id in enumerate(units):
        opened = session.scalars(
            select(func.count()).where(
                ClaimRow.order_id == order.order_id,
                ClaimRow.line_id == line_id,
                ClaimRow.rma_id.not_in(select(FollowUpRow.rma_id)),
            )
        ).one()
        if opened >= max_applications:
            return Refusal(
                code=RefusalCode.TOO_MANY_APPLICATIONS,
                field=f"lines[{index}].line_id",
                detail=f"Line {line_id} was applied for {opened} times already; "
                f"at most {max_applications} are possible.",
                values={"line_id": line_id, "opened": opened, "limit": max_applications},
            )
    return None


def taken_units(session: Session, order_id: str, line_id: str) -> int:
    """How many units of a line the returns of the order hold or have settled."""
    return session.scalars(
        select(func.coalesce(func.sum(ClaimRow.held + ClaimRow.settled), 0)).where(
            ClaimRow.order_id == order_id, ClaimRow.line_id == line_id
        )
    ).one()


def hold(session: Session, rma_id: str, order_id: str, units: Mapping[str, int]) -> None:
    """Claim units for a return. They must be available."""
    session.add_all(
        ClaimRow(rma_id=rma_id, order_id=order_id, line_id=line_id, claimed=quantity, held=quantity, settled=0)
        for line_id, quantity in units.items()
    )


def held_by(session: Session, rma_id: str, order: OrderSnapshot) -> tuple[UnitsToSettle, ...]:
    """The units that a return holds and has not settled, in the order's sequence of lines."""
    held = {claim.line_id: claim.held for claim in claims_of(session, rma_id) if claim.held}
    return tuple(
        UnitsToSettle(line_id=line.line_id, quantity=held[line.line_id])
        for line in order.lines
        if line.line_id in held
    )


def settled_units(session: Session, order_id: str) -> dict[str, int]:
    """How many units of each line all returns of the order together have settled."""
    rows = session.execute(
        select(ClaimRow.line_id, func.sum(ClaimRow.settled))
        .where(ClaimRow.order_id == order_id)
        .group_by(ClaimRow.line_id)
    )
    return {line_id: int(settled) for line_id, settled in rows}


def settle(session: Session, rma_id: str, order: OrderSnapshot, units: Sequence[UnitsToSettle]) -> None:
    """Mark units that a return holds as paid for. The order must be locked.

    Raises:
        UnitsNotHeld: If the return holds fewer.
        CeilingExceeded: If the line would have more units settled than it has.
    """
    before = settled_units(session, order.order_id)
    for line_id, (claim, line, quantity) in _held(session, rma_id, order, units).items():
        if before.get(line_id, 0) + quantity > line.quantity:
            raise CeilingExceeded(
                f"line {line_id} of order {order.order_id} has {line.quantity} units, "
                f"{before.get(line_id, 0)} of them settled; {quantity} more are to be"
            )
        claim.held -= quantity
        claim.settled += quantity


def check_claimed(session: Session, rma_id: str, line_ids: Iterable[str]) -> None:
    """Hold the lines that are compensated against those that the return is about.

    Raises:
        UnitsNotHeld: If neither the return nor the case that it takes up claimed anything of a line.
    """
    claimed = claimed_lines(session, rma_id)
    for line_id in line_ids:
        if line_id not in claimed:
            raise UnitsNotHeld(f"return {rma_id} is not about line {line_id}, which is to be compensated")


def claimed_lines(session: Session, rma_id: str) -> set[str]:
    """The lines that a return is about: it claimed units of them, or the first case of a follow-up did."""
    return {claim.line_id for claim in claims_of(session, rma_id, first_case_of(session, rma_id))}


def first_case_of(session: Session, rma_id: str) -> str:
    """The first case of a follow-up; any other return is its own."""
    root = session.scalars(select(FollowUpRow.root).where(FollowUpRow.rma_id == rma_id)).one_or_none()
    return root or rma_id


def let_go(session: Session, rma_id: str, released: Mapping[str, int]) -> None:
    """Let go of units that were applied for and not authorised. The order must be locked.

    Raises:
        UnitsNotHeld: If the return holds fewer.
    """
    claims = {claim.line_id: claim for claim in claims_of(session, rma_id)}
    for line_id, quantity in released.items():
        claim = claims.get(line_id)
        if claim is None or claim.held < quantity:
            raise UnitsNotHeld(f"return {rma_id} does not hold {quantity} units of line {line_id} to let go of")
        claim.held -= quantity


def check_held(session: Session, rma_id: str, order: OrderSnapshot, units: Sequence[UnitsToSettle]) -> None:
    """Make sure that a return holds the units.

    Raises:
        UnitsNotHeld: If it holds fewer.
    """
    _held(session, rma_id, order, units)


def release(session: Session, rma_id: str) -> None:
    """Let go of every unit that the return still holds. The order must be locked."""
    for claim in claims_of(session, rma_id):
        claim.held = 0


def claims_of(session: Session, *rma_ids: str) -> Sequence[ClaimRow]:
    """The claims of returns."""
    return session.scalars(select(ClaimRow).where(ClaimRow.rma_id.in_(rma_ids))).all()


def _held(
    session: Session, rma_id: str, order: OrderSnapshot, units: Sequence[UnitsToSettle]
) -> dict[str, tuple[ClaimRow, OrderLine, int]]:
    """The claims that hold the units, by line, with how many of them are asked for."""
    claims = {claim.line_id: claim for claim in claims_of(session, rma_id)}
    asked: Counter[str] = Counter()
    for entry in units:
        asked[entry.line_id] += entry.quantity
    found = {}
    for line_id, quantity in asked.items():
        claim = claims.get(line_id)
        line = order.line(line_id)
        if claim is None or line is None or quantity > claim.held:
            raise UnitsNotHeld(
                f"return {rma_id} holds {claim.held if claim else 0} units of line {line_id}, "
                f"{quantity} are to be settled"
            )
        found[line_id] = (claim, line, quantity)
    return found
