"""Cells and lines: what a sheet, a Word document and a CSV file have in common."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell, or one paragraph."""

    #: as written, without blanks around it; empty where there is a formula
    text: str = ""
    #: a formula, or an error value, which is never taken for something that a person wrote
    formula: str = ""
    #: belongs to a merged cell whose corner is elsewhere; the text is the corner's
    covered: bool = False

    @property
    def is_blank(self) -> bool:
        """Whether nothing stands in it."""
        return not self.text and not self.formula


BLANK = Cell()

Line = Sequence[Cell]


def trimmed(cells: Iterable[Cell]) -> Line:
    """A line without the blank cells at its end."""
    line = list(cells)
    while line and line[-1].is_blank:
        line.pop()
    return line


def is_blank(line: Line) -> bool:
    """Whether nothing stands in it."""
    return all(cell.is_blank for cell in line)


def compact(text: str) -> str:
    """The text without blanks of any width and without invisible marks: «备 注» is 备注."""
    return "".join(c for c in text if not (c.isspace() or unicodedata.category(c) == "Cf"))


def shown(text: str, limit: int = 60) -> str:
    """Somebody else's words as they may stand in a message: one line, printable, not long."""
    words = "".join(c if c.isprintable() else "�" for c in " ".join(text.split()))
    return words if len(words) <= limit else words[: limit - 1] + "…"
