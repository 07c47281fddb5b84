"""A trade-in: the shop takes an old appliance and pays the agreed amount (sections 6 and 12). No refund."""

from collections.abc import Sequence

from temporalio import workflow

from domain.bookkeeping import UnitsTakenOver
from domain.coupons import CouponOrder
from domain.keys import trade_in_key
from domain.outbox import OutboxItem, Template
from domain.policy import TradeInPayout
from domain.refund import UnitsToSettle
from domain.status import Reimbursement
from domain.trade_in import trade_in_share
from workflows import calls
from workflows.case import ReturnCase
from workflows.contracts import CouponStatus
from workflows.stages.coupons import issue_coupon
from workflows.stages.credit import credit_account, grant_credit


class TradeIn:
    """Pays the share of the accepted units in the agreed amount, as store credit or as a coupon."""

    def __init__(self, case: ReturnCase) -> None:
        self._case = case
        self._payouts = 0
        self._units_paid = 0

    async def pay(self, units: Sequence[UnitsToSettle], outbox: tuple[OutboxItem, ...]) -> None:
        """Keep the units, so that they cannot be returned once more, and pay for them."""
        case = self._case
        self._payouts += 1
        key = trade_in_key(case.rma_id, self._payouts)
        accepted = sum(entry.quantity for entry in units)
        amount_minor = trade_in_share(
            case.terms.amount_minor, sum(case.line_quantities().values()), self._units_paid, accepted
        )
        self._units_paid += accepted
        taken_over = UnitsTakenOver(
            rma_id=case.rma_id, op=case.step("take-over"), at=workflow.now(), outbox=outbox, units=tuple(units)
        )
        await case.in_ledger(calls.take_over_units, taken_over)
        case.move(Reimbursement.EXECUTING, f"trade-in of {amount_minor} {case.rules.currency}")
        case.publish()
        await self._pay_out(key, amount_minor)
        case.move(Reimbursement.SETTLED)
        paid = case.notices.customer(
            Template.TRADE_IN_PAID, amount_minor=amount_minor, currency=case.rules.currency
        )
        await case.record("trade-in-paid", paid)

    async def _pay_out(self, key: str, amount_minor: int) -> None:
        case = self._case
        if case.rules.trade_in.paid_as is TradeInPayout.STORE_CREDIT:
            await grant_credit(case, key, await credit_account(case), amount_minor, "trade-in")
            return
        order = CouponOrder(
            key=key,
            rma_id=case.rma_id,
            customer_id=case.application.customer_id,
            amount_minor=amount_minor,
            currency=case.rules.currency,
            at=workflow.now(),
        )
        coupon = await issue_coupon(case, order, "coupon for the trade-in")
        case.coupons.append(
            CouponStatus(amount_minor=amount_minor, currency=order.currency, coupon_id=coupon.coupon_id)
        )
