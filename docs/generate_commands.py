"""Makes docs/commands.md from the command line itself, and docs/findings.md from the rules.

    .venv/bin/python docs/generate_commands.py

tests/unit/test_docs.py fails while a page is not what this makes.
"""  # noqa: INP001 - a script beside the pages that it makes

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from idp_sync.cli import INTERNAL, INTERRUPTED, NOBODY_READS, cli
from idp_sync.domain.errors import IdpSyncError
from idp_sync.domain.finding import FOUND_WHILE_READING, RULES, Code, Outcome, Rule

FOLDER = Path(__file__).parent

_MADE = "<!-- made by docs/generate_commands.py: change the code, then run it -->"

_OPENING = f"""{_MADE}
# Commands · 命令

Every command and option of `idp-sync`, as its own `--help` has them. 编号、登录名称等参数以中文标出.

- `-h`, `--help` goes with every command.
- `--home DIRECTORY` stands before the command: `idp-sync --home DIRECTORY COMMAND …`.
- `--json` prints one JSON document, or JSON lines where the text says «line»; messages go to standard error.
- `--as 姓名@部门` says who acts, for which office; the office must have the competence (roles/offices.yaml), and both
  are recorded. This release believes what stands there: who can run the command can name any office.
- What to do on each exit code stands in [operations.md](operations.md#exit-codes).
"""

#: codes that are no exception of ours: what they mean
_OTHER_CODES = (
    (0, "—", "成功", "done, or nothing to do"),
    (
        1,
        "—",
        "否",
        "the answer is «no»: `drift`, `applications check` or `stack status` found what is not as it should be",
    ),
    (2, "click.UsageError", "命令行有误", "the command line is wrong: unknown option, missing argument, no such file"),
    (INTERNAL, "—", "内部错误", "a fault of idp-sync"),
    (INTERRUPTED, "—", "已中断", "interrupted (Ctrl-C): run it again to go on"),
    (
        NOBODY_READS,
        "—",
        "输出无人接收",
        "nobody reads the output any more (`… | head`): what was not yet done is not done",
    ),
)

#: the exceptions in the offices' words
_ERRORS_IN_CHINESE = {
    "InputError": "材料不可读",
    "Refused": "不允许",
    "NotCompetent": "部门无权",
    "NotFound": "查无此项",
    "Conflict": "他人已更改",
    "Unavailable": "服务不可用",
    "AccessDenied": "服务拒绝本系统的凭据",
    "NotSetUp": "尚未建立",
}

_OUTCOMES = {
    Outcome.ACCEPT: ("可以批准", "can be approved"),
    Outcome.ACCEPT_WITH_WARNING: ("可以批准，审核人应注意", "can be approved; the reviewer should look"),
    Outcome.SPLIT: ("两处分别审核各自事项", "each office approves its own items"),
    Outcome.RETURN: ("退回补正", "returned: the applicant can mend it"),
    Outcome.REJECT: ("不予批准", "rejected: not allowed"),
}


def errors() -> list[type[IdpSyncError]]:
    """Every exception below IdpSyncError that the domain has, in the order of its tree."""

    def below(error: type[IdpSyncError]) -> Iterator[type[IdpSyncError]]:
        for one in error.__subclasses__():
            if one.__module__ == IdpSyncError.__module__:
                yield one
                yield from below(one)

    return list(below(IdpSyncError))


def contexts(group: click.Group = cli, parent: click.Context | None = None) -> Iterator[click.Context]:
    """A context for each command that does something, in the order of the help."""
    context = click.Context(group, parent, info_name="idp-sync" if parent is None else group.name)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from contexts(command, context)
        elif command is not None:
            yield click.Context(command, context, info_name=name)


def options(context: click.Context) -> list[click.Option]:
    """The command's own options, without --help."""
    return [p for p in context.command.get_params(context) if isinstance(p, click.Option) and "--help" not in p.opts]


def option_row(option: click.Option, context: click.Context) -> tuple[str, str]:
    """An option as it is written, and its help with environment variable, default and whether it must be given."""
    record = option.get_help_record(context)
    if record is None:
        raise ValueError(f"{context.command_path}: {option.name} is hidden")
    written, help_ = record
    variable = f" (or {option.envvar})" if option.envvar else ""
    repeated = " May be repeated." if option.multiple else ""
    return f"`{_cell(written)}`", _cell(f"{help_}{variable}{repeated}")


def commands_page() -> str:
    """docs/commands.md."""
    found = list(contexts())
    lines = [_OPENING, *_exit_codes(), "", "## Overview · 一览", "", "| command | |", "| --- | --- |"]
    lines += [f"| [`{c.command_path}`](#{_anchor(c)}) | {_cell(_first_line(c))} |" for c in found]
    for context in found:
        lines += ["", *_command(context)]
    return "\n".join(lines) + "\n"


def findings_page() -> str:
    """docs/findings.md."""
    lines = [
        _MADE,
        "# Findings · 检查结果",
        "",
        f"What a check can say of an application: {len(RULES)} codes. The gravest outcome of all findings is the",
        "outcome of the application. A note (提示) is shown to the reviewer, changes nothing, and is not among the",
        "`codes` of `applications check --json`. `DOC_MISSING` stands there with the document: `DOC_MISSING:营业执照`.",
        "",
        "| outcome | 结果 | meaning |",
        "| --- | --- | --- |",
        *(f"| `{outcome.value}` | {zh} | {en} |" for outcome, (zh, en) in _OUTCOMES.items()),
        "",
        "| code | outcome | source · 依据 | 说明 | meaning |",
        "| --- | --- | --- | --- | --- |",
        *(_finding(code, rule) for code, rule in RULES.items()),
        "",
        "\\* found while a file is read; a later check of the same application can't find it again.",
    ]
    return "\n".join(lines) + "\n"


def _finding(code: Code, rule: Rule) -> str:
    mark = " \\*" if code in FOUND_WHILE_READING else ""
    outcome = "note" if rule.leads_to is None else rule.leads_to.value
    cells = (f"`{code}`{mark}", f"`{outcome}`", _cell(rule.source), _cell(rule.zh), _cell(rule.en))
    return f"| {' | '.join(cells)} |"


def _exit_codes() -> Iterator[str]:
    yield from ("## Exit codes · 退出码", "", "| code | exception | 含义 | meaning |", "| --- | --- | --- | --- |")
    rows = [(code, name if name == "—" else f"`{name}`", zh, en) for code, name, zh, en in _OTHER_CODES]
    for error in errors():
        meaning = _cell((error.__doc__ or "").strip().splitlines()[0])
        rows.append((error.exit_code, f"`{error.__name__}`", _ERRORS_IN_CHINESE[error.__name__], meaning))
    rows.sort(key=lambda row: row[0])
    yield from (f"| {code} | {name} | {zh} | {en} |" for code, name, zh, en in rows)
    yield ""
    yield "A command that takes several applications goes on after one that failed, and ends with the greatest code."


def _command(context: click.Context) -> Iterator[str]:
    yield f"## {context.command_path}"
    yield ""
    yield f"    {context.command_path} {' '.join(context.command.collect_usage_pieces(context))}"
    yield ""
    yield _text(context.command.help)
    rows = [option_row(option, context) for option in options(context)]
    if rows:
        yield from ("", "| option | |", "| --- | --- |", *(f"| {written} | {help_} |" for written, help_ in rows))


def _text(help_: str | None) -> str:
    return "\n".join(line.strip() for line in (help_ or "").strip().splitlines())


def _first_line(context: click.Context) -> str:
    return _text(context.command.help).partition("\n")[0]


def _anchor(context: click.Context) -> str:
    return context.command_path.replace(" ", "-")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main() -> None:
    """Write both pages."""
    (FOLDER / "commands.md").write_text(commands_page(), encoding="utf-8")
    (FOLDER / "findings.md").write_text(findings_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
