"""The half-yearly cleaning: who is idle, since when, by which evidence, and when it refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idp_sync.domain.account import Account, AccountState
from idp_sync.domain.evidence import LoginSeen, Span
from idp_sync.domain.idleness import FRESH, Limits, SweepPlan, counts_from, is_idle, plan_sweep, realm_source
from idp_sync.domain.unit import UserClass
from tests.builders import DEVELOPER, account

CASES = [
    case
    for line in (Path(__file__).parents[2] / "cases" / "period_cases.jsonl").read_text("utf-8").splitlines()
    if (case := json.loads(line))["months"] == 6
]
NOON = datetime(2025, 1, 1, 4, tzinfo=UTC)  # in Beijing
NOW = datetime(2025, 7, 2, 4, tzinfo=UTC)  # the first day on which the builder's account is idle
SOURCE = "keycloak:management"
COVERED = (Span(source=SOURCE, start=datetime(2020, 1, 1, tzinfo=UTC), end=datetime(2030, 1, 1, tzinfo=UTC)),)
GENEROUS = Limits(most_share=1, always_allowed=0)


def seen(at: datetime, login: str = "cy0001", source: str = SOURCE) -> LoginSeen:
    return LoginSeen(login=login, source=source, at=at)


def sweep(  # every argument but the accounts has a sound default
    *accounts: Account,
    logins: Mapping[str, Sequence[LoginSeen]] | None = None,
    spans: Sequence[Span] = COVERED,
    now: datetime = NOW,
    last_sweep: datetime | None = None,
    limits: Limits = GENEROUS,
) -> SweepPlan:
    return plan_sweep(accounts, logins=logins or {}, spans=spans, now=now, last_sweep=last_sweep, limits=limits)


def idle_logins(plan: SweepPlan) -> list[str]:
    return [found.account.login for found in plan.idle]


# --- half a year -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['start']} {case['run_on']} {case['why']}")
def test_reference_case(case: dict[str, Any]) -> None:
    start, on = date.fromisoformat(case["start"]), date.fromisoformat(case["run_on"])
    assert is_idle(start, on=on) is case["idle"]
    # and the same through the whole sweep, at the first and the last minute of the day of the run
    moment = datetime.fromisoformat(case.get("start_utc", f"{start}T12:00:00+08:00"))
    for time in ("00:00:00", "23:59:59"):
        plan = sweep(account(handed_over_at=moment), now=datetime.fromisoformat(f"{on}T{time}+08:00"))
        assert idle_logins(plan) == (["cy0001"] if case["idle"] else [])
        assert plan.on == on
        for found in plan.idle:
            assert (found.since, found.last_day) == (start, date.fromisoformat(case["last_day"]))


def test_all_cases_of_half_a_year_are_there() -> None:
    assert len(CASES) == 12


# --- what it counts from ---------------------------------------------------------------------------------------------


def test_never_logged_in_counts_from_the_hand_over_and_not_from_the_opening() -> None:
    assert counts_from(account(opened_at=NOON - timedelta(days=900)), ()) == (NOON, "领取密钥 / key handed over")


def test_who_never_got_a_key_is_not_counted() -> None:
    without = account(handed_over_at=None, key_number=None, thumbprint=None)
    assert counts_from(without, (seen(NOON),)) is None
    plan = sweep(without, now=NOW + timedelta(days=3000))
    assert plan.idle == ()
    assert list(plan.spared.values()) == [1]
    assert "尚未领取密钥" in next(iter(plan.spared))


def test_the_latest_login_of_any_source_counts() -> None:
    logins = (seen(NOON + timedelta(days=9), source="ldap"), seen(NOON + timedelta(days=5)))
    moment, basis = counts_from(account(), logins) or (None, "")
    assert moment == NOON + timedelta(days=9)
    assert basis == "最后登录 / last login (ldap)"


def test_a_login_before_the_hand_over_of_a_new_key_does_not_count_back() -> None:
    found = counts_from(account(), (seen(NOON - timedelta(days=300)),))
    assert found is not None
    assert found[0] == NOON


def test_restoring_restarts_the_clock() -> None:
    restored = account(restored_at=NOON + timedelta(days=100))
    assert counts_from(restored, (seen(NOON + timedelta(days=1)),)) == (
        NOON + timedelta(days=100),
        "恢复登录资格 / login restored",
    )
    assert idle_logins(sweep(account())) == ["cy0001"]
    assert idle_logins(sweep(restored)) == []
    # a restoration long ago changes nothing
    assert idle_logins(sweep(account(restored_at=NOON - timedelta(days=100)))) == ["cy0001"]


def test_the_day_is_beijings() -> None:
    late = datetime(2025, 1, 1, 16, 30, tzinfo=UTC)  # half past midnight of the second
    assert idle_logins(sweep(account(), logins={"cy0001": [seen(late)]}, now=NOW)) == []
    (found,) = sweep(account(), logins={"cy0001": [seen(late)]}, now=NOW + timedelta(days=1)).idle
    assert found.since == date(2025, 1, 2)


# --- who is left alone -----------------------------------------------------------------------------------------------


def test_who_is_suspended_or_deregistered_is_left_alone_and_counted() -> None:
    plan = sweep(
        account("cy0001", state=AccountState.SUSPENDED),
        account("cy0002", state=AccountState.DEREGISTERED),
        account("cy0003", state=AccountState.DEREGISTERED),
        account("cy0004"),
        account("cy0005", handed_over_at=NOW),
    )
    assert idle_logins(plan) == ["cy0004"]
    assert plan.spared == {
        "暂停登录 / suspended": 1,
        "已注销 / deregistered": 2,
        "半年内有登录或新领密钥 / active within half a year": 1,
    }


def test_a_login_is_another_accounts_matter() -> None:
    plan = sweep(account("cy0001"), account("cy0002"), logins={"cy0002": [seen(NOW, "cy0002")]})
    assert idle_logins(plan) == ["cy0001"]


def test_both_classes_are_looked_at_each_by_its_own_source() -> None:
    assert [realm_source(user_class) for user_class in UserClass] == ["keycloak:management", "keycloak:enterprise"]
    plan = sweep(account("cy0001"), account("qy000001", unit=DEVELOPER))
    assert idle_logins(plan) == ["cy0001", "qy000001"]
    complete, incomplete = plan.idle
    assert complete.holes == ()
    assert [hole.source for hole in incomplete.holes] == ["keycloak:enterprise"]


# --- evidence --------------------------------------------------------------------------------------------------------


def test_the_evidence_is_named() -> None:
    login = seen(NOON + timedelta(hours=1))
    (found,) = sweep(account(), logins={"cy0001": [login]}).idle
    assert (found.since, found.last_day) == (date(2025, 1, 1), date(2025, 7, 1))
    assert found.logins == (login,)
    assert found.basis == f"最后登录 / last login ({SOURCE})"
    assert found.holes == ()


def test_a_hole_in_the_half_year_is_shown_and_an_obstacle() -> None:
    middle = NOON + timedelta(days=60)
    spans = (
        Span(source=SOURCE, start=NOON - timedelta(days=10), end=middle),
        Span(source=SOURCE, start=middle + timedelta(hours=2), end=NOW),
    )
    plan = sweep(account(), spans=spans)
    (found,) = plan.idle
    assert [(hole.start, hole.end) for hole in found.holes] == [(middle, middle + timedelta(hours=2))]
    assert plan.obstacles == ("证据不完整：1个用户 / evidence has holes for 1 accounts",)


def test_a_hole_before_the_half_year_is_of_no_interest() -> None:
    plan = sweep(account(), spans=(Span(source=SOURCE, start=NOON, end=NOW),))
    assert plan.idle[0].holes == ()
    assert plan.obstacles == ()


def test_evidence_that_was_read_ten_minutes_ago_is_complete_and_no_older() -> None:
    assert timedelta(minutes=10) == FRESH
    for age, complete in ((FRESH, True), (FRESH + timedelta(seconds=1), False)):
        plan = sweep(account(), spans=(Span(source=SOURCE, start=NOON, end=NOW - age),))
        assert (plan.obstacles == ()) is complete


def test_a_source_that_returns_nothing_covers_nothing() -> None:
    plan = sweep(account("cy0001"), account("cy0002"), spans=())
    assert [(hole.start, hole.end) for hole in plan.idle[0].holes] == [(NOON, NOW - FRESH)]
    assert plan.obstacles == ("证据不完整：2个用户 / evidence has holes for 2 accounts",)


# --- limits ----------------------------------------------------------------------------------------------------------


def accounts(idle: int, active: int) -> list[Account]:
    return [
        *(account(f"cy1{number:03}") for number in range(idle)),
        *(account(f"cy2{number:03}", handed_over_at=NOW) for number in range(active)),
    ]


@pytest.mark.parametrize(
    ("idle", "active", "refused"),
    [
        (5, 0, False),  # always allowed
        (6, 0, True),
        (6, 14, False),  # exactly 30 %
        (6, 13, True),
        (7, 14, True),
    ],
)
def test_more_than_the_share_is_an_obstacle(idle: int, active: int, refused: bool) -> None:  # noqa: FBT001
    limits = Limits(most_share=0.3, always_allowed=5)
    plan = sweep(*accounts(idle, active), limits=limits)
    assert len(plan.idle) == idle
    assert len(plan.obstacles) == refused
    if refused:
        assert f"{idle}/{idle + active}" in plan.obstacles[0]
        assert "30%" in plan.obstacles[0]


def test_who_can_not_be_suspended_does_not_thin_the_share() -> None:
    others = [account(f"cy3{number:03}", state=AccountState.DEREGISTERED) for number in range(100)]
    others += [account(f"cy4{number:03}", handed_over_at=None) for number in range(100)]
    plan = sweep(*accounts(6, 6), *others, limits=Limits(most_share=0.3, always_allowed=5))
    assert "6/12" in plan.obstacles[0]


def test_a_clock_behind_the_last_sweep_is_an_obstacle() -> None:
    assert sweep(account(), last_sweep=NOW).obstacles == ()
    assert sweep(account(), last_sweep=NOW + timedelta(seconds=1)).obstacles == (
        "时钟早于上次清理 / the clock is behind the last sweep",
    )


def test_all_obstacles_are_named_together() -> None:
    plan = sweep(
        *accounts(6, 0),
        spans=(),
        last_sweep=NOW + timedelta(days=1),
        limits=Limits(most_share=0.3, always_allowed=5),
    )
    assert len(plan.obstacles) == 3


def test_nobody_at_all_is_an_empty_plan() -> None:
    assert sweep() == SweepPlan(on=date(2025, 7, 2), idle=(), spared={}, obstacles=())


# --- what holds for everybody ----------------------------------------------------------------------------------------

moments = st.datetimes(
    min_value=datetime(2015, 1, 1),  # noqa: DTZ001
    max_value=datetime(2024, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@settings(deadline=None)
@given(moments, st.lists(moments, max_size=4), st.none() | moments, moments)
def test_another_login_never_makes_anybody_idle(
    handed_over: datetime, at: list[datetime], restored: datetime | None, now: datetime
) -> None:
    who = account(handed_over_at=handed_over, restored_at=restored)
    fewer = sweep(who, logins={"cy0001": [seen(moment) for moment in at[:-1]]}, now=now)
    more = sweep(who, logins={"cy0001": [seen(moment) for moment in at]}, now=now)
    assert set(idle_logins(more)) <= set(idle_logins(fewer))
    # and nobody is idle within 181 days of anything that counts
    if more.idle:
        assert now - max([handed_over, *at, *([restored] if restored else [])]) > timedelta(days=180)
