"""Evidence: spans and holes cover a range exactly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idp_sync.domain.evidence import Hole, Span, holes

SOURCE = "keycloak:management"
#: hours of a small day: ranges that overlap, touch, contain and miss each other are all likely
HOURS = 24


def at(hour: int) -> datetime:
    return datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=hour)


def span(start: int, end: int, source: str = SOURCE) -> Span:
    return Span(source=source, start=at(start), end=at(end))


def hours(found: tuple[Hole, ...]) -> list[tuple[int, int]]:
    return [
        (int((hole.start - at(0)).total_seconds()) // 3600, int((hole.end - at(0)).total_seconds()) // 3600)
        for hole in found
    ]


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], [(5, 15)]),
        ([span(5, 15)], []),
        ([span(0, 24)], []),
        ([span(0, 5), span(15, 24)], [(5, 15)]),
        ([span(0, 10)], [(10, 15)]),
        ([span(10, 24)], [(5, 10)]),
        ([span(5, 8), span(8, 15)], []),
        ([span(7, 9), span(11, 13)], [(5, 7), (9, 11), (13, 15)]),
        ([span(11, 13), span(7, 9)], [(5, 7), (9, 11), (13, 15)]),
        ([span(5, 14), span(6, 7)], [(14, 15)]),
        ([span(0, 24, "ldap")], [(5, 15)]),
        ([span(8, 8)], [(5, 8), (8, 15)]),
    ],
)
def test_holes_between_spans(spans: list[Span], expected: list[tuple[int, int]]) -> None:
    assert hours(holes(SOURCE, spans, start=at(5), end=at(15))) == expected


def test_an_empty_range_has_no_hole() -> None:
    assert holes(SOURCE, [], start=at(5), end=at(5)) == ()


def test_a_hole_says_whose_it_is_and_why() -> None:
    assert holes(SOURCE, [], start=at(5), end=at(6)) == (
        Hole(source=SOURCE, start=at(5), end=at(6), reason="not covered"),
    )


ranges = st.tuples(st.integers(0, HOURS), st.integers(0, HOURS)).map(lambda pair: (min(pair), max(pair)))
sources = st.sampled_from([SOURCE, "ldap"])


@settings(deadline=None)
@given(st.lists(st.builds(lambda r, source: (*r, source), ranges, sources), max_size=8), ranges)
def test_holes_and_spans_cover_the_range_exactly(spans: list[tuple[int, int, str]], the_range: tuple[int, int]) -> None:
    start, end = the_range
    found = hours(holes(SOURCE, [span(*each) for each in spans], start=at(start), end=at(end)))
    covered = {hour for s, e, source in spans if source == SOURCE for hour in range(s, e)}
    # every hour of the range is covered by a span or lies in a hole, and never both
    assert {hour for s, e in found for hour in range(s, e)} == set(range(start, end)) - covered
    # oldest first, none empty, none overlapping
    assert all(s < e for s, e in found)
    assert all(e <= s for (_, e), (s, _) in pairwise(found))
