"""The caller's own id of a request, under which a repeat is the same request."""

from typing import Annotated

from fastapi import Header

_DESCRIPTION = (
    "Your own id of this request: 1 to 128 letters, digits and `._:~-`. "
    "Send a request whose answer you did not get again under the same one."
)
_FORM = Header(
    alias="Idempotency-Key",
    min_length=1,
    max_length=128,
    pattern=r"^[A-Za-z0-9._:~-]+$",
    description=_DESCRIPTION,
    examples=["2f1c9a4e-apply-1"],
)

IdempotencyKey = Annotated[str, _FORM]
OptionalIdempotencyKey = Annotated[str | None, _FORM]
