"""A parcel whose return is not known: which return gets what of it, and what nobody gets."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from domain.actions import Actor, Role
from domain.receiving import (
    AwaitedLine,
    BlindReceipt,
    Candidate,
    Goods,
    MatchedPart,
    MatchedUnits,
    ParkReason,
    match,
)

DOCK = Actor(role=Role.WAREHOUSE, id="dock-2")
ITEMS = ("shirt", "cap", "shoe")


def receipt(**goods: int) -> BlindReceipt:
    return BlindReceipt(
        receipt_id="R-1",
        actor=DOCK,
        received_at=datetime(2026, 11, 22, tzinfo=UTC),
        goods=tuple(Goods(item_id=item, quantity=count) for item, count in goods.items()),
    )


def a_return(rma_id: str, named: bool = True, header: str = "", **awaited: int) -> Candidate:
    """A return whose lines are called after their items, with an `l-` before."""
    lines = tuple(
        AwaitedLine(line_id=f"l-{item}", item_id=item, quantity=count) for item, count in awaited.items()
    )
    return Candidate(rma_id=rma_id, is_named=named, header=header, lines=lines)


def part(rma_id: str, late: bool = False, **lines: int) -> MatchedPart:
    units = tuple(MatchedUnits(line_id=f"l-{item}", quantity=count) for item, count in lines.items())
    return MatchedPart(rma_id=rma_id, lines=units, late=late)


def test_an_unopened_parcel_goes_to_the_return_that_it_names() -> None:
    assert match(receipt(), [a_return("A", shirt=1)]).parts == (part("A"),)


def test_an_unopened_parcel_that_names_several_returns_is_parked() -> None:
    found = match(receipt(), [a_return("A", shirt=1), a_return("B", cap=1)])
    assert (found.parts, found.reason) == ((), ParkReason.SEVERAL_RETURNS)


def test_an_unopened_parcel_is_for_the_open_one_of_two_returns() -> None:
    assert match(receipt(), [a_return("A", header="COMPLETED", shirt=1), a_return("B", cap=1)]).parts == (
        part("B"),
    )


def test_a_parcel_that_names_nothing_known_is_parked() -> None:
    assert match(receipt(), []).reason is ParkReason.UNKNOWN
    found = match(receipt(shirt=1), [])
    assert (found.left, found.reason) == ((Goods(item_id="shirt", quantity=1),), ParkReason.UNKNOWN)


def test_a_mixed_parcel_is_divided() -> None:
    found = match(receipt(shirt=2, cap=1), [a_return("A", shirt=1), a_return("B", named=False, shirt=1, cap=1)])
    assert found.parts == (part("A", shirt=1), part("B", shirt=1, cap=1))
    assert (found.left, found.reason) == ((), None)


def test_goods_that_nobody_waits_for_are_left() -> None:
    found = match(receipt(shirt=3, shoe=1), [a_return("A", shirt=1)])
    assert found.parts == (part("A", shirt=1),)
    assert found.left == (Goods(item_id="shirt", quantity=2), Goods(item_id="shoe", quantity=1))
    assert found.reason is ParkReason.NOT_EXPECTED


def test_an_ended_return_gets_what_no_open_one_waits_for() -> None:
    found = match(receipt(shirt=2), [a_return("A", header="EXPIRED", shirt=2), a_return("B", shirt=1)])
    assert found.parts == (part("B", shirt=1), part("A", late=True, shirt=1))
    assert found.reason is None


def test_a_line_is_known_by_its_own_name_too() -> None:
    body = receipt().model_copy(update={"goods": (Goods(item_id="l-shirt", quantity=1),)})
    assert match(body, [a_return("A", shirt=1)]).parts == (part("A", shirt=1),)


COUNTS = st.dictionaries(st.sampled_from(ITEMS), st.integers(1, 5))


@given(goods=COUNTS.filter(bool), returns=st.lists(st.tuples(st.booleans(), st.booleans(), COUNTS), max_size=4))
def test_every_unit_is_matched_once_or_left(
    goods: dict[str, int], returns: list[tuple[bool, bool, dict[str, int]]]
) -> None:
    candidates = [
        a_return(f"R{number}", named=named, header="EXPIRED" if ended else "", **awaited)
        for number, (named, ended, awaited) in enumerate(returns)
    ]
    found = match(receipt(**goods), candidates)
    units: dict[str, int] = {item.item_id: item.quantity for item in found.left}
    for each in found.parts:
        awaited = {line.line_id: line.quantity for line in candidates[int(each.rma_id[1:])].lines}
        for line in each.lines:
            assert line.quantity <= awaited[line.line_id]
            item = line.line_id.removeprefix("l-")
            units[item] = units.get(item, 0) + line.quantity
    assert units == goods
    assert (found.reason is None) == (not found.left)
    assert len({each.rma_id for each in found.parts}) == len(found.parts)
