"""idp-sync report: who is a user, who may do what and why, what is open, what has changed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from idp_sync.bootstrap import Installation
from idp_sync.cli.common import as_json, installation, print_json, print_table, say
from idp_sync.domain.errors import InputError, Unavailable
from idp_sync.domain.report import Grouping, Report
from idp_sync.services.report import Page

F = TypeVar("F", bound=Callable[..., Any])

#: rows of a page on a terminal, where nobody said how many
ROWS_ON_A_TERMINAL = 50
#: how other programs get a report
_FORMATS = ("csv", "xlsx", "pdf")


@click.group()
def report() -> None:
    """报表 / reports: on the terminal, as CSV, XLSX or PDF. They read the register and change nothing.

    On a terminal a page has 50 rows; in a pipe, with --json or into a file all rows are given unless --limit says
    otherwise.
    """


def _outputs(function: F) -> F:
    """Add what all reports have in common."""
    file = click.Path(dir_okay=False, writable=True, path_type=Path)
    for option in (
        click.option("--csv", type=file, help="写入CSV / write a CSV file (UTF-8 with BOM)."),
        click.option("--xlsx", type=file, help="写入XLSX / write a workbook."),
        click.option("--pdf", type=file, help="写入PDF / write a PDF file."),
        click.option("--limit", type=click.IntRange(min=1), help="每页行数 / rows of a page."),
        click.option("--page", type=click.IntRange(min=1), default=1, show_default=True, help="第几页 / which page."),
    ):
        function = option(function)
    return as_json(function)


@report.command()
@click.option("--by", required=True, type=click.Choice([g.value for g in Grouping]), help="按何分列 / listed by what.")
@click.option(
    "--of", default="", metavar="名称或代码", help="只列其一 / only this unit, permission, district or office."
)
@_outputs
@click.pass_context
def users(context: click.Context, /, *, by: str, of: str, **asked: Any) -> None:  # noqa: ANN401
    """用户：按单位、权限、区或批准部门 / users by unit, permission, district or approving office."""
    house = installation(context)
    _show(house, house.reporting.users(Grouping(by), of=of, page=_page(asked)), asked)


@report.command("who-may")
@click.argument("permission", metavar="权限")
@click.option("--district", default="", metavar="区", help="区代码或名称 / code or name of a district.")
@_outputs
@click.pass_context
def who_may(context: click.Context, /, permission: str, *, district: str, **asked: Any) -> None:  # noqa: ANN401
    """谁有某项权限，为何 / who may do that, in that district, and why: from which application, approved by whom."""
    house = installation(context)
    _show(house, house.reporting.who_may(permission, district=district, page=_page(asked)), asked)


@report.command()
@click.argument("who", metavar="登录名称或姓名")
@_outputs
@click.pass_context
def person(context: click.Context, /, who: str, **asked: Any) -> None:  # noqa: ANN401
    """某人有何权限，自何时起 / what this person may do, since when, from which application, approved by whom."""
    house = installation(context)
    _show(house, house.reporting.person(who, page=_page(asked)), asked)


@report.command("open-tasks")
@_outputs
@click.pass_context
def open_tasks(context: click.Context, /, **asked: Any) -> None:  # noqa: ANN401
    """待办事项及已过天数 / open tasks and their age, applications that wait for their review among them."""
    house = installation(context)
    _show(house, house.reporting.open_tasks(page=_page(asked)), asked)


@report.command()
@click.option("--from", "since", required=True, type=click.DateTime(["%Y-%m-%d"]), help="起 / from this day (Beijing).")
@click.option("--to", "until", type=click.DateTime(["%Y-%m-%d"]), help="止，含当日 / to this day; default: the same.")
@_outputs
@click.pass_context
def changes(context: click.Context, /, *, since: datetime, until: datetime | None, **asked: Any) -> None:  # noqa: ANN401
    """一段时间内的变更 / what was done in a period, both days included."""
    house = installation(context)
    last = (until or since).date()
    _show(house, house.reporting.changes(since=since.date(), until=last, page=_page(asked)), asked)


@report.command()
@_outputs
@click.pass_context
def orphans(context: click.Context, /, **asked: Any) -> None:  # noqa: ANN401
    """目录中已无而用户仍持有的权限 / permissions that accounts hold, but that are no longer in the catalogue.

    Exit code 1 where there are any.
    """
    house = installation(context)
    found = house.reporting.orphans(page=_page(asked))
    _show(house, found, asked)
    if found.rows:
        context.exit(1)


def _page(asked: dict[str, Any]) -> Page:
    """The page that was asked for; all rows, unless they are for a person at a terminal."""
    size = asked["limit"]
    if size is None and not _goes_elsewhere(asked) and _on_a_terminal():
        size = ROWS_ON_A_TERMINAL
    if size is None and asked["page"] > 1:
        size = ROWS_ON_A_TERMINAL
    return Page(size=size, number=asked["page"])


def _on_a_terminal() -> bool:
    return sys.stdout.isatty()


def _goes_elsewhere(asked: dict[str, Any]) -> bool:
    return asked["as_json"] or any(asked[format_] for format_ in _FORMATS)


def _show(house: Installation, made: Report, asked: dict[str, Any]) -> None:
    """Write the files that were asked for; without any, show the table or the JSON document."""
    files = [(format_, asked[format_]) for format_ in _FORMATS if asked[format_]]
    for format_, path in files:
        _write(path, getattr(house.tables, format_)(made))
    if asked["as_json"]:
        print_json(
            {
                "title": made.title,
                "at": made.at.isoformat(),
                "page": made.page,
                "more": made.more,
                "rows": [{key: _plain(cell) for key, cell in row.items()} for row in made.documents()],
            }
        )
    elif files:
        for _, path in files:
            say(f"{path}：{len(made.rows)}行 / rows")
    else:
        print_table(
            f"{made.title}: {len(made.rows)}", [f"{column.zh}\n{column.en}" for column in made.columns], made.in_words()
        )
        if made.more:
            say(f"后有续页 / there are more: --page {made.page + 1}, --limit, --csv …")


def _plain(cell: object) -> object:
    return cell.isoformat() if isinstance(cell, datetime) else cell


def _write(path: Path, content: bytes) -> None:
    if not path.parent.is_dir():
        raise InputError(f"{path}：没有这个文件夹 / there is no such folder")
    try:
        path.write_bytes(content)
    except OSError as error:
        raise Unavailable(f"{path}：无法写入 / can't be written: {error.strerror}") from None
