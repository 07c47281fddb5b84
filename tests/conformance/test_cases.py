"""Whatever a cases file holds, each of its lines is answered."""

from pathlib import Path

import pytest

from tests.conformance.cases import Case, Unreadable, read_cases


@pytest.mark.parametrize(
    "line",
    [
        '{"case_id": "a", "kind": null, "order_id": "W1", "customer_id": "c"}',
        '{"case_id": "a", "kind": "return", "order_id": "W1", "customer_id": "c", "items": [1]}',
        '{"case_id": "a"',
        "[]",
        "{}",
    ],
)
def test_a_line_that_is_no_request_is_kept(line: str, tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    good = '{"case_id": "b", "kind": "return", "order_id": "W1", "customer_id": "c", "items": null}'
    file.write_text(f"\ufeff{line}\n\n{good}\n", encoding="utf-8")
    first, second = read_cases(file)
    assert isinstance(first, Unreadable)
    assert isinstance(second, Case)
    assert (second.case_id, second.own("W1")) == ("b", "c3.W1")
