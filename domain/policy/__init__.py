"""The policy: every window, clock, amount and list that a merchant may set, as versioned data.

A return keeps the version that it opened under. The format is TOML; durations are ISO 8601. A section of the file
has a module of its own.
"""

from domain.policy.clocks import ClockDurations
from domain.policy.currencies import CurrencyAmounts
from domain.policy.model import Policy, parse_policy
from domain.policy.pickup import PickupRules

__all__ = ["ClockDurations", "CurrencyAmounts", "PickupRules", "Policy", "parse_policy"]
