"""Orders and claims for the tests of money, short to write."""

from collections.abc import Mapping, Sequence

from domain.application import ShipBackMethod
from domain.intents import RefundBasis
from domain.liability import Liability
from domain.orders import Discount, LineDiscount, OrderLine, OrderSnapshot, OrderStatus, TaxComponent
from domain.quote import quote_refund
from domain.reasons import LiableParty
from domain.refund import (
    Circumstances,
    FeeKind,
    LineCompensation,
    LoweredDeduction,
    RefundClaim,
    RefundQuote,
    RefundRules,
    SettledBefore,
    UnitsToSettle,
)
from domain.shipping import PickupService


def line(
    line_id: str,
    quantity: int,
    unit_price: int,
    discount: int = 0,
    taxes: Sequence[int] = (),
    discounts: Sequence[LineDiscount] = (),
) -> OrderLine:
    return OrderLine(
        line_id=line_id,
        item_id=f"item-{line_id}",
        product_id=f"product-{line_id}",
        name="Thing",
        quantity=quantity,
        unit_price_minor=unit_price,
        discount_minor=discount,
        discounts=tuple(discounts),
        tax=tuple(TaxComponent(name=f"tax-{n}", amount_minor=amount) for n, amount in enumerate(taxes)),
    )


def order(
    lines: Sequence[OrderLine], *discounts: Discount, shipping: int = 0, currency: str = "CNY"
) -> OrderSnapshot:
    return OrderSnapshot(
        order_id="O-1",
        customer_id="C-1",
        status=OrderStatus.DELIVERED,
        currency=currency,
        lines=tuple(lines),
        discounts=discounts,
        shipping_minor=shipping,
        payments=(),
        payment_methods=(),
    )


def liable(party: LiableParty | Liability, *line_ids: str) -> dict[str, Liability]:
    return dict.fromkeys(line_ids, Liability.of(party))


class Books:
    """What a ledger keeps of an order's quotes, in memory: one return after the other."""

    def __init__(self, snapshot: OrderSnapshot, rules: RefundRules) -> None:
        self.order = snapshot
        self.rules = rules
        self.quotes: list[RefundQuote] = []

    def pay(
        self,
        units: Mapping[str, int] | Sequence[UnitsToSettle],
        deduction_bps: int = 0,
        lowered: Sequence[LoweredDeduction] = (),
        compensations: Mapping[str, int] | None = None,
        basis: RefundBasis = RefundBasis.INSPECTION,
        liability: Mapping[str, Liability] | None = None,
        ship_back: ShipBackMethod | None = ShipBackMethod.PICKUP,
        freight: LiableParty | None = None,
        pickup_service: PickupService = PickupService.STANDARD,
        same_return: bool = False,
    ) -> RefundQuote:
        """Quote a claim after everything before; `same_return` says that it is not the first of its return."""
        if isinstance(units, Mapping):
            units = [
                UnitsToSettle(line_id=line_id, quantity=count, deduction_bps=deduction_bps)
                for line_id, count in units.items()
            ]
        claim = RefundClaim(
            basis=basis,
            units=tuple(units),
            lowered=tuple(lowered),
            compensations=tuple(
                LineCompensation(line_id=line_id, amount_minor=amount)
                for line_id, amount in (compensations or {}).items()
            ),
            circumstances=Circumstances(
                liability=dict(liability or {}),
                ship_back=ship_back,
                freight=freight,
                pickup_service=pickup_service,
            ),
        )
        quote = quote_refund(self.order, claim, self._before(same_return or bool(lowered)), self.rules)
        self.quotes.append(quote)
        return quote

    @property
    def total_minor(self) -> int:
        return sum(quote.total_minor for quote in self.quotes)

    def left_minor(self, line_id: str, paid_minor: int) -> int:
        return paid_minor - sum(quote.paid_for_line(line_id) for quote in self.quotes)

    def _before(self, same_return: bool) -> SettledBefore:
        ids = [each.line_id for each in self.order.lines]

        def by_line(amount: str) -> dict[str, int]:
            return {line_id: self._sum(line_id, amount) for line_id in ids}

        return SettledBefore(
            units=self._units(ids),
            kept=self._units(ids, only_kept=True),
            refunded_minor=by_line("net_minor"),
            offset_minor=by_line("offset_minor"),
            compensated_minor={
                line_id: sum(
                    each.amount_minor
                    for quote in self.quotes
                    for each in quote.compensations
                    if each.line_id == line_id
                )
                for line_id in ids
            },
            promotion_lost_minor=sum(quote.promotion_lost_minor for quote in self.quotes),
            freight_minor=sum(
                fee.amount_minor
                for quote in self.quotes[-1:]
                for fee in quote.fees
                if same_return and fee.kind is FeeKind.RETURN_FREIGHT
            ),
            shipping_minor=sum(quote.shipping_minor for quote in self.quotes),
            of_return={"first": self.quotes[-1]} if same_return else {},
        )

    def _sum(self, line_id: str, amount: str) -> int:
        paid = [each for quote in self.quotes for each in quote.lines if each.line_id == line_id]
        lowered = [each for quote in self.quotes for each in quote.lowered if each.line_id == line_id]
        return sum(int(getattr(each, amount)) for each in paid) + sum(
            int(getattr(each, amount)) for each in lowered
        )

    def _units(self, line_ids: Sequence[str], only_kept: bool = False) -> dict[str, int]:
        lines = [line for quote in self.quotes if quote.keeps_goods or not only_kept for line in quote.lines]
        return {of: sum(line.quantity for line in lines if line.line_id == of) for of in line_ids}
