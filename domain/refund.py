"""What is owed (section 9). Pure: the same code quotes and executes."""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from domain.application import ShipBackMethod
from domain.intents import RefundBasis
from domain.liability import CUSTOMERS, Liability
from domain.policy import Policy
from domain.policy.promotions import ClawBack
from domain.reasons import LiableParty
from domain.record import MinorUnits, Quantity, Record
from domain.shipping import PickupService
from domain.worksheet import WorksheetRow, WorksheetRule, sum_of_rows


class UnitsToSettle(Record):
    """Units of an order line that are paid for, with the deduction for diminished value if any."""

    line_id: str
    quantity: Quantity
    deduction_bps: int = 0


class LineCompensation(Record):
    """An amount for a line beyond what its units are worth, agreed or ruled, in minor units.

    It is a price reduction: it is paid within what the line and the order have left, and units of the line that
    come back later are worth that much less.
    """

    line_id: str
    amount_minor: MinorUnits = Field(gt=0)


class LoweredDeduction(Record):
    """Units that were paid less a deduction, which a contest lowered afterwards; both in basis points."""

    line_id: str
    quantity: int = Field(gt=0)
    from_bps: int = Field(gt=0, le=10_000)
    to_bps: int = Field(ge=0, le=10_000)


class Circumstances(Record):
    """The facts that decide about shipping and fees.

    Attributes:
        liability: Who answers for the return of each line, in shares; the customer where nobody is named.
        ship_back: How the goods travelled back; None if they did not.
        freight: Who was agreed to pay the return freight; None where it follows from the liability.
        pickup_service: The pickup that the policy gives the customer; a premium one is free.
    """

    liability: dict[str, Liability] = Field(default_factory=dict)
    ship_back: ShipBackMethod | None = None
    pickup_service: PickupService = PickupService.STANDARD
    freight: LiableParty | None = None

    def of(self, line_id: str) -> Liability:
        """Who answers for the return of a line."""
        return self.liability.get(line_id, CUSTOMERS)


class RefundClaim(Record):
    """What is to be paid for, and why. `lowered` are units of an earlier refund whose deduction is lowered now."""

    basis: RefundBasis
    units: tuple[UnitsToSettle, ...] = ()
    lowered: tuple[LoweredDeduction, ...] = ()
    compensations: tuple[LineCompensation, ...] = ()
    circumstances: Circumstances = Circumstances()
    order_entirely: bool = False

    @property
    def line_ids(self) -> tuple[str, ...]:
        """The lines whose units are paid for, now or in the refund that is corrected."""
        return (*(entry.line_id for entry in self.units), *(entry.line_id for entry in self.lowered))


class SettledBefore(Record):
    """What earlier refunds of the order came to; minor units and units by line id.

    Attributes:
        units: Units settled.
        kept: Units of these that the customer was paid for and kept, or got replaced.
        refunded_minor: What the customer was given for units.
        compensated_minor: What the customer was compensated with.
        compensated_here_minor: As much of it as this very return gave: for units that it did not accept.
        offset_minor: As much of the compensation as was taken off units that came back after it.
        promotion_lost_minor: What was taken off for lost promotions, less what was given back.
        freight_minor: The return freight that this very return was charged.
        shipping_minor: The outbound shipping that was paid back.
        of_return: The quotes of this very return by the op that authorised each, in sequence.
    """

    units: dict[str, int] = Field(default_factory=dict)
    kept: dict[str, int] = Field(default_factory=dict)
    refunded_minor: dict[str, int] = Field(default_factory=dict)
    compensated_minor: dict[str, int] = Field(default_factory=dict)
    compensated_here_minor: dict[str, int] = Field(default_factory=dict)
    offset_minor: dict[str, int] = Field(default_factory=dict)
    promotion_lost_minor: int = 0
    freight_minor: MinorUnits = 0
    shipping_minor: MinorUnits = 0
    of_return: "dict[str, RefundQuote]" = Field(default_factory=dict)


class RefundRules(Record):
    """As much of a policy as decides about money; amounts are in minor units by currency.

    `advance_limits_minor` is the most that a customer may have in advance at once; None sets none.
    """

    policy_version: str = ""
    claw_back: ClawBack = ClawBack.PROPORTIONAL
    restocking_bps: int = 0
    return_freight_minor: dict[str, int] = Field(default_factory=dict)
    advance_limits_minor: dict[str, int] | None = None

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """The rules of a version of the policy."""
        return cls(
            policy_version=policy.version,
            claw_back=policy.promotions.claw_back,
            restocking_bps=policy.fees.restocking_bps,
            return_freight_minor={
                code: amounts.return_freight_minor for code, amounts in policy.currencies.items()
            },
            advance_limits_minor=dict(policy.advances.limits),
        )


class FeeKind(StrEnum):
    """What a fee is for."""

    RETURN_FREIGHT = "return_freight"
    RESTOCKING = "restocking"


class FeeLine(Record):
    """A fee that is taken off the refund, in minor units; for a line or, without one, for the return."""

    kind: FeeKind
    amount_minor: MinorUnits
    line_id: str = ""


class RefundLine(Record):
    """What is owed for one entry; minor units.

    `tax_minor` is contained in the gross, `offset_minor` was paid as a compensation before. What a lower deduction
    would have given follows from `deduction_bps`, the units of the line `settled_before`, and what of a
    compensation was `outstanding_minor` then, `apart_minor` of it for other units; quotes of before these were
    written down have none of them.
    """

    line_id: str
    quantity: Quantity
    gross_minor: MinorUnits
    deduction_minor: MinorUnits
    tax_minor: MinorUnits
    offset_minor: MinorUnits = 0
    deduction_bps: int = 0
    settled_before: Quantity = 0
    outstanding_minor: MinorUnits = 0
    apart_minor: MinorUnits = 0

    @property
    def net_minor(self) -> int:
        """What the customer gets for the entry, before fees and lost promotions."""
        return self.gross_minor - self.deduction_minor - self.offset_minor


class LoweredUnits(Record):
    """What a lowered deduction gives back for units of an earlier refund; minor units.

    Attributes:
        of: The op that authorised the earlier refund.
        position: Which line of its quote they are of.
        returned_minor: By how much the deduction is less.
        offset_minor: What is then taken off for a compensation of before, beyond what was.
    """

    of: str
    position: int
    line_id: str
    quantity: Quantity
    returned_minor: MinorUnits
    offset_minor: int = 0

    @property
    def net_minor(self) -> int:
        """What the customer gets for it, before fees and lost promotions."""
        return self.returned_minor - self.offset_minor


class RefundQuote(Record):
    """The whole of what is owed, in minor units of the order's currency.

    Attributes:
        lowered: What lowered deductions of earlier refunds give back.
        promotion_lost_minor: What lost promotions take off; below zero where a later return gives it back.
        keeps_goods: The units are paid and stay with the customer, or are replaced: no promotion is lost by it.
        rows: The worksheet. Quotes of before it was written down have none.
        policy_version: Whose rules the worksheet follows.
    """

    currency: str
    lines: tuple[RefundLine, ...]
    lowered: tuple[LoweredUnits, ...] = ()
    shipping_minor: MinorUnits = 0
    promotion_lost_minor: int = 0
    fees: tuple[FeeLine, ...] = ()
    compensations: tuple[LineCompensation, ...] = ()
    keeps_goods: bool = False
    rows: tuple[WorksheetRow, ...] = ()
    policy_version: str = ""

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.rows and sum_of_rows(self.rows) != self.total_minor:
            raise ValueError(f"the rows come to {sum_of_rows(self.rows)}, the quote to {self.total_minor}")
        return self

    @property
    def total_minor(self) -> int:
        """What the customer gets."""
        return (
            sum(line.net_minor for line in self.lines)
            + sum(each.net_minor for each in self.lowered)
            + self.shipping_minor
            - self.promotion_lost_minor
            - sum(fee.amount_minor for fee in self.fees)
            + sum(compensation.amount_minor for compensation in self.compensations)
        )

    def worksheet(self) -> tuple[WorksheetRow, ...]:
        """The rows; a quote of before they were written down gives its components without their inputs."""
        if self.rows:
            return self.rows
        units = tuple(
            WorksheetRow(rule=rule, amount_minor=amount, line_id=line.line_id)
            for line in self.lines
            for rule, amount in (
                (WorksheetRule.UNITS, line.gross_minor),
                (WorksheetRule.DIMINISHED_VALUE, -line.deduction_minor),
            )
            if amount
        )
        shipping = WorksheetRow(rule=WorksheetRule.OUTBOUND_SHIPPING, amount_minor=self.shipping_minor)
        return (*units, shipping) if self.shipping_minor else units

    def with_shipping(self, shipping_minor: int) -> "RefundQuote":
        """The quote with more of the outbound shipping in it."""
        row = WorksheetRow(rule=WorksheetRule.OUTBOUND_SHIPPING, amount_minor=shipping_minor)
        return self.model_copy(
            update={
                "shipping_minor": self.shipping_minor + shipping_minor,
                "rows": (*self.rows, row) if self.rows else (),
            }
        )

    def paid_for_line(self, line_id: str) -> int:
        """What it pays for the units of a line and as compensation on it, before fees; minor units."""
        return (
            sum(line.net_minor for line in self.lines if line.line_id == line_id)
            + sum(each.net_minor for each in self.lowered if each.line_id == line_id)
            + sum(each.amount_minor for each in self.compensations if each.line_id == line_id)
        )


SettledBefore.model_rebuild()
