"""idp-sync init: the installation is set up."""

from __future__ import annotations

import click

from idp_sync.cli.common import acting, actor_of, as_json, installation, print_json, progress, say


@click.command()
@click.option("-v", "--verbose", is_flag=True, help="列出每一步 / say every step, unchanged ones too.")
@as_json
@acting
@click.pass_context
def init(context: click.Context, acting_as: str, *, verbose: bool, as_json: bool) -> None:
    """建立系统 / make sure of register, authority, directory tree and realms; running it again changes nothing."""
    house = installation(context)
    actor = actor_of(house, acting_as)
    steps = []
    with progress("建立系统 / init") as step:
        for done in house.set_up.set_up(actor=actor):
            steps.append(done)
            step(len(steps), 0)
            if verbose and not as_json:
                say(f"{'＋' if done.changed else '＝'} {done.what}")
    changed = sum(1 for s in steps if s.changed)
    if as_json:
        print_json(
            {"changed": changed, "unchanged": len(steps) - changed, "steps": [s.what for s in steps if s.changed]}
        )
    else:
        say(f"已建立 / set up: {changed} changed, {len(steps) - changed} as they were")
