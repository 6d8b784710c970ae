"""Word documents → one grid: a paragraph is a line of one cell, a table row is a line.

The XML is walked here, not through python-docx's own texts: those leave out what stands in content controls, which is
what fillable forms are made of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from docx import Document
from docx.oxml.ns import qn

from idp_sync.adapters.forms.grid import BLANK, Cell, Line, trimmed
from idp_sync.adapters.forms.guard import understood
from idp_sync.adapters.forms.office_zip import Package
from idp_sync.domain.errors import InputError
from idp_sync.ports import Bound

#: Word itself has no more
MOST_COLUMNS: Final = 63

_P: Final = qn("w:p")
_TABLE: Final = qn("w:tbl")
_ROW: Final = qn("w:tr")
_CELL: Final = qn("w:tc")
_TEXT: Final = qn("w:t")
_SYMBOL: Final = qn("w:sym")
_TEXT_BOX: Final = qn("w:txbxContent")
#: the second version of a drawing, for old readers
_FALLBACK: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_BREAKS: Final = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
#: containers that are seen through: content controls and the like
_TRANSPARENT: Final = frozenset({qn("w:sdt"), qn("w:sdtContent"), qn("w:customXml"), qn("w:smartTag")})
#: ticks of the Wingdings fonts
_TICKS: Final = frozenset({"F0FC", "F0FE", "F050", "F052"})


def lines(package: Package, bound: Bound) -> Sequence[Line]:
    """The paragraphs and table rows of a checked document, in their order.

    Raises:
        InputError: it can't be read, has revisions that nobody accepted, or more rows than the bound.
    """
    if package.has_revisions:
        raise InputError(
            "文档中有未接受的修订，请接受或拒绝全部修订后再提交 / tracked changes: accept or reject them first"
        )
    read: list[Line] = []
    with understood():
        for line in _block(Document(package.repacked()).element.body):
            read.append(line)
            if len(read) > bound.rows:
                raise InputError(f"文档超过 {bound.rows} 行，已拒绝 / more than {bound.rows} lines, refused")
    return read


# lxml has no types: its elements are Any here


def _block(container: Any) -> Iterator[Line]:  # noqa: ANN401
    for element in container:
        if element.tag == _P:
            yield [Cell(text=_text(element).strip())]
            for box in _text_boxes(element):
                yield from _block(box)
        elif element.tag == _TABLE:
            yield from _table(element)
        elif element.tag in _TRANSPARENT:
            yield from _block(element)


def _text(element: Any) -> str:  # noqa: ANN401
    return "".join(_pieces(element))


def _pieces(element: Any) -> Iterator[str]:  # noqa: ANN401
    for child in element:
        if child.tag == _TEXT:
            yield child.text or ""
        elif child.tag in _BREAKS:
            yield _BREAKS[child.tag]
        elif child.tag == _SYMBOL:
            yield "√" if child.get(qn("w:char"), "").upper() in _TICKS else "□"
        elif child.tag not in {_FALLBACK, _TEXT_BOX}:
            yield from _pieces(child)


def _text_boxes(paragraph: Any) -> Iterator[Any]:  # noqa: ANN401
    for child in paragraph:
        if child.tag == _TEXT_BOX:
            yield child
        elif child.tag != _FALLBACK:
            yield from _text_boxes(child)


def _table(table: Any) -> Iterator[Line]:  # noqa: ANN401
    above: dict[int, Cell] = {}
    for row in _within(table, _ROW):
        line: list[Cell] = []
        nested: list[Any] = []
        for cell in _within(row, _CELL):
            _place(cell, line, above)
            nested += _within(cell, _TABLE)
        yield trimmed(line)
        for inner in nested:
            yield from _table(inner)


def _within(container: Any, tag: str) -> Iterator[Any]:  # noqa: ANN401
    for element in container:
        if element.tag == tag:
            yield element
        elif element.tag in _TRANSPARENT:
            yield from _within(element, tag)


def _place(cell: Any, line: list[Cell], above: dict[int, Cell]) -> None:  # noqa: ANN401
    """Put a cell at the end of the line, as wide as it is; one that continues the cell above says the same."""
    column = len(line)
    if _continues(cell):
        corner = above.get(column, BLANK)
        here = Cell(text=corner.text, covered=True)
    else:
        here = corner = Cell(text="\n".join(_paragraphs(cell)).strip())
    above[column] = corner
    beside = Cell(text=corner.text, covered=True)
    line += [here, *[beside] * (min(_width(cell), MOST_COLUMNS) - 1)]


def _paragraphs(cell: Any) -> Iterator[str]:  # noqa: ANN401
    for paragraph in _within(cell, _P):
        yield _text(paragraph)


def _width(cell: Any) -> int:  # noqa: ANN401
    span = cell.find(f"{qn('w:tcPr')}/{qn('w:gridSpan')}")
    return max(int(span.get(qn("w:val"), "1")), 1) if span is not None else 1


def _continues(cell: Any) -> bool:  # noqa: ANN401
    """Whether it is merged with the cell above: vMerge without «restart»."""
    merge = cell.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}")
    return merge is not None and merge.get(qn("w:val"), "continue") != "restart"
