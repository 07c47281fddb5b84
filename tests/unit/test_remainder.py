"""What is left to pay back is shared by what each line has left, and never beyond it."""

from hypothesis import given
from hypothesis import strategies as st

from domain.compensation import share_over_lines
from domain.remainder import Remainder

LEFT = st.dictionaries(st.sampled_from(["L1", "L2", "L3"]), st.integers(0, 10_000), min_size=1)


@given(LEFT, st.integers(0, 30_000), st.integers(0, 5_000), st.data())
def test_no_line_gets_more_than_it_has_left(
    lines: dict[str, int], order_minor: int, kept_minor: int, data: st.DataObject
) -> None:
    left = Remainder(lines=lines, order_minor=order_minor, kept_minor=kept_minor)
    amount = data.draw(st.integers(0, left.for_a_refund_minor))
    shares = share_over_lines(amount, left.lines)
    assert sum(share.amount_minor for share in shares) == amount
    assert all(share.amount_minor <= lines[share.line_id] for share in shares)
