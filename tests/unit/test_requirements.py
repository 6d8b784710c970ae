"""docs/requirements.md leads from each clause to code that says it and to tests that there are."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from docs.generate_requirements import FOLDER, ROOT, Carried, file_of, reference, requirements_page, the_map

MAP = the_map()
REFERENCE = reference()
REQUIREMENTS = {item["id"]: item for item in REFERENCE["requirements"]}
READINGS = {item["id"]: item for item in REFERENCE["ambiguities"]}
ALL: dict[str, Carried] = {**MAP.requirements, **MAP.readings}
#: a duty of the software
DUTIES = {"enforce", "record", "remind", "hook"}

_CHINESE = {digit: number for number, digit in enumerate("一二三四五六七八九十", start=1)} | {"十一": 11}
#: 电子签名法 第十五条
_OTHER_LAWS = re.compile(r"(?<!办)[法典例]\s*第[一二三四五六七八九十百]+条(?:至第[一二三四五六七八九十百]+条)?")
_NUMBERED = r"([\d\s,()–-]+(?:(?:and|to|or)[\d\s,()]+)*)"


def _code() -> Iterator[Any]:
    for number, by in ALL.items():
        yield from (pytest.param(number, named, id=f"{number} {named}") for named in by.code)


# --- the page and the map -------------------------------------------------------------------------------------------


def test_the_page_is_what_the_generator_makes() -> None:
    advice = "docs/requirements.md is out of date: run .venv/bin/python docs/generate_requirements.py"
    assert (FOLDER / "requirements.md").read_text("utf-8") == requirements_page(), advice


def test_the_generator_runs_as_a_script() -> None:
    before = (FOLDER / "requirements.md").read_bytes()
    script = FOLDER / "generate_requirements.py"
    lines = "import runpy, sys; print(runpy.run_path(sys.argv[1])['requirements_page'](), end='')"
    made = subprocess.run([sys.executable, "-X", "utf8", "-c", lines, str(script)], capture_output=True, check=True)
    assert made.stdout == before


def test_every_requirement_and_reading_is_on_it_once_and_nothing_else() -> None:
    assert list(MAP.requirements) == list(REQUIREMENTS) == [f"R-{number:02}" for number in range(1, 51)]
    assert list(MAP.readings) == list(READINGS) == [f"A-{number:02}" for number in range(1, 25)]


def test_the_reference_quotes_the_regulation() -> None:
    """Quotes leave out words (…), mark choices with blanks and strokes, and end where they like."""
    regulation = "".join((ROOT / "tests" / "cases" / "regulation.zh.txt").read_text("utf-8").split())
    for item in REQUIREMENTS.values():
        for part in re.split(r"…|\s/\s", item["quote"]):
            assert "".join(part.split()) in regulation, item["id"]


@pytest.mark.parametrize(("number", "by"), list(ALL.items()), ids=list(ALL))
def test_what_is_said_to_be_carried_has_code_and_tests(number: str, by: Carried) -> None:
    duty = REQUIREMENTS[number]["kind"] in DUTIES if number in REQUIREMENTS else True
    if by.status == "carried" and duty:
        assert by.code, "which code?"
        assert by.tests, "which test?"
    assert len(set(by.code)) == len(by.code)
    assert len(set(by.tests)) == len(by.tests)


# --- code -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "named"), list(_code()))
def test_code_is_there_and_says_the_rule(number: str, named: str) -> None:
    module, _, path = named.partition(":")
    found: Any = importlib.import_module(module)
    for name in path.split("."):
        # a field of a pydantic model is no attribute of it
        fields = getattr(found, "model_fields", {})
        found = fields[name] if name in fields else getattr(found, name)
    said = mentioned(words_of(named))
    assert said & sources_of(number), f"{named} names {sorted(said)}, not {sorted(sources_of(number))}"


def sources_of(number: str) -> set[str]:
    """What may stand at the code: the number itself, its article or annex, and the same of what a reading is on."""
    if number in REQUIREMENTS:
        item = REQUIREMENTS[number]
        return {number} | _mentioned_in_chinese(item["art"]) | _mentioned_in_chinese(item["quote"])
    on = READINGS[number]["on"]
    ids = re.findall(r"R-\d\d", on)
    return {number, *_mentioned_in_chinese(on)}.union(*(sources_of(id_) for id_ in ids))


def mentioned(text: str) -> set[str]:
    """The articles, annexes and numbers that a text names, as «article 5», «annex 3», «R-10»."""
    found = set(re.findall(r"\b[RA]-\d\d\b", text)) | _mentioned_in_chinese(_OTHER_LAWS.sub("", text))
    for word, numbers in re.findall(rf"\b(Articles?|Annex(?:es)?)\s+{_NUMBERED}", text):
        kind = "annex" if word.startswith("Annex") else "article"
        found |= {f"{kind} {n}" for n in _numbers(re.sub(r"\([^)]*\)", "", numbers))}
    return found


def _mentioned_in_chinese(text: str) -> set[str]:
    found = {f"article {_CHINESE[digits]}" for digits in re.findall(r"第(十一|[一二三四五六七八九十])条", text)}
    if digits := re.match(r"十一|[一二三四五六七八九十]", text):  # the reference writes 五（一）4
        found.add(f"article {_CHINESE[digits.group()]}")
    for first, last in re.findall(r"附件(\d)(?:(?:至附件|–|-)(\d))?", text):
        found |= {f"annex {n}" for n in range(int(first), int(last or first) + 1)}
    return found


def _numbers(text: str) -> set[int]:
    numbers = {int(n) for n in re.findall(r"\d+", text)}
    for first, last in re.findall(r"(\d+)\s*(?:to|–|-)\s*(\d+)", text):
        numbers |= set(range(int(first), int(last) + 1))
    return numbers


def words_of(named: str) -> str:
    """The source of what is named, with the comment in front of it."""
    path = named.partition(":")[2].split(".")
    lines = (ROOT / file_of(named)).read_text("utf-8").splitlines()
    node: ast.AST = _tree(file_of(named))
    for name in path:
        node = next(child for child in ast.iter_child_nodes(node) if _name_of(child) == name)
    assert isinstance(node, ast.stmt)
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)]) - 1
    while lines[first - 1].strip().startswith("#"):
        first -= 1
    return " ".join(line.strip().lstrip("#: ") for line in lines[first : node.end_lineno])


def _name_of(node: ast.AST) -> str:
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return ""


@cache
def _tree(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text("utf-8"))


def test_what_a_text_mentions() -> None:
    assert mentioned("as Articles 3, 5 (2) and 6 (4) say, Annex 3 to 7, reading A-01") == {
        *("article 3", "article 5", "article 6"),
        *(f"annex {n}" for n in range(3, 8)),
        "A-01",
    }
    assert mentioned("第六条（四）；附件3至附件5") == {"article 6", "annex 3", "annex 4", "annex 5"}
    assert sources_of("R-43") == {"R-43", "article 11"}
    assert sources_of("A-12") == {"A-12", "R-03", "R-04", "article 3"}
    assert mentioned("电子签名法 第六条，民法典 第二百条至第三条，本办法第八条") == {"article 8"}
    assert mentioned("Articulate 5 annexed, 22239") == set()


# --- data and tests -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "by"), list(ALL.items()), ids=list(ALL))
def test_files_and_tests_are_there(number: str, by: Carried) -> None:
    assert all((ROOT / path).is_file() for path in by.data), number
    for named in by.tests:
        path, *names = named.split("::")
        node: ast.AST | None = _tree(path)
        for name in names:
            assert node is not None
            node = next((child for child in ast.iter_child_nodes(node) if _name_of(child) == name), None)
        assert isinstance(node, ast.FunctionDef), named
        assert node.name.startswith("test_"), named
        assert any(isinstance(part, ast.Assert | ast.With) for part in ast.walk(node)), f"{named} asserts nothing"
