"""A blank form as a Word document to type in."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from docx import Document
from docx.document import Document as DocumentType
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.table import Table

from idp_sync.adapters.paper.fillable import DOCUMENT_COLUMNS, Field, Layout

_FONT: Final = "SimSun"
_A4: Final = (Cm(21), Cm(29.7))
#: the same each time: who made it, and when, is of no interest
_THEN: Final = datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None)


def docx(layout: Layout) -> bytes:
    """The document."""
    made = Document()
    _style(made, layout)
    made.add_paragraph(f"{layout.definition.annex}：")
    title = made.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.add_run(layout.definition.title).font.size = Pt(18)
    _fields(made, layout.fields)
    made.add_paragraph()
    if layout.request:
        made.add_paragraph(f"{layout.addressee}：")
        made.add_paragraph(f"申请内容：{layout.request}")
    people = _table(made, layout.definition.columns, layout.rows + 1).rows
    for number in range(1, layout.rows + 1):
        people[number].cells[0].text = str(number)
    opinion = people[layout.rows + 1].cells
    opinion[0].merge(opinion[-1]).text = "审核意见\n\n\n日期:"
    if layout.documents:
        made.add_paragraph(f"证明材料可为：{'、'.join(layout.documents)}。核验原件、复印件盖章填“是”或“否”。")
        _table(made, DOCUMENT_COLUMNS, layout.document_rows)
    if layout.commitment:
        made.add_paragraph()
        made.add_paragraph(f"　　{layout.commitment}")
    made.add_paragraph(_hints(layout.fields)).runs[0].font.size = Pt(9)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def _style(made: DocumentType, layout: Layout) -> None:
    font = made.styles["Normal"].font
    font.name, font.size = _FONT, Pt(11)
    # the font of Chinese text is one of its own
    font.element.rPr.rFonts.set(qn("w:eastAsia"), _FONT)
    section = made.sections[0]
    section.page_width, section.page_height = _A4
    if layout.definition.is_wide:
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = reversed(_A4)
    section.left_margin = section.right_margin = Cm(2)
    properties = made.core_properties
    properties.author, properties.comments, properties.title = "idp-sync", "", layout.definition.title
    properties.created = properties.modified = _THEN


def _fields(made: DocumentType, lines: Sequence[Sequence[Field]]) -> None:
    table = made.add_table(rows=len(lines), cols=4)
    for line, row in zip(lines, table.rows, strict=True):
        cells = row.cells
        for position, field in enumerate(line):
            cells[2 * position].text = f"{field.label}："
            cells[2 * position + 1].text = field.value


def _hints(lines: Sequence[Sequence[Field]]) -> str:
    """What may stand in fields with a choice; without colons, so that it can't be taken for a field."""
    choices = [f"{field.label}填{'、'.join(field.choices)}之一" for line in lines for field in line if field.choices]
    return f"填表说明 — {'；'.join(choices)}；日期写作2025-03-03；权限填代码或名称，用顿号分开。"


def _table(made: DocumentType, headings: Iterable[str], rows: int) -> Table:
    names = list(headings)
    table: Table = made.add_table(rows=rows + 1, cols=len(names), style="Table Grid")
    for cell, heading in zip(table.rows[0].cells, names, strict=True):
        cell.text = heading
    return table
