"""What a return answers when it is asked: its decision, its status, its end."""

from typing import TYPE_CHECKING

from domain.actions import PARCEL_ACTIONS, allows_for_parcel
from domain.application import Remedy
from domain.clocks import PARCEL_CLOCKS, ClockName
from domain.explanation import MoneyOfReturn
from domain.intents import PaymentDirection
from domain.status import is_money_settled
from workflows.contracts import CouponStatus, Decision, ParcelStatus, PaymentStatus, ReturnResult, ReturnStatus
from workflows.parcel import Parcel

if TYPE_CHECKING:
    from workflows.case import ReturnCase


def decision_of(case: "ReturnCase") -> Decision:
    """The first decision, as the order system gets it in its start's round trip."""
    decision = case.rules.decision
    return Decision(
        rma_id=case.rma_id,
        approval=case.approval,
        refusal=case.refusal,
        reasons=decision.reasons if decision else (),
        why=case.why,
        priority=decision.priority if decision else False,
        policy_version=decision.policy_version if decision else "",
        price_difference_minor=_price_difference(case),
        quoted_minor=_quoted(case),
        currency=case.rules.currency,
        advance=case.rules.advance.reason if case.rules.advance else None,
    )


def status_of(case: "ReturnCase") -> ReturnStatus:
    """Everything that an integrator asks."""
    decision = case.rules.decision
    return ReturnStatus(
        rma_id=case.rma_id,
        order_id=case.application.order_id,
        remedy=case.remedy,
        header=case.header(),
        approval=case.approval,
        logistics=case.logistics,
        inspection=case.inspection,
        reimbursement=case.reimbursement,
        is_final=case.ended,
        money_settled=is_money_settled(case.reimbursement, case.ended)
        and not (case.is_disputed or case.parcels.are_awaited),
        allowed_actions=case.allowed_actions(),
        next_deadline=case.clocks.next_deadline(),
        needs=case.needs,
        substitutes=case.substitutes,
        currency=case.rules.currency,
        policy_version=decision.policy_version if decision else "",
        advance=case.rules.advance.reason if case.rules.advance else None,
        refusal=case.refusal,
        reasons=decision.reasons if decision else (),
        why=case.why,
        priority=decision.priority if decision else False,
        agent=(case.order.customer_agent or "") if case.order else "",
        pickup_service=case.rules.pickup_service,
        warehouse=case.rules.warehouse,
        price_difference_minor=_price_difference(case),
        quoted_minor=_quoted(case),
        tracking_no=case.tracking_no,
        carrier=case.carrier,
        lines=tuple(case.lines.values()),
        liability=dict(case.liability),
        parcels=tuple(_parcel(case, parcel) for parcel in case.parcels),
        payments=tuple(
            PaymentStatus(
                key=intent.key,
                direction=intent.direction,
                method_id=intent.method_id,
                amount_minor=intent.amount_minor,
                state=intent.state,
                covered_minor=intent.covered_minor,
            )
            for intent in case.payments.values()
        ),
        chargebacks=tuple(case.chargebacks.values()),
        coupons=_coupons(case),
        credits=tuple(case.credits.values()),
        repairs=tuple(case.repairs.values()),
        version=case.version,
        pending_payout=case.pending_payout,
        offers=case.negotiation.offers,
        clocks=tuple(case.clocks.all),
        timeline=tuple(case.timeline),
        follows=case.follows,
        paid_before_minor=case.paid_before_minor,
    )


def result_of(case: "ReturnCase") -> ReturnResult:
    """How the return ended."""
    return ReturnResult(
        rma_id=case.rma_id,
        header=case.header(),
        refusal=case.refusal,
        refunded_minor=_moved(case, PaymentDirection.REFUND),
        charged_minor=_moved(case, PaymentDirection.CHARGE) + _moved(case, PaymentDirection.CAPTURE),
        currency=case.rules.currency,
    )


def money_of(case: "ReturnCase") -> MoneyOfReturn:
    """What was quoted, authorised and moved."""
    return MoneyOfReturn(
        rma_id=case.rma_id,
        order_id=case.application.order_id,
        currency=case.rules.currency,
        quote=case.rules.quote,
        replacement_minor=sum(
            case.rules.replacement_prices_minor.get(item, 0) for item in case.application.replacement_item_ids()
        ),
        authorizations=tuple(case.authorizations),
        payments=tuple(case.payments.values()),
    )


def _parcel(case: "ReturnCase", parcel: Parcel) -> ParcelStatus:
    standing = case.standing(parcel)
    return ParcelStatus(
        number=parcel.number,
        carrier=parcel.carrier,
        tracking_no=parcel.tracking_no,
        logistics=parcel.logistics,
        inspection=parcel.inspection,
        lines=tuple(parcel.lines.values()),
        unexpected=parcel.unexpected,
        deducted=parcel.deducted,
        allowed_actions=tuple(action for action in PARCEL_ACTIONS if allows_for_parcel(standing, action)),
        next_deadline=case.clocks.next_deadline(PARCEL_CLOCKS, parcel.subject),
    )


def _price_difference(case: "ReturnCase") -> int | None:
    if case.remedy is not Remedy.EXCHANGE or case.rules.decision is None:
        return None
    return case.rules.price_difference_minor


def _quoted(case: "ReturnCase") -> int | None:
    """An exchange is told as its price difference instead."""
    if case.remedy is Remedy.EXCHANGE or case.rules.quote is None:
        return None
    return case.rules.quote.total_minor


def _coupons(case: "ReturnCase") -> tuple[CouponStatus, ...]:
    if case.breach is None:
        return tuple(case.coupons)
    breach = CouponStatus(
        clock=ClockName.INSPECTION,
        amount_minor=case.breach.coupon_minor,
        currency=case.breach.currency,
        coupon_id=case.breach.coupon_id,
    )
    return (breach, *case.coupons)


def _moved(case: "ReturnCase", direction: PaymentDirection) -> int:
    return sum(
        intent.amount_minor
        for intent in case.payments.values()
        if intent.direction is direction and intent.state.is_paid
    )
