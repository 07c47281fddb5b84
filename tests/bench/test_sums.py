"""How the bench sums up what it measured, and the ledger that it fills."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bench import ledger_growth
from bench.curve import curve, in_tenths
from bench.open_returns import policy_with_promise
from bench.spread import spread_of
from policy.files import read_policy


def test_percentiles_are_values_that_were_measured() -> None:
    spread = spread_of([float(value) for value in range(200, 0, -1)])

    assert (spread.count, spread.p50, spread.p95, spread.p99, spread.max) == (200, 100, 190, 198, 200)
    assert spread_of([]).count == 0


@pytest.mark.parametrize(
    ("value", "growth"),
    [
        (lambda size: 5.0, "flat"),
        (lambda size: float(len(str(size)) - 1), "logarithmic"),
        (lambda size: 3.0 * size, "linear"),
        (lambda size: 0.001 * size**2, "worse than linear"),
    ],
)
def test_a_curve_is_named_by_its_last_decade(value: Callable[[int], float], growth: str) -> None:
    assert curve("calls", "ms", [(size, value(size)) for size in (10, 100, 1000)]).growth == growth


def test_one_slow_value_does_not_decide_over_a_series() -> None:
    series = [(number, 500.0 if number == 100 else 1.0) for number in range(1, 101)]

    assert in_tenths(series)[-1] == (100, 1.0)


def test_the_policy_of_the_bench_differs_in_its_promise(tmp_path: Path) -> None:
    policy = read_policy(policy_with_promise(tmp_path / "promise.toml", 45))

    assert policy.version == "bench-1"
    assert policy.clocks.inspection.total_seconds() == 45


def test_a_filled_ledger_takes_the_calls_of_a_return(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_growth, "programs", lambda: {})
    monkeypatch.setattr(ledger_growth, "_REPEATS", 2)

    on_sqlite, on_postgresql = ledger_growth.measure_ledgers(tmp_path, lambda _: None, (1_000, 2_000))

    assert [filled.rows for filled in on_sqlite.filled] == pytest.approx([1_000, 2_000], rel=0.5)
    assert {"open", "authorize a refund", "close", "claim messages", "what waits"} <= {
        each.what for each in on_sqlite.calls
    }
    assert on_postgresql.left_out
