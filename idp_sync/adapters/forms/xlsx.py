"""Workbooks → grids, one for each visible sheet."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Protocol

from openpyxl import load_workbook
from openpyxl.utils import range_boundaries

from idp_sync.adapters.forms.grid import BLANK, Cell, Line, trimmed
from idp_sync.adapters.forms.guard import understood
from idp_sync.adapters.forms.office_zip import Package
from idp_sync.domain.errors import InputError
from idp_sync.ports import Bound

#: the widest form has 8 columns; what stands further to the right is no part of it
MOST_COLUMNS: Final = 100
#: all merged ranges of a sheet together
MOST_MERGED_CELLS: Final = 1_000_000
#: spreadsheets keep no more digits of a number
_DIGITS_KEPT: Final = 10**15
_FORMULA_OR_ERROR: Final = frozenset({"f", "e"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet."""

    name: str
    #: hidden sheets are not read
    is_hidden: bool
    lines: Sequence[Line]


class _OpenpyxlCell(Protocol):
    """What openpyxl's cells, filled or blank, have in common."""

    @property
    def value(self) -> object: ...

    @property
    def data_type(self) -> str: ...


def sheets(package: Package, bound: Bound) -> Iterator[Sheet]:
    """The sheets of a checked workbook, in their order.

    Raises:
        InputError: it can't be read, or a sheet has more rows than the bound.
    """
    with understood(), warnings.catch_warnings():
        # openpyxl warns of each extension that it does not know; WPS writes many
        warnings.simplefilter("ignore")
        # formulas, not their cached values: those are whatever the sender made them
        workbook = load_workbook(package.repacked(), read_only=True, data_only=False, keep_links=False)
        read = []
        for worksheet in workbook.worksheets:
            hidden = worksheet.sheet_state != "visible"
            lines = [] if hidden else _lines(worksheet, package, bound)
            read.append(Sheet(name=worksheet.title, is_hidden=hidden, lines=lines))
        workbook.close()
    yield from read


def _lines(worksheet: Any, package: Package, bound: Bound) -> Sequence[Line]:  # noqa: ANN401 - openpyxl's read-only one
    # which part a sheet comes from openpyxl keeps to itself; the test of merged cells holds this
    part = worksheet._worksheet_path.lstrip("/")  # noqa: SLF001
    last = package.last_rows.get(part, 0)
    if last > bound.rows:
        raise InputError(f"工作表行数超过 {bound.rows} 行，已拒绝 / more than {bound.rows} rows, refused")
    # the dimension in the file may be a lie
    worksheet.reset_dimensions()
    rows = worksheet.iter_rows(min_row=1, max_row=max(last, 1), max_col=MOST_COLUMNS)
    grid = [list(trimmed(_cell(cell) for cell in row)) for row in rows]
    _spread(grid, package.merged.get(part, ()))
    return grid


def _cell(cell: _OpenpyxlCell) -> Cell:
    value = cell.value
    if value is None:
        return BLANK
    if cell.data_type in _FORMULA_OR_ERROR:
        return Cell(formula=str(value) if isinstance(value, str) else "=…")
    return Cell(text=_text(value))


def _text(value: object) -> str:
    """A cell's value as the person who typed it would write it; dates in ISO."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value).strip()


def number_text(value: float) -> str:
    """A number as text; with more than 15 digits in a way that shows the damage (1.1e+17), never padded."""
    if abs(value) < _DIGITS_KEPT and value == int(value):
        return str(int(value))
    return repr(float(value))


def _spread(grid: list[list[Cell]], ranges: Sequence[str]) -> None:
    """Let every cell of a merged range say what its corner says."""
    budget = MOST_MERGED_CELLS
    for reference in ranges:
        left, top, right, bottom = (edge or 1 for edge in range_boundaries(reference))
        right, bottom = min(right, MOST_COLUMNS), min(bottom, len(grid))
        budget -= max(right - left + 1, 0) * max(bottom - top + 1, 0)
        if budget < 0:
            raise InputError("合并单元格过多，已拒绝 / too many merged cells, refused")
        corner = _at(grid, top, left)
        if not corner.is_blank:
            covered = Cell(text=corner.text, formula=corner.formula, covered=True)
            _cover(grid, (left, top, right, bottom), covered)


def _at(grid: list[list[Cell]], row: int, column: int) -> Cell:
    line = grid[row - 1] if row <= len(grid) else []
    return line[column - 1] if column <= len(line) else BLANK


def _cover(grid: list[list[Cell]], edges: tuple[int, int, int, int], covered: Cell) -> None:
    left, top, right, bottom = edges
    for row in range(top, bottom + 1):
        line = grid[row - 1]
        line.extend([BLANK] * (right - len(line)))
        for column in range(left, right + 1):
            if (row, column) != (top, left):
                line[column - 1] = covered
