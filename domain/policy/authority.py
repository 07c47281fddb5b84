"""How much a person may grant beyond the rules."""

from typing import Self

from pydantic import model_validator

from domain.policy.amounts import PositiveMinor
from domain.record import Record


class PayoutCaps(Record):
    """What each role may grant alone, in minor units: for one case, and in one day over all cases.

    Above a tier's cap a higher tier grants; above the supervisor's, two different supervisors.
    """

    agent_tier_1: PositiveMinor
    agent_tier_2: PositiveMinor
    agent_tier_3: PositiveMinor
    supervisor: PositiveMinor

    @model_validator(mode="after")
    def _grow_with_the_tier(self) -> Self:
        caps = [self.agent_tier_1, self.agent_tier_2, self.agent_tier_3, self.supervisor]
        if caps != sorted(caps):
            raise ValueError("a higher tier may not grant less than a lower one")
        return self
