"""What was refused and what was granted: kept for ops and auditors, without personal data."""

from enum import StrEnum

from domain.record import Record, UtcDatetime


class AuditOutcome(StrEnum):
    """What became of what somebody asked for."""

    REFUSED = "refused"
    GRANTED = "granted"
    PENDING = "pending"
    APPROVED = "approved"
    DECLINED = "declined"
    RELEASED = "released"


class AuditEntry(Record):
    """One line of the audit.

    Attributes:
        rule: The rule that decided, such as `day_cap` or `RoleNotPermitted`.
        detail: Amounts, limits and what was said; no name, address or text of a customer.
    """

    at: UtcDatetime
    rma_id: str
    actor_role: str
    actor_id: str
    action: str
    outcome: AuditOutcome
    rule: str
    detail: str = ""
