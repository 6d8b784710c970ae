"""CSV and TSV → one grid."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import Final

from idp_sync.adapters.forms.columns import is_people_header, known_names
from idp_sync.adapters.forms.grid import Cell, Line, trimmed
from idp_sync.adapters.forms.guard import understood
from idp_sync.domain.errors import InputError
from idp_sync.ports import Bound

_DELIMITERS: Final = (",", ";", "\t")
#: the header row stands within so many characters
_LOOK_AT: Final = 64 * 1024
#: ="110000…": how people keep spreadsheets from making a number of it
_KEPT_AS_TEXT: Final = re.compile(r'="([^"]*)"')


def lines(text: str, bound: Bound) -> Sequence[Line]:
    """The lines of a delimited text.

    Raises:
        InputError: quotes are not closed, or there are more rows than the bound.
    """
    read: list[Line] = []
    with understood():
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text), strict=True):
            read.append(trimmed(_cell(value) for value in row))
            if len(read) > bound.rows:
                raise InputError(f"超过 {bound.rows} 行，已拒绝 / more than {bound.rows} rows, refused")
    return read


def delimiter_of(text: str) -> str:
    """Comma, semicolon or tab: the one that makes most column names of the header row; comma where none does."""
    beginning = text[:_LOOK_AT].splitlines()
    return max(_DELIMITERS, key=lambda delimiter: max((_names(line, delimiter) for line in beginning), default=0))


def _names(line: str, delimiter: str) -> int:
    cells = [Cell(text=part.strip().strip('"')) for part in line.split(delimiter)]
    return len(known_names(cells)) if is_people_header(cells) else 0


def _cell(value: str) -> Cell:
    value = value.strip()
    kept = _KEPT_AS_TEXT.fullmatch(value)
    if kept is not None:
        return Cell(text=kept.group(1).strip())
    return Cell(formula=value) if value.startswith("=") else Cell(text=value)
