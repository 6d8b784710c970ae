"""idp-sync sweep: the half-yearly cleaning."""

from __future__ import annotations

import click

from idp_sync.cli.common import acting, actor_of, as_json, installation, print_json, say
from idp_sync.cli.outcome import finish, say_synced
from idp_sync.domain.idleness import Idle, SweepPlan
from idp_sync.services.sweep import Collected


@click.command()
@click.option("--apply", "apply_", is_flag=True, help="执行 / suspend them; without it the plan is only shown.")
@click.option(
    "--in-spite-of", default="", metavar="理由", help="证据不全仍执行的理由 / why to go on in spite of obstacles."
)
@as_json
@acting
@click.pass_context
def sweep(context: click.Context, in_spite_of: str, acting_as: str, *, apply_: bool, as_json: bool) -> None:
    """半年用户清理（第六条（四））/ who did not log in for half a year, by which evidence; --apply suspends them.

    Exit code 4 where it refuses: the evidence has holes, too many would be suspended, or the clock looks wrong.
    """
    house = installation(context)
    actor = actor_of(house, acting_as)
    collected = tuple(house.sweep.collect())
    found = house.sweep.plan()
    if not as_json:
        _show(found, collected)
    elif not apply_:
        print_json(_document(found, collected))
    if not apply_:
        return
    suspended = house.sweep.apply(found, actor=actor, in_spite_of=in_spite_of)
    if as_json:
        done = {"suspended": [idle.account.login for idle in suspended.idle], "complete": suspended.synced.complete}
        print_json(_document(found, collected) | done)
    else:
        say(f"已暂停登录资格 / suspended: {len(suspended.idle)}")
        say_synced(suspended.synced)
    finish(suspended.synced)


def _show(found: SweepPlan, collected: tuple[Collected, ...]) -> None:
    say(f"用户清理 / sweep {found.on}")
    for source in collected:
        if source.span is None:
            say(f"  证据 / evidence {source.source}: 未记录登录 / logins are not recorded")
        else:
            covered = f"{source.span.start:%Y-%m-%d} … {source.span.end:%Y-%m-%d}"
            say(f"  证据 / evidence {source.source}: {source.logins} logins, {covered}")
    for reason, count in sorted(found.spared.items()):
        say(f"  不动 / left alone: {count}  {reason}")
    for idle in found.idle:
        say(
            f"  暂停 / suspend: {idle.account.login} {idle.account.name}（{idle.account.unit.name}）"
            f" {idle.since}起，{idle.last_day}届满：{idle.basis}"
        )
        for hole in idle.holes:
            say(f"      证据缺口 / hole: {hole.source} {hole.start:%Y-%m-%d} … {hole.end:%Y-%m-%d}")
    for obstacle in found.obstacles:
        say(f"  ! {obstacle}")


def _document(found: SweepPlan, collected: tuple[Collected, ...]) -> dict[str, object]:
    return {
        "on": found.on,
        "idle": [_idle(idle) for idle in found.idle],
        "spared": dict(found.spared),
        "obstacles": list(found.obstacles),
        "evidence": [
            {
                "source": source.source,
                "logins": source.logins,
                "covered": [source.span.start.isoformat(), source.span.end.isoformat()] if source.span else None,
            }
            for source in collected
        ],
    }


def _idle(idle: Idle) -> dict[str, object]:
    return {
        "login": idle.account.login,
        "since": idle.since,
        "basis": idle.basis,
        "last_day": idle.last_day,
        "logins": {seen.source: seen.at.isoformat() for seen in idle.logins},
        "holes": [[hole.source, hole.start.isoformat(), hole.end.isoformat()] for hole in idle.holes],
    }
