"""What the table of a run says."""

import io
from datetime import timedelta

from rich.console import Console

from chaos.oracle import Judgement
from chaos.plan import Disturbance, Size, Strike, make_plan
from chaos.report import make_report, show
from chaos.strikes import Held, Struck
from chaos.tally import p95, tally
from tests.unit.chaos_evidence import AT, RMA, Run


def hit(kind: str, reference: str, seconds: float | None) -> dict[str, str | None]:
    answered = None if seconds is None else (AT + timedelta(seconds=seconds)).isoformat()
    return {"kind": kind, "reference": reference, "at": AT.isoformat(), "answered_at": answered}


def test_hits_are_counted_with_their_returns_and_recoveries() -> None:
    hits = [
        hit("lost_response", f"{RMA}-refund-1-t0", 1.5),
        hit("lost_response", f"{RMA}/decided/0", 3.0),
        hit("lost_response", "O-1", None),
        hit("reset", "O-2", 2.0),
    ]
    reset, lost = tally(hits, [], {RMA: ["O-1"], "RMA-2": ["O-2"]}, {}, Judgement(by_hand={"RMA-2": "x"}), [])
    assert (lost.name, lost.injected, lost.touched, lost.survived, lost.by_hand) == ("response lost", 3, 1, 1, 0)
    assert (lost.p95_recovery_seconds, lost.never) == (3.0, 1)
    assert (reset.injected, reset.touched, reset.survived, reset.by_hand) == (1, 1, 0, 1)


def test_a_killed_workers_activities_recover_when_they_end() -> None:
    struck = Struck(Strike(1.0, Disturbance.WORKER_KILL), AT, (RMA,), [Held(RMA, "7")], AT + timedelta(seconds=2))
    (row,) = tally([], [struck], {RMA: []}, {(RMA, "7"): AT + timedelta(seconds=21)}, Judgement(), [])
    assert (row.injected, row.touched, row.survived, row.p95_recovery_seconds) == (1, 1, 1, 21.0)
    idle = Struck(Strike(1.0, Disturbance.WORKER_KILL), AT, (RMA,), [], AT + timedelta(seconds=2))
    (row,) = tally([], [idle], {RMA: []}, {}, Judgement(), [])
    assert (row.touched, row.p95_recovery_seconds) == (0, 2.0)


def test_only_what_two_workers_held_counts_as_held_by_two() -> None:
    struck = Struck(
        Strike(1.0, Disturbance.TWO_HOLDERS), AT, (RMA,), [Held(RMA, "7", again=True), Held("RMA-2", "3")]
    )
    (row,) = tally([], [struck], {RMA: [], "RMA-2": []}, {(RMA, "7"): AT + timedelta(seconds=22)}, Judgement(), [])
    assert (row.injected, row.touched, row.p95_recovery_seconds) == (1, 1, 22.0)


def test_the_95th_percentile_is_by_nearest_rank() -> None:
    assert p95([]) is None
    assert p95([4.0]) == 4.0
    assert p95([float(number) for number in range(1, 101)]) == 95.0


def test_a_report_names_what_is_broken_and_the_seed() -> None:
    plan = make_plan(11, Size.short(5))
    judgement = Run(refunds=[]).judged()
    report = make_report(plan, judgement, [], 12.0, 1, [], ledger_was_read=False, crashed=["worker"], struck=[])
    assert not report.holds
    out = io.StringIO()
    show(report, Console(file=out, width=200))
    text = out.getvalue()
    assert f"I3 {RMA}" in text
    assert "Seed 11." in text
    assert "RETURNFLOW_LEDGER_URL" in text
    assert f"{Size.short(5).server_kills} × Temporal SIGKILL" in text


def test_a_part_that_died_by_itself_fails_a_run() -> None:
    for crashed in ([], ["worker"]):
        judgement, plan = Run().judged(), make_plan(11, Size.short(5))
        report = make_report(plan, judgement, [], 12.0, 1, [], ledger_was_read=True, crashed=crashed, struck=[])
        assert report.holds is (not crashed)
