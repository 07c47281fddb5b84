"""Receiving parcels whose return is not known: kept first, then passed on to the returns that they belong to."""

import asyncio
from datetime import UTC, datetime

import structlog

from domain.actions import Action, Actor, Role
from domain.follow_up import FollowUpKind, FollowUpLine, FollowUpRequest
from domain.receiving import (
    DECIDERS,
    RECEIVERS,
    BlindReceipt,
    DueReceipt,
    ParkedDisposal,
    ParkedMatch,
    ParkedParcel,
    ParkedState,
    Received,
)
from ledger.errors import AlreadyDecided, ReceiptIdReused
from ledger.errors import ParkedNotFound as NothingParked
from ledger.errors import ReturnNotFound as NoSuchReturn
from ledger.ledger import Ledger
from starters.client import ReturnsClient
from starters.errors import (
    ActionNotAllowed,
    InvalidAction,
    ParkedNotFound,
    RequestIdReused,
    ReturnNotFound,
    ReturnsError,
    RoleNotPermitted,
    ServiceUnavailable,
)
from workflows.contracts import Receipt, ReceivedLine

_REFUSED = (ActionNotAllowed, InvalidAction, RequestIdReused, ReturnNotFound, RoleNotPermitted)
_BATCH = 50

_log = structlog.get_logger(__name__)


class Receiving:
    """The desk at the warehouse's door. Whatever it takes is kept before anything else is done with it."""

    def __init__(self, returns: ReturnsClient, ledger: Ledger) -> None:
        self._returns = returns
        self._ledger = ledger

    async def receive(self, receipt: BlindReceipt) -> Received:
        """Take a parcel: its goods go to the returns that wait for them, the rest is parked for a person.

        Raises:
            RoleNotPermitted: If the actor may not receive.
            RequestIdReused: If the receipt's id was used for another parcel.
        """
        _permitted(receipt.actor, RECEIVERS)
        try:
            await asyncio.to_thread(self._ledger.accept_receipt, receipt)
        except ReceiptIdReused as error:
            raise RequestIdReused(str(error), "receipt_id") from error
        await self._pass_on(receipt.receipt_id)
        return await asyncio.to_thread(self._ledger.received, receipt.receipt_id)

    async def parked(self, state: ParkedState = ParkedState.PARKED) -> list[ParkedParcel]:
        """What waits for a person, or what became of it."""
        return await asyncio.to_thread(self._ledger.parked_parcels, state)

    async def match(self, parked_id: str, decision: ParkedMatch) -> ParkedParcel:
        """Give parked goods to the return that a person found.

        Raises:
            RoleNotPermitted: If the actor may not decide.
            ParkedNotFound: If nothing is parked under the id.
            InvalidAction: If there is no such return.
            ActionNotAllowed: If somebody decided otherwise before.
        """
        _permitted(decision.actor, DECIDERS)
        try:
            found = await asyncio.to_thread(self._ledger.match_parked, parked_id, decision, datetime.now(UTC))
        except NoSuchReturn as error:
            raise InvalidAction(str(error), "rma_id") from error
        except (NothingParked, AlreadyDecided) as error:
            raise _undecidable(error) from error
        await self._pass_on(found.receipt_id)
        return found

    async def dispose(self, parked_id: str, decision: ParkedDisposal) -> ParkedParcel:
        """Write down where parked goods go that belong to no return.

        Raises:
            RoleNotPermitted: If the actor may not decide.
            ParkedNotFound: If nothing is parked under the id.
            ActionNotAllowed: If somebody decided otherwise before.
        """
        _permitted(decision.actor, DECIDERS)
        try:
            return await asyncio.to_thread(self._ledger.dispose_parked, parked_id, decision, datetime.now(UTC))
        except (NothingParked, AlreadyDecided) as error:
            raise _undecidable(error) from error

    async def pass_on_due(self) -> None:
        """Pass on what a return did not take when it came, because nothing answered for it."""
        await self._pass_on(None)

    async def _pass_on(self, receipt_id: str | None) -> None:
        for part in await asyncio.to_thread(self._ledger.due_receipts, _BATCH, receipt_id):
            try:
                await self._hand_to_its_return(part)
            except ServiceUnavailable:
                return
            except ReturnsError as error:
                _log.error("receipt_not_passed_on", rma_id=part.rma_id, error=str(error))

    async def _hand_to_its_return(self, part: DueReceipt) -> None:
        try:
            taken_by = await (self._take_up(part) if part.late else self._act(part))
        except _REFUSED as refused:
            await asyncio.to_thread(self._ledger.receipt_refused, part.part_id, str(refused))
            return
        await asyncio.to_thread(self._ledger.receipt_taken, part.part_id, taken_by, datetime.now(UTC))

    async def _act(self, part: DueReceipt) -> str:
        receipt = Receipt(
            actor=part.receipt.actor,
            received_at=part.receipt.received_at,
            tracking_no=part.receipt.tracking_no,
            parcel=part.parcel,
            freight_collect=part.receipt.freight_collect,
            lines=tuple(ReceivedLine(line_id=line.line_id, quantity=line.quantity) for line in part.lines),
        )
        await self._returns.act(part.rma_id, Action.RECEIVE, receipt, part.request_id)
        return part.rma_id

    async def _take_up(self, part: DueReceipt) -> str:
        """Goods that came after the end of their return are a case of their own."""
        opened = await self._returns.follow_up(
            FollowUpRequest(
                of=part.rma_id,
                request_id=part.request_id,
                kind=FollowUpKind.LATE_RECEIPT,
                actor=part.receipt.actor,
                reason=f"receipt {part.receipt.receipt_id}",
                lines=tuple(FollowUpLine(line_id=line.line_id, quantity=line.quantity) for line in part.lines),
                received_at=part.receipt.received_at,
            )
        )
        return opened.rma_id


def _permitted(actor: Actor, roles: tuple[Role, ...]) -> None:
    if actor.role not in roles:
        raise RoleNotPermitted(f"{actor.role.value} may not do this. Permitted: {', '.join(roles)}.", "actor.role")


def _undecidable(error: NothingParked | AlreadyDecided) -> ReturnsError:
    if isinstance(error, NothingParked):
        return ParkedNotFound(str(error), "parked_id")
    return ActionNotAllowed(str(error), "action")
