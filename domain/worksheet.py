"""The worksheet of a refund: every number with the rule behind it and its inputs (section 9).

Rows that count add up to the refund, by construction and by test. The others tell what is contained in it, or what
happens beside it.
"""

from collections.abc import Iterable
from enum import StrEnum

from pydantic import Field

from domain.record import Record


class WorksheetRule(StrEnum):
    """The rule that a row follows."""

    UNITS = "units"
    TAX_INCLUDED = "tax_included"
    DISCOUNT_FUNDER = "discount_funder"
    DIMINISHED_VALUE = "diminished_value"
    DEDUCTION_LOWERED = "deduction_lowered"
    COMPENSATED_BEFORE = "compensated_before"
    PROMOTION_LOST = "promotion_lost"
    PROMOTION_RESTORED = "promotion_restored"
    OUTBOUND_SHIPPING = "outbound_shipping"
    RESTOCKING_FEE = "restocking_fee"
    RETURN_FREIGHT = "return_freight"
    PREMIUM_PICKUP = "premium_pickup"
    COMPENSATION = "compensation"
    ARBITRATION = "arbitration"
    FREIGHT_INSURANCE = "freight_insurance"
    REPLACEMENT = "replacement"
    MOVED_BEFORE = "moved_before"
    CHARGED_BACK = "charged_back"
    PAID_IN_ADVANCE = "paid_in_advance"
    OWED_BY_CUSTOMER = "owed_by_customer"
    ORDER_REMAINDER = "order_remainder"

    @property
    def counts(self) -> bool:
        """Whether its amount is part of the sum."""
        return self not in (
            WorksheetRule.TAX_INCLUDED,
            WorksheetRule.DISCOUNT_FUNDER,
            WorksheetRule.FREIGHT_INSURANCE,
        )


class WorksheetRow(Record):
    """A number of the worksheet.

    Attributes:
        amount_minor: What the row adds to the refund, in minor units; below zero where it takes off.
        line_id: The order line that it is about; empty if it is about the order.
        inputs: What the rule was applied to. Amounts end in `_minor`, basis points in `_bps`; the rest are counts
            and names.
    """

    rule: WorksheetRule
    amount_minor: int
    line_id: str = ""
    inputs: dict[str, int | str] = Field(default_factory=dict)


def sum_of_rows(rows: Iterable[WorksheetRow]) -> int:
    """What the rows that count come to, in minor units."""
    return sum(row.amount_minor for row in rows if row.rule.counts)
