"""idp-sync duties: what offices and units have still to do, and since when."""

from __future__ import annotations

import click

from idp_sync.bootstrap import Installation
from idp_sync.cli.common import as_json, installation, print_json, print_table
from idp_sync.domain.duty import Duty, DutyKind, competence_for


@click.command()
@click.option("--kind", type=click.Choice([k.value for k in DutyKind]), help="种类 / only of this kind.")
@click.option("--on", "login", help="用户 / only about this account.")
@as_json
@click.pass_context
def duties(context: click.Context, kind: str | None, login: str | None, *, as_json: bool) -> None:
    """待办事项 / open tasks, oldest first, with the office whose they are and their age."""
    house = installation(context)
    with house.register.transaction(read_only=True) as tx:
        found = tx.duties.open(kind=DutyKind(kind) if kind else None, login=login)
    if as_json:
        print_json([_document(house, duty) for duty in found])
        return
    now = house.clock.now()
    print_table(
        f"待办事项 / open tasks: {len(found)}",
        ("事项", "由谁办理", "用户", "密钥", "申请", "已过天数"),
        (
            (
                duty.kind.zh,
                _whose(house, duty),
                duty.login or "—",
                duty.key_number or "—",
                duty.application or "—",
                str((now - duty.since).days),
            )
            for duty in found
        ),
    )


def _whose(house: Installation, duty: Duty) -> str:
    competence = competence_for(duty)
    return house.book.offices.with_competence(competence).name if competence is not None else duty.unit_number


def _document(house: Installation, duty: Duty) -> dict[str, object]:
    return {
        "kind": duty.kind,
        "whose": _whose(house, duty),
        "login": duty.login,
        "key": duty.key_number,
        "unit": duty.unit_number,
        "application": duty.application,
        "since": duty.since.isoformat(),
        "age_days": (house.clock.now() - duty.since).days,
    }
