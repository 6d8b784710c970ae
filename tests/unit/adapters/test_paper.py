"""Forms on paper: blank and filled, verbatim, with masked ID numbers, and with nothing of a name taken for HTML."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from idp_sync.adapters.paper import Paper
from idp_sync.domain.application import COMMITMENT, ROWS_ON_A_SHEET, Application, Form, Opinion
from idp_sync.domain.errors import NotSetUp
from idp_sync.shipped import folder
from tests.builders import application, id_number, row

ROLES, TEMPLATES = folder("roles"), folder("templates")
PAPER = Paper(templates=TEMPLATES, roles=ROLES)
DEFINITIONS = {Form(form["form"]): form for form in yaml.safe_load((ROLES / "forms.yaml").read_text("utf-8"))["forms"]}
#: forms that bear the commitment on the use of keys
COMMITTED = {form for form in Form if form.is_annex} | {Form.ENTERPRISE_NEW, Form.ENTERPRISE_CHANGE}


class Page(HTMLParser):
    """What a browser would show: headings of columns, cells, paragraphs; and every element that there is."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.columns: list[str] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self._in = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        # the QR code is drawn as a path of moves and lines, a different one for each number
        drawn = {"d", "viewbox"} if tag in {"svg", "path"} else set()
        assert all(re.fullmatch(r"[0-9a-zA-Z .-]+", value or "") for name, value in attrs if name in drawn)
        self.attributes += [(name, value) for name, value in attrs if name not in drawn]
        if tag == "tr":
            self.rows.append([])
        if tag == "th":
            self.columns.append("")
        if tag == "td":
            self.rows[-1].append("")
        if tag in {"th", "td", "style"}:
            self._in = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._in:
            self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in == "style":
            return
        self.text += data
        if self._in == "th":
            self.columns[-1] += data
        if self._in == "td":
            self.rows[-1][-1] += data

    @property
    def people(self) -> list[list[str]]:
        """The rows of the table without its heading and without the opinion."""
        return [cells for cells in self.rows if len(cells) > 1]


def blank(form: Form) -> Page:
    return Page(PAPER.blank(form))


def filled(filled_in: Application) -> Page:
    return Page(PAPER.filled(filled_in))


# --- blank -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", list(Form), ids=str)
def test_a_blank_form_has_its_title_columns_and_five_numbered_rows(form: Form) -> None:
    page = blank(form)
    definition = DEFINITIONS[form]
    assert page.columns == definition["columns"]
    nothing = [""] * (len(page.columns) - 1)
    assert page.people == [[str(number), *nothing] for number in range(1, ROWS_ON_A_SHEET + 1)]
    assert f"{definition['annex']}：" in page.text
    assert page.text.count(definition["title"]) == 2  # of the page and on it
    for head in ("单位盖章", "联系人：", "联系电话：", "负责人签字:", "审核意见", "日期:"):
        assert page.text.count(head) == 1


@pytest.mark.parametrize("form", list(Form), ids=str)
def test_the_commitment_stands_word_for_word_where_it_belongs(form: Form) -> None:
    for page in (blank(form), filled(application(form))):
        assert page.text.count(COMMITMENT) == (form in COMMITTED)


def test_a_page_is_chinese_utf_8_and_prints_on_a4() -> None:
    html = PAPER.blank(Form.NEW_USER)
    assert html.startswith("<!DOCTYPE html>")
    assert '<html lang="zh-CN">' in html
    assert '<meta charset="utf-8">' in html
    assert "size: A4" in html
    # self-contained: nothing is fetched, nothing runs
    page = Page(html)
    assert not {"script", "img", "link", "iframe"} & set(page.elements)
    assert not {"src", "href"} & {name for name, _ in page.attributes}


# --- filled ----------------------------------------------------------------------------------------------------------


def test_annex_3_as_it_was_handed_in() -> None:
    rows = (
        row(1, permissions=("MGMT-DIST.REG.01", "MGMT-DIST.REG.02"), permission_words="其他"),
        row(2, name="测试乙", sex="女", permissions=()),
    )
    page = filled(application(Form.NEW_USER, *rows, id="A3-2025-0001"))
    assert page.people == [
        [
            "1",
            "测试甲",
            "男",
            "110000********" + id_number(1)[-4:],
            "MGMT-DIST.REG.01、MGMT-DIST.REG.02、其他",
        ],
        ["2", "测试乙", "女", "110000********" + id_number(2)[-4:], ""],
    ]
    for written in ("A3-2025-0001", "虚构单位朝阳区登记窗口", "测试联系人", "010-00000000", "示例负责人"):
        assert written in page.text
    assert "审核意见：同意" in page.text
    assert "日期: 2025-03-05" in page.text


def test_every_column_of_the_other_annexes() -> None:
    person = row(
        1,
        login="cy0001",
        key_number="KEY-000001",
        new_name="测试新甲",
        remarks="损坏",
        present_permissions=("MGMT-DIST.REG.03", "MGMT-DIST.REG.04"),
    )
    masked, asked = f"110000********{id_number(1)[-4:]}", "MGMT-DIST.REG.01"
    expected = {
        Form.KEY_REPLACEMENT: ["1", "测试甲", "cy0001", "KEY-000001", asked, "损坏"],
        Form.USER_RENAME: ["1", "KEY-000001", "测试甲", "cy0001", "测试新甲", "男", masked, asked],
        Form.PERMISSION_CHANGE: ["1", "测试甲", "cy0001", "MGMT-DIST.REG.03、MGMT-DIST.REG.04", asked],
        Form.DEREGISTRATION: ["1", "测试甲", "cy0001"],
        Form.ENTERPRISE_NEW: ["1", "测试甲", "男", masked, asked],
        Form.ENTERPRISE_CANCEL: ["1", "测试甲", "cy0001"],
        Form.RESTORE: ["1", "测试甲", "cy0001"],
    }
    for form, cells in expected.items():
        assert filled(application(form, person)).people == [cells]


def test_before_the_review_opinion_and_date_are_blank() -> None:
    for review in (None, Opinion()):
        page = filled(application(review=review))
        (opinion,) = page.rows[-1]
        assert opinion.split() == ["审核意见", "日期:"]


def test_more_people_than_five_are_all_printed() -> None:
    rows = tuple(row(number) for number in range(1, 8))
    assert [cells[0] for cells in filled(application(Form.NEW_USER, *rows)).people] == list("1234567")


@pytest.mark.parametrize("form", list(Form), ids=str)
@pytest.mark.parametrize(
    "written",
    [
        id_number(5),
        "11000019900101804x",
        "110000900101901",
        "1100001990010190180",  # one place too many
        id_number(5).translate({code: code + 0xFEE0 for code in range(0x30, 0x3A)}),
    ],
)
def test_the_whole_number_never_appears(form: Form, written: str) -> None:
    html = PAPER.filled(application(form, row(5, id_number=written)))
    assert written not in html
    assert "900101" not in html
    assert "９００１０１" not in html


# --- hostile names ---------------------------------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    "</td></tr></table><img src=x onerror=alert(1)>",
    "\"'><svg onload=alert(1)>",
    "测试&lt;甲&amp;",
    "{{ 7 * 7 }}{% raw %}",
    "</title><script>1</script>",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("form", list(Form), ids=str)
def test_nothing_that_somebody_wrote_becomes_html(form: Form, text: str) -> None:
    person = row(
        1,
        name=text,
        sex=text,
        login=text,
        key_number=text,
        new_name=text,
        remarks=text,
        permissions=(text,),
        permission_words=text,
        present_permissions=(text,),
    )
    harmless = application(form)
    hostile = replace(
        harmless,
        id=text,
        rows=(person,),
        unit=replace(harmless.unit, name=text),
        signed_by=text,
        contact_name=text,
        contact_phone=text,
        review=Opinion(opinion=text, date=text),
    )
    page = filled(hostile)
    assert page.elements == filled(harmless).elements
    assert page.attributes == filled(harmless).attributes
    # and it is shown as it was written
    (cells,) = page.people
    assert cells[page.columns.index("原用户姓名" if form.names_a_holder else "用户姓名")] == text
    assert text in page.text


# --- definitions that can't be used ----------------------------------------------------------------------------------


@pytest.fixture
def roles(tmp_path: Path) -> Path:
    shutil.copyfile(ROLES / "forms.yaml", tmp_path / "forms.yaml")
    return tmp_path


def refused(roles: Path, form: Form = Form.NEW_USER) -> str:
    with pytest.raises(NotSetUp) as caught:
        Paper(templates=TEMPLATES, roles=roles).filled(application(form))
    message = str(caught.value)
    assert "\n" not in message
    assert "forms.yaml" in message
    return message


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("forms: [", "can't be used"),
        ("", "can't be used"),
        ("forms: []", "A3 is missing"),
        ("forms: [{form: A3, annex: a, title: t, purpose: p, columns: [序号]}]", "at least 2 items"),
        ("forms: [{form: A3, annex: a, title: t, purpose: p, columns: [a, b], colour: red}]", "Extra inputs"),
        ("forms: [{form: A9, annex: a, title: t, purpose: p, columns: [a, b]}]", "Input should be"),
        ("forms: [{form: A3, annex: a, title: t, purpose: p, columns: [序号, 血型]}]", "A3: 未知的列“血型”"),
    ],
)
def test_definitions_that_can_not_be_used_are_refused(roles: Path, content: str, expected: str) -> None:
    (roles / "forms.yaml").write_text(content, "utf-8")
    assert expected in refused(roles)


def test_missing_and_undecodable_definitions_are_refused(roles: Path) -> None:
    (roles / "forms.yaml").write_bytes("forms: 表".encode("gb18030"))
    assert "can't be used" in refused(roles)
    (roles / "forms.yaml").unlink()
    assert "can't be used" in refused(roles)
