"""Business days in China: official for 2026 with its make-up workdays, provisional for later years."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from domain.calendar import add_business_days, is_business_day

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-02-13", True),
        ("2026-02-14", True),  # a Saturday, made up for Chinese New Year
        ("2026-02-15", False),
        ("2026-02-16", False),
        ("2026-02-23", False),
        ("2026-02-24", True),
        ("2026-02-28", True),  # a Saturday, made up
        ("2026-03-01", False),
        ("2026-09-20", True),  # a Sunday, made up for National Day
        ("2026-09-25", False),  # Mid-Autumn
        ("2026-09-30", True),
        ("2026-10-01", False),
        ("2026-10-07", False),
        ("2026-10-08", True),
        ("2026-10-10", True),  # a Saturday, made up
        ("2026-10-11", False),
        ("2027-01-01", False),  # provisional from here on
        ("2027-01-04", True),
        ("2027-02-05", False),  # the eve of Chinese New Year, a Friday
        ("2027-02-27", False),  # no make-up workdays are known
        ("2027-10-01", False),
        ("2027-10-11", True),
        ("2027-10-16", False),
    ],
)
def test_business_days(day: str, works: bool) -> None:
    assert is_business_day(date.fromisoformat(day)) is works


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        # Saturday the 14th is worked; the 15th to the 23rd are off.
        ("2026-02-13T10:00:00+08:00", 1, "2026-02-14T10:00:00+08:00"),
        ("2026-02-13T10:00:00+08:00", 3, "2026-02-25T10:00:00+08:00"),
        ("2026-02-18T09:30:00+08:00", 1, "2026-02-24T09:30:00+08:00"),
        # Saturday the 28th is worked, Sunday is not.
        ("2026-02-26T10:00:00+08:00", 3, "2026-03-02T10:00:00+08:00"),
        ("2026-09-30T18:00:00+08:00", 3, "2026-10-10T18:00:00+08:00"),
        ("2026-09-18T18:00:00+08:00", 3, "2026-09-22T18:00:00+08:00"),
        # The day is the zone's: 17:00 UTC on Wednesday is Thursday the 1st in Shanghai.
        ("2026-09-30T17:00:00+00:00", 1, "2026-10-08T01:00:00+08:00"),
        ("2026-11-20T12:00:00+08:00", 1, "2026-11-23T12:00:00+08:00"),
        ("2026-11-20T12:00:00+08:00", 0, "2026-11-20T12:00:00+08:00"),
        # Over the end of the official calendar.
        ("2026-12-31T12:00:00+08:00", 2, "2027-01-05T12:00:00+08:00"),
    ],
)
def test_business_days_are_added_in_the_zone(start: str, days: int, end: str) -> None:
    assert add_business_days(datetime.fromisoformat(start), days, SHANGHAI).at == datetime.fromisoformat(end)


def test_the_local_time_of_day_is_kept_over_a_change_of_clocks() -> None:
    start = datetime.fromisoformat("2026-03-27T12:00:00+01:00")  # a Friday; Berlin changes on Sunday
    end = add_business_days(start, 1, ZoneInfo("Europe/Berlin"))
    assert end.at == datetime.fromisoformat("2026-03-30T12:00:00+02:00")


@pytest.mark.parametrize(
    ("start", "days", "provisional"),
    [
        ("2026-11-20T12:00:00+08:00", 3, False),
        ("2026-12-28T12:00:00+08:00", 3, False),  # ends on the last day that the official calendar knows
        ("2026-12-31T12:00:00+08:00", 1, True),
        ("2026-12-31T12:00:00+08:00", 0, False),
        ("2027-03-01T12:00:00+08:00", 3, True),
    ],
)
def test_a_promise_over_days_without_an_official_calendar_is_provisional(
    start: str, days: int, provisional: bool
) -> None:
    assert add_business_days(datetime.fromisoformat(start), days, SHANGHAI).provisional is provisional
