"""A grid → applications: the title, the fields around the table, the table, the commitment, the proofs.

The layout is the annex's own. One grid may hold several forms one below the other: each title begins a new one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from idp_sync.adapters.forms import columns
from idp_sync.adapters.forms.grid import Cell, Line, compact, is_blank, shown
from idp_sync.adapters.forms.header import (
    Label,
    fields_in,
    form_named,
    given,
    iso_date,
    labels_in,
    says_yes,
    title_in,
)
from idp_sync.adapters.forms.numbering import with_number
from idp_sync.adapters.forms.units import UnitWords, district_code, unit_of, user_class_of
from idp_sync.domain.application import COMMITMENT, Application, Document, Form, Opinion, Row, numbered
from idp_sync.domain.district import Districts
from idp_sync.domain.errors import InputError
from idp_sync.domain.finding import Code, Finding
from idp_sync.domain.unit import Unit
from idp_sync.ports import Incoming, Unreadable

_COMMITMENT: Final = compact(COMMITMENT)
_COMMITMENT_BEGINS: Final = _COMMITMENT[:7]
_DOCUMENT: Final = "证明材料"
_ORIGINAL: Final = "核验原件"
_COPY: Final = "复印件盖章"
#: forms of which the words around the table are the application
_WRITTEN_REQUESTS: Final = frozenset({Form.ENTERPRISE_CANCEL, Form.RESTORE, Form.BUSINESS_DELETION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is known of a form beside its own words."""

    #: stands in where the form says nothing
    defaults: Mapping[Label, str]
    #: to tell the code of a district that is written by its name
    districts: Districts | None


@dataclass(slots=True)
class _Sheet:
    """One form while it is read, line by line."""

    form: Form | None = None
    fields: dict[Label, Cell] = field(default_factory=dict)
    #: position of each column
    columns: dict[str, int] = field(default_factory=dict)
    #: headings that no form has
    unknown: list[str] = field(default_factory=list)
    people: list[Line] = field(default_factory=list)
    document_columns: dict[str, int] = field(default_factory=dict)
    documents: list[Line] = field(default_factory=list)
    #: words that are neither label nor table
    words: list[str] = field(default_factory=list)
    #: the table that the next line belongs to, if it is one of it
    table: list[Line] | None = None


def applications(lines: Sequence[Line], source: str, known: Surroundings) -> Iterator[Incoming | Unreadable]:
    """The applications in a grid; nothing where it is blank."""
    for part in _parts(lines):
        try:
            yield _incoming(_read(part), source, known)
        except InputError as error:
            yield Unreadable(source=source, reason=str(error))


def _parts(lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    """The lines of each form: a title begins a new one once the form before it has had its table."""
    part: list[Line] = []
    has_table = False
    for line in lines:
        if is_blank(line):
            continue
        if has_table and title_in(line) is not None:
            yield part
            part, has_table = [], False
        has_table = has_table or columns.is_people_header(line)
        part.append(line)
    if part:
        yield part


# --- reading ---------------------------------------------------------------------------------------------------------


def _read(lines: Sequence[Line]) -> _Sheet:
    sheet = _Sheet()
    for line in lines:
        _take(sheet, line)
    return sheet


def _take(sheet: _Sheet, line: Line) -> None:
    if columns.is_people_header(line):
        _take_people_header(sheet, line)
    elif _is_document_header(line):
        sheet.document_columns = {compact(cell.text): place for place, cell in enumerate(line) if not cell.covered}
        sheet.table = sheet.documents
    elif sheet.table is not None and not _ends_table(line):
        sheet.table.append(line)
    else:
        sheet.table = None
        _take_words(sheet, line)


def _take_people_header(sheet: _Sheet, line: Line) -> None:
    """A header row; on the second page of a table it comes again, the same."""
    sheet.table = sheet.people
    places: dict[str, int] = {}
    unknown: list[str] = []
    for place, cell in enumerate(line):
        if cell.covered or cell.is_blank:
            continue
        name = columns.column_named(cell.text)
        if name is None or name in places:
            unknown.append(cell.text)
        else:
            places[name] = place
    if sheet.people and places != sheet.columns:
        raise InputError("一份申请表里有两个不同的表头行，请分成两份 / two header rows that differ within one form")
    sheet.columns, sheet.unknown = places, unknown


def _is_document_header(line: Line) -> bool:
    return {_DOCUMENT, _ORIGINAL, _COPY} <= {compact(cell.text) for cell in line}


def _ends_table(line: Line) -> bool:
    """Whether a line belongs to what stands below the table: it begins with a label, or is the commitment."""
    first = next(cell for cell in line if not cell.is_blank)
    words = compact(first.text)
    return words.startswith(_COMMITMENT_BEGINS) or bool(labels_in(first.text)) or title_in([first]) is not None


def _take_words(sheet: _Sheet, line: Line) -> None:
    title = title_in(line)
    if title is not None and sheet.form is None:
        sheet.form = title
    found = list(fields_in(line))
    for label, cell in found:
        if label not in sheet.fields or sheet.fields[label].is_blank:
            sheet.fields[label] = cell
    sheet.words += [cell.text for cell in line if not cell.covered and not (found or title)]
    # the commitment may stand in a cell together with labels
    sheet.words += [cell.text for cell in line if found and _COMMITMENT_BEGINS in compact(cell.text)]


# --- understanding ---------------------------------------------------------------------------------------------------


def _incoming(sheet: _Sheet, source: str, known: Surroundings) -> Incoming:
    fields = _Fields(sheet.fields, known.defaults)
    form = _form(sheet, fields)
    rows, row_findings = _rows(sheet, form, known)
    commitment = says_yes(known.defaults.get(Label.COMMITMENT, "")) or _COMMITMENT in compact("".join(sheet.words))
    application = Application(
        id=fields.text(Label.NUMBER),
        form=form,
        received_on=iso_date(fields.text(Label.RECEIVED_ON)),
        received_by=fields.text(Label.RECEIVED_BY),
        unit=_unit(fields, known),
        rows=rows,
        stamp_present=says_yes(fields.text(Label.STAMP)),
        signed_by=fields.text(Label.SIGNED_BY),
        contact_name=fields.text(Label.CONTACT),
        contact_phone=fields.text(Label.PHONE),
        commitment_present=commitment,
        documents=tuple(_documents(sheet)),
        review=_review(fields),
        text=fields.text(Label.TEXT) or _request(sheet, form),
    )
    findings = (*fields.findings(), *_column_findings(sheet, form), *row_findings)
    return Incoming(application=with_number(application), source=source, findings=findings)


@dataclass(frozen=True, slots=True)
class _Fields:
    """The fields of a form, with the defaults behind them."""

    written: Mapping[Label, Cell]
    defaults: Mapping[Label, str]

    def text(self, label: Label) -> str:
        """What is written, else the default."""
        cell = self.written.get(label)
        return (given(cell.text) if cell is not None else "") or self.defaults.get(label, "")

    def findings(self) -> Iterator[Finding]:
        """Fields that are formulas."""
        for label, cell in self.written.items():
            if cell.formula:
                yield Finding(code=Code.CELL_FORMULA, field=label.value)


def _form(sheet: _Sheet, fields: _Fields) -> Form:
    named = fields.text(Label.TITLE)
    if named and form_named(named) is None:
        raise InputError(f"表名“{shown(named, 20)}”不是任何一种申请表 / no form of that name")
    by_columns = columns.form_by_columns(set(sheet.columns), user_class_of(fields.text(Label.USER_CLASS)))
    form = sheet.form or form_named(named) or by_columns
    if form is None:
        raise InputError(
            "没有认出申请表：没有表名，也没有表头行（序号、用户姓名……）/ no form: neither title nor header row"
        )
    if not sheet.columns and form not in _WRITTEN_REQUESTS:
        raise InputError(f"《{form.zh}》中没有找到表头行（序号、用户姓名……）/ the form has no header row")
    return form


def _unit(fields: _Fields, known: Surroundings) -> Unit:
    return unit_of(
        UnitWords(
            name=fields.text(Label.UNIT),
            user_class=fields.text(Label.USER_CLASS),
            level=fields.text(Label.LEVEL),
            district=district_code(fields.text(Label.DISTRICT), known.districts),
            organisation_type=fields.text(Label.ORGANISATION_TYPE),
            document_type=fields.text(Label.DOCUMENT_TYPE),
            credit_code=fields.text(Label.CREDIT_CODE),
            organisation_code=fields.text(Label.ORGANISATION_CODE),
        )
    )


def _review(fields: _Fields) -> Opinion | None:
    opinion, date = fields.text(Label.OPINION), iso_date(fields.text(Label.DATE))
    return Opinion(opinion=opinion, date=date) if opinion or date else None


def _request(sheet: _Sheet, form: Form) -> str:
    """The words of a written request: what stands around the table, without the commitment."""
    if form not in _WRITTEN_REQUESTS:
        return ""
    return "\n".join(words for words in sheet.words if words and not compact(words).startswith(_COMMITMENT_BEGINS))


def _column_findings(sheet: _Sheet, form: Form) -> Iterator[Finding]:
    foreign = [name for name in sheet.columns if not columns.belongs_on(form, name)]
    for heading in (*sheet.unknown, *foreign):
        yield Finding(code=Code.COLUMN_UNKNOWN, field=shown(heading, 20))


def _rows(sheet: _Sheet, form: Form, known: Surroundings) -> tuple[tuple[Row, ...], list[Finding]]:
    places = {name: place for name, place in sheet.columns.items() if columns.belongs_on(form, name)}
    filled = [cells for line in sheet.people if _is_filled(cells := _cells(line, places))]
    rows = numbered(_row(cells, known) for cells in filled)
    findings = [
        Finding(code=Code.CELL_FORMULA, row=row.number, field=name)
        for row, cells in zip(rows, filled, strict=True)
        for name, cell in cells.items()
        # a running number is often a formula, and means nothing
        if cell.formula and name != columns.NUMBER
    ]
    return rows, findings


def _cells(line: Line, places: Mapping[str, int]) -> Mapping[str, Cell]:
    return {name: line[place] for name, place in places.items() if place < len(line)}


def _is_filled(cells: Mapping[str, Cell]) -> bool:
    """Whether somebody stands in a row. Running numbers are printed; what is merged into it says nothing of its own."""
    return any(not cell.is_blank and not cell.covered for name, cell in cells.items() if name != columns.NUMBER)


def _row(cells: Mapping[str, Cell], known: Surroundings) -> Row:
    row = columns.row_of({name: cell.text for name, cell in cells.items()})
    return replace(row, scope=district_code(row.scope, known.districts)) if row.scope else row


def _documents(sheet: _Sheet) -> Iterator[Document]:
    for line in sheet.documents:
        cells = _cells(line, sheet.document_columns)
        texts = {name: cell.text for name, cell in cells.items()}
        if texts.get(_DOCUMENT):
            yield Document(
                type=texts[_DOCUMENT],
                original_checked=says_yes(texts.get(_ORIGINAL, "")),
                copy_stamped=says_yes(texts.get(_COPY, "")),
            )
