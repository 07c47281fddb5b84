"""How the bench sums up what it measured, and the ledger that it fills."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from bench import ledger_growth
from bench.__main__ import Bench
from bench.curve import curve, in_tenths
from bench.latency import waits
from bench.machine import machines_of, note_machine
from bench.open_returns import policy_with_promise
from bench.spread import spread_of
from bench.throughput import Round, Throughput, steady
from policy.files import read_policy

COMMITTED = Path(__file__).parents[2] / "bench" / "results"


def test_percentiles_are_values_that_were_measured() -> None:
    spread = spread_of([float(value) for value in range(200, 0, -1)])

    assert (spread.count, spread.p50, spread.p95, spread.p99, spread.max) == (200, 100, 190, 198, 200)
    assert spread_of([]).count == 0


@pytest.mark.parametrize(
    ("value", "growth"),
    [
        (lambda size: 5.0, "flat"),
        (math.log, "logarithmic"),
        (lambda size: 3.0 * size, "linear"),
        (lambda size: 100 + 0.5 * size, "linear"),
        (lambda size: 0.001 * size**2, "worse than linear"),
    ],
)
def test_a_curve_is_named_by_its_last_decade(value: Callable[[int], float], growth: str) -> None:
    assert curve("calls", "ms", [(size, value(size)) for size in (10, 100, 500, 1000)]).growth == growth


def test_linear_above_a_base_is_not_called_logarithmic() -> None:
    lines = (1, 10, 50, 100, 200)

    assert curve("decision", "ms", [(size, 100 + 0.5 * size) for size in lines]).growth == "linear"
    assert curve("decision", "ms", [(100, 1.0), (1000, 2.0)]).growth == "linear"


def test_only_the_steady_state_of_a_round_counts() -> None:
    assert steady(200, 40) == (40, 160)
    assert steady(120, 40) == (40, 80)
    with pytest.raises(ValueError, match="120 at least"):
        steady(119, 40)


def test_who_got_no_decision_makes_no_percentile_better() -> None:
    decided = [0.1] * 90

    assert sorted(waits(decided, [2.0] * 5, [0.001, 60.0]))[90:] == [2.0] * 6 + [60.0]


def a_throughput(events_of_bare: float) -> Throughput:
    rounds = tuple(
        Round(player=player, per_second=8.0, cores={}, events=events)
        for player, events in (("return", 69.0), ("bare", events_of_bare))
    )
    return Throughput(rounds=rounds, events_of_return={}, events_of_bare={})


def test_rates_of_other_work_do_not_compare() -> None:
    assert a_throughput(69.7).same_work()
    assert not a_throughput(72.0).same_work()


def test_each_part_keeps_its_machine(tmp_path: Path) -> None:
    machines = machines_of(COMMITTED)
    (tmp_path / "machine.json").write_text((COMMITTED / "machine.json").read_text("utf-8"), encoding="utf-8")

    note_machine(tmp_path, "latency")

    assert {"cost", "throughput"} <= machines.keys()
    assert {name: each for name, each in machines_of(tmp_path).items() if name != "latency"} == {
        name: each for name, each in machines.items() if name != "latency"
    }


def test_rates_of_another_machine_are_refused(tmp_path: Path) -> None:
    text = a_throughput(69.0).model_dump_json()
    (tmp_path / "throughput.json").write_text(text, encoding="utf-8")
    note_machine(tmp_path, "throughput")
    bench = Bench(tmp_path, tmp_path, 10)
    assert bench.rates().rates("return") == [8.0]
    file = tmp_path / "machine.json"
    noted = json.loads(file.read_text("utf-8"))
    noted["throughput"]["cores"] += 1
    file.write_text(json.dumps(noted), encoding="utf-8")

    with pytest.raises(typer.BadParameter, match="--only throughput"):
        bench.rates()


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
