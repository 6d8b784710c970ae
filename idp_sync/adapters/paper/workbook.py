"""A blank form as a workbook: every place to type in is text, so that no spreadsheet makes a number of an ID number."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Final

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from idp_sync.adapters.paper.definitions import NamedPermission
from idp_sync.adapters.paper.fillable import CHOICES_OF_COLUMNS, DOCUMENT_COLUMNS, YES_OR_NO, Field, Layout

#: its name says 说明: the reader takes such a sheet for instructions, not for a form
LOOK_UP: Final = "权限代码说明"
#: Excel's own sign of text
_TEXT: Final = "@"
_LINE: Final = Side(style="thin")
_BOX: Final = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_CENTRE: Final = Alignment(horizontal="center", vertical="center", wrap_text=True)
_LEFT: Final = Alignment(horizontal="left", vertical="center", wrap_text=True)
#: characters of each column; the others have the last
_WIDTHS: Final = {"序号": 6, "性别": 7, "身份证号": 24, "申请权限": 34, "原申请权限": 34, "现申请权限": 34, "备注": 20}
_WIDTH: Final = 15
#: a label and its place, twice on a line, take at least four columns
_LEAST_COLUMNS: Final = 4
#: Excel takes no longer list within a validation
_LONGEST_LIST: Final = 255


def xlsx(layout: Layout, permissions: Iterable[NamedPermission]) -> bytes:
    """The workbook: the form, and a sheet with the permissions to look up."""
    book = Workbook()
    sheet = book.active
    if not isinstance(sheet, Worksheet):  # pragma: no cover - openpyxl's new workbooks have one
        raise TypeError("a new workbook has no sheet")
    _Form(sheet, layout).lay_out()
    _look_up(book.create_sheet(LOOK_UP), permissions)
    book.properties.creator = "idp-sync"
    book.properties.title = layout.definition.title
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


class _Form:
    """Lays a form out on a sheet, line by line."""

    def __init__(self, sheet: Worksheet, layout: Layout) -> None:
        self._sheet = sheet
        self._layout = layout
        self._columns = layout.definition.columns
        self._width = max(len(self._columns), _LEAST_COLUMNS)
        self._line = 0

    def lay_out(self) -> None:
        """Everything, from the title to the commitment."""
        layout, sheet = self._layout, self._sheet
        sheet.title = layout.definition.form.value
        self._across(f"{layout.definition.annex}：")
        self._across(layout.definition.title, font=Font(size=16), height=30, alignment=_CENTRE)
        for fields in layout.fields:
            self._fields(fields)
        if layout.request:
            self._across(f"{layout.addressee}：")
            self._across(f"申请内容：{layout.request}", height=44)
        self._table(self._columns, layout.rows, numbered=True, choices=CHOICES_OF_COLUMNS)
        self._across("审核意见\n\n\n日期:", height=70, boxed=True)
        if layout.documents:
            choices = dict(zip(DOCUMENT_COLUMNS, (layout.documents, YES_OR_NO, YES_OR_NO), strict=True))
            self._table(DOCUMENT_COLUMNS, layout.document_rows, numbered=False, choices=choices)
        if layout.commitment:
            self._across(layout.commitment, height=48)
        self._print_on_a4()

    def _across(
        self,
        text: str,
        *,
        font: Font | None = None,
        height: float | None = None,
        alignment: Alignment = _LEFT,
        boxed: bool = False,
    ) -> None:
        """One text over the whole width."""
        self._line += 1
        cell = self._sheet.cell(self._line, 1, text)
        cell.alignment = alignment
        cell.number_format = _TEXT
        if font is not None:
            cell.font = font
        if boxed:
            for column in range(1, self._width + 1):
                self._sheet.cell(self._line, column).border = _BOX
        self._sheet.merge_cells(start_row=self._line, start_column=1, end_row=self._line, end_column=self._width)
        self._sheet.row_dimensions[self._line].height = height

    def _fields(self, fields: Iterable[Field]) -> None:
        """Label, place, label, place; each takes half of the width."""
        self._line += 1
        middle = self._width // 2
        for field, (first, last) in zip(fields, ((1, middle), (middle + 1, self._width)), strict=True):
            self._sheet.cell(self._line, first, f"{field.label}：").alignment = _LEFT
            place = self._sheet.cell(self._line, first + 1, field.value or None)
            place.alignment, place.number_format, place.border = _LEFT, _TEXT, Border(bottom=_LINE)
            if last > first + 1:
                self._sheet.merge_cells(
                    start_row=self._line, start_column=first + 1, end_row=self._line, end_column=last
                )
            if field.choices:
                self._choose(field.choices, place.coordinate)

    def _table(
        self, headings: Iterable[str], rows: int, *, numbered: bool, choices: Mapping[str, tuple[str, ...]]
    ) -> None:
        self._line += 1
        first = self._line + 1
        for column, heading in enumerate(headings, start=1):
            self._box(self._line, column, heading)
            for line in range(first, first + rows):
                self._box(line, column, line - first + 1 if numbered and column == 1 else None)
            if heading in choices:
                letter = get_column_letter(column)
                self._choose(choices[heading], f"{letter}{first}:{letter}{first + rows - 1}")
        self._line += rows

    def _box(self, line: int, column: int, value: str | int | None) -> None:
        cell = self._sheet.cell(line, column, value)
        cell.border, cell.alignment = _BOX, _CENTRE
        if not isinstance(value, int):
            cell.number_format = _TEXT

    def _choose(self, choices: tuple[str, ...], cells: str) -> None:
        """A list to choose from; something else may be typed where the list is a help only."""
        listed = f'"{",".join(choices)}"'
        if len(listed) > _LONGEST_LIST:
            return
        validation = DataValidation(type="list", formula1=listed, allow_blank=True)
        validation.errorStyle = "warning"
        validation.add(cells)
        self._sheet.add_data_validation(validation)

    def _print_on_a4(self) -> None:
        sheet = self._sheet
        for column in range(1, self._width + 1):
            heading = self._columns[column - 1] if column <= len(self._columns) else ""
            sheet.column_dimensions[get_column_letter(column)].width = _WIDTHS.get(heading, _WIDTH)
        # some are narrow, but labels stand in them
        for column in (1, self._width // 2 + 1):
            sheet.column_dimensions[get_column_letter(column)].width = max(
                _WIDTH, sheet.column_dimensions[get_column_letter(column)].width
            )
        sheet.page_setup.paperSize = 9  # A4
        sheet.page_setup.orientation = "landscape" if self._layout.definition.is_wide else "portrait"
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _look_up(sheet: Worksheet, permissions: Iterable[NamedPermission]) -> None:
    """Codes and titles, for the people who fill the form in."""
    sheet.append(("代码", "级别/机构类型", "类别", "名称", "内容"))
    for item in permissions:
        sheet.append((item.code, item.rank, item.category, item.label, item.text))
    for column, width in zip("ABCDE", (20, 14, 24, 40, 80), strict=True):
        sheet.column_dimensions[column].width = width
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:E{sheet.max_row}"
