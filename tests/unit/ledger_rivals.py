"""What the other processes of the race tests run; a module of its own, so that they can import it."""

from datetime import date
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

from domain.authority import PayoutRequest, PayoutState
from domain.bookkeeping import ReturnOpening
from domain.policy.authority import PayoutCaps
from ledger.ledger import Ledger
from ledger.schema import migrate


def open_at_once(url: str, opening: ReturnOpening, start: Barrier, accepted: "Queue[bool]") -> None:
    """Open a return at the same moment as the others; tell whether it was accepted."""
    ledger = Ledger.open(url)
    ledger.open_returns(opening.order.order_id)
    start.wait(30)
    accepted.put(ledger.open_return(opening).refusal is None)


def migrate_at_once(url: str, start: Barrier) -> None:
    """Migrate a database at the same moment as the others."""
    start.wait(30)
    migrate(url)


def grant_at_once(
    url: str,
    request: PayoutRequest,
    amount_minor: int,
    caps: PayoutCaps,
    day: date,
    start: Barrier,
    granted: "Queue[bool]",
) -> None:
    """Ask for a payout at the same moment as the others; tell whether it was granted."""
    ledger = Ledger.open(url)
    ledger.open_returns("O-1")
    start.wait(30)
    granted.put(ledger.grant_payout(request, amount_minor, caps, day).state is PayoutState.GRANTED)
