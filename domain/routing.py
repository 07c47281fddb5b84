"""Which tier a problem goes to first (section 10); from there each missed promise goes one tier up."""

from collections.abc import Mapping

from domain.actions import AGENTS, Role
from domain.application import ReturnApplication
from domain.reasons import ReturnReason
from domain.review import RISKS, ReviewReason

BY_REASON: Mapping[ReturnReason, Role] = {
    ReturnReason.CHANGED_MIND: Role.AGENT_TIER_1,
    ReturnReason.SIZE_TOO_SMALL: Role.AGENT_TIER_1,
    ReturnReason.SIZE_TOO_LARGE: Role.AGENT_TIER_1,
    ReturnReason.COLOR_DIFFERS: Role.AGENT_TIER_1,
    ReturnReason.MATERIAL_DIFFERS: Role.AGENT_TIER_2,
    ReturnReason.NOT_AS_DESCRIBED: Role.AGENT_TIER_2,
    ReturnReason.QUALITY_DEFECT: Role.AGENT_TIER_2,
    ReturnReason.DAMAGED_IN_TRANSIT: Role.AGENT_TIER_2,
    ReturnReason.WRONG_ITEM: Role.AGENT_TIER_2,
    ReturnReason.MISSING_PARTS: Role.AGENT_TIER_2,
    ReturnReason.LATE_DELIVERY: Role.AGENT_TIER_1,
    ReturnReason.ARRIVED_AFTER_CANCEL: Role.AGENT_TIER_1,
    ReturnReason.OTHER: Role.AGENT_TIER_1,
}
"""Delay, fitting and a changed mind go to tier 1; quality and liability to tier 2."""

BY_DOUBT: Mapping[ReviewReason, Role] = {
    ReviewReason.FAULT_TO_VERIFY: Role.AGENT_TIER_2,
    ReviewReason.CONDITION_TO_VERIFY: Role.AGENT_TIER_2,
    ReviewReason.EXCLUDED_FROM_NO_REASON: Role.AGENT_TIER_2,
    **dict.fromkeys(RISKS, Role.SUPERVISOR),
}
"""What auto-review was in doubt about; a doubt that is not named here needs no more than tier 1."""


def first_reviewer(application: ReturnApplication, doubts: tuple[ReviewReason, ...]) -> Role:
    """The highest tier that a reason of the customer or a doubt of auto-review asks for."""
    asked = [BY_REASON[line.reason] for line in application.lines]
    asked += [BY_DOUBT.get(doubt, Role.AGENT_TIER_1) for doubt in doubts]
    return max(asked, key=AGENTS.index, default=Role.AGENT_TIER_2)
