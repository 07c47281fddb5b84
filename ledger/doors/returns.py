"""Returns: their opening, their stages, their end, and what comes after it."""

from domain.bookkeeping import (
    ClaimEntry,
    ClaimOpening,
    FollowUpOpening,
    ReturnClosing,
    ReturnOpening,
    Review,
    StageAnswer,
    StageEntry,
    TakenUpCase,
    TakeUp,
    UnitsTakenOver,
)
from domain.claims import RecoveryClaim
from domain.follow_up import FollowUpAnswer
from ledger import (
    claims,
    follow_ups,
    returns,
)
from ledger.answers import ClosedReturn
from ledger.doors.base import Door
from ledger.engine import reading, writing


class ReturnsDoor(Door):
    """Returns: their opening, their stages, their end, and what comes after it."""

    # A return, from its opening to its end

    def open_return(self, opening: ReturnOpening) -> Review:
        """Hold the units of a return and freeze its order; give back the review that is now in force.

        A refusal (closed return, units taken, too many applications) is an answer too; nothing of it is kept,
        so that it is judged anew when it is asked again.
        """
        try:
            with writing(self.engine) as session:
                return returns.open_return(session, opening)
        except returns.OpeningRefused as refused:
            return opening.review.model_copy(update={"refusal": refused.refusal, "decision": None})

    def record(self, entry: StageEntry) -> StageAnswer:
        """Write what a step decided: messages, and the parcel or the breach that it registers.

        Raises:
            CouponNotOwed: If it reports a coupon that the return has not earned.
        """
        with writing(self.engine) as session:
            return returns.record(session, entry)

    def take_over(self, entry: UnitsTakenOver) -> None:
        """Keep units of a return without a refund, so that no return of the order can claim them again.

        Raises:
            ReturnNotFound: If the return was never opened.
            UnitsNotHeld: If the return does not hold the units.
        """
        with writing(self.engine) as session:
            returns.take_over(session, entry)

    def close_return(self, closing: ReturnClosing) -> None:
        """Release the units that were not settled and keep how the case ended."""
        with writing(self.engine) as session:
            returns.close(session, closing)

    def closed_return(self, rma_id: str) -> ClosedReturn | None:
        """How a case ended; None if it has not."""
        with reading(self.engine) as session:
            return returns.closed_return(session, rma_id)

    def open_returns(self, order_id: str) -> list[str]:
        """The RMA ids of the order's returns that are not closed, oldest first."""
        with reading(self.engine) as session:
            return returns.open_returns(session, order_id)

    def returns_opened(self, order_id: str, but: str) -> int:
        """How many returns of the order were ever opened, one of them left out."""
        with reading(self.engine) as session:
            return returns.count_opened(session, order_id, but)

    # What comes after the end

    def open_follow_up(self, opening: FollowUpOpening) -> FollowUpAnswer:
        """Number a follow-up case and hold the units that are free again; the same request finds the same one.

        A refusal is an answer too; nothing of it is kept, so that it is judged anew when it is asked again.
        """
        with writing(self.engine) as session:
            return follow_ups.open_follow_up(session, opening)

    def take_up(self, entry: TakeUp) -> TakenUpCase:
        """What a follow-up case starts from.

        Raises:
            ReturnNotFound: If it is no follow-up.
        """
        with writing(self.engine) as session:
            return follow_ups.take_up(session, entry)

    # What is claimed back for a loss

    def open_claim(self, opening: ClaimOpening) -> RecoveryClaim:
        """Value a loss by the frozen order and list the evidence for it.

        Raises:
            ReturnNotFound: If the return was never opened.
        """
        with writing(self.engine) as session:
            return claims.open_claim(session, opening)

    def record_claim(self, entry: ClaimEntry) -> None:
        """Keep how a claim stands, with what is to be told of it."""
        with writing(self.engine) as session:
            claims.record(session, entry)

    def recovery_claims(self, open_only: bool = False) -> list[RecoveryClaim]:
        """The claims, the next one that is due first."""
        with reading(self.engine) as session:
            return claims.claims(session, open_only)
