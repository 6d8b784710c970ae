"""idp-sync permissions: the permission catalogue."""

from __future__ import annotations

from pathlib import Path

import click

from idp_sync.bootstrap import shipped_rule_book
from idp_sync.cli.common import as_json, print_json, print_table, say


@click.group()
def permissions() -> None:
    """权限目录 / the permission catalogue (Annex 1 and 2)."""


@permissions.command("list")
@as_json
def list_(*, as_json: bool) -> None:
    """所有权限项 / all items, with office's matter, level or type, scope and systems."""
    items = shipped_rule_book().catalogue.permissions
    if as_json:
        print_json(
            [
                {
                    "code": p.code,
                    "title": p.title,
                    "text": p.text,
                    "matter": p.matter,
                    "user_class": p.user_class,
                    "level": p.level,
                    "organisation_type": p.organisation_type,
                    "scope": p.scope,
                    "systems": sorted(p.systems),
                }
                for p in items
            ]
        )
        return
    print_table(
        f"权限目录 / permissions: {len(items)}",
        ("代码", "类别", "适用", "系统", "内容"),
        (
            (
                p.code,
                p.category,
                (p.level or p.organisation_type or p.user_class).zh,
                " ".join(sorted(p.systems)),
                p.label,
            )
            for p in items
        ),
    )


@permissions.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False))
def check(folder: str) -> None:
    """检查另一套规则文件 / check a folder of the shape of roles/: refuses one that contradicts itself."""
    from idp_sync.adapters.rulebook import read_rule_book

    book = read_rule_book(Path(folder))
    say(f"可用 / sound: {len(book.catalogue.permissions)} permissions, {len(book.offices.offices)} offices")
