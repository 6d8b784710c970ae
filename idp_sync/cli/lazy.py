"""A click group that imports a command when it is used, so that start-up does not pay for the others."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from idp_sync.cli.streams import NobodyReads


class LazyGroup(click.Group):
    """Commands by name, each as («module:attribute», short help)."""

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - handed on to click as it is
        commands_by_name: dict[str, tuple[str, str]],
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(*args, **kwargs)
        self._by_name = commands_by_name

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - whatever the command returns
        """Run the command; click would end the program with 1, which means «no», where nobody reads its output."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise NobodyReads from error

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names, in the order of the table."""
        return list(self._by_name)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command."""
        if cmd_name not in self._by_name:
            return None
        module, attribute = self._by_name[cmd_name][0].split(":")
        command = getattr(import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}:{attribute} is no click command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The table of commands, from the short helps: nothing is imported to show help."""
        with formatter.section("命令 / Commands"):
            formatter.write_dl([(name, help_) for name, (_, help_) in self._by_name.items()])
