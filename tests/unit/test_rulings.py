"""What the body of a ruling refuses."""

from typing import Any

import pytest
from pydantic import ValidationError

from workflows.contracts import ArbitrationRuling

UNITS = [{"line_id": "SHIRT-M", "quantity": 1}]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"units": UNITS, "amount_minor": 1}, "amount_minor: a ruling is for units or for an amount"),
        ({"units": UNITS, "paid_by_hand": True}, "paid_by_hand: what was paid in another way"),
        ({"amount_minor": 1, "paid_by_hand": True}, "paid_by_hand: what was paid in another way"),
        ({"amount_minor": 0}, "greater than or equal to 1"),
    ],
)
def test_a_ruling_is_one_thing(fields: dict[str, Any], named: str) -> None:
    body = {"actor": {"role": "supervisor", "id": "S-1"}, "reference": "P-1", "note": "so it is"}
    ArbitrationRuling.model_validate(body)
    with pytest.raises(ValidationError, match=named):
        ArbitrationRuling.model_validate(body | fields)
