"""idp-sync notices: what offices, units and people are told, by e-mail or by letter."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from idp_sync.cli.common import acting, actor_of, as_json, installation, print_json_line, print_table, say
from idp_sync.cli.folder import OutFolder, out_folder
from idp_sync.domain.errors import Unavailable
from idp_sync.domain.notice import Notice, NoticeState
from idp_sync.ports import RenderedNotice
from idp_sync.services.deliver import is_own

#: what a person has to look after
_TROUBLE = (NoticeState.FAILED, NoticeState.IN_DOUBT)


@click.group()
def notices() -> None:
    """通知 / notices: what offices, units and people are told, by e-mail or by letter."""


@notices.command("list")
@click.option("--state", type=click.Choice([s.value for s in NoticeState]), help="状态 / only in this state.")
@click.option("--application", help="申请编号 / only on this application.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=50, show_default=True, help="最近条数 / the newest so many."
)
@as_json
@click.pass_context
def list_(context: click.Context, *, state: str | None, application: str | None, limit: int, as_json: bool) -> None:
    """通知清单 / the notices, by number; as JSON one on each line."""
    wanted = NoticeState(state) if state else None
    with installation(context).register.transaction(read_only=True) as tx:
        found = tx.notices.all(state=wanted, application=application, limit=limit)
        if as_json:
            for notice in found:
                print_json_line(_document(notice))
            return
        rows = [_row(notice) for notice in found]
    print_table(f"通知 / notices: {len(rows)}", ("编号", "内容", "收件", "方式", "状态", "次数", "问题"), rows)


@notices.command()
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=1000, show_default=True, help="最多 / at most so many."
)
@click.option("--dry-run", is_flag=True, help="只显示 / only say which would be sent.")
@acting
@as_json
@click.pass_context
def send(context: click.Context, *, limit: int, dry_run: bool, acting_as: str, as_json: bool) -> None:
    """发送到期的通知 / send what is due by e-mail; as JSON one line for each. Exit 7 where something is in trouble."""
    house = installation(context)
    actor = actor_of(house, acting_as)
    if dry_run:
        with house.register.transaction(read_only=True) as tx:
            for notice in tx.notices.due(house.clock.now(), limit=limit):
                _say(notice, as_json=as_json)
        return
    trouble = False
    for notice in house.deliver.deliver(limit=limit, actor=actor):
        _say(notice, as_json=as_json)
        trouble = trouble or notice.state in _TROUBLE
    if trouble:
        raise click.exceptions.Exit(Unavailable.exit_code)


@notices.command()
@click.argument("number", metavar="通知编号", type=click.IntRange(min=1))
@acting
@click.pass_context
def resend(context: click.Context, number: int, acting_as: str) -> None:
    """重发失败或不明的通知 / queue a notice again that failed, or of which nobody knows whether it arrived."""
    house = installation(context)
    _say(house.deliver.resend(number, actor=actor_of(house, acting_as)), as_json=False)


@notices.command()
@click.argument("number", metavar="通知编号", type=click.IntRange(min=1))
@click.option("--found", required=True, help="如何得知已送达 / how it was found that it arrived, e.g. 电话核实.")
@acting
@click.pass_context
def settle(context: click.Context, number: int, *, found: str, acting_as: str) -> None:
    """确认不明的通知已送达 / record that a notice in doubt arrived after all."""
    house = installation(context)
    _say(house.deliver.settle(number, found=found, actor=actor_of(house, acting_as)), as_json=False)


@notices.command("print")
@click.argument("numbers", metavar="[通知编号]…", nargs=-1, type=click.IntRange(min=1))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="存放信函的文件夹，缺省为屏幕 / folder for the letters; standard output if not given.",
)
@click.option("--dry-run", is_flag=True, help="只显示 / only say which would be printed.")
@acting
@click.pass_context
def print_(
    context: click.Context, numbers: tuple[int, ...], *, out: Path | None, dry_run: bool, acting_as: str
) -> None:
    """打印信函 / print letters as text: those that wait, of every office that you act for, or those numbers."""
    house = installation(context)
    actor = actor_of(house, acting_as)
    waiting = [n for n in house.deliver.letters() if is_own(n, actor)]
    chosen = numbers or tuple(n.number for n in waiting)
    if dry_run:
        for notice in waiting:
            if notice.number in chosen:
                _say(notice, as_json=False)
        return
    for number in chosen:
        if out is None:
            house.deliver.print_letter(number, lambda _notice, text: click.echo(_letter(text)), actor=actor)
            continue
        with out_folder(out) as folder:  # one at a time: what is recorded as printed is not taken back
            house.deliver.print_letter(number, partial(_write, folder), actor=actor)
    if out is not None or not chosen:
        say(f"信函 / letters: {len(chosen)}")


def _write(folder: OutFolder, notice: Notice, text: RenderedNotice) -> None:
    say(f"  {folder.write(f'notice-{notice.number:06d}.txt', _letter(text).encode())}")


def _letter(text: RenderedNotice) -> str:
    return f"{text.subject}\n\n{text.body}\f"


def _say(notice: Notice, *, as_json: bool) -> None:
    if as_json:
        print_json_line(_document(notice))
        return
    number, what, *rest = _row(notice)
    say(f"{number}  {what}  " + "  ".join(part for part in rest if part))


def _row(notice: Notice) -> tuple[str, ...]:
    return (
        str(notice.number),
        f"{notice.kind.zh} {notice.application or notice.login}".strip(),
        notice.recipient.name,
        notice.recipient.email or "信函",
        notice.state.zh,
        str(notice.attempts),
        notice.problem,
    )


def _document(notice: Notice) -> dict[str, object]:
    return {
        "number": notice.number,
        "kind": notice.kind,
        "office": notice.office,
        "to": notice.recipient.name,
        "email": notice.recipient.email,
        "application": notice.application,
        "login": notice.login,
        "created_at": notice.created_at.isoformat(),
        "state": notice.state,
        "attempts": notice.attempts,
        "next_attempt_at": notice.next_attempt_at.isoformat(),
        "done_at": notice.done_at.isoformat() if notice.done_at else None,
        "problem": notice.problem,
    }
