"""Periods of whole months, as the Civil Code counts them (民法典 第二百条至第二百零三条), on Beijing dates.

The day on which something happens is not counted (201), and the last day of the period is the corresponding
day of the month in which it ends, or the last of that month where it has no such day (202). So half a year
has from 181 to 184 days. That a period which ends on a holiday is prolonged (203) is not applied: this
protects those who have to act within a period, while ours only say since when nothing has happened.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta, timezone
from typing import Final

#: 半年, after which who has not logged in is suspended (Article 6 (4))
HALF_YEAR_MONTHS: Final = 6
#: 三个月, after which business that was not submitted is deleted (Article 7)
DRAFT_MONTHS: Final = 3

#: Asia/Shanghai. A fixed offset needs no tzdata, which a machine may lack, and is right for every moment that
#: this system sees: summer time was last observed in 1991
BEIJING: Final = timezone(timedelta(hours=8), "Asia/Shanghai")

_MONTHS_OF_A_YEAR: Final = 12


def last_day_of_period(start: date, *, months: int) -> date:
    """The last day of a period of whole months since what happened on `start` (民法典 201, 202; reading A-01).

    The corresponding day, or where the month has none its last: six months from 31 August end on 28 or 29
    February.
    Raises ValueError where `months` is less than one, or the period ends after the year 9999.
    """
    if months < 1:
        raise ValueError(f"a period has at least one month, not {months}")
    years, month_index = divmod(start.month - 1 + months, _MONTHS_OF_A_YEAR)
    year, month = start.year + years, month_index + 1
    if year > date.max.year:
        raise ValueError(f"a period of {months} months from {start} ends beyond the calendar")
    return date(year, month, min(start.day, monthrange(year, month)[1]))


def is_over(start: date, *, months: int, on: date) -> bool:
    """Whether a period of whole months since `start` is over: on its last day not yet (民法典 202).

    Raises ValueError like `last_day_of_period`.
    """
    return on > last_day_of_period(start, months=months)


def beijing_date(moment: datetime) -> date:
    """The date in Beijing at a moment: 16:30 UTC is half past midnight of the next day there.

    Raises ValueError for a naive moment, as nobody can tell which day it is on.
    """
    if moment.utcoffset() is None:
        raise ValueError("a moment needs its time zone before it can be given a Beijing date")
    return moment.astimezone(BEIJING).date()
