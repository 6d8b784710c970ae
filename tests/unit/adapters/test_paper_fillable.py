"""Blank forms as XLSX and DOCX: what somebody types into them, the reader of forms reads back."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import docx
import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from idp_sync.adapters.forms import Reader
from idp_sync.adapters.paper import Paper
from idp_sync.domain.application import PROMISE, WHOLE_BUNDLE, Application, Document, Form, Row
from idp_sync.domain.finding import Code
from idp_sync.domain.unit import Unit, UserClass
from idp_sync.ports import Incoming, Unreadable
from idp_sync.shipped import folder
from tests.builders import BOOK, CITY, DEVELOPER, DEVELOPERS_DOCUMENTS, application, checked, id_number, row

PAPER = Paper(templates=folder("templates"), roles=folder("roles"))
FULL_WIDTH = id_number(4).translate({code: code + 0xFEE0 for code in range(0x30, 0x3A)})
MANY = tuple(p.code for p in BOOK.catalogue.permissions if p.code.startswith("MGMT-DIST"))
#: where both classes hand a form in, each does
ENTERPRISE_TOO = (Form.RESTORE, Form.BUSINESS_DELETION)

#: column → what of a row stands in it
FIELDS = {
    "用户姓名": "name",
    "原用户姓名": "name",
    "现用户姓名": "new_name",
    "性别": "sex",
    "身份证号": "id_number",
    "登录名称": "login",
    "原登录名称": "login",
    "密钥编号": "key_number",
    "原密钥编号": "key_number",
    "申请权限": "permissions",
    "现申请权限": "permissions",
    "原申请权限": "present_permissions",
    "备注": "remarks",
}


class Workbook:
    """A blank workbook with somebody at the keyboard."""

    kind = "xlsx"

    def __init__(self, content: bytes) -> None:
        self._book = load_workbook(io.BytesIO(content))
        sheet = self._book.worksheets[0]
        assert isinstance(sheet, Worksheet)
        self.sheet = sheet

    def lines(self) -> Iterator[list[Any]]:
        for line in self.sheet.iter_rows():
            yield list(line)

    def text(self, cell: Any) -> str:  # noqa: ANN401 - openpyxl's cells
        return str(cell.value or "")

    def type(self, cell: Any, value: str) -> None:  # noqa: ANN401
        assert cell.number_format == "@", "a spreadsheet would make a number of it"
        cell.value = value

    def saved(self) -> bytes:
        buffer = io.BytesIO()
        self._book.save(buffer)
        return buffer.getvalue()


class WordDocument:
    """A blank document with somebody at the keyboard."""

    kind = "docx"

    def __init__(self, content: bytes) -> None:
        self._document = docx.Document(io.BytesIO(content))

    def lines(self) -> Iterator[list[Any]]:
        for table in self._document.tables:
            for line in table.rows:
                yield list(line.cells)

    def text(self, cell: Any) -> str:  # noqa: ANN401 - python-docx's cells
        return str(cell.text)

    def type(self, cell: Any, value: str) -> None:  # noqa: ANN401
        cell.text = value

    def saved(self) -> bytes:
        buffer = io.BytesIO()
        self._document.save(buffer)
        return buffer.getvalue()


Sheet = Workbook | WordDocument
KINDS: dict[str, tuple[type[Sheet], Callable[[Form], bytes]]] = {
    "xlsx": (Workbook, PAPER.blank_xlsx),
    "docx": (WordDocument, PAPER.blank_docx),
}


def blank(kind: str, form: Form) -> Sheet:
    opened, made = KINDS[kind]
    return opened(made(form))


def fill_field(sheet: Sheet, label: str, value: str) -> None:
    """Type behind a label; the form must have it once."""
    places = [
        line[position + 1]
        for line in sheet.lines()
        for position, cell in enumerate(line[:-1])
        if sheet.text(cell) == f"{label}："
    ]
    assert len(places) == 1, label
    sheet.type(places[0], value)


def fill_table(sheet: Sheet, first_column: str, people: list[dict[str, str]]) -> None:
    """Type into the table that begins with that column, one line for each."""
    lines = list(sheet.lines())
    (start,) = (place for place, line in enumerate(lines) if sheet.text(line[0]) == first_column)
    headings = [sheet.text(cell) for cell in lines[start]]
    for line, person in zip(lines[start + 1 :], people, strict=False):
        assert set(person) <= set(headings)
        for heading, value in person.items():
            sheet.type(line[headings.index(heading)], value)


def fields_of(unit: Unit, handed_in: Application) -> dict[str, str]:
    district = BOOK.districts.find(unit.district)
    written = {
        "单位名称": unit.name,
        "用户类别": unit.user_class.zh,
        "级别": unit.level.zh if unit.level else "",
        "区": district.name if district else "",
        "机构类型": unit.organisation_type.zh if unit.organisation_type else "",
        "材料类型": unit.document_type.zh if unit.document_type else "",
        "统一社会信用代码": unit.credit_code or "",
        "组织机构代码": unit.organisation_code or "",
        "联系人": handed_in.contact_name,
        "联系电话": handed_in.contact_phone,
        "负责人签字": handed_in.signed_by,
        "单位盖章": "是",
        "受理部门": handed_in.received_by,
        "受理日期": handed_in.received_on,
    }
    return {label: value for label, value in written.items() if value}


def columns_of(form: Form) -> list[str]:
    sheet = blank("xlsx", form)
    return next(list(map(sheet.text, line)) for line in sheet.lines() if sheet.text(line[0]) == "序号")


def typed(kind: str, handed_in: Application) -> bytes:
    """The blank form with an application typed into it, by somebody who does not look at the code."""
    sheet = blank(kind, handed_in.form)
    for label, value in fields_of(handed_in.unit, handed_in).items():
        fill_field(sheet, label, value)
    columns = [column for column in columns_of(handed_in.form) if column in FIELDS]
    people = []
    for person in handed_in.rows:
        values = {column: getattr(person, FIELDS[column]) for column in columns}
        cells = {column: value if isinstance(value, str) else "、".join(value) for column, value in values.items()}
        if person.permission_words:
            cells |= {c: person.permission_words for c in ("申请权限", "现申请权限") if c in columns}
        people.append(cells)
    fill_table(sheet, "序号", people)
    if handed_in.documents:
        yes = {True: "是", False: "否"}
        papers = [
            {"证明材料": d.type, "核验原件": yes[d.original_checked], "复印件盖章": yes[d.copy_stamped]}
            for d in handed_in.documents
        ]
        fill_table(sheet, "证明材料", papers)
    return sheet.saved()


def read(kind: str, content: bytes) -> Incoming:
    (item,) = Reader(districts=BOOK.districts).read(f"申请.{kind}", content)
    assert isinstance(item, Incoming), item
    return item


def only_what_the_form_asks(form: Form, person: Row) -> Row:
    fields = {FIELDS[column] for column in columns_of(form) if column in FIELDS}
    kept = {name: getattr(person, name) for name in fields}
    if "permissions" in fields:
        kept["permission_words"] = person.permission_words
    return Row(number=person.number, **kept)


def people(form: Form) -> tuple[Row, ...]:
    """A typical one, and those that forms are broken by."""
    common = {"key_number": "KEY-000001", "new_name": "测试新甲", "remarks": "损坏；外壳裂开"}
    bundle = (WHOLE_BUNDLE,) if form is Form.ENTERPRISE_NEW else ("MGMT-DIST.REG.01",)
    everything = (WHOLE_BUNDLE,) if form is Form.ENTERPRISE_NEW else MANY
    return (
        row(1, login="cy0001", permissions=bundle, present_permissions=("MGMT-DIST.REG.02",), **common),
        row(2, login="cy0002", name="吴𠮷例", sex="女", permissions=everything, present_permissions=MANY, **common),
        row(3, login="cy0003", name="古丽·样例", permissions=(), permission_words="登记受理、登记审核", **common),
        row(4, login="cy0004", name="周䶮样", id_number=FULL_WIDTH, permissions=bundle, **common),
        row(5, login="0005", name="欧阳试用", id_number="11000019900101804X", permissions=bundle, **common),
    )


@pytest.mark.parametrize("kind", ["xlsx", "docx"])
@pytest.mark.parametrize("form", list(Form), ids=str)
def test_what_is_typed_is_read_back(form: Form, kind: str) -> None:
    handed_in = application(form, *people(form))
    expected_rows = tuple(only_what_the_form_asks(form, person) for person in handed_in.rows)
    item = read(kind, typed(kind, handed_in))
    got = item.application
    assert got.rows == expected_rows
    words = got.text if got.form in {Form.ENTERPRISE_CANCEL, *ENTERPRISE_TOO} else ""
    expected = replace(
        handed_in,
        id=got.id,
        rows=expected_rows,
        review=None,
        text=words,
        commitment_present=form not in {Form.ENTERPRISE_CANCEL, *ENTERPRISE_TOO},
    )
    assert got == expected
    assert item.findings == ()


@pytest.mark.parametrize("kind", ["xlsx", "docx"])
@pytest.mark.parametrize("form", ENTERPRISE_TOO, ids=str)
def test_forms_of_both_classes_take_an_enterprise_too(form: Form, kind: str) -> None:
    handed_in = application(form, row(1, login="qy000001"), unit=DEVELOPER)
    assert read(kind, typed(kind, handed_in)).application.unit == DEVELOPER


@pytest.mark.parametrize("kind", ["xlsx", "docx"])
def test_a_city_unit_leaves_the_district_blank(kind: str) -> None:
    handed_in = application(unit=CITY)
    assert read(kind, typed(kind, handed_in)).application.unit == CITY


@pytest.mark.parametrize("kind", ["xlsx", "docx"])
def test_the_promise_comes_with_the_cancellation_word_for_word(kind: str) -> None:
    got = read(kind, typed(kind, application(Form.ENTERPRISE_CANCEL))).application
    assert PROMISE in got.text
    assert got.text.endswith(f"{PROMISE}。")


@pytest.mark.parametrize("kind", ["xlsx", "docx"])
def test_the_documents_of_an_enterprise_are_read_back(kind: str) -> None:
    papers = (*DEVELOPERS_DOCUMENTS, Document(type="金融机构许可证", original_checked=False, copy_stamped=False))
    got = read(kind, typed(kind, application(Form.ENTERPRISE_NEW, documents=papers))).application
    assert got.documents == papers


@pytest.mark.parametrize("written", ["2025-03-03", "2025/3/3", "2025年3月3日", date(2025, 3, 3)])
def test_dates_as_people_and_spreadsheets_write_them(written: str | date) -> None:
    sheet = Workbook(typed("xlsx", application()))
    for line in sheet.lines():
        for cell in line:
            if cell.value == "2025-03-03":
                cell.value = written
    assert read("xlsx", sheet.saved()).application.received_on == "2025-03-03"


@pytest.mark.parametrize("kind", ["xlsx", "docx"])
@pytest.mark.parametrize("form", list(Form), ids=str)
def test_a_blank_form_is_no_application(form: Form, kind: str) -> None:
    opened, made = KINDS[kind]
    del opened
    (item,) = Reader(districts=BOOK.districts).read(f"空白.{kind}", made(form))
    assert isinstance(item, Unreadable)
    assert "单位名称" in item.reason


@pytest.mark.parametrize("form", list(Form), ids=str)
def test_the_workbook_helps_and_prints(form: Form) -> None:
    sheet = Workbook(PAPER.blank_xlsx(form))
    book = sheet._book
    assert sheet.sheet.page_setup.paperSize == 9
    lists = {str(v.sqref): v.formula1 for v in sheet.sheet.data_validations.dataValidation}
    columns = columns_of(form)
    if "性别" in columns:
        letter = "ABCDEFGH"[columns.index("性别")]
        (cells,) = (cells for cells, choices in lists.items() if choices == '"男,女"')
        assert cells.startswith(letter)
    assert '"是,否"' in lists.values()
    # the look-up: every code that this form may ask for, and none of the other class
    codes = {str(line[0].value) for line in book["权限代码说明"].iter_rows(min_row=2)}
    classes = {UserClass.MANAGEMENT} if form.is_annex else {UserClass.ENTERPRISE}
    classes = set(UserClass) if form in ENTERPRISE_TOO else classes
    assert codes == {p.code for p in BOOK.catalogue.permissions if p.user_class in classes}


def test_an_id_number_typed_as_a_number_is_still_found_out() -> None:
    """The cells are text; who sets one back to a number is told, not guessed at."""
    sheet = Workbook(typed("xlsx", application()))
    for line in sheet.lines():
        for cell in line:
            if cell.value == id_number(1):
                cell.number_format, cell.value = "General", 1.10000199001019e17
    assert Code.ID_DAMAGED_BY_SPREADSHEET.value in checked(read("xlsx", sheet.saved()).application).codes


@pytest.mark.parametrize("kind", ["xlsx", "docx"])
def test_nobody_is_named_in_the_properties(kind: str) -> None:
    made = KINDS[kind][1](Form.NEW_USER)
    if kind == "xlsx":
        assert load_workbook(io.BytesIO(made)).properties.creator == "idp-sync"
    else:
        properties = docx.Document(io.BytesIO(made)).core_properties
        assert (properties.author, properties.comments) == ("idp-sync", "")
