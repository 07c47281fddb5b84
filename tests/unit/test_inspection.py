"""What the warehouse found, told apart from what was to come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.inspection import Disposition, Grade, InspectedUnits, Unexpected, UnexpectedGoods, Verdict, sort_out

UNITS = st.builds(
    InspectedUnits,
    line_id=st.sampled_from(("1", "2", "3")),
    quantity=st.integers(1, 5),
    verdict=st.sampled_from(Verdict),
    grade=st.sampled_from(Grade),
    note=st.just("seen"),
)
EXPECTED = st.dictionaries(st.sampled_from(("1", "2")), st.integers(0, 6))


def units(line_id: str, quantity: int, verdict: Verdict = Verdict.ACCEPTED) -> InspectedUnits:
    return InspectedUnits(line_id=line_id, quantity=quantity, verdict=verdict, grade=Grade.A, note="seen")


@given(found=st.lists(UNITS, max_size=6), expected=EXPECTED)
def test_every_unit_is_ours_or_unexpected(found: list[InspectedUnits], expected: dict[str, int]) -> None:
    ours, surplus = sort_out(found, expected)
    for line_id in ("1", "2", "3"):
        came = sum(entry.quantity for entry in found if entry.line_id == line_id)
        counted = sum(entry.quantity for entry in ours if entry.line_id == line_id)
        assert counted == min(came, expected.get(line_id, 0))
        assert sum(goods.quantity for goods in surplus if goods.item == line_id) == came - counted


def test_what_was_accepted_counts_first() -> None:
    ours, surplus = sort_out([units("1", 2, Verdict.REJECTED), units("1", 1)], {"1": 2})
    assert [(entry.quantity, entry.verdict) for entry in ours] == [(1, Verdict.ACCEPTED), (1, Verdict.REJECTED)]
    assert [(goods.quantity, goods.kind) for goods in surplus] == [(1, Unexpected.EXTRA)]


def test_a_surplus_is_held_unless_it_goes_back() -> None:
    back = units("1", 1).model_copy(update={"disposition": Disposition.RETURN_TO_CUSTOMER})
    _, surplus = sort_out([units("1", 1), back], {})
    assert [goods.disposition for goods in surplus] == [Disposition.HOLD, Disposition.RETURN_TO_CUSTOMER]


@pytest.mark.parametrize("disposition", [Disposition.RESTOCK, Disposition.DESTROY])
def test_goods_that_are_not_ours_are_not_disposed_of(disposition: Disposition) -> None:
    with pytest.raises(ValidationError, match="disposition"):
        UnexpectedGoods.model_validate(
            {"item": "a cap", "quantity": 1, "kind": "wrong", "disposition": disposition}
        )
