"""What goes into a recovery claim, what may be sent to it, and what it answers."""

from enum import StrEnum

from pydantic import Field

from domain.application import Locale
from domain.claims import ClaimEvidence, ClaimGrounds, ClaimState, ClaimVerdict, RecoveryClaim
from domain.policy import ClaimRules
from domain.record import MinorUnits, Record, UtcDatetime
from workflows.contracts.base import ActionRequest


class ClaimInput(Record):
    """A claim that a return starts when its customer is paid, with the rules that the return stays on."""

    rma_id: str
    order_id: str
    customer_id: str
    locale: Locale
    grounds: ClaimGrounds
    rules: ClaimRules


class ClaimAction(StrEnum):
    """What people and the party's systems send to a claim."""

    ADD_EVIDENCE = "add_evidence"
    ANSWER = "answer"
    WRITE_OFF = "write_off"


class EvidenceAddition(ActionRequest):
    """More evidence for a claim: before it is filed it goes along, later it supports a contest."""

    evidence: tuple[ClaimEvidence, ...] = Field(min_length=1, max_length=50)


class PartyAnswer(ActionRequest):
    """What the party said to the claim; the amount in minor units of the claim's currency."""

    verdict: ClaimVerdict
    amount_minor: MinorUnits = 0
    note: str = Field(default="", max_length=2_000)


class ClaimWriteOff(ActionRequest):
    """Give a claim up."""

    note: str = Field(min_length=1, max_length=2_000)


CLAIM_REQUESTS: dict[ClaimAction, type[ActionRequest]] = {
    ClaimAction.ADD_EVIDENCE: EvidenceAddition,
    ClaimAction.ANSWER: PartyAnswer,
    ClaimAction.WRITE_OFF: ClaimWriteOff,
}
"""The input of each action on a claim. The update of an action has the action's name."""


class ClaimActionAnswer(Record):
    """An action on a claim that was accepted."""

    reference: str
    action: ClaimAction
    accepted_at: UtcDatetime


class ClaimResult(Record):
    """How a claim ended; the amount in minor units."""

    reference: str
    state: ClaimState
    awarded_minor: MinorUnits = 0
    currency: str = ""


class ClaimStatus(Record):
    """Where a claim stands. `needs` is the role that has to act; empty if none has."""

    claim: RecoveryClaim
    is_final: bool
    needs: str = ""
    allowed_actions: tuple[ClaimAction, ...] = ()
