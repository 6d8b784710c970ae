"""idp-sync applications print, blank, file: what leaves on paper, and the forms to fill in."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import click

from idp_sync.bootstrap import Installation, shipped_paper
from idp_sync.cli.common import actor_of, installation
from idp_sync.cli.streams import complain
from idp_sync.domain.application import Form
from idp_sync.domain.errors import InputError
from idp_sync.domain.journal import Actor

_FILE = click.Path(dir_okay=False, writable=True)


@click.command("print")
@click.argument("id_", metavar="编号")
@click.option("--pdf", "pdf_file", type=_FILE, help="写成PDF / write a PDF for A4.")
@click.option("--html", "as_html", is_flag=True, help="输出HTML（缺省） / HTML on standard output; the default.")
@click.option(
    "--whole-id",
    is_flag=True,
    help="打印完整的身份证号，记入日志 / ID numbers whole, not masked; needs --as, and is journalled.",
)
@click.option(
    "--as", "acting_as", envvar="IDP_SYNC_AS", metavar="姓名@部门", help="经办人与部门 / who acts; for --whole-id."
)
@click.pass_context
def print_(
    context: click.Context,
    id_: str,
    *,
    pdf_file: str | None,
    as_html: bool,
    whole_id: bool,
    acting_as: str | None,
) -> None:
    """打印申请表 / print the form as handed in; ID numbers are masked unless --whole-id.

    A file with whole ID numbers is readable by its owner only, and never takes the place of another.
    """
    if pdf_file and as_html:
        raise click.UsageError("--pdf 与 --html 只能选一个 / --pdf or --html, not both")
    house = installation(context)
    if whole_id:
        if not acting_as:
            raise click.UsageError("--whole-id 须有 --as / --whole-id needs --as")
        if pdf_file:
            _refuse_existing(Path(pdf_file))
        found = house.disclose.application(id_, actor=actor_of(house, acting_as), purpose="print")
    else:
        with house.register.transaction(read_only=True) as tx:
            found = tx.applications.get(id_)
    if pdf_file:
        _write(pdf_file, house.paper.filled_pdf(found.application, whole_id=whole_id), private=whole_id)
    else:
        click.echo(house.paper.filled(found.application, whole_id=whole_id))


@click.command()
@click.argument("form", type=click.Choice([f.value for f in Form], case_sensitive=False))
@click.option("--pdf", "pdf_file", type=_FILE, help="写成PDF，手工填写 / write a PDF, to be filled in by hand.")
@click.option("--docx", "docx_file", type=_FILE, help="写成Word文档，填好可导入 / write a document to type in.")
@click.option("--xlsx", "xlsx_file", type=_FILE, help="写成工作簿，填好可导入 / write a workbook to type in.")
def blank(form: str, *, pdf_file: str | None, docx_file: str | None, xlsx_file: str | None) -> None:
    """空白表格 / a blank form: HTML on standard output, or files; needs no installation.

    What is typed into the workbook or the document, `applications import` reads.
    """
    paper, wanted = shipped_paper(), Form(form)
    if not (pdf_file or docx_file or xlsx_file):
        click.echo(paper.blank(wanted))
        return
    for file, make in ((pdf_file, paper.blank_pdf), (docx_file, paper.blank_docx), (xlsx_file, paper.blank_xlsx)):
        if file:
            _write(file, make(wanted))


@click.command()
@click.argument("id_", metavar="编号")
@click.option("--pdf", "pdf_file", type=_FILE, required=True, help="写到的PDF / the PDF to write.")
@click.option(
    "--attachments",
    "with_attachments",
    is_flag=True,
    help="并入附件内容，记入日志 / with the pages of the attachments; needs --as, and is journalled.",
)
@click.option(
    "--as", "acting_as", envvar="IDP_SYNC_AS", metavar="姓名@部门", help="经办人与部门 / who acts; for --attachments."
)
@click.pass_context
def file(context: click.Context, id_: str, *, pdf_file: str, with_attachments: bool, acting_as: str | None) -> None:
    """卷宗 / the whole application file as one PDF: form, findings, steps, attachments, journal.

    Attachments are listed with name, hash and size; they are scans of identity papers, and their pages come in with
    --attachments only.
    """
    if with_attachments and not acting_as:
        raise click.UsageError("--attachments 须有 --as / --attachments needs --as")
    house = installation(context)
    actor = actor_of(house, acting_as) if with_attachments and acting_as else None
    if actor is not None:
        _refuse_existing(Path(pdf_file))
    contents = _contents(house, id_, actor) if actor is not None else {}
    made = house.paper.file_pdf(house.disclose.file(id_, contents=contents), house.book.offices)
    _write(pdf_file, made, private=actor is not None)


def _contents(house: Installation, id_: str, actor: Actor) -> dict[str, bytes]:
    """The contents of an application's attachments by hash; that they were read is recorded."""
    contents: dict[str, bytes] = {}
    house.attach.export(id_, lambda _, content: contents.update({sha256(content).hexdigest(): content}), actor=actor)
    return contents


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise InputError(f"{path}：文件已存在，不覆盖 / exists already, and is not written over")


def _write(name: str, content: bytes, *, private: bool = False) -> None:
    """Write a file; one with personal data is its owner's alone, and takes the place of none."""
    path = Path(name)
    try:
        if private:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
                opened.write(content)
        else:
            path.write_bytes(content)
    except OSError as error:
        raise InputError(f"{path}：不能写入 / can't be written: {error.strerror}") from None
    complain(f"已写入 / written: {path}")
