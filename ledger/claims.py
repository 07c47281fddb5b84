"""Recovery claims: what is claimed back from whom, and what came of it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.bookkeeping import ClaimEntry, ClaimOpening
from domain.claims import ClaimState, RecoveryClaim, claimed_value, evidence_for
from domain.intents import IntentState, PaymentDirection
from domain.keys import claim_reference
from ledger import outbox
from ledger.entries import is_first, once
from ledger.orders import frozen, lock_order_of
from ledger.tables import EntryKind, IntentRow, RecoveryClaimRow


def open_claim(session: Session, opening: ClaimOpening) -> RecoveryClaim:
    """Value the loss by the frozen order, list the evidence, and keep the claim; a repeat gets the same one.

    Raises:
        ReturnNotFound: If the return was never opened.
    """
    return once(session, opening, EntryKind.CLAIM, RecoveryClaim, lambda: _open(session, opening))


def record(session: Session, entry: ClaimEntry) -> None:
    """Keep how a claim stands, with what is to be told of it."""
    if not is_first(session, entry, EntryKind.CLAIM):
        return
    _keep(session, entry.claim)
    outbox.write(session, entry)


def claims(session: Session, open_only: bool) -> list[RecoveryClaim]:
    """The claims, the next one that is due first; only those that somebody still waits for, if so asked."""
    wanted = select(RecoveryClaimRow).order_by(RecoveryClaimRow.due_at, RecoveryClaimRow.reference)
    if open_only:
        wanted = wanted.where(RecoveryClaimRow.state.in_([state for state in ClaimState if not state.is_final]))
    return [RecoveryClaim.model_validate(row.claim) for row in session.scalars(wanted)]


def _open(session: Session, opening: ClaimOpening) -> RecoveryClaim:
    order = frozen(lock_order_of(session, opening.rma_id))
    grounds = opening.grounds
    paid = session.scalars(
        select(IntentRow.key)
        .where(
            IntentRow.rma_id == opening.rma_id,
            IntentRow.direction == PaymentDirection.REFUND,
            IntentRow.state.in_((IntentState.SUCCEEDED, IntentState.RECONCILED)),
        )
        .order_by(IntentRow.id)
    ).all()
    claim = RecoveryClaim(
        reference=claim_reference(opening.rma_id, grounds.party.value),
        rma_id=opening.rma_id,
        order_id=order.order_id,
        party=grounds.party,
        reason=grounds.reason,
        currency=order.currency,
        claimed_minor=claimed_value(order, grounds),
        evidence=evidence_for(order, grounds, paid),
        due_at=opening.due_at,
    )
    _keep(session, claim)
    outbox.write(session, opening)
    return claim


def _keep(session: Session, claim: RecoveryClaim) -> None:
    row = session.get(RecoveryClaimRow, claim.reference)
    if row is None:
        row = RecoveryClaimRow(reference=claim.reference, rma_id=claim.rma_id, party=claim.party)
        session.add(row)
    row.state = claim.state
    row.currency = claim.currency
    row.claimed_minor = claim.claimed_minor
    row.awarded_minor = claim.awarded_minor
    row.due_at = claim.due_at
    row.claim = claim.model_dump(mode="json")
