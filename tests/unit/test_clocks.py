"""Promises: a pause moves the due time by its length, a peak only a promise that starts in it."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clocks import Clock, ClockName, Pause, Peak, extended
from domain.policy.peaks import PeakRule

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOURS_48 = 48 * HOUR


def clock() -> Clock:
    return Clock(name=ClockName.INSPECTION, started_at=START, due_at=START + HOURS_48)


def pause(from_hour: float, to_hour: float | None) -> Pause:
    return Pause(
        started_at=START + from_hour * HOUR,
        ended_at=None if to_hour is None else START + to_hour * HOUR,
        reason="strike: the port is closed",
        author="supervisor-1",
    )


def test_a_pause_moves_the_due_time_by_its_length() -> None:
    paused = clock().paused_by([pause(10, 14)])
    assert paused.due_at == START + HOURS_48 + 4 * HOUR
    assert paused.promised_at == START + HOURS_48
    assert paused.pauses == (pause(10, 14),)


def test_pauses_are_counted_anew_and_never_twice() -> None:
    once = clock().paused_by([pause(10, 14)])
    assert once.paused_by([pause(10, 14)]) == once
    assert once.paused_by([]) == clock()


def test_a_pause_from_before_the_start_counts_from_the_start() -> None:
    assert clock().paused_by([pause(-5, 3)]).due_at == START + HOURS_48 + 3 * HOUR
    assert clock().paused_by([pause(-5, -1)]) == clock()


def test_a_pause_that_begins_when_the_promise_is_broken_comes_too_late() -> None:
    assert clock().paused_by([pause(48, 60)]) == clock()
    assert clock().paused_by([pause(10, 14), pause(51, 60)]).due_at == START + HOURS_48 + 13 * HOUR


def test_a_pause_without_an_end_holds_the_clock() -> None:
    held = clock().paused_by([pause(10, 12), pause(20, None)])
    assert held.held
    assert held.due_at == START + HOURS_48 + 2 * HOUR
    assert not held.paused_by([pause(10, 12), pause(20, 21)]).held


SPANS = st.lists(st.tuples(st.integers(-20, 90), st.integers(1, 30)), max_size=6)


@given(SPANS)
def test_the_time_outside_the_pauses_is_as_long_as_was_promised(spans: list[tuple[int, int]]) -> None:
    pauses = [pause(begin, begin + length) for begin, length in spans]
    moved = clock().paused_by(pauses)
    hours = int((moved.due_at - START) / HOUR)
    running = [hour for hour in range(hours) if not any(p.covers(START + hour * HOUR) for p in moved.pauses)]
    assert len(running) * HOUR == HOURS_48
    assert moved.due_at >= START + HOURS_48


@given(SPANS)
def test_the_sequence_of_pauses_does_not_matter(spans: list[tuple[int, int]]) -> None:
    pauses = [pause(begin, begin + length) for begin, length in spans]
    assert clock().paused_by(pauses).due_at == clock().paused_by(reversed(pauses)).due_at


PEAK = PeakRule(
    name="11.11",
    clock=ClockName.INSPECTION,
    first_day=date(2026, 11, 11),
    last_day=date(2026, 11, 20),
    extension=24 * HOUR,
    announced_on=date(2026, 11, 1),
)
MOMENTS = PEAK.in_zone(ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("started_at", "longer"),
    [
        ("2026-11-10T23:59:59+08:00", False),
        ("2026-11-11T00:00:00+08:00", True),
        ("2026-11-20T23:59:59+08:00", True),
        ("2026-11-21T00:00:00+08:00", False),
    ],
)
def test_a_peak_extends_a_promise_that_starts_in_it(started_at: str, longer: bool) -> None:
    start = datetime.fromisoformat(started_at)
    due_at, peak = extended(ClockName.INSPECTION, start, start + HOURS_48, [MOMENTS])
    assert due_at == start + HOURS_48 + (24 * HOUR if longer else timedelta(0))
    assert peak == ("11.11" if longer else "")
    assert extended(ClockName.EVIDENCE, start, start + HOURS_48, [MOMENTS]) == (start + HOURS_48, "")


def test_of_two_peaks_the_longer_one_counts() -> None:
    other = MOMENTS.model_copy(update={"name": "double", "extension": 48 * HOUR})
    start = datetime(2026, 11, 12, tzinfo=UTC)
    peaks: list[Peak] = [MOMENTS, other]
    assert extended(ClockName.INSPECTION, start, start, peaks) == (start + 48 * HOUR, "double")


@pytest.mark.parametrize("announced_on", [None, date(2026, 11, 11), date(2026, 11, 12)])
def test_the_inspection_promise_is_extended_only_if_that_was_announced_before(announced_on: date | None) -> None:
    with pytest.raises(ValueError, match="announced_on"):
        PeakRule.model_validate(PEAK.model_dump() | {"announced_on": announced_on})
    other = PEAK.model_dump() | {"announced_on": announced_on, "clock": "manual_review"}
    assert PeakRule.model_validate(other).extension == 24 * HOUR


def test_a_peak_ends_after_it_begins() -> None:
    with pytest.raises(ValueError, match="last_day"):
        PeakRule.model_validate(PEAK.model_dump() | {"last_day": date(2026, 11, 10)})
