"""What is taken off a refund by the merchant's choice."""

from pydantic import Field

from domain.record import Record


class FeeRules(Record):
    """Fees in basis points of what was paid. The restocking fee is never taken where the seller is liable."""

    restocking_bps: int = Field(default=0, strict=True, ge=0, le=10_000)
