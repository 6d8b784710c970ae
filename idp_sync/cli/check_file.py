"""Checks a file of applications, line by line: the format of the reference applications, without any server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from idp_sync.adapters.forms import application_from_document, known_from_context
from idp_sync.domain.calendar import beijing_date
from idp_sync.domain.checks import Verdict, check
from idp_sync.domain.errors import InputError
from idp_sync.domain.rulebook import RuleBook


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedLine:
    """What was found on one line."""

    #: number of the application, or of the line where it has none
    id: str
    verdict: Verdict | None
    #: why the line can't be read
    problem: str = ""

    @property
    def exit_code(self) -> int:
        """0 where it can be approved, 1 where not, 3 where it can't be read."""
        if self.verdict is None:
            return InputError.exit_code
        return 0 if self.verdict.outcome.may_be_approved else 1

    def document(self) -> dict[str, object]:
        """As scripts read it: id, outcome, codes; findings and notes beside them."""
        if self.verdict is None:
            return {"id": self.id, "outcome": "unreadable", "codes": [], "problem": self.problem}
        return {
            "id": self.id,
            "outcome": self.verdict.outcome.value,
            "codes": list(self.verdict.codes),
            "notes": [f.label for f in self.verdict.findings if f.rule.is_note],
            "findings": [f.sentence() for f in self.verdict.findings],
        }

    def text(self) -> str:
        """As people read it."""
        if self.verdict is None:
            return f"✗ {self.id}：{self.problem}"
        good = "✓" if self.verdict.outcome.may_be_approved else "✗"
        findings = "".join(f"\n    {'·' if f.rule.is_note else '!'} {f.sentence()}" for f in self.verdict.findings)
        return f"{good} {self.id}  {self.verdict.outcome.value}{findings}"


def check_lines(path: Path, *, book: RuleBook, now: datetime) -> Iterator[CheckedLine]:
    """Check every line of a file of JSON lines; a line that can't be read does not stop the others.

    Raises:
        InputError: the file can't be read at all.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield _check_line(line, number, book, now)
    except OSError as error:
        raise InputError(f"{path}：文件不可读 / can't be read: {error.strerror}") from None


def _check_line(line: bytes, number: int, book: RuleBook, now: datetime) -> CheckedLine:
    id_ = f"第{number}行 / line {number}"
    try:
        document = _document(line)
        id_ = str(document.get("id") or id_)
        application = application_from_document(document)
        known = known_from_context(document.get("context"))
    except (ValueError, RecursionError) as error:
        return CheckedLine(id=id_, verdict=None, problem=f"不是JSON / not JSON: {type(error).__name__}")
    except InputError as error:
        return CheckedLine(id=id_, verdict=None, problem=str(error))
    return CheckedLine(id=id_, verdict=check(application, book=book, today=beijing_date(now), known=known))


def _document(line: bytes) -> dict[str, Any]:
    document = json.loads(line.decode("utf-8-sig"))
    if not isinstance(document, dict):
        raise InputError("不是JSON对象 / not a JSON object")
    return document
