"""The base of every model that travels through a history, a queue or the ledger."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("lies outside the years that UTC has") from error


UtcDatetime = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""An aware moment, normalised to UTC. A naive one is refused."""

MOST_MINOR_UNITS = 10**15
"""No amount is larger, nor what several of them come to in one decision."""

MinorUnits = Annotated[int, Field(ge=0, le=MOST_MINOR_UNITS, strict=True)]
"""An amount in the currency's ISO 4217 minor unit, never negative."""

Quantity = Annotated[int, Field(ge=0, le=100_000, strict=True)]

Identifier = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:~-]*$")]
"""An identifier of another system: letters, digits and ``._:~-``, at most 128."""


class Record(BaseModel):
    """A frozen model that ignores fields it does not know.

    Unknown fields are ignored because a worker of an older version must be able to read what a newer
    one wrote; the ways in (`starters`) refuse them when they validate a caller's input.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")


class Done(Record):
    """The answer of an effect that has nothing to say but that it was done."""
