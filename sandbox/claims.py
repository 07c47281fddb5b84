"""The claims desks of carriers and insurers: a claim with every request, answered when a test says so."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.routing import APIRoute

from domain.claims import ClaimAnswer, ClaimEvidence, ClaimParty, ClaimReason, ClaimVerdict
from domain.record import MinorUnits, Record
from sandbox.bodies import Amount, Currency, Id, TimedBody, make_id
from sandbox.books import Book, Books, Draft, Entry
from sandbox.faults import Target
from sandbox.refusals import Refused


class ClaimBody(TimedBody):
    """A claim. The amount is in minor units."""

    reference: Id
    rma_id: Id
    reason: ClaimReason
    currency: Currency
    claimed_minor: Amount
    evidence: tuple[ClaimEvidence, ...]


class ContestBody(TimedBody):
    """An objection to a rejection."""

    note: str = ""
    evidence: tuple[ClaimEvidence, ...]


class AnswerBody(TimedBody):
    """What the desk decides."""

    verdict: ClaimVerdict
    amount_minor: MinorUnits = 0
    note: str = ""


class DeskClaim(Record):
    """A claim as its desk knows it."""

    claim_id: str
    party: ClaimParty
    reference: str
    rma_id: str
    reason: ClaimReason
    currency: str
    claimed_minor: MinorUnits
    evidence: tuple[ClaimEvidence, ...]
    round: int = 1
    note: str = ""
    answer: ClaimAnswer | None = None


class ClaimsAnswer(Record):
    """The claims of a reference, oldest first; empty if there are none."""

    claims: tuple[DeskClaim, ...]


class ClaimDesks:
    """Every claim, by desk: a fold over their book."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._claims: dict[str, DeskClaim] = {}
        books.fold(Book.CLAIMS, self._take)

    def find(self, party: ClaimParty, reference: str) -> list[DeskClaim]:
        """The claims of a reference; more than one if it was filed again without a look."""
        return [c for c in self._claims.values() if (c.party, c.reference) == (party, reference)]

    def file(self, party: ClaimParty, body: ClaimBody) -> DeskClaim:
        """Open a claim, one more with each request."""
        claim_id = make_id("cl_", party, body.reference, self._books.next_seq)
        claim = DeskClaim(claim_id=claim_id, party=party, **body.model_dump(exclude={"at"}))
        return self._write(claim, body)

    def contest(self, party: ClaimParty, claim_id: str, body: ContestBody) -> DeskClaim:
        """Take an objection to a rejection; a repeat is the same one.

        Raises:
            Refused: ``unknown_claim``, or ``not_rejected``.
        """
        claim = self._claim(party, claim_id)
        if claim.round > 1:
            return claim
        if claim.answer is None or claim.answer.verdict is not ClaimVerdict.REJECTED:
            raise Refused(409, "not_rejected", f"Claim {claim_id} was not rejected.")
        changes = {"round": 2, "answer": None, "note": body.note, "evidence": body.evidence}
        return self._write(claim.model_copy(update=changes), body)

    def answer(self, party: ClaimParty, claim_id: str, body: AnswerBody) -> DeskClaim:
        """Decide a claim.

        Raises:
            Refused: ``unknown_claim``.
        """
        claim = self._claim(party, claim_id)
        answer = ClaimAnswer(**body.model_dump(exclude={"at"}), round=claim.round)
        return self._write(claim.model_copy(update={"answer": answer}), body)

    def _claim(self, party: ClaimParty, claim_id: str) -> DeskClaim:
        claim = self._claims.get(claim_id)
        if claim is None or claim.party is not party:
            raise Refused(404, "unknown_claim", f"There is no claim {claim_id}.")
        return claim

    def _write(self, claim: DeskClaim, body: TimedBody) -> DeskClaim:
        self._books.append(Draft(book=Book.CLAIMS, key=claim.reference, at=body.at, data=claim))
        return claim

    def _take(self, entry: Entry) -> None:
        claim = DeskClaim.model_validate(entry.data)
        self._claims[claim.claim_id] = claim


def claims_router(desks: ClaimDesks, route_class: type[APIRoute]) -> APIRouter:
    """Make the routes of the claims desks."""
    router = APIRouter(prefix="/claims/{party}", tags=["claims"], route_class=route_class)

    @router.post("", name=Target.CLAIM)
    async def file(party: ClaimParty, body: ClaimBody) -> DeskClaim:
        """File a claim, one more with each request."""
        return desks.file(party, body)

    @router.get("", name=Target.FIND_CLAIM)
    async def find(party: ClaimParty, reference: Annotated[str, Query(min_length=1)]) -> ClaimsAnswer:
        """Look up claims by the caller's reference."""
        return ClaimsAnswer(claims=tuple(desks.find(party, reference)))

    @router.post("/{claim_id}/contest", name=Target.CONTEST_CLAIM)
    async def contest(party: ClaimParty, claim_id: str, body: ContestBody) -> DeskClaim:
        """Object to a rejection, once. 404 ``unknown_claim``, 409 ``not_rejected``."""
        return desks.contest(party, claim_id, body)

    @router.post("/{claim_id}/answer", name=Target.ANSWER_CLAIM)
    async def answer(party: ClaimParty, claim_id: str, body: AnswerBody) -> DeskClaim:
        """Let the desk decide. 404 ``unknown_claim``."""
        return desks.answer(party, claim_id, body)

    return router
