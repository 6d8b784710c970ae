"""idp-sync applications: what people apply for, and what the offices decide."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from idp_sync.bootstrap import shipped_rule_book, system_clock
from idp_sync.cli import printing
from idp_sync.cli.common import (
    acting,
    actor_of,
    as_json,
    installation,
    print_json,
    print_json_line,
    print_json_list,
    print_table,
    progress,
    say,
)
from idp_sync.cli.outcome import say_synced
from idp_sync.cli.streams import complain
from idp_sync.domain.application import State
from idp_sync.domain.errors import IdpSyncError, InputError, Unavailable
from idp_sync.domain.finding import Finding
from idp_sync.ports import ApplicationRecord, ApplicationSummary, Incoming, Unreadable
from idp_sync.services.checklist import Item, checklist
from idp_sync.services.intake import Arrival, TakenIn
from idp_sync.services.review import Decided

#: what is shown of a list where nobody said how much
LINES_ON_A_TERMINAL = 200


@click.group()
def applications() -> None:
    """申请 / applications: what people apply for, and what the offices decide."""


for _command in (printing.print_, printing.blank, printing.file):
    applications.add_command(_command)


@applications.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@as_json
def check(file: str, *, as_json: bool) -> None:
    """检查申请文件，不需服务器和登记库 / check a file of applications (JSON lines); needs no server and no register.

    Prints one line for each application. Exit code 1 where any can't be accepted, 3 where a line can't be read.
    """
    from idp_sync.cli.check_file import check_lines

    book = shipped_rule_book()
    worst = 0
    for line in check_lines(Path(file), book=book, now=system_clock().now()):
        worst = max(worst, line.exit_code)
        if as_json:
            print_json_line(line.document())
        else:
            for part in line.text().splitlines():
                say(part)
    raise click.exceptions.Exit(worst)


@applications.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="栏目=内容",
    help="文件中没有的表头栏目 / a header field that the file does not have, e.g. 单位名称=….",
)
@click.option("--draft", is_flag=True, help="存为草稿，盖章提交后再受理 / filled in, not yet stamped and handed in.")
@acting
@as_json
@click.pass_context
def import_(
    context: click.Context,
    files: tuple[str, ...],
    fields: tuple[str, ...],
    acting_as: str,
    *,
    draft: bool,
    as_json: bool,
) -> None:
    """受理申请：XLSX、DOCX、CSV、JSON、YAML / take applications in, each checked and in a transaction of its own.

    Exit code 3 where a file, or a line of one, can't be read: the others are taken in all the same.
    """
    house = installation(context)
    actor = actor_of(house, acting_as)
    intake = house.intake(_fields(fields))
    arrivals: Counter[Arrival] = Counter()
    with progress("受理 / taking in") as step:
        # file by file and form by form: what is taken in is shown at once, and nobody holds all of it
        taken = (
            item for file in files for item in intake.take_in(Path(file).name, _read(file), actor=actor, draft=draft)
        )
        counted = _counted(taken, arrivals, step)
        if as_json:
            print_json_list(map(_taken_document, counted))
        else:
            _show_taken(counted)
    raise click.exceptions.Exit(InputError.exit_code if arrivals[Arrival.UNREADABLE] else 0)


@applications.command("list")
@click.option("--state", type=click.Choice([s.value for s in State]), help="状态 / only in this state.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    help=f"最多条数 / at most so many; on a terminal {LINES_ON_A_TERMINAL} where not given.",
)
@click.option("--newest", is_flag=True, help="由新到旧 / the newest first.")
@click.option(
    "--find",
    "text",
    default="",
    metavar="文字",
    help="姓名、登录名称、单位或编号的一部分 / part of a name, login, unit or number.",
)
@as_json
@click.pass_context
def list_(
    context: click.Context, state: str | None, limit: int | None, text: str, *, newest: bool, as_json: bool
) -> None:
    """申请列表 / applications, in the order in which they came in."""
    house = installation(context)
    cut = limit is None and not as_json and sys.stdout.isatty()
    with house.register.transaction(read_only=True) as tx:
        found = list(
            tx.applications.summaries(
                state=State(state) if state else None,
                limit=LINES_ON_A_TERMINAL + 1 if cut else limit,  # one more tells whether there are more
                newest_first=newest,
                text=text,
            )
        )
    there_are_more = cut and len(found) > LINES_ON_A_TERMINAL
    found = found[:LINES_ON_A_TERMINAL] if cut else found
    if as_json:
        print_json([_summary_document(item) for item in found])
        return
    print_table(
        f"申请 / applications: {len(found)}",
        ("编号", "表格", "状态", "检查", "单位", "用户", "受理日期"),
        (
            (
                item.id,
                item.form,
                item.state.zh,
                " ".join((item.outcome.value, *item.codes)),
                item.unit_name,
                "、".join(item.people),
                item.received_on,
            )
            for item in found
        ),
    )
    if there_are_more:
        say(
            f"仅列出前{LINES_ON_A_TERMINAL}条，可用 --limit、--find、--state / "
            f"only the first {LINES_ON_A_TERMINAL} are shown: --limit, --find and --state show others"
        )


@applications.command()
@click.argument("id_", metavar="编号")
@as_json
@click.pass_context
def show(context: click.Context, id_: str, *, as_json: bool) -> None:
    """一份申请的全部 / one application, whole: as handed in, what was found, who decided what."""
    house = installation(context)
    with house.register.transaction(read_only=True) as tx:
        found = tx.applications.get(id_)
    if as_json:
        print_json(_record_document(found))
        return
    application = found.application
    version = f"  第{found.version}版 / version {found.version}"
    say(f"{application.id}  {application.form.zh}（{application.form.value}）  {found.state.zh}{version}")
    say(f"  单位 / unit: {application.unit.name}")
    say(f"  受理 / received: {application.received_on} {application.received_by}")
    for row in application.rows:
        asked = "、".join(filter(None, (*row.permissions, row.permission_words)))
        say(f"  {row.number}. {row.name} {row.login} {asked}".rstrip())
    for finding in found.findings:
        say(f"  {_mark(finding)} {finding.label}: {finding.sentence()}")
    for decision in found.decisions:
        office = house.book.offices.get(decision.office).name
        say(f"  {decision.at:%Y-%m-%d %H:%M} {office} {decision.actor} {decision.verdict}: {decision.opinion}")
    if found.accounts:
        say(f"  用户 / accounts: {' '.join(found.accounts)}")


@applications.command()
@click.argument("ids", metavar="编号…", nargs=-1, required=True)
@click.option("--opinion", default="同意", help="审核意见 / the opinion.")
@click.option("--seen", type=click.IntRange(min=1), help="所审版本，已补正则拒绝 / the version that you have read.")
@acting
@click.pass_context
def approve(context: click.Context, ids: tuple[str, ...], *, opinion: str, seen: int | None, acting_as: str) -> None:
    """批准本部门的事项 / approve this office's items; the last approval makes it take effect."""
    house = installation(context)
    actor = actor_of(house, acting_as)
    _each(ids, lambda id_: _decided(house.review.approve(id_, actor=actor, opinion=opinion, seen=seen)))


@applications.command("return")
@click.argument("ids", metavar="编号…", nargs=-1, required=True)
@click.option("--opinion", default="", help="退回理由，缺省为检查结果 / why; the findings where not given.")
@acting
@click.pass_context
def return_(context: click.Context, ids: tuple[str, ...], opinion: str, acting_as: str) -> None:
    """退回补正 / return to the applicant to be mended."""
    house = installation(context)
    actor = actor_of(house, acting_as)
    _each(ids, lambda id_: _decided(house.review.give_back(id_, actor=actor, opinion=opinion)))


@applications.command()
@click.argument("ids", metavar="编号…", nargs=-1, required=True)
@click.option("--opinion", default="", help="理由，缺省为检查结果 / why; the findings where not given.")
@acting
@click.pass_context
def reject(context: click.Context, ids: tuple[str, ...], opinion: str, acting_as: str) -> None:
    """不予批准 / reject: not allowed."""
    house = installation(context)
    actor = actor_of(house, acting_as)
    _each(ids, lambda id_: _decided(house.review.reject(id_, actor=actor, opinion=opinion)))


@applications.command()
@click.argument("id_", metavar="编号")
@click.option("--seen", "type_", metavar="材料", help="已核验的材料 / a document that was handed in.")
@click.option("--original/--no-original", default=True, help="核验了原件 / its original was seen.")
@click.option("--stamped/--no-stamped", default=True, help="复印件盖章 / the copy bears the unit's stamp.")
@click.option("--as", "acting_as", envvar="IDP_SYNC_AS", metavar="姓名@部门", help="核验人与部门 / who has seen it.")
@click.pass_context
def documents(
    context: click.Context, id_: str, *, type_: str | None, original: bool, stamped: bool, acting_as: str | None
) -> None:
    """证明材料清单（第五条（二））/ which documents are owed; --seen records one, with who saw it and when."""
    house = installation(context)
    if type_ is not None:
        if acting_as is None:
            raise InputError("--seen：须以 --as 写明核验人 / needs --as")
        house.checklist.see(id_, type_, original=original, stamped=stamped, actor=actor_of(house, acting_as))
    with house.register.transaction(read_only=True) as tx:
        application = tx.applications.get(id_).application
    for item in checklist(application, house.book):
        say(_checklist_line(item))


@applications.command("hand-in")
@click.argument("ids", metavar="编号…", nargs=-1, required=True)
@acting
@click.pass_context
def hand_in(context: click.Context, ids: tuple[str, ...], acting_as: str) -> None:
    """提交草稿 / a draft was printed, stamped and handed in: it is checked and waits for its review."""
    house = installation(context)
    actor = actor_of(house, acting_as)
    _each(ids, lambda id_: _renewed(house.lifecycle.hand_in(id_, actor=actor)))


@applications.command()
@click.argument("id_", metavar="编号")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@acting
@click.pass_context
def amend(context: click.Context, id_: str, file: str, acting_as: str) -> None:
    """补正 / the mended form takes the place of the earlier one; earlier approvals count no more."""
    house = installation(context)
    actor = actor_of(house, acting_as)
    items = list(house.reader().read(Path(file).name, _read(file)))
    if len(items) != 1 or not isinstance(items[0], Incoming):
        reasons = "；".join(item.reason for item in items if isinstance(item, Unreadable))
        raise InputError(f"{file}：应只含一份可读的申请 / must hold one readable application {reasons}".rstrip())
    _renewed(house.lifecycle.amend(id_, items[0], actor=actor))


@applications.command()
@click.argument("ids", metavar="编号…", nargs=-1, required=True)
@click.option("--reason", required=True, help="理由 / why.")
@acting
@click.pass_context
def withdraw(context: click.Context, ids: tuple[str, ...], reason: str, acting_as: str) -> None:
    """撤回 / the applicant takes it back, at any point before it is carried out."""
    house = installation(context)
    actor = actor_of(house, acting_as)
    _each(ids, lambda id_: _renewed(house.lifecycle.withdraw(id_, actor=actor, reason=reason)))


@applications.command()
@click.argument("ids", metavar="编号…", nargs=-1, required=True)
@acting
@click.pass_context
def archive(context: click.Context, ids: tuple[str, ...], acting_as: str) -> None:
    """归档 / the office that issues the keys archives what was carried out (Article 9)."""
    house = installation(context)
    actor = actor_of(house, acting_as)
    _each(ids, lambda id_: _renewed(house.lifecycle.archive(id_, actor=actor)))


def _checklist_line(item: Item) -> str:
    document = item.document
    if document is None:
        return f"✗ {item.required.type}：未提交 / missing"
    original = "原件已核验" if document.original_checked else "原件未核验"
    if not item.required.original_needed:
        original = "收复印件"
    stamped = "复印件已盖章" if document.copy_stamped else "复印件未盖章"
    good = document.copy_stamped and (document.original_checked or not item.required.original_needed)
    seen = f"  {document.checked_by} {document.checked_on}" if document.checked_by else ""
    return f"{'✓' if good else '✗'} {document.type}：{original}、{stamped}{seen}"


def _renewed(found: ApplicationRecord) -> None:
    version = f"（第{found.version}版 / version {found.version}）" if found.version > 1 else ""
    say(f"{found.application.id}：{found.state.zh}{version}  {found.outcome.value}")


def _each(ids: tuple[str, ...], act: Callable[[str], None]) -> None:
    """Do one act for each application: one that is refused does not stop the others."""
    worst = 0
    for id_ in ids:
        try:
            act(id_)
        except IdpSyncError as error:
            complain(f"错误 / error: {error}")
            worst = max(worst, error.exit_code)
    raise click.exceptions.Exit(worst)


def _decided(decided: Decided) -> None:
    waiting = f"；待审核 / waiting for: {'、'.join(o.name for o in decided.waiting_for)}" if decided.waiting_for else ""
    opened = f"；用户 / accounts: {' '.join(decided.opened)}" if decided.opened else ""
    say(f"{decided.application.id}：{decided.state.zh}{waiting}{opened}")
    if decided.synced is not None:
        say_synced(decided.synced)
        if not decided.synced.complete:
            raise Unavailable(
                f"{decided.application.id}：{decided.state.zh}，挂失待下次同步生效"
                " / decided, but directory and realms don't know yet that the key is lost: run `idp-sync sync`"
            )


def _fields(fields: tuple[str, ...]) -> dict[str, str]:
    parsed = {}
    for field in fields:
        name, separator, value = field.partition("=")
        if not separator or not name.strip():
            raise InputError(f"--field {field}：应为 栏目=内容 / must be FIELD=VALUE")
        parsed[name.strip()] = value.strip()
    return parsed


def _read(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise InputError(f"{file}：文件不可读 / can't be read: {error.strerror}") from None


def _mark(finding: Finding) -> str:
    return "·" if finding.rule.is_note else "!"


def _counted(
    taken: Iterable[TakenIn], arrivals: Counter[Arrival], step: Callable[[int, int | None], None]
) -> Iterator[TakenIn]:
    for done, item in enumerate(taken, start=1):
        arrivals[item.arrival] += 1
        yield item
        step(done, None)


def _show_taken(taken: Iterable[TakenIn]) -> None:
    for item in taken:
        if item.arrival is Arrival.UNREADABLE:
            say(f"✗ {item.source}：{item.reason}")
        elif item.arrival is Arrival.KNOWN_ALREADY:
            say(f"= {item.id}  {item.source}：已受理过，未作更改 / received before, nothing changed")
        elif item.arrival is Arrival.NUMBER_TAKEN:
            say(
                f"✗ {item.id}  {item.source}：编号已用于内容不同的申请，未作更改；补正请用 applications amend"
                " / the number is used by another version: nothing changed"
            )
        elif item.verdict is not None and item.application is not None:
            good = "✓" if item.verdict.outcome.may_be_approved else "✗"
            people = "、".join(row.name for row in item.application.rows)
            form = item.application.form
            say(f"{good} {item.id}  {item.source}  {form.zh}  {people}  {item.verdict.outcome.value}")
            for finding in item.verdict.findings:
                if not finding.rule.is_note:  # notes are for the reviewer: `applications show` has them
                    say(f"    ! {finding.label}: {finding.sentence()}")


def _findings(findings: tuple[Finding, ...]) -> Iterator[dict[str, Any]]:
    for finding in findings:
        yield {
            "code": finding.label,
            "note": finding.rule.is_note,
            "row": finding.row,
            "field": finding.field,
            "zh": finding.sentence(),
            "en": finding.rule.en,
            "source": finding.rule.source,
        }


def _taken_document(item: TakenIn) -> dict[str, Any]:
    document: dict[str, Any] = {"source": item.source, "arrival": item.arrival, "id": item.id, "reason": item.reason}
    if item.verdict is not None:
        document |= {
            "outcome": item.verdict.outcome,
            "codes": list(item.verdict.codes),
            "findings": list(_findings(item.verdict.findings)),
        }
    return document


def _summary_document(item: ApplicationSummary) -> dict[str, Any]:
    return {
        "id": item.id,
        "form": item.form,
        "state": item.state,
        "outcome": item.outcome,
        "codes": list(item.codes),
        "unit": item.unit_name,
        "user_class": item.user_class,
        "people": list(item.people),
        "received_on": item.received_on,
    }


def _record_document(found: ApplicationRecord) -> dict[str, Any]:
    application = found.application
    return {
        "id": application.id,
        "form": application.form,
        "state": found.state,
        "version": found.version,
        "outcome": found.outcome,
        "unit": application.unit.name,
        "received_on": application.received_on,
        "received_by": application.received_by,
        "source": found.source,
        "rows": [
            {
                "number": row.number,
                "name": row.name,
                "login": row.login,
                "permissions": [*row.permissions, *filter(None, [row.permission_words])],
            }
            for row in application.rows
        ],
        "findings": list(_findings(found.findings)),
        "decisions": [
            {
                "office": d.office,
                "actor": d.actor,
                "at": d.at.isoformat(),
                "verdict": d.verdict,
                "opinion": d.opinion,
            }
            for d in found.decisions
        ],
        "accounts": list(found.accounts),
    }
