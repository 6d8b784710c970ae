"""idp-sync attachments: scans of forms and papers, kept with their applications."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from idp_sync.cli.common import acting, actor_of, as_json, installation, print_json, print_table, progress, say
from idp_sync.cli.folder import out_folder
from idp_sync.cli.streams import complain
from idp_sync.domain.attachment import LARGEST_BYTES, Attachment, AttachmentKind
from idp_sync.domain.errors import IdpSyncError, InputError


@click.group()
def attachments() -> None:
    """附件 / attachments: scans of forms and papers, kept with their applications (Article 9)."""


@attachments.command()
@click.argument("application", metavar="申请编号")
@click.argument("files", metavar="文件…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--kind",
    type=click.Choice([k.value for k in AttachmentKind]),
    default=AttachmentKind.OTHER.value,
    show_default=True,
    help="种类 / what the paper is: the form itself, a proof of Article 5 (2), or something else.",
)
@click.option("--document", default="", help="证明材料名称 / which proof, with --kind document, e.g. 营业执照.")
@click.option("--dry-run", is_flag=True, help="只检查文件 / only look at the files, keep nothing.")
@acting
@click.pass_context
def add(
    context: click.Context,
    application: str,
    files: tuple[Path, ...],
    *,
    kind: str,
    document: str,
    dry_run: bool,
    acting_as: str,
) -> None:
    """加入附件 / keep scans (PDF, JPEG, PNG) with an application; a bad file does not stop the good ones."""
    house = installation(context)
    actor = actor_of(house, acting_as)
    refused: IdpSyncError | None = None
    for path in files:
        try:
            content = _read(path)
            if dry_run:
                say(f"{path.name}：可以接受 / would be taken: {house.attach.inspect(content)}")
                continue
            added = house.attach.attach(
                application,
                path.name,
                content,
                actor=actor,
                kind=AttachmentKind(kind),
                document_type=document,
            )
            say(f"{application} ← {added.name}  {added.media_type}  {_size(added.size)}")
        except IdpSyncError as error:
            complain(f"{path.name}: {error}")
            refused = error
    if refused is not None:
        raise click.exceptions.Exit(refused.exit_code)


@attachments.command("list")
@click.argument("application", metavar="申请编号")
@as_json
@click.pass_context
def list_(context: click.Context, application: str, *, as_json: bool) -> None:
    """附件清单 / the attachments of an application."""
    found = installation(context).attach.of(application)
    if as_json:
        print_json([_document(attachment) for attachment in found])
        return
    _show(f"附件 / attachments of {application}: {len(found)}", found)


@attachments.command()
@click.argument("application", metavar="申请编号")
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="存放的文件夹 / folder to write to."
)
@acting
@click.pass_context
def export(context: click.Context, application: str, *, out: Path, acting_as: str) -> None:
    """导出附件（记入日志）/ write the attachments of an application to a folder; this is recorded."""
    house = installation(context)
    actor = actor_of(house, acting_as)
    with out_folder(out) as folder:
        names = house.attach.export(application, lambda name, content: _put(folder.write(name, content)), actor=actor)
    say(f"{application}：已导出 / exported: {len(names)}")


@attachments.command()
@click.option("--remove-orphans", is_flag=True, help="删除无主内容 / delete contents that belong to no application.")
@acting
@as_json
@click.pass_context
def check(context: click.Context, *, remove_orphans: bool, acting_as: str, as_json: bool) -> None:
    """检查全部附件 / read every attachment, and find contents that belong to no application."""
    house = installation(context)
    actor = actor_of(house, acting_as)
    with progress("附件 / attachments") as shown:
        checked = house.attach.check(progress=shown)
    removed = house.attach.remove_orphans(actor=actor) if remove_orphans else ()
    if as_json:
        print_json(
            {
                "count": checked.count,
                "problems": [_document(p.attachment) | {"problem": p.problem} for p in checked.problems],
                "orphans": list(checked.orphans),
                "removed": list(removed),
            }
        )
    else:
        for problem in checked.problems:
            say(f"{problem.attachment.application}  {problem.attachment.name}  {problem.problem}")
        say(
            f"附件 / attachments: {checked.count}，有问题 / with problems: {len(checked.problems)}，"
            f"无主 / orphans: {len(checked.orphans)}，已删除 / removed: {len(removed)}"
        )
    if checked.problems:
        raise click.exceptions.Exit(1)


@attachments.command()
@click.option("--apply", "do_apply", is_flag=True, help="执行 / remove them; without it the plan is shown.")
@acting
@as_json
@click.pass_context
def purge(context: click.Context, *, do_apply: bool, acting_as: str, as_json: bool) -> None:
    """保存期满的附件 / papers whose time is over (attachments_kept_years): the plan, or its execution."""
    house = installation(context)
    actor = actor_of(house, acting_as)
    plan = house.attach.plan_retention()
    shown = house.attach.apply_retention(plan, actor=actor) if do_apply else plan.attachments
    if as_json:
        print_json({"on": plan.on, "years": plan.years, "applied": do_apply, "attachments": [*map(_document, shown)]})
        return
    verb = "已删除 / removed" if do_apply else "保存期满，--apply 删除 / over, --apply removes them"
    _show(f"{verb}（{plan.years}年 / years）: {len(shown)}", shown)


def _read(path: Path) -> bytes:
    """The file, and never more of it than may be kept."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}：不能读取 / can't be read: {error.strerror}") from None


def _put(path: Path) -> None:
    say(f"  {path}")


def _show(title: str, found: Sequence[Attachment]) -> None:
    print_table(
        title,
        ("申请", "名称", "种类", "类型", "大小", "加入", "经办"),
        (
            (
                a.application,
                a.name,
                f"{a.kind.zh} {a.document_type}".strip(),
                a.media_type.value,
                _size(a.size),
                f"{a.added_at:%Y-%m-%d %H:%M}Z",
                a.added_by,
            )
            for a in found
        ),
    )


def _size(size: int) -> str:
    return f"{max(1, size // 1024)} KB"


def _document(attachment: Attachment) -> dict[str, object]:
    return {
        "application": attachment.application,
        "name": attachment.name,
        "sha256": attachment.sha256,
        "media_type": attachment.media_type,
        "size": attachment.size,
        "kind": attachment.kind,
        "document_type": attachment.document_type,
        "added_at": attachment.added_at.isoformat(),
        "added_by": attachment.added_by,
    }
