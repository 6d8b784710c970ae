"""What the commands share: the installation, the acting person, JSON, tables and progress."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from textwrap import indent
from typing import Any, TypeVar

import click

from idp_sync.bootstrap import Installation, default_home
from idp_sync.cli.streams import visible, writes_unicode
from idp_sync.domain.errors import InputError
from idp_sync.domain.journal import Actor
from idp_sync.domain.name import read_name

F = TypeVar("F", bound=Callable[..., Any])


def installation(context: click.Context) -> Installation:
    """The installation that the command works on."""
    home = context.find_root().obj
    return Installation(home=Path(home) if home else default_home())


def acting(function: F) -> F:
    """Add the option that says who acts, for which office."""
    return click.option(
        "--as",
        "acting_as",
        envvar="IDP_SYNC_AS",
        required=True,
        metavar="姓名@部门",
        help="经办人与部门 / who acts, for which office, e.g. 王五@房屋登记管理处.",
    )(function)


def actor_of(house: Installation, acting_as: str) -> Actor:
    """The person and office of `--as`.

    Raises:
        InputError: it is not NAME@OFFICE, or no name: what the journal shows must be what was meant.
        NotFound: there is no such office.
    """
    name, separator, office = acting_as.partition("@")
    if not (separator and name.strip() and office.strip()):
        raise InputError(f"--as {acting_as}：应为 姓名@部门 / must be NAME@OFFICE")
    person = read_name(name).name
    if person is None:
        raise InputError(
            f"--as {acting_as}：不是姓名 / is no name: it is too long, or has characters that are not seen"
        )
    return Actor(name=person, office=house.book.offices.get(office))


def as_json(function: F) -> F:
    """Add --json."""
    return click.option("--json", "as_json", is_flag=True, help="输出JSON / machine-readable output.")(function)


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    click.echo(_dumped(value, indented=True))


def print_json_line(value: object) -> None:
    """One JSON document on a line of its own."""
    click.echo(_dumped(value))


def print_json_list(values: Iterable[object]) -> None:
    """One JSON document, a list, whose items are printed as they come: nobody holds them all."""
    separator = "["
    for value in values:
        click.echo(separator)
        click.echo(indent(_dumped(value, indented=True), "  "), nl=False)
        separator = ","
    click.echo("[]" if separator == "[" else "\n]")


def _dumped(value: object, *, indented: bool = False) -> str:
    return json.dumps(value, ensure_ascii=not writes_unicode(), indent=2 if indented else None, default=str)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table that fits the terminal; plain where there is none, or NO_COLOR is set."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(soft_wrap=False, width=None if sys.stdout.isatty() else _width_without_terminal())
    table = Table(title=escape(title), title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(escape(visible(cell)) for cell in row))
    with console.capture() as captured:  # rich would end the program by itself where nobody reads
        console.print(table)
    click.echo(captured.get(), nl=False)


def _width_without_terminal() -> int:
    return 160


def say(text: str) -> None:
    """One line for people, on standard output."""
    click.echo(visible(text))


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """A bar on standard error, on a terminal only: long work shows how far it is, and is silent in a pipe.

    The total is None where nobody knows it beforehand. What is printed meanwhile stands above the bar.
    """
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console, shown = Console(stderr=True), sys.stdout.isatty()  # what goes into a pipe is left alone
    with Progress(*columns, console=console, transient=True, redirect_stdout=shown) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
