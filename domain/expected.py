"""What an application asks to be paid, if everything is accepted: the claim that a review quotes."""

from domain.application import Remedy, ReturnApplication
from domain.intents import RefundBasis
from domain.liability import Liability
from domain.reasons import REASON_RULES, LiableParty
from domain.refund import Circumstances, RefundClaim, UnitsToSettle
from domain.shipping import PickupService

_BASIS = {
    Remedy.RETURN_AND_REFUND: RefundBasis.INSPECTION,
    Remedy.STORE_CREDIT: RefundBasis.INSPECTION,
    Remedy.REFUND_ONLY: RefundBasis.POLICY_EXCEPTION,
    Remedy.EXCHANGE: RefundBasis.EXCHANGE_DIFFERENCE,
    Remedy.CANCEL_ORDER: RefundBasis.CANCELLATION,
}


def expected_claim(
    application: ReturnApplication, travels_free: bool, pickup_service: PickupService = PickupService.STANDARD
) -> RefundClaim | None:
    """The claim of an application, with the default liability of its reasons; None if no goods are paid for.

    A parcel that `travels_free` costs the customer nothing, whoever is liable; so does a premium pickup.
    """
    basis = _BASIS.get(application.desired_resolution)
    if basis is None:
        return None
    return RefundClaim(
        basis=basis,
        units=tuple(UnitsToSettle(line_id=line.line_id, quantity=line.quantity) for line in application.lines),
        circumstances=Circumstances(
            liability={line.line_id: Liability.of(REASON_RULES[line.reason].liable) for line in application.lines},
            ship_back=application.ship_back,
            pickup_service=pickup_service,
            freight=LiableParty.MERCHANT if travels_free else None,
        ),
        order_entirely=application.desired_resolution is Remedy.CANCEL_ORDER,
    )
