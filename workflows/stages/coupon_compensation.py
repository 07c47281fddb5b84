"""A coupon as compensation (section 6). It lies outside every refund ceiling."""

from temporalio import workflow

from domain.coupons import CouponOrder
from domain.keys import compensation_coupon_key
from domain.outbox import Template
from domain.status import Reimbursement
from workflows.case import ReturnCase
from workflows.contracts import CouponStatus
from workflows.stages.coupons import issue_coupon
from workflows.stages.payment import Payments


class CouponCompensation:
    """Gives an amount as a coupon, once for its key, however many settlements run beside it."""

    def __init__(self, case: ReturnCase, payments: Payments) -> None:
        self._case = case
        self._payments = payments

    async def run(self) -> None:
        """Give what the terms of the return say: the customer keeps the goods."""
        case = self._case
        key = compensation_coupon_key(case.rma_id)
        await self.give(key, case.terms.amount_minor, Template.COMPENSATION_COUPON)

    async def give(self, key: str, amount_minor: int, told_as: Template) -> None:
        """Have a coupon of an amount in minor units issued, and tell the customer."""
        case = self._case
        order = CouponOrder(
            key=key,
            rma_id=case.rma_id,
            customer_id=case.application.customer_id,
            amount_minor=amount_minor,
            currency=case.rules.currency,
            at=workflow.now(),
        )
        self._payments.settlements += 1
        self._payments.show(Reimbursement.EXECUTING, f"coupon of {order.amount_minor} {order.currency}")
        case.publish()
        owed = CouponStatus(amount_minor=order.amount_minor, currency=order.currency)
        place = len(case.coupons)
        case.coupons.append(owed)
        coupon = await issue_coupon(case, order, "coupon as compensation")
        case.coupons[place] = owed.model_copy(update={"coupon_id": coupon.coupon_id})
        self._payments.settlements -= 1
        self._payments.show_settled()
        await case.record(
            "compensation-coupon",
            case.notices.customer(told_as, coupon_minor=order.amount_minor, currency=order.currency),
        )
