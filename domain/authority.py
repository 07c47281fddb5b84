"""Who may grant how much beyond the rules (section 10).

A discretionary payout is what a person grants and no rule owes: a compensation, a bonus, goods that need not come
back, units accepted after all. The coupon of a broken promise is not one: it draws on the system's own budget.
"""

from collections.abc import Mapping
from enum import StrEnum

from pydantic import Field

from domain.actions import AGENTS, Action, Actor, Role
from domain.bookkeeping import LedgerEntry
from domain.policy.authority import PayoutCaps
from domain.record import MinorUnits, Record, UtcDatetime


class PayoutState(StrEnum):
    """What became of a request to grant; a pending one waits for a second person."""

    GRANTED = "granted"
    PENDING = "pending"
    REFUSED = "refused"


class PayoutRule(StrEnum):
    """The rule that a request met."""

    WITHIN_CAP = "within_cap"
    CASE_CAP = "case_cap"
    DAY_CAP = "day_cap"
    SECOND_PERSON = "second_person"


class PayoutAnswer(Record):
    """The answer to a request; amounts in minor units.

    Attributes:
        rule: The rule that decided.
        amount_minor: What counts as granted beyond the rules; 0 where the rules cover all of it.
        limit_minor: The cap that the actor met.
        spent_minor: What was granted before, in the case or on the day, as the rule says.
        ask: The role that may grant it instead.
        told: A refusal in words, with what to do.
    """

    state: PayoutState
    rule: PayoutRule = PayoutRule.WITHIN_CAP
    amount_minor: MinorUnits = 0
    limit_minor: MinorUnits = 0
    spent_minor: MinorUnits = 0
    ask: Role | None = None
    told: str = ""


class PayoutRequest(LedgerEntry):
    """Ask to grant a payout before anything else changes.

    Attributes:
        amount_minor: What the person adds: a compensation, a bonus, the worth of units accepted after all.
        kept_minor: What the goods were paid that need not come back; beyond the policy's limit it counts as well.
        case_version: What the return had decided when it was asked for.
        releases: Ops of earlier grants that this one takes the place of.
    """

    actor: Actor
    action: Action
    currency: str
    amount_minor: MinorUnits = 0
    kept_minor: MinorUnits = 0
    case_version: int
    policy_version: str
    releases: tuple[str, ...] = ()


class PayoutApproval(LedgerEntry):
    """The second person's decision on a pending grant, under the op of its request."""

    request_op: str
    approver: Actor
    approve: bool


class PendingPayout(Record):
    """A grant that waits for a second person, bound to the exact amount and version; expires in UTC."""

    action: Action
    requested_by: Actor
    amount_minor: MinorUnits
    currency: str
    version: int = Field(ge=1)
    expires_at: UtcDatetime
    op: str


def cap_of(role: Role, caps: PayoutCaps) -> int:
    """What a role may grant alone, in minor units."""
    by_role: Mapping[Role, int] = {
        Role.AGENT_TIER_1: caps.agent_tier_1,
        Role.AGENT_TIER_2: caps.agent_tier_2,
        Role.AGENT_TIER_3: caps.agent_tier_3,
        Role.SUPERVISOR: caps.supervisor,
    }
    return by_role.get(role, 0)


def judge_payout(
    role: Role, amount_minor: int, in_case_minor: int, on_day_minor: int, caps: PayoutCaps
) -> PayoutAnswer:
    """Decide whether a role may grant an amount.

    Args:
        role: Who grants.
        amount_minor: What is asked for now.
        in_case_minor: What was granted in this case before, by whomever.
        on_day_minor: What this person granted before on this day, in all cases.
        caps: The policy's caps in the order's currency.
    """
    cap = cap_of(role, caps)
    if in_case_minor + amount_minor > cap:
        rule, spent = PayoutRule.CASE_CAP, in_case_minor
    elif on_day_minor + amount_minor > cap:
        rule, spent = PayoutRule.DAY_CAP, on_day_minor
    else:
        return PayoutAnswer(
            state=PayoutState.GRANTED, amount_minor=amount_minor, limit_minor=cap, spent_minor=in_case_minor
        )
    if role is Role.SUPERVISOR:
        return PayoutAnswer(
            state=PayoutState.PENDING,
            rule=PayoutRule.SECOND_PERSON,
            amount_minor=amount_minor,
            limit_minor=cap,
            spent_minor=spent,
            ask=Role.SUPERVISOR,
        )
    return PayoutAnswer(
        state=PayoutState.REFUSED,
        rule=rule,
        amount_minor=amount_minor,
        limit_minor=cap,
        spent_minor=spent,
        ask=_who_may(role, in_case_minor + amount_minor, caps),
    )


def beyond_the_rules(added_minor: int, kept_minor: int, returnless_limit_minor: int) -> int:
    """What counts against a cap: every amount that a person adds, and goods kept above the returnless limit."""
    return added_minor + (kept_minor if kept_minor > returnless_limit_minor else 0)


def _who_may(role: Role, in_all_minor: int, caps: PayoutCaps) -> Role:
    higher = AGENTS[AGENTS.index(role) + 1 :] if role in AGENTS else AGENTS
    return next((tier for tier in higher if cap_of(tier, caps) >= in_all_minor), Role.SUPERVISOR)
