"""Writes reports for other programs and for paper: CSV and XLSX for spreadsheets, PDF.

A spreadsheet runs what begins like a formula, whoever typed it on a form: such cells get an apostrophe before them.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from idp_sync.adapters.paper.typesetting import page, refuse_without_chinese, typeset
from idp_sync.domain.errors import Refused
from idp_sync.domain.report import Report

#: what a spreadsheet takes for the beginning of a formula, full-width forms too, which some of them fold
_BEGINS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "﹢", "﹣", "﹦", "﹫")
#: Excel knows by it that a file is UTF-8
_BOM: Final = "\ufeff"
#: rows on a sheet of XLSX
_XLSX_ROWS: Final = 1_048_576
#: rows that are typeset in bearable time: a thousand take fifteen seconds
_PDF_ROWS: Final = 2_000
_WIDEST: Final = 60


def harmless(text: str) -> str:
    """A cell that no spreadsheet runs: an apostrophe stands before what would be a formula."""
    begins = text[:1] in _BEGINS_A_FORMULA or text.lstrip()[:1] in _BEGINS_A_FORMULA
    return f"'{text}" if text and begins else text


def width(text: str) -> int:
    """Columns that a text takes: ideographs and full-width forms take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


class Tables:
    """Writes reports."""

    def __init__(self, templates: Path) -> None:
        """Take the folder of templates."""
        self._templates = templates

    def csv(self, report: Report) -> bytes:
        """UTF-8 with a BOM, lines ended as RFC 4180 has it, texts quoted, and numbers as they are."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
        writer.writerow(_headings(report))
        writer.writerows(_safe_rows(report))
        return (_BOM + text.getvalue()).encode("utf-8")

    def xlsx(self, report: Report) -> bytes:
        """One sheet, its head fixed; every text is a text, whatever it begins with.

        Raises:
            Refused: there are more rows than a sheet has.
        """
        if len(report.rows) >= _XLSX_ROWS:
            raise Refused(f"{len(report.rows)}行超出一张工作表，请用CSV / more rows than a sheet has: use CSV")
        from openpyxl import Workbook  # noqa: PLC0415 - takes a while, and is needed here only
        from openpyxl.cell.cell import Cell, WriteOnlyCell  # noqa: PLC0415
        from openpyxl.styles import Font  # noqa: PLC0415
        from openpyxl.utils import get_column_letter  # noqa: PLC0415

        book = Workbook(write_only=True)
        sheet = book.create_sheet("报表")
        headings, rows = _headings(report), list(_safe_rows(report))
        for number, widest in enumerate(_widths([headings, *rows]), start=1):
            sheet.column_dimensions[get_column_letter(number)].width = widest + 2
        sheet.freeze_panes = "A2"

        def cell(value: str | int, *, bold: bool = False) -> Cell:
            made = WriteOnlyCell(sheet, value)
            if isinstance(value, str):
                made.data_type, made.number_format = "s", "@"
            if bold:
                made.font = Font(bold=True)
            return made

        sheet.append([cell(heading, bold=True) for heading in headings])
        for row in rows:
            sheet.append([cell(value) for value in row])
        buffer = io.BytesIO()
        book.save(buffer)
        return buffer.getvalue()

    def pdf(self, report: Report) -> bytes:
        """A4 across, the head repeated on each page; a character that no font has is printed as its code.

        Raises:
            Refused: it is too long to be typeset.
            NotSetUp: there is no Chinese font, the template or the libraries of WeasyPrint are missing.
        """
        if len(report.rows) > _PDF_ROWS:
            raise Refused(
                f"{len(report.rows)}行过长，不宜打印，请用 --limit 分页或用CSV、XLSX"
                f" / more than {_PDF_ROWS} rows are not printed: use --limit, CSV or XLSX"
            )
        made, missing = typeset(self._page(report, frozenset()))
        refuse_without_chinese(missing)
        return typeset(self._page(report, missing))[0] if missing else made

    def _page(self, report: Report, missing: frozenset[int]) -> str:
        codes = {code: f"[U+{code:04X}]" for code in missing}
        rows = [[cell.translate(codes) for cell in row] for row in report.in_words()]
        title = report.title.translate(codes)
        return page(self._templates, "reports/report.html.j2", report=report, title=title, rows=rows)


def _headings(report: Report) -> list[str]:
    return [f"{column.zh} / {column.en}" for column in report.columns]


def _safe_rows(report: Report) -> Iterator[list[str | int]]:
    """Numbers as they are, and everything else as harmless text; what is absent is an empty cell."""
    for row, shown in zip(report.rows, report.in_words(), strict=True):
        yield [
            cell if isinstance(cell, int) else harmless(text) if cell not in {None, ""} else ""
            for cell, text in zip(row, shown, strict=True)
        ]


def _widths(rows: Iterable[Sequence[str | int]]) -> list[int]:
    return [min(_WIDEST, max(width(str(cell)) for cell in column)) for column in zip(*rows, strict=True)]
