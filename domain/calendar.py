"""Business days in China, with make-up workdays where the calendar of the year is known."""

from datetime import date, datetime, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import chinese_calendar
import holidays

_OFFICIAL_YEARS = range(min(chinese_calendar.holidays).year, max(chinese_calendar.holidays).year + 1)


@cache
def _provisional_holidays(year: int) -> holidays.HolidayBase:
    return holidays.country_holidays("CN", years=year)


def is_business_day(day: date) -> bool:
    """Tell whether people work on `day`.

    The official calendar is published a year ahead; later years are provisional, without the make-up
    workdays on weekends that the government announces.
    """
    if is_provisional(day):
        return day.weekday() < 5 and day not in _provisional_holidays(day.year)
    return bool(chinese_calendar.is_workday(day))


class BusinessDue(NamedTuple):
    """The end of a promise in business days, aware; provisional if a day on the way was only estimated."""

    at: datetime
    provisional: bool


def is_provisional(day: date) -> bool:
    """Tell whether the official calendar of the day's year is not known yet."""
    return day.year not in _OFFICIAL_YEARS


def add_business_days(start: datetime, days: int, zone: ZoneInfo) -> BusinessDue:
    """The same local time `days` business days after `start`.

    Holiday data changes with library versions, so a workflow asks for this through an activity.
    """
    moment = start.astimezone(zone)
    provisional = False
    while days > 0:
        moment += timedelta(days=1)
        provisional = provisional or is_provisional(moment.date())
        if is_business_day(moment.date()):
            days -= 1
    return BusinessDue(moment, provisional)
