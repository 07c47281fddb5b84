"""Goodwill is shared by what each line has left, and never beyond it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.goodwill import LeftToPay, share_goodwill

LEFT = st.dictionaries(st.sampled_from(["L1", "L2", "L3"]), st.integers(0, 10_000), min_size=1)


@given(LEFT, st.integers(0, 30_000), st.data())
def test_no_line_gets_more_than_it_has_left(lines: dict[str, int], order_minor: int, data: st.DataObject) -> None:
    left = LeftToPay(lines=lines, order_minor=order_minor)
    amount = data.draw(st.integers(0, left.total_minor))
    shares = share_goodwill(amount, left)
    assert sum(share.amount_minor for share in shares) == amount
    assert all(share.amount_minor <= lines[share.line_id] for share in shares)
    with pytest.raises(ValueError, match="left to pay back"):
        share_goodwill(left.total_minor + 1, left)
