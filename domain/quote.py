"""The quote: what is owed for units and compensations, with its worksheet (section 9).

Pure: the same code quotes before anything is executed, and says what is paid.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from domain.fees import (
    customers_freight_bps,
    owed_shipping,
    restocking_fee,
    restocking_left,
    return_freight,
    spared_freight_bps,
)
from domain.intents import RefundBasis
from domain.liability import WHOLE_BPS
from domain.lowered import lower_deductions
from domain.money import refund_for_units
from domain.orders import Funder, OrderLine, OrderSnapshot, discount_shares, paid_by_line
from domain.policy.promotions import ClawBack
from domain.promotions import PromotionLoss, promotion_loss
from domain.refund import (
    FeeKind,
    FeeLine,
    LoweredUnits,
    RefundClaim,
    RefundLine,
    RefundQuote,
    RefundRules,
    SettledBefore,
    UnitsToSettle,
)
from domain.units_worth import worth_of_units
from domain.worksheet import WorksheetRow, WorksheetRule

_FEE_RULES = {
    FeeKind.RETURN_FREIGHT: WorksheetRule.RETURN_FREIGHT,
    FeeKind.RESTOCKING: WorksheetRule.RESTOCKING_FEE,
}
_NOTHING_BEFORE = SettledBefore()
_NO_RULES = RefundRules()


def quote_refund(
    order: OrderSnapshot,
    claim: RefundClaim,
    before: SettledBefore = _NOTHING_BEFORE,
    rules: RefundRules = _NO_RULES,
) -> RefundQuote:
    """Compute what is owed for a claim, after what earlier refunds of the order came to.

    Raises:
        KeyError: If a line is not in the order.
        ValueError: If more units than the line holds would be settled.
        NotDeducted: If a deduction is lowered that this return was not paid less.
    """
    rows: list[WorksheetRow] = []
    lines = _lines(order, claim, before, rows)
    lowered = lower_deductions(order, claim.lowered, before, rows)
    goods_minor = sum(line.net_minor for line in lines) + sum(each.net_minor for each in lowered)
    lost_minor = _lost_promotions(order, claim, before, rules, goods_minor, rows)
    shipping_minor = owed_shipping(order, claim, before)
    if shipping_minor:
        rows.append(WorksheetRow(rule=WorksheetRule.OUTBOUND_SHIPPING, amount_minor=shipping_minor))
    fees = _fees(order, claim, before, rules, lines, lowered, goods_minor - lost_minor, shipping_minor)
    rows.extend(_fee_row(fee, claim, rules, order.currency) for fee in fees)
    rows.extend(_premium_pickup_rows(claim, rules, order.currency))
    rows.extend(_compensation_rows(claim, before))
    rows.extend(_insurance_rows(order, claim))
    return RefundQuote(
        currency=order.currency,
        lines=tuple(lines),
        lowered=lowered,
        shipping_minor=shipping_minor,
        promotion_lost_minor=lost_minor,
        fees=fees,
        compensations=claim.compensations,
        keeps_goods=not claim.basis.takes_goods_back,
        rows=tuple(rows),
        policy_version=rules.policy_version,
    )


# Lines


def _lines(
    order: OrderSnapshot, claim: RefundClaim, before: SettledBefore, rows: list[WorksheetRow]
) -> list[RefundLine]:
    paid = paid_by_line(order)
    by_id = {line.line_id: line for line in order.lines}
    settled = Counter(before.units)
    offset = Counter(before.offset_minor)
    lines = []
    for entry in claim.units:
        line = by_id[entry.line_id]
        done = settled[entry.line_id]
        outstanding = before.compensated_minor.get(entry.line_id, 0) - offset[entry.line_id]
        apart = _for_other_units(entry.line_id, claim.basis, before)
        worth = worth_of_units(
            paid[entry.line_id], line.quantity, done, entry.quantity, entry.deduction_bps, outstanding, apart
        )
        taxes = {
            component.name: refund_for_units(component.amount_minor, line.quantity, done, entry.quantity)
            for component in line.tax
        }
        lines.append(
            RefundLine(
                line_id=entry.line_id,
                quantity=entry.quantity,
                gross_minor=worth.gross_minor,
                deduction_minor=worth.deduction_minor,
                tax_minor=sum(taxes.values()),
                offset_minor=worth.offset_minor,
                deduction_bps=entry.deduction_bps,
                settled_before=done,
                outstanding_minor=outstanding,
                apart_minor=apart,
            )
        )
        rows.extend(_line_rows(order, line, entry, lines[-1], paid[entry.line_id], done, outstanding))
        settled[entry.line_id] += entry.quantity
        offset[entry.line_id] += worth.offset_minor
    return lines


def _for_other_units(line_id: str, basis: RefundBasis, before: SettledBefore) -> int:
    """As much of a compensation as is for other units than those that are paid for now.

    What a return itself agreed on is for the units that it did not accept; only a ruling may be about the same.
    """
    return 0 if basis is RefundBasis.ARBITRATION else before.compensated_here_minor.get(line_id, 0)


def _line_rows(
    order: OrderSnapshot,
    line: OrderLine,
    entry: UnitsToSettle,
    owed: RefundLine,
    paid_minor: int,
    settled: int,
    outstanding_minor: int,
) -> Iterable[WorksheetRow]:
    def row(rule: WorksheetRule, amount_minor: int, inputs: Mapping[str, int | str]) -> WorksheetRow:
        return WorksheetRow(rule=rule, amount_minor=amount_minor, line_id=line.line_id, inputs=dict(inputs))

    counted: dict[str, int | str] = {
        "units": entry.quantity,
        "quantity": line.quantity,
        "settled_units": settled,
    }
    prices: dict[str, int | str] = {
        "unit_price_minor": line.unit_price_minor,
        "line_discount_minor": line.line_discount_minor,
        "order_discount_minor": line.net_minor - paid_minor,
        "paid_minor": paid_minor,
    }
    yield row(WorksheetRule.UNITS, owed.gross_minor, {**counted, **prices})
    for component in line.tax:
        share = refund_for_units(component.amount_minor, line.quantity, settled, entry.quantity)
        inputs = {**counted, "name": component.name, "tax_minor": component.amount_minor}
        yield row(WorksheetRule.TAX_INCLUDED, share, inputs)
    for funder, funded in _funded(order, line).items():
        share = refund_for_units(funded, line.quantity, settled, entry.quantity)
        inputs = {**counted, "funder": funder.value, "discount_minor": funded}
        yield row(WorksheetRule.DISCOUNT_FUNDER, share, inputs)
    if owed.deduction_minor:
        inputs = {"gross_minor": owed.gross_minor, "deduction_bps": entry.deduction_bps}
        yield row(WorksheetRule.DIMINISHED_VALUE, -owed.deduction_minor, inputs)
    if owed.offset_minor:
        inputs = {**counted, "outstanding_minor": outstanding_minor}
        yield row(WorksheetRule.COMPENSATED_BEFORE, -owed.offset_minor, inputs)


def _funded(order: OrderSnapshot, line: OrderLine) -> Counter[Funder]:
    """What others than the shop gave for a line; minor units of the whole line."""
    funded: Counter[Funder] = Counter()
    for discount in line.discounts:
        funded[discount.funder] += discount.amount_minor
    for order_discount, shares in zip(order.discounts, discount_shares(order), strict=True):
        funded[order_discount.funder] += shares[line.line_id]
    return Counter({funder: amount for funder, amount in funded.items() if funder is not Funder.SHOP and amount})


# Promotions


def _lost_promotions(
    order: OrderSnapshot,
    claim: RefundClaim,
    before: SettledBefore,
    rules: RefundRules,
    goods_minor: int,
    rows: list[WorksheetRow],
) -> int:
    """What lost promotions take off, never below nothing; a return of more gives back what is lost no more."""
    if not claim.line_ids or not claim.basis.takes_goods_back:
        return 0
    returned = Counter(before.units)
    returned.subtract(before.kept)
    for entry in claim.units:
        returned[entry.line_id] += entry.quantity
    loss = promotion_loss(order, returned)
    taken_minor = before.promotion_lost_minor
    due_minor = loss.loss_minor if rules.claw_back is ClawBack.REPRICE else min(taken_minor, loss.loss_minor)
    lost_minor = min(due_minor - taken_minor, goods_minor)
    if lost_minor:
        rows.append(_promotion_row(loss, lost_minor, taken_minor))
    return lost_minor


def _promotion_row(loss: PromotionLoss, lost_minor: int, taken_minor: int) -> WorksheetRow:
    thresholds = {
        f"threshold_{number}_minor": threshold for number, threshold in enumerate(loss.thresholds_minor, start=1)
    }
    return WorksheetRow(
        rule=WorksheetRule.PROMOTION_LOST if lost_minor > 0 else WorksheetRule.PROMOTION_RESTORED,
        amount_minor=-lost_minor,
        inputs={
            "kept_minor": loss.kept_minor,
            "loss_minor": loss.loss_minor,
            "taken_before_minor": taken_minor,
            **thresholds,
        },
    )


# Fees and the rest


def _fees(
    order: OrderSnapshot,
    claim: RefundClaim,
    before: SettledBefore,
    rules: RefundRules,
    lines: Sequence[RefundLine],
    lowered: Sequence[LoweredUnits],
    goods_minor: int,
    shipping_minor: int,
) -> tuple[FeeLine, ...]:
    fees: list[FeeLine] = []
    for line in lines:
        taken_minor = sum(fee.amount_minor for fee in fees)
        fees.extend(restocking_fee(claim, line, rules, max(goods_minor - taken_minor, 0)))
    for line_id in dict.fromkeys(each.line_id for each in lowered):
        taken_minor = sum(fee.amount_minor for fee in fees)
        corrected = {each.of for each in lowered if each.line_id == line_id}
        fees.extend(restocking_left(claim, line_id, corrected, before, rules, max(goods_minor - taken_minor, 0)))
    most_minor = goods_minor + shipping_minor - sum(fee.amount_minor for fee in fees)
    fees.extend(return_freight(claim, before, rules, order.currency, max(most_minor, 0)))
    return tuple(fees)


def _fee_row(fee: FeeLine, claim: RefundClaim, rules: RefundRules, currency: str) -> WorksheetRow:
    inputs = (
        {"fee_minor": rules.return_freight_minor.get(currency, 0), "share_bps": customers_freight_bps(claim)}
        if fee.kind is FeeKind.RETURN_FREIGHT
        else {"fee_bps": rules.restocking_bps}
    )
    return WorksheetRow(
        rule=_FEE_RULES[fee.kind], amount_minor=-fee.amount_minor, line_id=fee.line_id, inputs=dict(inputs)
    )


def _premium_pickup_rows(claim: RefundClaim, rules: RefundRules, currency: str) -> Iterable[WorksheetRow]:
    """Say why no freight is taken off, where some would be without the free pickup."""
    fee_minor, share_bps = rules.return_freight_minor.get(currency, 0), spared_freight_bps(claim)
    if fee_minor * share_bps // WHOLE_BPS:
        inputs: dict[str, int | str] = {"fee_minor": fee_minor, "share_bps": share_bps}
        yield WorksheetRow(rule=WorksheetRule.PREMIUM_PICKUP, amount_minor=0, inputs=inputs)


def _compensation_rows(claim: RefundClaim, before: SettledBefore) -> Iterable[WorksheetRow]:
    was_ruled = claim.basis is RefundBasis.ARBITRATION
    for each in claim.compensations:
        yield WorksheetRow(
            rule=WorksheetRule.ARBITRATION if was_ruled else WorksheetRule.COMPENSATION,
            amount_minor=each.amount_minor,
            line_id=each.line_id,
            inputs={"compensated_before_minor": before.compensated_minor.get(each.line_id, 0)},
        )


def _insurance_rows(order: OrderSnapshot, claim: RefundClaim) -> Iterable[WorksheetRow]:
    """What an insurer pays beside the refund where the customer bears the freight (section 7)."""
    insurance = order.freight_insurance
    if insurance and claim.units and customers_freight_bps(claim):
        yield WorksheetRow(
            rule=WorksheetRule.FREIGHT_INSURANCE,
            amount_minor=insurance.cover_minor,
            inputs={"insurer": insurance.insurer},
        )
