"""Orders of every shape that decides about money."""

import itertools

from hypothesis import strategies as st

from domain.orders import Discount, OrderSnapshot, TenderKind
from tests.unit.ledger_builders import a_line, an_order

_numbers = itertools.count()


@st.composite
def orders(draw: st.DrawFn) -> OrderSnapshot:
    """An order of a few lines with a threshold promotion, paid in full by one to three payments, or in points."""
    lines = tuple(
        a_line(f"L{index}", draw(st.integers(1, 4)), draw(st.integers(1, 9999)))
        for index in range(draw(st.integers(1, 3)))
    )
    shipping_minor = draw(st.integers(0, 500))
    goods_minor = sum(line.net_minor for line in lines)
    promotion = Discount(
        amount_minor=draw(st.sampled_from([0, goods_minor // 5])),
        threshold_minor=draw(st.integers(0, goods_minor)),
    )
    total = goods_minor - promotion.amount_minor + shipping_minor
    cuts = sorted(draw(st.lists(st.integers(0, total), max_size=2)))
    amounts = [end - start for start, end in itertools.pairwise((0, *cuts, total))]
    payments = {f"P{index}": amount for index, amount in enumerate(amounts, start=1)}
    order = an_order(lines, payments, shipping_minor, order_id=f"O-{next(_numbers)}")
    *others, last = order.payments
    last = last.model_copy(update={"tender": draw(st.sampled_from([TenderKind.MONEY, TenderKind.POINTS]))})
    return order.model_copy(update={"discounts": (promotion,), "payments": (*others, last)})
