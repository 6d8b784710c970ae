"""How an act that reaches directory and realms is shown, and with which exit code it ends."""

from __future__ import annotations

import click

from idp_sync.cli.common import say
from idp_sync.cli.streams import complain
from idp_sync.domain.errors import Unavailable
from idp_sync.services.synchronise import Synced


def say_synced(synced: Synced) -> None:
    """What directory and realms were told, and what is left."""
    counts = "、".join(f"{name} {count}" for name, count in synced.plan.counts().items())
    if counts:
        say(f"  目录 / directory: {counts}")
    for task in synced.tasks_done:
        say(f"  Keycloak {task.user_class.value}: {task.kind.value} {task.login}")
    if synced.problem:
        complain(f"  目录未更新，下次同步补做 / left for the next sync: {synced.problem}")
    for task in synced.tasks_left:
        complain(
            f"  Keycloak {task.user_class.value}: {task.kind.value} {task.login}"
            f" 未完成，下次同步补做 / left for the next sync: {task.problem}"
        )


def finish(synced: Synced) -> None:
    """Exit 7 where something is left for the next sync: the act itself is recorded, and nothing is lost."""
    if not synced.complete:
        raise click.exceptions.Exit(Unavailable.exit_code)
