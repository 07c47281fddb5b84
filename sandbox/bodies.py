"""What bodies of requests have in common."""

import hashlib
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from domain.record import UtcDatetime

Id = Annotated[str, Field(min_length=1, max_length=128)]

Amount = Annotated[int, Field(strict=True, gt=0, le=10**15)]
"""Money that moves: a positive integer in the currency's minor unit, never a float or a text."""

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code."""

PaymentReference = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""As narrow as real payment providers are."""


class Body(BaseModel):
    """A request's body. Unknown fields are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TimedBody(Body):
    """A body that writes to the books. `at` is the caller's time of the effect: the sandbox has no clock."""

    at: UtcDatetime


def make_id(prefix: str, *parts: object) -> str:
    """Derive an id that looks like a provider's from what makes it unique."""
    digest = hashlib.sha256("\n".join(str(part) for part in parts).encode()).hexdigest()
    return f"{prefix}{digest[:16]}"
