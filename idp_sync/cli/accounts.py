"""idp-sync accounts: who may log in."""

from __future__ import annotations

from collections.abc import Iterator

import click

from idp_sync.cli.common import acting, actor_of, as_json, installation, print_json, print_table, say
from idp_sync.cli.outcome import finish, say_synced
from idp_sync.domain.account import Account, AccountState


@click.group()
def accounts() -> None:
    """用户 / accounts: who may log in, with which permissions."""


@accounts.command("list")
@click.option("--state", type=click.Choice([s.value for s in AccountState]), help="状态 / only in this state.")
@as_json
@click.pass_context
def list_(context: click.Context, state: str | None, *, as_json: bool) -> None:
    """用户列表 / all accounts."""
    house = installation(context)
    with house.register.transaction(read_only=True) as tx:
        found = [a for a in tx.accounts.all() if state is None or a.state.value == state]
    if as_json:
        print_json([_document(account) for account in found])
        return
    print_table(
        f"用户 / accounts: {len(found)}",
        ("登录名称", "姓名", "单位", "状态", "密钥", "权限"),
        ((a.login, a.name, a.unit.name, a.state.zh, a.key_number or "—", _few(sorted(a.permissions))) for a in found),
    )


@accounts.command()
@click.argument("login", metavar="登录名称")
@as_json
@click.pass_context
def show(context: click.Context, login: str, *, as_json: bool) -> None:
    """一个用户的全部 / one account: permissions and where they come from, keys, logins, acts."""
    house = installation(context)
    with house.register.transaction(read_only=True) as tx:
        account = tx.accounts.get(login)
        keys = list(tx.keys.all(login=login))
        seen = tx.evidence.last_logins([login]).get(login, ())
        acts = list(tx.journal.entries(subject=login))
    if as_json:
        print_json(
            _document(account)
            | {
                "keys": [{"number": k.number, "state": k.state} for k in keys],
                "last_logins": {s.source: s.at.isoformat() for s in seen},
            }
        )
        return
    say(f"{account.login}  {account.name}  {account.unit.name}  {account.state.zh}")
    say(f"  来自申请 / from application {account.application}")
    for code in sorted(account.permissions):
        permission = house.book.catalogue.get(code)
        say(f"  权限 {code}  {permission.label if permission else '（目录中已无此项 / no longer in the catalogue）'}")
    for key in keys:
        say(f"  密钥 {key.number}  {key.state.zh}")
    for login_seen in seen:
        say(f"  最后登录 {login_seen.at:%Y-%m-%d %H:%M}Z  {login_seen.source}")
    for entry in acts:
        say(f"  {entry.at:%Y-%m-%d %H:%M}Z  {entry.act}  {entry.actor}@{entry.office}  {entry.article}")


@accounts.command()
@click.argument("login", metavar="登录名称")
@click.option("--identity-check", required=True, help="如何核实本人身份 / how the identity was checked, e.g. 回拨电话.")
@acting
@click.pass_context
def restore(context: click.Context, login: str, identity_check: str, acting_as: str) -> None:
    """恢复登录资格（城建研究中心）/ restore a suspended login; the half year starts anew."""
    house = installation(context)
    restored = house.restore.restore(login, actor=actor_of(house, acting_as), identity_check=identity_check)
    say(f"{login}：已恢复登录资格，半年期重新起算 / restored, the half year starts anew")
    say_synced(restored.synced)
    finish(restored.synced)


@accounts.command()
@click.argument("login", metavar="登录名称")
@click.argument("code", metavar="权限")
@click.option("--by", required=True, metavar="登录名称", help="本单位管理用户 / the unit's own administrator.")
@click.pass_context
def withhold(context: click.Context, login: str, code: str, by: str) -> None:
    """企业扣减本单位用户的权限（附件2）/ an enterprise's administrator withholds an item of the bundle."""
    installation(context).withhold.withhold(login, code, by=by)
    say(f"{login}：已扣减 / withheld: {code}（下次同步生效 / with the next sync）")


@accounts.command("give-back")
@click.argument("login", metavar="登录名称")
@click.argument("code", metavar="权限")
@click.option("--by", required=True, metavar="登录名称", help="本单位管理用户 / the unit's own administrator.")
@click.pass_context
def give_back(context: click.Context, login: str, code: str, by: str) -> None:
    """企业恢复扣减的权限（附件2）/ an enterprise's administrator gives a withheld item back."""
    installation(context).withhold.give_back(login, code, by=by)
    say(f"{login}：已恢复 / given back: {code}（下次同步生效 / with the next sync）")


def _document(account: Account) -> dict[str, object]:
    return {
        "login": account.login,
        "name": account.name,
        "person_number": account.person_number,
        "unit": account.unit.name,
        "user_class": account.user_class,
        "level": account.unit.rank,
        "district": account.unit.district,
        "state": account.state,
        "permissions": sorted(account.permissions),
        "key": account.key_number,
        "application": account.application,
        "handed_over_at": account.handed_over_at,
        "suspended_at": account.suspended_at,
        "restored_at": account.restored_at,
    }


def _few(codes: list[str], most: int = 3) -> str:
    shown: Iterator[str] = iter(codes[:most])
    return " ".join(shown) + (f" … ({len(codes)})" if len(codes) > most else "")
