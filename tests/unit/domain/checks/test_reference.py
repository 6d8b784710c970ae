"""Whole applications: every line of the reference, and one more for every finding that those do not provoke."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from idp_sync.adapters.forms.structured import application_from_document, known_from_context
from idp_sync.domain.checks import Verdict
from idp_sync.domain.finding import FOUND_WHILE_READING, Code
from tests.builders import checked

FOLDER = Path(__file__).parents[3] / "cases"
LINES: list[dict[str, Any]] = [
    json.loads(line)
    for name in ("applications.jsonl", "more_applications.jsonl")
    for line in (FOLDER / name).read_text("utf-8").splitlines()
]
#: found by the readers of spreadsheets only
OF_SPREADSHEETS = FOUND_WHILE_READING | {Code.SHEET_HIDDEN}
#: found only where the setting is made
OF_SETTINGS = {Code.DATE_BEFORE_EFFECT}


def verdict_on(line: dict[str, Any]) -> Verdict:
    return checked(application_from_document(line), known_from_context(line["context"]))


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line['id']} {line['title']}")
def test_line(line: dict[str, Any]) -> None:
    verdict = verdict_on(line)
    expected = line["expected"]
    assert sorted(verdict.codes) == sorted(expected["codes"])
    assert verdict.outcome.value == expected["outcome"]


def test_all_lines_are_there_each_with_its_own_number() -> None:
    assert len({line["id"] for line in LINES}) == len(LINES)
    assert sum(line["id"].startswith("APP-") for line in LINES) == 22


def test_the_lines_provoke_every_finding_of_the_checks() -> None:
    provoked = {finding.code for line in LINES for finding in verdict_on(line).findings}
    assert provoked == set(Code) - OF_SPREADSHEETS - OF_SETTINGS


def test_no_sentence_on_any_line_quotes_an_id_number() -> None:
    for line in LINES:
        numbers = [str(row["身份证号"]) for row in line["rows"] if len(str(row.get("身份证号", ""))) >= 15]
        for finding in verdict_on(line).findings:
            assert all(number not in finding.sentence() for number in numbers)
