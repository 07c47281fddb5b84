"""Who answers for the return of a line, alone or in shares, and what follows for freight (section 5)."""

from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import Field, model_validator

from domain.reasons import LiableParty
from domain.record import Record

WHOLE_BPS = 10_000


class Liability(Record):
    """The shares of the parties that answer for a line, in basis points; together they are the whole."""

    shares: dict[LiableParty, Annotated[int, Field(ge=1, le=WHOLE_BPS)]]

    @model_validator(mode="after")
    def _are_the_whole(self) -> Self:
        if (total := sum(self.shares.values())) != WHOLE_BPS:
            raise ValueError(f"shares: they must come to {WHOLE_BPS} basis points, not {total}")
        return self

    @classmethod
    def of(cls, decided: "LiableParty | Liability") -> "Liability":
        """The liability as shares, whichever way it was decided."""
        return decided if isinstance(decided, Liability) else cls(shares={decided: WHOLE_BPS})

    @property
    def customer_bps(self) -> int:
        """The customer's share."""
        return self.shares.get(LiableParty.CUSTOMER, 0)


CUSTOMERS = Liability(shares={LiableParty.CUSTOMER: WHOLE_BPS})
"""Where nobody else is named."""


def freight_bps_of_customer(liabilities: Iterable[Liability]) -> int:
    """The customer's share of the return freight of one parcel: the least that they answer for of what it held.

    So the customer pays none of it as soon as another party answers for a whole line of it.
    """
    return min((liability.customer_bps for liability in liabilities), default=0)


def owes_outbound_shipping(liabilities: Iterable[Liability]) -> bool:
    """Whether outbound shipping goes back: another than the customer is liable, be it in part (rule 6)."""
    return any(liability.customer_bps < WHOLE_BPS for liability in liabilities)
