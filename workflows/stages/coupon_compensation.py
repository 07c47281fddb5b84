"""A coupon as compensation: the customer keeps the goods (section 6). It lies outside every refund ceiling."""

from temporalio import workflow

from domain.coupons import CouponOrder
from domain.keys import compensation_coupon_key
from domain.outbox import Template
from domain.status import Reimbursement
from workflows.case import ReturnCase
from workflows.contracts import CouponStatus
from workflows.stages.coupons import issue_coupon


class CouponCompensation:
    """Gives the agreed amount as a coupon, once for the return."""

    def __init__(self, case: ReturnCase) -> None:
        self._case = case

    async def run(self) -> None:
        """Have the coupon issued and tell the customer."""
        case = self._case
        order = CouponOrder(
            key=compensation_coupon_key(case.rma_id),
            rma_id=case.rma_id,
            customer_id=case.application.customer_id,
            amount_minor=case.terms.amount_minor,
            currency=case.rules.currency,
            at=workflow.now(),
        )
        case.move(Reimbursement.EXECUTING, f"coupon of {order.amount_minor} {order.currency}")
        case.publish()
        owed = CouponStatus(amount_minor=order.amount_minor, currency=order.currency)
        case.coupons = [owed]
        coupon = await issue_coupon(case, order, "coupon as compensation")
        case.coupons = [owed.model_copy(update={"coupon_id": coupon.coupon_id})]
        case.move(Reimbursement.SETTLED)
        await case.record(
            "compensation-coupon",
            case.notices.customer(
                Template.COMPENSATION_COUPON, coupon_minor=order.amount_minor, currency=order.currency
            ),
        )
