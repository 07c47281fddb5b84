"""An agreed price reduction is shared over its lines to the cent."""

import pytest

from domain.compensation import share_compensation
from tests.unit.test_review import order

SNAPSHOT = order(
    {"unit_price_minor": 600, "quantity": 1},
    {"unit_price_minor": 200, "quantity": 2},
    {"unit_price_minor": 500, "quantity": 1},
)


@pytest.mark.parametrize(
    ("amount", "units", "shares"),
    [
        (100, {"0": 1, "1": 2}, {"0": 60, "1": 40}),
        (100, {"0": 1, "1": 1}, {"0": 75, "1": 25}),
        (1, {"0": 1, "1": 2}, {"0": 1}),
        (333, {"2": 1}, {"2": 333}),
        (101, {"0": 1, "2": 1}, {"0": 55, "2": 46}),
    ],
)
def test_the_shares_follow_what_was_paid_for_the_units(
    amount: int, units: dict[str, int], shares: dict[str, int]
) -> None:
    shared = share_compensation(amount, SNAPSHOT, units)
    assert {each.line_id: each.amount_minor for each in shared} == shares
    assert sum(each.amount_minor for each in shared) == amount
