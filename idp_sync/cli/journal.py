"""idp-sync journal: who did what, for which office, by which article."""

from __future__ import annotations

import click

from idp_sync.cli.common import as_json, installation, print_json_line, print_table


@click.command()
@click.option("--on", "subject", help="对象 / only on this application, account or key.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=50, show_default=True, help="最近条数 / the newest so many."
)
@as_json
@click.pass_context
def journal(context: click.Context, subject: str | None, limit: int, *, as_json: bool) -> None:
    """日志 / the acts, oldest first."""
    with installation(context).register.transaction(read_only=True) as tx:
        found = list(tx.journal.entries(subject=subject, limit=limit))
    if as_json:
        for entry in found:
            print_json_line(
                {
                    "at": entry.at.isoformat(),
                    "actor": entry.actor,
                    "office": entry.office,
                    "act": entry.act,
                    "subject": entry.subject,
                    "article": entry.article,
                    "detail": dict(entry.detail),
                    "result": entry.result,
                }
            )
        return
    print_table(
        f"日志 / journal: {len(found)}",
        ("时间 UTC", "经办", "行为", "对象", "依据", "内容"),
        (
            (
                f"{e.at:%Y-%m-%d %H:%M:%S}",
                f"{e.actor}@{e.office}",
                e.act,
                e.subject,
                e.article,
                " ".join(f"{k}={v}" for k, v in e.detail.items() if v),
            )
            for e in found
        ),
    )
