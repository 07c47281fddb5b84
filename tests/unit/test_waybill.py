"""When the other returns of a waybill are worth a look."""

import pytest

from domain.waybill import MOST_NAMED, returns_to_look_at


@pytest.mark.parametrize(
    ("others", "named"),
    [
        ({}, ()),
        ({"R2": "C1", "R3": "C1"}, ()),
        ({"R4": "C1", "R3": "C1", "R2": "C1"}, ("R2", "R3", "R4")),
        ({"R2": "C2"}, ("R2",)),
    ],
)
def test_another_customer_or_too_many_returns_of_one(others: dict[str, str], named: tuple[str, ...]) -> None:
    assert returns_to_look_at("C1", others, returns_per_waybill=3) == named


def test_an_alert_names_only_as_many_as_can_be_read() -> None:
    others = {f"R{number}": "C1" for number in range(50)}
    assert len(returns_to_look_at("C1", others, returns_per_waybill=3)) == MOST_NAMED
