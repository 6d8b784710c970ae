"""idp-sync units: the organisations whose people are users."""

from __future__ import annotations

from dataclasses import replace

import click

from idp_sync.cli.common import acting, actor_of, as_json, installation, print_json, print_table, say
from idp_sync.domain.unit import Contact, Level, OrganisationType, RegisteredUnit, Unit, UnitState
from idp_sync.services.units import UnitChange


@click.group()
def units() -> None:
    """单位 / units: the organisations whose people are users."""


@units.command("list")
@click.option("--state", type=click.Choice([s.value for s in UnitState]), help="状态 / only in this state.")
@as_json
@click.pass_context
def list_(context: click.Context, state: str | None, *, as_json: bool) -> None:
    """单位列表 / all units."""
    house = installation(context)
    with house.register.transaction(read_only=True) as tx:
        found = list(tx.units.all(state=UnitState(state) if state else None))
    if as_json:
        print_json([_document(unit) for unit in found])
        return
    print_table(
        f"单位 / units: {len(found)}",
        ("编号", "名称", "类别", "级别", "区", "代码", "状态", "联系人"),
        (
            (
                u.number,
                u.unit.name,
                u.unit.user_class.zh,
                u.unit.level.zh if u.unit.level else "—",
                u.unit.district or "—",
                u.unit.credit_code or u.unit.organisation_code or "—",
                u.state.zh,
                u.contact.name or "—",
            )
            for u in found
        ),
    )


@units.command()
@click.argument("number", metavar="单位编号")
@as_json
@click.pass_context
def show(context: click.Context, number: str, *, as_json: bool) -> None:
    """一个单位及其用户 / one unit with its users and open tasks."""
    house = installation(context)
    with house.register.transaction(read_only=True) as tx:
        found = tx.units.get(number)
        accounts = list(tx.accounts.of_unit(found.unit))
        duties = tx.duties.open(unit_number=number)
    if as_json:
        print_json(_document(found) | {"users": [a.login for a in accounts], "open": [d.kind for d in duties]})
        return
    say(f"{found.number}  {found.unit.name}  {found.state.zh}  {found.contact.name} {found.contact.phone}".rstrip())
    for account in accounts:
        say(f"  {account.login}  {account.name}  {account.state.zh}")
    for duty in duties:
        say(f"  待办 / open: {duty.kind.zh} {duty.login} {duty.since:%Y-%m-%d}")


@units.command()
@click.argument("number", metavar="单位编号")
@click.option("--name", help="名称 / its new name.")
@click.option("--district", help="区代码 / code of the district that it moved to.")
@click.option("--level", type=click.Choice([level.value for level in Level]), help="级别 / its new level.")
@click.option(
    "--type", "type_", type=click.Choice([t.value for t in OrganisationType]), help="机构类型 / its new type."
)
@click.option("--credit-code", help="统一社会信用代码 / its credit code.")
@click.option("--apply", "apply_", is_flag=True, help="执行 / without it the change is only shown.")
@acting
@click.pass_context
def change(
    context: click.Context,
    number: str,
    *,
    name: str | None,
    district: str | None,
    level: str | None,
    type_: str | None,
    credit_code: str | None,
    apply_: bool,
    acting_as: str,
) -> None:
    """变更 / a unit is renamed, moves to another district, changes level or type; its people go with it."""
    house = installation(context)
    with house.register.transaction(read_only=True) as tx:
        before = tx.units.get(number).unit
    after = replace(
        before,
        name=name or before.name,
        district=district or before.district,
        level=Level(level) if level else before.level,
        organisation_type=OrganisationType(type_) if type_ else before.organisation_type,
        credit_code=credit_code or before.credit_code,
    )
    _show(house.units.change(number, after, actor=actor_of(house, acting_as), apply=apply_), applied=apply_)


@units.command()
@click.argument("number", metavar="单位编号")
@click.option("--into", required=True, metavar="单位编号", help="并入 / the unit that takes it up.")
@click.option("--apply", "apply_", is_flag=True, help="执行 / without it the change is only shown.")
@acting
@click.pass_context
def merge(context: click.Context, number: str, *, into: str, apply_: bool, acting_as: str) -> None:
    """合并 / a unit is taken up by another one, with its people."""
    house = installation(context)
    _show(house.units.merge(number, into, actor=actor_of(house, acting_as), apply=apply_), applied=apply_)


@units.command()
@click.argument("number", metavar="单位编号")
@click.option("--name", default="", help="联系人 / who answers.")
@click.option("--phone", default="", help="联系电话 / telephone.")
@click.option("--email", default="", help="电子邮件 / where notices go; without it they are printed.")
@click.option("--address", default="", help="地址 / postal address.")
@acting
@click.pass_context
def contact(
    context: click.Context, number: str, *, name: str, phone: str, email: str, address: str, acting_as: str
) -> None:
    """联系方式 / who answers for the unit, and where notices go."""
    house = installation(context)
    given = Contact(name=name, phone=phone, email=email, address=address)
    house.units.set_contact(number, given, actor=actor_of(house, acting_as))
    say(f"{number}：联系方式已更新 / contact recorded")


@units.command()
@acting
@click.pass_context
def ask(context: click.Context, acting_as: str) -> None:
    """核对名单 / ask every unit to confirm its list of users; unanswered questions stay open tasks."""
    house = installation(context)
    asked = house.units.ask_for_confirmation(actor=actor_of(house, acting_as))
    say(f"已发出核对 / asked: {len(asked)}")


@units.command()
@click.argument("number", metavar="单位编号")
@click.option("--left", multiple=True, metavar="登录名称", help="已离岗的用户 / who left; may be given several times.")
@acting
@click.pass_context
def confirm(context: click.Context, number: str, left: tuple[str, ...], acting_as: str) -> None:
    """登记答复 / the unit has answered; who left becomes an open task until deregistered."""
    house = installation(context)
    tasks = house.units.record_confirmation(number, left=left, actor=actor_of(house, acting_as))
    say(f"{number}：已登记答复，离岗 {len(tasks)} 人 / answer recorded, left: {len(tasks)}")


def _show(change: UnitChange, *, applied: bool) -> None:
    say(f"{change.before.number}  {_line(change.before.unit)}")
    target = f"{change.after.state.zh} → {change.after.merged_into}" if change.after.merged_into else ""
    say(f"       →  {target or _line(change.after.unit)}")
    for before, after in change.accounts:
        gained, lost = after.permissions - before.permissions, before.permissions - after.permissions
        say(f"  {before.login}  {before.name}  {' '.join(f'＋{c}' for c in sorted(gained))}".rstrip())
        if lost:
            say(f"      {' '.join(f'－{code}' for code in sorted(lost))}")
    done = "已登记，下次同步生效 / recorded, with the next sync" if applied else "未执行；--apply 执行 / shown only"
    say(f"{len(change.accounts)} 个用户 / users: {done}")


def _line(unit: Unit) -> str:
    return " ".join(filter(None, (unit.name, unit.rank, unit.district, unit.code if unit.code != unit.name else "")))


def _document(found: RegisteredUnit) -> dict[str, object]:
    return {
        "number": found.number,
        "name": found.unit.name,
        "user_class": found.unit.user_class,
        "level": found.unit.rank,
        "district": found.unit.district,
        "organisation_type": found.unit.organisation_type,
        "code": found.unit.code,
        "state": found.state,
        "merged_into": found.merged_into,
        "contact": found.contact.name,
        "phone": found.contact.phone,
        "email": found.contact.email,
    }
