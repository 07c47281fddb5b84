"""Promotions that a partial return loses (rule 5 of section 9)."""

from collections.abc import Mapping

from domain.money import cumulative_target
from domain.orders import OrderSnapshot, discount_shares
from domain.record import MinorUnits, Record


class PromotionLoss(Record):
    """What the kept goods are worth by their own price, and the promotions that they no longer reach; minor units.

    Attributes:
        thresholds_minor: The thresholds that are not reached any more.
        loss_minor: The shares of these promotions in the kept goods.
    """

    kept_minor: MinorUnits
    thresholds_minor: tuple[MinorUnits, ...]
    loss_minor: MinorUnits


def promotion_loss(order: OrderSnapshot, returned: Mapping[str, int]) -> PromotionLoss:
    """What the kept goods cost more once every promotion is gone whose threshold they no longer reach.

    It depends on what came back alone, not on the sequence, so that the differences between two states add up.
    Where nothing is kept nothing is lost.

    Args:
        order: The frozen order.
        returned: The units that came back so far, by line id.
    """
    kept_minor = _kept_part(order, returned, {line.line_id: max(line.net_minor, 0) for line in order.lines})
    lost = [
        (discount.threshold_minor, _kept_part(order, returned, shares))
        for discount, shares in zip(order.discounts, discount_shares(order), strict=True)
        if kept_minor < discount.threshold_minor
    ]
    return PromotionLoss(
        kept_minor=kept_minor,
        thresholds_minor=tuple(threshold for threshold, _ in lost),
        loss_minor=sum(share for _, share in lost),
    )


def _kept_part(order: OrderSnapshot, returned: Mapping[str, int], by_line: Mapping[str, int]) -> int:
    return sum(
        by_line[line.line_id]
        - cumulative_target(by_line[line.line_id], returned.get(line.line_id, 0), line.quantity)
        for line in order.lines
    )
