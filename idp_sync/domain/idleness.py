"""The half-yearly cleaning: who has not logged in for half a year, by which evidence (Article 6 (4))."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from idp_sync.domain.account import Account, AccountState
from idp_sync.domain.calendar import HALF_YEAR_MONTHS, beijing_date, is_over, last_day_of_period
from idp_sync.domain.evidence import Hole, LoginSeen, Span, holes
from idp_sync.domain.unit import UserClass

#: evidence that was read so short a time ago counts as complete: reading it takes a while
FRESH = timedelta(minutes=10)


def realm_source(user_class: UserClass) -> str:
    """Name of the source of evidence that a class's realm is."""
    return f"keycloak:{user_class.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Beyond these a sweep refuses: a mistake in the evidence must not lock a city out."""

    #: largest share of the accounts looked at that may be suspended at once, 0…1
    most_share: float
    #: below this number of suspensions the share is not looked at
    always_allowed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """An account that did not log in for half a year, and why we say so."""

    account: Account
    #: the day that the half year counts from
    since: date
    #: what happened on that day: a login, the hand-over of the key, a restoration
    basis: str
    #: last day of the half year; the account is idle only after it
    last_day: date
    #: the last login that each source saw
    logins: tuple[LoginSeen, ...]
    #: spans in which a login would not have been seen; empty where the evidence is complete
    holes: tuple[Hole, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPlan:
    """Who is to be suspended, who is left alone and why, and what speaks against going on."""

    on: date
    idle: tuple[Idle, ...]
    #: number of accounts left alone, by reason
    spared: Mapping[str, int]
    #: reasons to refuse; a person may decide to go on in spite of them, and that is recorded
    obstacles: tuple[str, ...]


def counts_from(account: Account, logins: Iterable[LoginSeen]) -> tuple[datetime, str] | None:
    """The moment that the half year counts from, and what happened then; None before the first key is handed over.

    The latest of: the last login that any source saw; the hand-over of the key, for who never logged in (reading
    A-03); the restoration of the login (reading A-04).
    """
    if account.handed_over_at is None:
        return None
    moments = [(account.handed_over_at, "领取密钥 / key handed over")]
    if account.restored_at is not None:
        moments.append((account.restored_at, "恢复登录资格 / login restored"))
    moments += [(seen.at, f"最后登录 / last login ({seen.source})") for seen in logins]
    return max(moments, key=lambda moment: moment[0])


def is_idle(since: date, *, on: date) -> bool:
    """Whether half a year without login is over: 半年内未登录, six calendar months (Article 6 (4), reading A-01)."""
    return is_over(since, months=HALF_YEAR_MONTHS, on=on)


def plan_sweep(
    accounts: Iterable[Account],
    *,
    logins: Mapping[str, Sequence[LoginSeen]],
    spans: Sequence[Span],
    now: datetime,
    last_sweep: datetime | None,
    limits: Limits,
) -> SweepPlan:
    """Who is idle now, by the evidence at hand: 对半年内未登录的系统用户 (Article 6 (4)).

    Nobody is exempt (reading A-21). Left alone: who is suspended or deregistered, who never got a key, and whose
    half year is not over.
    """
    on = beijing_date(now)
    idle: list[Idle] = []
    spared: Counter[str] = Counter()
    for account in accounts:
        found = _idle_or_reason(account, logins.get(account.login, ()), spans, now, on)
        if isinstance(found, Idle):
            idle.append(found)
        else:
            spared[found] += 1
    looked_at = len(idle) + spared[_ACTIVE]
    return SweepPlan(
        on=on,
        idle=tuple(idle),
        spared=dict(spared),
        obstacles=tuple(_obstacles(idle, looked_at, now, last_sweep, limits)),
    )


_ACTIVE = "半年内有登录或新领密钥 / active within half a year"
_NO_KEY = "尚未领取密钥 / no key handed over yet"


def _idle_or_reason(
    account: Account, logins: Sequence[LoginSeen], spans: Sequence[Span], now: datetime, on: date
) -> Idle | str:
    if account.state is not AccountState.ACTIVE:
        return f"{account.state.zh} / {account.state.value}"
    start = counts_from(account, logins)
    if start is None:
        return _NO_KEY
    moment, basis = start
    since = beijing_date(moment)
    if not is_idle(since, on=on):
        return _ACTIVE
    return Idle(
        account=account,
        since=since,
        basis=basis,
        last_day=last_day_of_period(since, months=HALF_YEAR_MONTHS),
        logins=tuple(logins),
        holes=holes(realm_source(account.user_class), spans, start=moment, end=now - FRESH),
    )


def _obstacles(
    idle: Sequence[Idle], looked_at: int, now: datetime, last_sweep: datetime | None, limits: Limits
) -> Iterable[str]:
    incomplete = sum(1 for found in idle if found.holes)
    if incomplete:
        yield f"证据不完整：{incomplete}个用户 / evidence has holes for {incomplete} accounts"
    if len(idle) > limits.always_allowed and len(idle) > looked_at * limits.most_share:
        yield (
            f"将暂停{len(idle)}/{looked_at}个用户，超过上限{limits.most_share:.0%}"
            " / more than the set share would be suspended"
        )
    if last_sweep is not None and last_sweep > now:
        yield "时钟早于上次清理 / the clock is behind the last sweep"
