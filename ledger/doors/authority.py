"""What people grant beyond the rules, and what they were refused."""

from datetime import date

from domain.audit import AuditEntry
from domain.authority import PayoutAnswer, PayoutApproval, PayoutRequest
from domain.policy.authority import PayoutCaps
from ledger import (
    audit,
    budgets,
)
from ledger.doors.base import Door
from ledger.engine import reading, writing


class AuthorityDoor(Door):
    """What people grant beyond the rules, and what they were refused."""

    def grant_payout(self, request: PayoutRequest, amount_minor: int, caps: PayoutCaps, day: date) -> PayoutAnswer:
        """Hold an amount against the caps of its case and of the agent's day; a refusal is an answer too.

        Raises:
            ReturnNotFound: If the return was never opened.
        """
        with writing(self.engine) as session:
            return budgets.grant(session, request, amount_minor, caps, day)

    def decide_payout(self, approval: PayoutApproval) -> None:
        """Take a second person's decision on a pending grant.

        Raises:
            GrantNotPending: If nothing waits under the op.
            SamePerson: If the person who asked approves.
        """
        with writing(self.engine) as session:
            budgets.decide(session, approval)

    def write_audit(self, entry: AuditEntry) -> None:
        """Keep a refusal that no other entry keeps."""
        with writing(self.engine) as session:
            audit.write(session, entry)

    def audit_entries(self, rma_id: str | None = None, limit: int = 100) -> list[AuditEntry]:
        """The last refusals and grants of a return, or of all, the newest first."""
        with reading(self.engine) as session:
            return audit.entries(session, rma_id, limit)
