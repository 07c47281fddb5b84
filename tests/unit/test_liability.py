"""Who answers for a return, alone or in shares; what follows for freight and shipping."""

import pytest
from pydantic import TypeAdapter

from domain.liability import CUSTOMERS, Liability, freight_bps_of_customer, owes_outbound_shipping
from domain.reasons import LiableParty
from workflows.contracts import ReviewVerdict

MIXED = Liability(shares={LiableParty.CUSTOMER: 4_000, LiableParty.CARRIER: 6_000})
CARRIERS = Liability.of(LiableParty.CARRIER)


def test_one_party_alone_answers_for_the_whole() -> None:
    assert CARRIERS.shares == {LiableParty.CARRIER: 10_000}
    assert Liability.of(MIXED) is MIXED


@pytest.mark.parametrize("shares", [{}, {"customer": 9_999}, {"customer": 10_000, "carrier": 1}, {"carrier": 0}])
def test_shares_come_to_the_whole(shares: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="shares"):
        Liability.model_validate({"shares": shares})


def test_both_forms_of_a_verdict_are_read_and_the_old_one_stays_as_it_was() -> None:
    verdict = TypeAdapter(ReviewVerdict).validate_json(
        '{"actor": {"role": "supervisor", "id": "s-1"}, "approve": true, "note": "x", '
        '"liability": {"A": "carrier", "B": {"shares": {"customer": 4000, "carrier": 6000}}}}'
    )
    assert verdict.liability == {"A": LiableParty.CARRIER, "B": MIXED}
    assert Liability.of(verdict.liability["A"]) == CARRIERS


@pytest.mark.parametrize(
    ("liabilities", "freight_bps", "shipping"),
    [
        ([CUSTOMERS], 10_000, False),
        ([CUSTOMERS, CUSTOMERS], 10_000, False),
        ([MIXED], 4_000, True),
        ([CUSTOMERS, MIXED], 4_000, True),
        ([CUSTOMERS, CARRIERS], 0, True),
        ([], 0, False),
    ],
)
def test_freight_and_shipping_follow_from_the_liability(
    liabilities: list[Liability], freight_bps: int, shipping: bool
) -> None:
    assert freight_bps_of_customer(liabilities) == freight_bps
    assert owes_outbound_shipping(liabilities) is shipping
