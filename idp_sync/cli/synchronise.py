"""idp-sync plan, sync, drift: directory and realms agree with the register."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click

from idp_sync.cli.common import acting, actor_of, as_json, installation, print_json, progress, say
from idp_sync.cli.outcome import finish, say_synced
from idp_sync.domain.plan import Change, Create, ExpelMember, Modify, Plan, Remove

#: more changes than that are only counted, unless --all is given
_SHOWN = 40

_HEADINGS = {
    Create: "＋ 新建 / create",
    Modify: "～ 更改 / modify",
    ExpelMember: "！ 清除组内外来成员 / expel from a permission group",
    Remove: "－ 删除 / remove",
}


@click.command()
@click.option("--all", "show_all", is_flag=True, help="全部列出 / list every change.")
@as_json
@click.pass_context
def plan(context: click.Context, *, show_all: bool, as_json: bool) -> None:
    """将要做的变更 / what sync would change in the directory; nothing is changed by looking."""
    found = installation(context).synchronise.plan()
    _show(found, as_json=as_json, show_all=show_all)


@click.command()
@click.option("--all", "show_all", is_flag=True, help="全部列出 / list every difference.")
@as_json
@click.pass_context
def drift(context: click.Context, *, show_all: bool, as_json: bool) -> None:
    """他处的改动 / what differs from the register, because others changed it or a sync is due. Exit 1 if anything."""
    found = installation(context).synchronise.plan()
    _show(found, as_json=as_json, show_all=show_all)
    if found.changes or found.foreign:
        raise click.exceptions.Exit(1)


@click.command()
@acting
@click.option("--dry-run", is_flag=True, help="只显示计划 / only show the plan.")
@click.pass_context
def sync(context: click.Context, acting_as: str, *, dry_run: bool) -> None:
    """执行同步 / apply the plan, and let Keycloak take it over. An interrupted sync is finished by the next one."""
    house = installation(context)
    actor = actor_of(house, acting_as)
    if dry_run:
        _show(house.synchronise.plan(), as_json=False, show_all=False)
        return
    with progress("同步 / sync") as step:
        synced = house.synchronise.sync(actor=actor, progress=step)
    if not synced.changed:
        say("无变更 / no change: 目录与登记一致")
    say_synced(synced)
    for picked_up in synced.picked_up:
        say(
            f"  Keycloak {picked_up.user_class.value}: added {picked_up.added}, updated {picked_up.updated},"
            f" removed {picked_up.removed}, failed {picked_up.failed}"
        )
    _say_foreign(synced.plan)
    finish(synced)


def _show(found: Plan, *, as_json: bool, show_all: bool) -> None:
    if as_json:
        print_json({"changes": [_document(c) for c in found.changes], "foreign": [f.login for f in found.foreign]})
        return
    if found.is_empty:
        say("无变更 / no change: 目录与登记一致")
    for kind, heading in _HEADINGS.items():
        changes = [c for c in found.changes if type(c) is kind]
        if changes:
            say(f"{heading}: {len(changes)}")
            for line in _tree(changes if show_all else changes[:_SHOWN]):
                say(line)
            if len(changes) > _SHOWN and not show_all:
                say(f"   … 其余{len(changes) - _SHOWN}项，--all 全部列出 / more, list them with --all")
    _say_foreign(found)


def _say_foreign(found: Plan) -> None:
    for entry in found.foreign:
        say(f"？ {entry.login}（{entry.user_class.zh}）：登记中没有，不动它 / unknown to the register, left alone")


def _tree(changes: Iterable[Change]) -> Iterator[str]:
    """The changes as a tree, by unit where there is one."""
    unit = None
    for change in sorted(changes, key=lambda c: (_unit(c), c.login)):
        if _unit(change) != unit:
            unit = _unit(change)
            yield f"  {unit}"
        yield f"    {_title(change)}"
        yield from (f"      {line}" for line in _details(change))


def _unit(change: Change) -> str:
    match change:
        case Create(entry=entry) | Remove(entry=entry):
            return entry.unit_name
        case Modify(after=after):
            return after.unit_name
        case ExpelMember(permission=permission):
            return permission


def _title(change: Change) -> str:
    match change:
        case Create(entry=entry) | Remove(entry=entry):
            return f"{entry.login} {entry.name}"
        case Modify(after=after):
            return f"{after.login} {after.name}"
        case ExpelMember(member=member):
            return member


def _details(change: Change) -> Iterator[str]:
    match change:
        case Create(entry=entry):
            yield " ".join(sorted(entry.permissions))
        case Modify():
            for field, before, after in change.differences():
                yield f"{field}: {_short(before)} → {_short(after)}"
            yield from (f"＋ {code}" for code in sorted(change.granted))
            yield from (f"－ {code}" for code in sorted(change.withdrawn))


def _short(value: str) -> str:
    most = 40
    return f"{value[:12]}…" if len(value) > most else value or "（空）"


def _document(change: Change) -> dict[str, object]:
    match change:
        case Create(entry=entry):
            return {"kind": "create", "login": entry.login, "permissions": sorted(entry.permissions)}
        case Remove(entry=entry):
            return {"kind": "remove", "login": entry.login}
        case Modify():
            fields = {f: {"before": b, "after": a} for f, b, a in change.differences()}
            return {
                "kind": "modify",
                "login": change.login,
                "fields": fields,
                "granted": sorted(change.granted),
                "withdrawn": sorted(change.withdrawn),
            }
        case ExpelMember(permission=permission, member=member):
            return {"kind": "expel", "permission": permission, "member": member}
