"""The documentation says what the code does: every command, option, exit code, finding, setting and link."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from pydantic import BaseModel

from docs.generate_commands import commands_page, contexts, errors, findings_page, options
from idp_sync import config
from idp_sync.cli import cli
from idp_sync.domain import errors as errors_module
from idp_sync.domain.errors import IdpSyncError
from idp_sync.domain.finding import Code
from idp_sync.domain.unit import UserClass

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("README*.md"), *DOCS.glob("*.md")])
#: decision records too: their links must hold, but what they say is history
LINKED = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
OPERATIONS = (DOCS / "operations.md").read_text("utf-8")

_CHINESE = re.compile(r"[一-鿿]")
_LATIN = re.compile(r"[A-Za-z]")
_LINK = re.compile(r"\]\(([^)\s]+)\)|(?:href|src)=\"([^\"]+)\"")
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def _rows(page: str) -> list[list[str]]:
    """The cells of every row of every table; a cell may hold an escaped stroke."""
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


# --- pages made from the code ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "made"), [("commands.md", commands_page), ("findings.md", findings_page)])
def test_the_page_is_what_the_generator_makes(name: str, made: Any) -> None:  # noqa: ANN401
    advice = f"docs/{name} is out of date: run .venv/bin/python docs/generate_commands.py"
    assert (DOCS / name).read_text("utf-8") == made(), advice


def test_every_command_is_found() -> None:
    found = {context.command_path for context in contexts()}
    assert {path.split()[1] for path in found} == set(cli.list_commands(click.Context(cli)))
    assert {"idp-sync sync", "idp-sync applications import", "idp-sync keys revoke"} <= found
    page = commands_page()
    assert all(f"\n## {path}\n" in page for path in found)


@pytest.mark.parametrize("context", list(contexts()), ids=lambda context: context.command_path)
def test_command_and_options_have_help_in_both_languages(context: click.Context) -> None:
    texts = {context.command_path: context.command.help}
    texts |= {f"{context.command_path} {option.opts[0]}": option.help for option in options(context)}
    for what, text in texts.items():
        assert text, what
        assert _CHINESE.search(text), what
        assert _LATIN.search(text), what
        assert not text.startswith("\f"), what


def test_the_program_itself_and_its_groups_have_help() -> None:
    top = click.Context(cli)
    assert cli.help
    assert all(option.help for option in cli.get_params(top) if isinstance(option, click.Option))
    for name in cli.list_commands(top):
        command = cli.get_command(top, name)
        assert command is not None
        assert command.help, name


# --- exit codes -----------------------------------------------------------------------------------------------------


def _all_errors() -> set[type[IdpSyncError]]:
    named = vars(errors_module).values()
    return {e for e in named if isinstance(e, type) and issubclass(e, IdpSyncError) and e is not IdpSyncError}


def test_every_exception_has_a_row_with_its_exit_code() -> None:
    rows = {row[1]: row[0] for row in _rows((DOCS / "commands.md").read_text("utf-8")) if len(row) == 4}
    assert set(errors()) == _all_errors()
    for error in _all_errors():
        assert rows.get(f"`{error.__name__}`") == str(error.exit_code), error.__name__


def test_what_to_do_is_said_of_every_exit_code() -> None:
    told = OPERATIONS.partition("## Exit codes")[2].partition("\n## ")[0]
    codes = {row[0] for row in _rows(told)} - {"code", "---"}
    made = commands_page().partition("## Exit codes")[2].partition("\n## ")[0]
    assert codes == {row[0] for row in _rows(made)} - {"code", "---"}
    assert codes >= {str(error.exit_code) for error in _all_errors()}


# --- findings -------------------------------------------------------------------------------------------------------


def test_every_finding_stands_in_the_docs_once() -> None:
    first_cells = [row[0].removesuffix(" \\*") for row in _rows((DOCS / "findings.md").read_text("utf-8"))]
    for code in Code:
        assert first_cells.count(f"`{code}`") == 1, code


# --- settings -------------------------------------------------------------------------------------------------------


def _settings(model: type[BaseModel] = config.Settings, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every setting with its default as the page writes it."""
    for name, field in model.model_fields.items():
        path = f"{prefix}{field.alias or name}"
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _settings(kind, f"{path}.")
        elif field.is_required():
            yield path, "required"
        else:
            yield path, _written(field.get_default(call_default_factory=True), kind is float)


def _written(value: object, is_float: bool) -> str:  # noqa: FBT001 - a helper of one line's use
    match value:
        case None:
            return "—"
        case bool():
            return f"`{str(value).lower()}`"
        case int() | float():
            return f"`{float(value) if is_float else value}`"
        case str():
            return f'`"{value}"`'
        case dict():
            pairs = ", ".join(f'{k.value if isinstance(k, UserClass) else k} = "{v}"' for k, v in value.items())
            return f"`{{{pairs}}}`"
    raise AssertionError(f"how is {value!r} written?")


def test_every_setting_is_documented_with_its_default() -> None:
    part = OPERATIONS.partition("| setting | default | meaning |")[2].partition("\n\n")[0]
    told = {row[0].strip("`"): row[1] for row in _rows(part)}
    assert told.pop("---") == "---"
    assert told == dict(_settings())


def test_the_settings_that_the_page_shows_can_be_loaded(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", OPERATIONS, re.DOTALL)
    (tmp_path / config.FILE_NAME).write_text(example, encoding="utf-8")
    settings = config.load(tmp_path)
    assert settings.register_.key_file == tmp_path / "secrets" / "register.key"
    assert settings.stack is False
    given = {f"{section}.{key}" for section, keys in tomllib.loads(example).items() for key in keys}
    required = {path for path, default in _settings() if default == "required"}
    assert required <= given


# --- links ----------------------------------------------------------------------------------------------------------


def _anchors(page: str) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def dead_links(page: Path) -> list[str]:
    """The relative links of a page that lead nowhere."""
    text = _CODE.sub("", page.read_text("utf-8"))
    dead = []
    for target in (first or second for first, second in _LINK.findall(text)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in _anchors(file.read_text("utf-8"))):
            dead.append(target)
    return dead


@pytest.mark.parametrize("page", LINKED, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_relative_link_leads_nowhere(page: Path) -> None:
    assert dead_links(page) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# Exit codes · 退出码\n", encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](there.md) [b](https://example.org/x) [c](missing.md) [d](there.md#missing) `[e](in-code.md)`\n"
        '<img src="missing.svg"> [f](#of-this-page)\n# Of this page\n',
        encoding="utf-8",
    )
    assert dead_links(page) == ["missing.md", "there.md#missing", "missing.svg"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_shows_exists(page: Path) -> None:
    known = {tuple(context.command_path.split()[1:]) for context in contexts()}
    groups = {path[0] for path in known if len(path) > 1}
    for code in _CODE.findall(page.read_text("utf-8")):
        for first, second in re.findall(r"idp-sync ([a-z]+)(?: ([a-z]+(?:-[a-z]+)*))?", code):
            shown = (first, second) if first in groups and second else (first,)
            assert shown in known or (shown[0] in groups and len(shown) == 1), f"idp-sync {' '.join(shown)}"


def test_the_readmes_say_the_same_in_the_same_order() -> None:
    english, chinese = ((ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh.md"))
    for pattern in (r"^(#+) ", r"^```(\w*)$", r"\]\(([^)#]+)"):
        first, second = re.findall(pattern, english, re.MULTILINE), re.findall(pattern, chinese, re.MULTILINE)
        both = {"README.md", "README.zh.md"}
        assert [x for x in first if x not in both] == [x for x in second if x not in both], pattern


def test_the_generator_runs_as_a_script(tmp_path: Path) -> None:
    script = tmp_path / "generate_commands.py"
    script.write_text((DOCS / script.name).read_text("utf-8"), encoding="utf-8")
    subprocess.run([sys.executable, str(script)], check=True)
    assert (tmp_path / "commands.md").read_text("utf-8") == commands_page()
    assert (tmp_path / "findings.md").read_text("utf-8") == findings_page()
