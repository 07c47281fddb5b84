"""The sums of a parcel's units always fit, whatever happens to them in whatever sequence."""

from hypothesis import given
from hypothesis import strategies as st

from domain.application import PlannedLine, PlannedParcel
from domain.quantities import Packing, ParcelLine, packed, planned, split, total

LINES = ("1", "2", "3")
COUNTS = st.dictionaries(st.sampled_from(LINES), st.integers(1, 9), min_size=1)


def fits(line: ParcelLine) -> bool:
    """What holds at every moment."""
    named = line.accepted + line.rejected + line.missing
    quantities = line.model_dump(exclude={"line_id"}).values()
    return (
        all(quantity >= 0 for quantity in quantities)
        and line.received <= line.shipped <= line.expected
        and named in (0, line.expected)
    )


def plan(*parcels: dict[str, int]) -> list[PlannedParcel]:
    return [
        PlannedParcel(lines=tuple(PlannedLine(line_id=line, quantity=count) for line, count in parcel.items()))
        for parcel in parcels
    ]


def counts(packing: Packing) -> dict[str, int]:
    return {line_id: line.expected for line_id, line in packing.items()}


@given(
    expected=st.integers(1, 9),
    receipts=st.lists(st.integers(0, 12), max_size=4),
    inspected=st.data(),
)
def test_the_units_of_a_line_always_add_up(expected: int, receipts: list[int], inspected: st.DataObject) -> None:
    line = ParcelLine(line_id="1", expected=expected).sent()
    assert fits(line)
    for quantity in receipts:
        line = line.came(quantity)
        assert fits(line)
    assert line.received == min(sum(receipts), expected)
    accepted = inspected.draw(st.integers(0, expected))
    rejected = inspected.draw(st.integers(0, expected - accepted))
    line = line.found(accepted, rejected)
    assert fits(line)
    assert line.received == accepted + rejected
    won = inspected.draw(st.integers(0, expected - accepted))
    line = line.accepted_after_all(won)
    assert fits(line)
    assert (line.accepted, line.accepted + line.rejected + line.missing) == (accepted + won, expected)


@given(
    parcels=st.lists(COUNTS, min_size=1, max_size=4),
    less=st.dictionaries(st.sampled_from(LINES), st.integers(0, 9)),
)
def test_a_plan_holds_exactly_what_was_authorised(parcels: list[dict[str, int]], less: dict[str, int]) -> None:
    asked = {line: sum(parcel.get(line, 0) for parcel in parcels) for line in LINES}
    authorized = {line: max(count - less.get(line, 0), 0) for line, count in asked.items()}
    packings = planned(authorized, plan(*parcels))
    for line in LINES:
        assert total(packings, line).expected == authorized[line]
    assert all(line.expected > 0 for packing in packings for line in packing.values())
    assert all(packings)


@given(units=COUNTS, data=st.data())
def test_a_split_loses_no_unit(units: dict[str, int], data: st.DataObject) -> None:
    packing = packed(units)
    sent = {line: data.draw(st.integers(0, count)) for line, count in units.items()}
    first, rest = split(packing, sent)
    assert counts(first) == {line: count for line, count in sent.items() if count}
    for line in units:
        assert total([first, rest], line).expected == units[line]


def test_without_a_plan_everything_travels_together() -> None:
    (packing,) = planned({"1": 2, "2": 0, "3": 1}, [])
    assert counts(packing) == {"1": 2, "3": 1}


def test_fewer_authorised_units_empty_the_last_parcels_first() -> None:
    packings = planned({"1": 2}, plan({"1": 1}, {"1": 2}, {"1": 1}))
    assert [counts(packing) for packing in packings] == [{"1": 1}, {"1": 1}]


def test_a_contest_is_won_on_rejected_units_before_missing_ones() -> None:
    line = ParcelLine(line_id="1", expected=4).found(accepted=1, rejected=2).accepted_after_all(3)
    assert (line.accepted, line.rejected, line.missing) == (4, 0, 0)
    line = ParcelLine(line_id="1", expected=4).found(accepted=1, rejected=2).accepted_after_all(1)
    assert (line.accepted, line.rejected, line.missing) == (2, 1, 1)
