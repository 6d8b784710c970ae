"""Periods of whole months: every case of the reference, and what holds for all periods."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp_sync.domain.calendar import (
    BEIJING,
    DRAFT_MONTHS,
    HALF_YEAR_MONTHS,
    beijing_date,
    is_over,
    last_day_of_period,
)

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "cases" / "period_cases.jsonl").read_text("utf-8").splitlines()
]

days = st.dates(min_value=date(2000, 1, 1), max_value=date(2199, 12, 31))
months = st.integers(1, 240)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['start']} {case['run_on']} {case['why']}")
def test_reference_case(case: dict[str, Any]) -> None:
    start, run_on = date.fromisoformat(case["start"]), date.fromisoformat(case["run_on"])
    if "start_utc" in case:
        assert beijing_date(datetime.fromisoformat(case["start_utc"])) == start
    assert last_day_of_period(start, months=case["months"]) == date.fromisoformat(case["last_day"])
    assert is_over(start, months=case["months"], on=run_on) is case["idle"]
    # what the rule is not
    if case["idle_by_183_days"] is not None:
        assert (run_on - start > timedelta(days=183)) is case["idle_by_183_days"]


def test_the_periods_of_the_regulation() -> None:
    assert (HALF_YEAR_MONTHS, DRAFT_MONTHS) == (6, 3)


@pytest.mark.parametrize("wrong", [0, -1])
def test_a_period_has_at_least_a_month(wrong: int) -> None:
    with pytest.raises(ValueError, match="at least one month"):
        last_day_of_period(date(2025, 1, 1), months=wrong)
    with pytest.raises(ValueError, match="at least one month"):
        is_over(date(2025, 1, 1), months=wrong, on=date(2025, 1, 1))


def test_a_period_ends_within_the_calendar() -> None:
    assert last_day_of_period(date(9999, 6, 30), months=6) == date(9999, 12, 30)
    with pytest.raises(ValueError, match="beyond the calendar"):
        last_day_of_period(date(9999, 7, 1), months=6)


@given(days, days, months)
def test_who_came_later_is_not_over_earlier(one: date, other: date, length: int) -> None:
    earlier, later = sorted((one, other))
    assert last_day_of_period(earlier, months=length) <= last_day_of_period(later, months=length)


@given(days, months)
def test_a_longer_period_ends_later(start: date, length: int) -> None:
    assert start < last_day_of_period(start, months=length) < last_day_of_period(start, months=length + 1)


@given(days, months)
def test_the_last_day_is_the_corresponding_one_or_the_end_of_the_month(start: date, length: int) -> None:
    last = last_day_of_period(start, months=length)
    assert (last.year - start.year) * 12 + last.month - start.month == length
    assert last.day == start.day or (last.day < start.day and (last + timedelta(days=1)).day == 1)


@given(days, months)
def test_a_period_is_over_from_the_day_after_its_last(start: date, length: int) -> None:
    last = last_day_of_period(start, months=length)
    assert not is_over(start, months=length, on=last)
    assert is_over(start, months=length, on=last + timedelta(days=1))


@given(days)
def test_half_a_year_has_from_181_to_184_days(start: date) -> None:
    assert 181 <= (last_day_of_period(start, months=HALF_YEAR_MONTHS) - start).days <= 184


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2025, 1, 1, 15, 59, 59, tzinfo=UTC), date(2025, 1, 1)),
        (datetime(2025, 1, 1, 16, 0, tzinfo=UTC), date(2025, 1, 2)),
        (datetime(2025, 1, 1, 0, 0, tzinfo=BEIJING), date(2025, 1, 1)),
        (datetime(2025, 1, 1, 23, 59, tzinfo=timezone(timedelta(hours=-5))), date(2025, 1, 2)),
    ],
)
def test_dates_are_beijings(moment: datetime, expected: date) -> None:
    assert beijing_date(moment) == expected


class NoZone(tzinfo):
    """A time zone that does not know its offset: the moment is naive all the same."""

    def utcoffset(self, _moment: datetime | None) -> None:
        return None

    def dst(self, _moment: datetime | None) -> None:
        return None

    def tzname(self, _moment: datetime | None) -> str:
        return "nowhere"


@pytest.mark.parametrize("zone", [None, NoZone()])
def test_naive_moments_are_refused(zone: tzinfo | None) -> None:
    with pytest.raises(ValueError, match="time zone"):
        beijing_date(datetime(2025, 1, 1, tzinfo=zone))


@given(st.datetimes(min_value=datetime(1992, 1, 1), max_value=datetime(2199, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001
def test_the_fixed_offset_is_the_zone(moment: datetime) -> None:
    try:
        shanghai = ZoneInfo("Asia/Shanghai")
    except ZoneInfoNotFoundError:
        pytest.skip("no tzdata on this machine")
    assert beijing_date(moment) == moment.astimezone(shanghai).date()
