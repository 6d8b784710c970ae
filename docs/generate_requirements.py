"""Makes docs/requirements.md from docs/requirements.yaml and the reference requirements.

    .venv/bin/python docs/generate_requirements.py

tests/unit/test_requirements.py fails while the page is not what this makes.
"""  # noqa: INP001 - a script beside the page that it makes

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints

ROOT = Path(__file__).parents[1]
FOLDER = Path(__file__).parent
MAP = ROOT / "docs" / "requirements.yaml"
REFERENCE = ROOT / "tests" / "cases" / "requirements.yaml"

_OPENING = """<!-- made by docs/generate_requirements.py from docs/requirements.yaml: change that, then run it -->
# Requirements · 条款与实现

The regulation, clause by clause, with the code that carries it and the tests that hold it; then the places where the
text is open, each with the reading taken. `tests/unit/test_requirements.py` fails when a name here leads nowhere.

Kinds: **enforce** the software refuses it or does it; **record** it keeps the proof; **remind** it can only tell
people; **hook** it is the business system's duty, which we call or answer; **context** no duty.
"""

_Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class Carried(BaseModel):
    """What carries one requirement, or one reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Annotated[str, StringConstraints(pattern=r"^(carried|later \(issue [0-9]+\))$")]
    #: one honest sentence
    says: _Text
    #: module:name
    code: tuple[_Text, ...] = ()
    #: paths of data files
    data: tuple[_Text, ...] = ()
    #: path::test
    tests: tuple[_Text, ...] = ()


class Map(BaseModel):
    """docs/requirements.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    requirements: dict[str, Carried]
    readings: dict[str, Carried]


def the_map() -> Map:
    """The map; raises pydantic's ValidationError where it has another shape."""
    return Map.model_validate(yaml.safe_load(MAP.read_text(encoding="utf-8")))


def reference() -> dict[str, list[dict[str, str]]]:
    """What the requirements say: quotes, kinds, questions."""
    found: dict[str, list[dict[str, str]]] = yaml.safe_load(REFERENCE.read_text(encoding="utf-8"))
    return found


def requirements_page() -> str:
    """docs/requirements.md."""
    carried, source = the_map(), reference()
    requirements = [(item, carried.requirements[item["id"]]) for item in source["requirements"]]
    readings = [(item, carried.readings[item["id"]]) for item in source["ambiguities"]]
    lines = [
        _OPENING,
        "## Overview",
        "",
        *_overview(requirements, readings),
        "",
        "## Requirements · 条款",
        "",
        "| | article · 条 | quote · 原文 | kind | status | carried by | tests |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(
            _row(item["id"], item["art"], item["quote"], item["kind"], _status(by), _carriers(by), _tests(by))
            for item, by in requirements
        ),
        "",
        "## Readings · 解释",
        "",
        "The question, the reading that was suggested, and what was done.",
        "",
        "| | on | question | reading | status | carried by | tests |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(
            _row(item["id"], item["on"], item["q"], item["suggest"], _status(by), _carriers(by), _tests(by))
            for item, by in readings
        ),
    ]
    return "\n".join(lines) + "\n"


def _overview(*parts: list[tuple[Any, Carried]]) -> Iterator[str]:
    yield "| | carried | later |"
    yield "| --- | --- | --- |"
    for name, part in zip(("requirements", "readings"), parts, strict=True):
        later = [item["id"] for item, by in part if by.status != "carried"]
        yield f"| {name} | {len(part) - len(later)} of {len(part)} | {', '.join(later) or '—'} |"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _status(by: Carried) -> str:
    return f"**{by.status}**: {by.says}"


def _carriers(by: Carried) -> str:
    code = (f"[`{reference.partition(':')[2]}`](../{file_of(reference)})" for reference in by.code)
    data = (f"[{path}](../{path})" for path in by.data)
    return _cell((*code, *data))


def _tests(by: Carried) -> str:
    return _cell(f"[{named.partition('::')[2]}](../{named.partition('::')[0]})" for named in by.tests)


def _cell(items: Iterable[str]) -> str:
    return "<br>".join(items) or "—"


def file_of(reference: str) -> str:
    """The file of a reference to code, relative to the root."""
    path = reference.partition(":")[0].replace(".", "/")
    package = f"{path}/__init__.py"
    return package if (ROOT / package).is_file() else f"{path}.py"


def main() -> None:
    """Write the page."""
    (FOLDER / "requirements.md").write_text(requirements_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
