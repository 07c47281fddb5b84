"""Signals that send a return to a person. None of them ever declines one."""

from pydantic import Field

from domain.policy.amounts import PositiveMinor
from domain.record import Record


class RiskRules(Record):
    """From where on a return is looked at by a person.

    Attributes:
        return_rate_bps: The share of the customer's orders of a year that came back, in basis points.
        least_orders: Orders of a year below which a rate says nothing.
        returns_per_waybill: Earlier returns of what came with one waybill, which is one order.
        value: What was paid for the goods, in minor units of each currency; no limit for one that is not named.
    """

    return_rate_bps: int = Field(default=6_000, strict=True, ge=1, le=10_000)
    least_orders: int = Field(default=5, strict=True, ge=1, le=1_000)
    returns_per_waybill: int = Field(default=4, strict=True, ge=1, le=1_000)
    value: dict[str, PositiveMinor] = Field(default_factory=dict)
