"""How long two sides may negotiate."""

from pydantic import Field

from domain.record import Record


class AgreementRules(Record):
    """How many offers may follow the first one about the same thing, counters included."""

    offer_rounds: int = Field(default=3, ge=0, le=10)
