"""idp-sync stack: real servers as child processes, for demo and tests."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import click

from idp_sync.bootstrap import default_home
from idp_sync.bootstrap.stack import Running, Stack
from idp_sync.cli.common import as_json, print_json, say
from idp_sync.cli.streams import complain


class _Offset(click.ParamType[int]):
    """A span such as -200d, +36h or 0: how far the clock is moved from the real one."""

    name = "时差"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Seconds."""
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"([+-]?)([0-9]{1,5})([dhms]?)", str(value))
        if match is None:
            self.fail(f"{value}: 应为如 -200d、+36h、0 / must be like -200d, +36h, 0", param, ctx)
        sign, number, unit = match.groups()
        names = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds", "": "seconds"}
        span = timedelta(**{names[unit]: int(number)})
        return int(span.total_seconds()) * (-1 if sign == "-" else 1)


@click.group()
def stack() -> None:
    """本机演示服务 / a real slapd and a real Keycloak as child processes, on loopback, for demo and tests."""


@stack.command()
@click.option("--clock", type=_Offset(), help="安装的时钟与真实时间之差 / move the installation's clock, e.g. -200d.")
@click.pass_context
def up(context: click.Context, clock: int | None) -> None:
    """启动 / start both servers and write the settings that lead to them; what runs already is left alone."""
    running = _stack(context).up(clock_offset=clock, say=lambda text: complain(f"… {text}"))
    _show(running)


@stack.command()
@click.pass_context
def down(context: click.Context) -> None:
    """停止 / end exactly what `stack up` started; data stays."""
    ended = _stack(context).down()
    say(f"已停止 / ended: {'、'.join(ended)}" if ended else "没有运行中的服务 / nothing was running")


@stack.command()
@as_json
@click.pass_context
def status(context: click.Context, *, as_json: bool) -> None:
    """状态 / which servers run; exit code 1 where one does not."""
    found = _stack(context).status()
    if as_json:
        print_json([{"name": s.name, "url": s.url, "running": s.running} for s in found])
    else:
        _show(found)
    raise click.exceptions.Exit(0 if all(s.running for s in found) else 1)


@stack.command(context_settings={"ignore_unknown_options": True})
@click.argument("offset", type=_Offset())
@click.pass_context
def clock(context: click.Context, offset: int) -> None:
    """调时钟 / move this installation's clock: -200d is 200 days ago, 0 the present. Refused outside a stack."""
    _stack(context).move_clock(offset)
    say(f"时钟 / clock: {timedelta(seconds=offset)}")


def _stack(context: click.Context) -> Stack:
    home = context.find_root().obj
    return Stack(Path(home) if home else default_home())


def _show(found: list[Running]) -> None:
    for server in found:
        say(f"{'运行 / running' if server.running else '停止 / stopped'}  {server.name}  {server.url}")
