"""The policy: every window, clock, amount and list that a merchant may set, as versioned data.

A return keeps the version that it opened under. The format is TOML; durations are ISO 8601. A section of the file
has a module of its own.
"""

from domain.policy.agreement import AgreementRules
from domain.policy.claims import ClaimRules
from domain.policy.clocks import ClockDurations
from domain.policy.currencies import CurrencyAmounts
from domain.policy.errors import PolicyProblem, PolicyRefused
from domain.policy.fees import FeeRules
from domain.policy.model import Policy, parse_policy
from domain.policy.pickup import PickupRules
from domain.policy.promotions import ClawBack, PromotionRules
from domain.policy.returnless import ReturnlessRules
from domain.policy.risk import RiskRules
from domain.policy.trade_in import TradeInPayout, TradeInRules
from domain.policy.windows import LEGAL_FLOOR_DAYS, Anchor

__all__ = [
    "LEGAL_FLOOR_DAYS",
    "AgreementRules",
    "Anchor",
    "ClaimRules",
    "ClawBack",
    "ClockDurations",
    "CurrencyAmounts",
    "FeeRules",
    "PickupRules",
    "Policy",
    "PolicyProblem",
    "PolicyRefused",
    "PromotionRules",
    "ReturnlessRules",
    "RiskRules",
    "TradeInPayout",
    "TradeInRules",
    "parse_policy",
]
