"""Business keys: the same for a repeat, another for another effect, and fit for a provider."""

import re
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.keys import (
    charge_key,
    inspection_clock_key,
    label_reference,
    pickup_reference,
    refund_key,
    replacement_reference,
    rma_id_for,
)

IDENTIFIERS = st.text("AZaz09._:~-", min_size=1, max_size=128)
RMA = rma_id_for("O-1", "R-1")


@pytest.mark.parametrize(
    ("order_id", "request_id", "rma_id"),
    [("O-1", "R-1", "RMA-3CA1DH16AEYXVGSB"), ("W6067464", "9d2c", "RMA-1F7PZEB96QGANFQ0")],
)
def test_an_rma_id_never_changes_between_versions(order_id: str, request_id: str, rma_id: str) -> None:
    assert rma_id_for(order_id, request_id) == rma_id


@settings(deadline=None)
@given(IDENTIFIERS, IDENTIFIERS)
def test_an_rma_id_is_an_identifier_that_people_can_read_out(order_id: str, request_id: str) -> None:
    rma_id = rma_id_for(order_id, request_id)
    assert re.fullmatch(r"RMA-[0-9A-HJKMNP-TV-Z]{16}", rma_id)
    assert rma_id == rma_id_for(order_id, request_id)


@settings(deadline=None)
@given(st.sets(st.tuples(IDENTIFIERS, IDENTIFIERS), min_size=2, max_size=40))
def test_different_requests_get_different_ids(requests: set[tuple[str, str]]) -> None:
    assert len({rma_id_for(*request) for request in requests}) == len(requests)


def test_an_rma_id_depends_on_where_the_order_ends() -> None:
    assert len({rma_id_for("AB", "C"), rma_id_for("A", "BC"), rma_id_for("C", "AB"), rma_id_for("ABC", "")}) == 4


def test_every_effect_of_a_return_has_a_key_of_its_own() -> None:
    keys = [
        *(refund_key(RMA, *numbers) for numbers in product(range(1, 13), range(1, 13))),
        *(charge_key(RMA, number) for number in range(1, 13)),
        *(pickup_reference(RMA, number) for number in range(1, 13)),
        inspection_clock_key(RMA),
        label_reference(RMA),
        replacement_reference(RMA),
    ]
    assert len(set(keys)) == len(keys)
    for key in keys:
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", key), key
        assert key.startswith(f"{RMA}-")


def test_a_refund_key_names_the_round_and_the_tender() -> None:
    assert re.fullmatch(rf"{RMA}-refund-2-\w+", refund_key(RMA, 2, 3))


@pytest.mark.parametrize(
    "key_of",
    [
        lambda rma: refund_key(rma, 10**9, 10**9),
        lambda rma: charge_key(rma, 10**9),
        lambda rma: pickup_reference(rma, 10**9),
    ],
)
def test_keys_stay_within_the_limit_of_the_providers(key_of: Callable[[str], str]) -> None:
    assert len(key_of(RMA)) <= 64
