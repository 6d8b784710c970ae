"""Workbooks: the layouts that people make of the annex."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pytest
from openpyxl import Workbook

from idp_sync.adapters.forms import Reader
from idp_sync.domain.application import COMMITMENT, Application, Document, Form, Opinion
from idp_sync.domain.district import District, Districts
from idp_sync.domain.finding import Code, Finding
from idp_sync.domain.unit import DocumentType, Level, OrganisationType, UserClass
from idp_sync.ports import Bound, Incoming, Unreadable

ID = "110000199001019018"
UNIT: list[list[Any]] = [
    ["单位名称", "虚构单位", "用户类别", "管理单位", "级别", "区级", "区", "110105"],
    ["受理部门", "房屋登记管理处", "受理日期", "2025-03-03"],
]
HEADER = ["序号", "用户姓名", "性别", "身份证号", "申请权限"]
PERSON = [1, "测试甲", "男", ID, "登记受理"]
TITLE = [["用户及密钥申请表"]]


def saved(book: Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def workbook(rows: Sequence[Sequence[Any]], *, merge: Sequence[str] = ()) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    for reference in merge:
        sheet.merge_cells(reference)
    return saved(book)


def read(content: bytes, **options: object) -> list[Incoming | Unreadable]:
    return list(Reader(**options).read("申请.xlsx", content))


def one(content: bytes, **options: object) -> Incoming:
    (item,) = read(content, **options)
    assert isinstance(item, Incoming), item
    return item


def application(rows: Sequence[Sequence[Any]], **options: object) -> Application:
    return one(workbook(rows), **options).application


def reason(content: bytes, **options: object) -> str:
    (item,) = read(content, **options)
    assert isinstance(item, Unreadable), item
    return item.reason


def test_whole_form() -> None:
    rows = [
        *TITLE,
        *UNIT,
        ["申请编号", "A-7", "单位盖章", "√"],
        ["联系人：张三   联系电话：010-12345678", "", "负责人签字:", "李四"],
        HEADER,
        PERSON,
        [2, None, None, None, None],
        ["审核意见", "同意", "日期:", "2025年3月5日"],
        [COMMITMENT],
    ]
    read_one = one(workbook(rows))
    form = read_one.application
    assert read_one.source == "申请.xlsx[Sheet]"
    assert read_one.findings == ()
    assert (form.id, form.form) == ("A-7", Form.NEW_USER)
    assert (form.received_by, form.received_on) == ("房屋登记管理处", "2025-03-03")
    assert (form.unit.name, form.unit.user_class, form.unit.level, form.unit.district) == (
        "虚构单位",
        UserClass.MANAGEMENT,
        Level.DISTRICT,
        "110105",
    )
    assert (form.stamp_present, form.signed_by) == (True, "李四")
    assert (form.contact_name, form.contact_phone) == ("张三", "010-12345678")
    assert form.review == Opinion(opinion="同意", date="2025-03-05")
    assert form.commitment_present
    (row,) = form.rows
    assert (row.number, row.name, row.sex, row.id_number) == (1, "测试甲", "男", ID)
    assert (row.permissions, row.permission_words) == ((), "登记受理")


def test_what_is_not_there_is_not_there() -> None:
    form = application([*TITLE, *UNIT, ["单位盖章", None, "联系人：", None], HEADER, PERSON])
    assert not form.stamp_present
    assert not form.commitment_present
    assert (form.signed_by, form.contact_name, form.review) == ("", "", None)


def test_commitment_counts_only_word_for_word() -> None:
    spaced = COMMITMENT.replace("，", "，\n 　")
    assert application([*TITLE, *UNIT, HEADER, PERSON, ["  " + spaced]]).commitment_present
    assert not application([*TITLE, *UNIT, HEADER, PERSON, [COMMITMENT.replace("必要", "")]]).commitment_present


def test_several_sheets_are_several_forms_and_a_bad_one_stops_nobody() -> None:
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, rows in {
        "甲": [*TITLE, *UNIT, HEADER, PERSON],
        "乙": [["用户及密钥申请表"], ["单位名称", "没有类别"], HEADER, PERSON],
        "丙": [["用户权限注销申请表"], *UNIT, ["序号", "用户姓名", "登录名称"], [1, "测试乙", "cy0001"]],
        "空": [],
        "填表说明": [["请逐项填写"]],
        "别的": [["采购清单"]],
    }.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    first, second, third, other = read(saved(book))
    assert isinstance(first, Incoming)
    assert isinstance(third, Incoming)
    assert third.application.form is Form.DEREGISTRATION
    assert third.application.rows[0].login == "cy0001"
    assert isinstance(second, Unreadable)
    assert second.source == "申请.xlsx[乙]"
    assert "用户类别/class" in second.reason
    assert isinstance(other, Unreadable)
    assert "没有认出申请表" in other.reason


def test_forms_one_below_the_other() -> None:
    rows = [*TITLE, *UNIT, HEADER, PERSON, [], ["附件7：用户权限注销申请表"], *UNIT]
    rows += [["序号", "用户姓名", "登录名称"], [1, "测试乙", "cy0001"]]
    forms = [item.application.form for item in read(workbook(rows)) if isinstance(item, Incoming)]
    assert forms == [Form.NEW_USER, Form.DEREGISTRATION]


def test_columns_shuffled_spaced_and_unknown() -> None:
    header = ["身份证号（18位）", "备 注", " 申 请 权 限 ", "性　别", "用户姓名：", "序号"]
    read_one = one(workbook([*TITLE, *UNIT, header, [ID, "急", "登记受理", "男", "测试甲", 3]]))
    (row,) = read_one.application.rows
    assert (row.number, row.name, row.sex, row.id_number, row.permission_words) == (3, "测试甲", "男", ID, "登记受理")
    # 备注 is a column of Annex 4, not of Annex 3
    assert row.remarks == ""
    assert read_one.findings == (Finding(code=Code.COLUMN_UNKNOWN, field="备注"),)


def test_foreign_columns_are_noted_and_ignored() -> None:
    read_one = one(workbook([*TITLE, *UNIT, [*HEADER, "工资", "性别"], [*PERSON, 5000, "女"]]))
    assert read_one.application.rows[0].sex == "男"
    assert [finding.field for finding in read_one.findings] == ["工资", "性别"]
    assert all(finding.code is Code.COLUMN_UNKNOWN for finding in read_one.findings)


def test_blank_rows_between_people() -> None:
    second = [2, "测试乙", "女", "110000199001019026", "登记审核"]
    form = application([*TITLE, [], *UNIT, [], HEADER, [], PERSON, [None, "  "], [], second, []])
    assert [(row.number, row.name) for row in form.rows] == [(1, "测试甲"), (2, "测试乙")]


def test_merged_cells_say_what_their_corner_says() -> None:
    rows = [
        ["用户及密钥申请表", None, None, None, None],
        ["单位名称", "虚构单位", None, "用户类别", "管理单位"],
        ["级别", "市级", None, "单位盖章", "是"],
        HEADER,
        [1, "测试甲", "男", ID, "登记业务查询"],
        [2, "测试乙", "女", "110000199001019026", None],
        [3, None, None, None, None],
        ["注：本表一式两份", None, None, None, None],
    ]
    form = one(workbook(rows, merge=["A1:E1", "B2:C2", "B3:C3", "E5:E7", "A8:E8"])).application
    assert form.unit.name == "虚构单位"
    assert form.unit.level is Level.CITY
    assert form.stamp_present
    # the third row has no one in it, though the merged permission reaches into it; nor is the remark a person
    assert [(row.name, row.permission_words) for row in form.rows] == [
        ("测试甲", "登记业务查询"),
        ("测试乙", "登记业务查询"),
    ]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (110000199001019018, "1.10000199001019e+17"),
        (1.10000199001019e17, "1.10000199001019e+17"),
        (110000900101901, "110000900101901"),
        (ID, ID),
        ("1.10000199001019E+17", "1.10000199001019E+17"),
    ],
)
def test_id_number_in_a_cell_for_numbers_shows_the_damage(typed: object, kept: str) -> None:
    assert application([*TITLE, *UNIT, HEADER, [1, "测试甲", "男", typed, "登记受理"]]).rows[0].id_number == kept


def test_numbers_dates_and_booleans_are_what_the_person_saw() -> None:
    form = application(
        [
            *TITLE,
            *UNIT[:1],
            ["受理日期", datetime(2025, 3, 3, 9, 30), "联系电话", 13800000000],  # noqa: DTZ001 - cells have no zone
            ["单位盖章", True, "日期:", date(2025, 3, 5)],
            HEADER,
            [1.0, "测试甲", "男", ID, "登记受理"],
        ]
    )
    assert (form.received_on, form.contact_phone, form.stamp_present) == ("2025-03-03", "13800000000", True)
    assert form.review == Opinion(date="2025-03-05")
    assert form.rows[0].number == 1


def test_dates_are_put_in_order_but_not_corrected() -> None:
    rows = [*TITLE, *UNIT[:1], ["受理日期", "2025/3/3"], ["日期:", "2025-13-05"], HEADER, PERSON]
    form = application(rows)
    assert form.received_on == "2025-03-03"
    assert form.review == Opinion(date="2025-13-05")


def test_formulas_are_found_and_not_trusted() -> None:
    rows = [*TITLE, *UNIT[:1], ["受理日期", "=TODAY()"], HEADER, ["=ROW()-4", '="测"&"试"', "男", ID, "登记受理"]]
    read_one = one(workbook(rows))
    assert read_one.application.received_on == ""
    assert read_one.application.rows[0].name == ""
    assert read_one.application.rows[0].number == 1
    assert read_one.findings == (
        Finding(code=Code.CELL_FORMULA, field="受理日期"),
        Finding(code=Code.CELL_FORMULA, row=1, field="用户姓名"),
    )


def test_error_values_are_no_words() -> None:
    read_one = one(workbook([*TITLE, *UNIT, HEADER, [1, "#N/A", "男", ID, "登记受理"]]))
    assert read_one.application.rows[0].name == ""
    assert read_one.findings == (Finding(code=Code.CELL_FORMULA, row=1, field="用户姓名"),)


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_hidden_sheets_are_noted_and_not_read(state: str) -> None:
    book = Workbook()
    shown, hidden = book.worksheets[0], book.create_sheet("暗")
    for sheet in (shown, hidden):
        for row in [*TITLE, *UNIT, HEADER, PERSON]:
            sheet.append(row)
    hidden.sheet_state = state
    read_one = one(saved(book))
    assert read_one.source == "申请.xlsx[Sheet]"
    assert read_one.findings == (Finding(code=Code.SHEET_HIDDEN, field="暗"),)


def test_workbook_with_nothing_in_it() -> None:
    assert reason(workbook([])).startswith("工作簿中没有填写任何可见的工作表")


def test_enterprise_form_with_its_documents() -> None:
    rows = [
        ["企业用户申请表"],
        ["单位名称", "虚构公司", "用户类别", "企业用户", "机构类型", "其他组织机构", "材料类型", "企业单位"],
        ["统一社会信用代码", "91110105PDY0010124", "级别", "/"],
        HEADER,
        [1, "企业测试甲", "男", ID, "（按机构类型统一设置）"],
        ["证明材料", "核验原件", "复印件盖章"],
        ["营业执照", "是", "√"],
        ["组织机构代码证", "×", "否"],
        ["操作用户身份证件", None, "☑是 □否"],
        ["联系人：张三"],
    ]
    form = application(rows)
    assert form.form is Form.ENTERPRISE_NEW
    assert form.unit.user_class is UserClass.ENTERPRISE
    assert form.unit.organisation_type is OrganisationType.OTHER
    assert form.unit.document_type is DocumentType.COMPANY
    assert form.unit.credit_code == "91110105PDY0010124"
    assert form.rows[0].permissions == ("(按机构类型统一设置)",)
    assert form.documents == (
        Document(type="营业执照", original_checked=True, copy_stamped=True),
        Document(type="组织机构代码证"),
        Document(type="操作用户身份证件", copy_stamped=True),
    )
    assert form.contact_name == "张三"


ENTERPRISE = ["单位名称", "虚构公司", "用户类别", "企业", "机构类型", "开发企业", "材料类型", "企业单位"]


@pytest.mark.parametrize(
    ("header", "unit", "form"),
    [
        (HEADER, UNIT[0], Form.NEW_USER),
        (HEADER, ENTERPRISE, Form.ENTERPRISE_NEW),
        (["序号", "用户姓名", "登录名称", "原密钥编号", "申请权限", "备 注"], UNIT[0], Form.KEY_REPLACEMENT),
        (["密钥编号", "原用户姓名", "原登录名称", "现用户姓名", "身份证号"], UNIT[0], Form.USER_RENAME),
        (["密钥编号", "原用户姓名", "原登录名称", "现用户姓名", "身份证号"], ENTERPRISE, Form.ENTERPRISE_CHANGE),
        (["用户姓名", "登录名称", "原申请权限", "现申请权限"], UNIT[0], Form.PERMISSION_CHANGE),
        (["序号", "用户姓名", "登录名称"], UNIT[0], Form.DEREGISTRATION),
        (["序号", "用户姓名", "登录名称"], ENTERPRISE, Form.ENTERPRISE_CANCEL),
    ],
)
def test_form_without_a_title_is_told_by_its_columns(header: list[str], unit: list[str], form: Form) -> None:
    assert application([unit, header, ["1"] * len(header)]).form is form


@pytest.mark.parametrize(
    ("title", "form"),
    [
        ("用 户 及 密 钥 换 领 表", Form.KEY_REPLACEMENT),
        ("附件6：用户权限变更申请表（2025年）", Form.PERMISSION_CHANGE),
        ("恢复登录资格申请", Form.RESTORE),
        ("未完成业务删除申请", Form.BUSINESS_DELETION),
        ("某某公司关于未完成业务删除申请", Form.BUSINESS_DELETION),
        ("企业用户变更申请表", Form.ENTERPRISE_CHANGE),
        ("企业用户变更申请表（2025年）", Form.ENTERPRISE_CHANGE),
        ("企 业 用 户 申 请 表", Form.ENTERPRISE_NEW),
    ],
)
def test_title_comes_before_the_columns(title: str, form: Form) -> None:
    assert application([[title], *UNIT, ["序号", "用户姓名", "登录名称"], [1, "甲", "cy0001"]]).form is form


def test_mentioning_a_form_is_no_title() -> None:
    header = ["序号", "用户姓名", "登录名称", "原密钥编号", "申请权限", "备注"]
    people = [
        [1, "甲", "cy0001", "K-1", "登记受理", "见用户及密钥申请表"],
        [2, "乙", "cy0002", "K-2", "登记受理", "丢失"],
    ]
    form = application([["现提交用户及密钥申请表，请审批。"], ["北京市某区密钥换领申请表"], *UNIT, header, *people])
    assert form.form is Form.KEY_REPLACEMENT
    assert [row.remarks for row in form.rows] == ["见用户及密钥申请表", "丢失"]


def test_column_that_is_two_cells_wide() -> None:
    rows = [*TITLE, *UNIT, ["序号", "用户姓名", None, "身份证号"], [1, "测试甲", None, ID]]
    read_one = one(workbook(rows, merge=["B4:C4", "B5:C5"]))
    assert (read_one.application.rows[0].name, read_one.application.rows[0].id_number) == ("测试甲", ID)
    assert read_one.findings == ()


def test_enterprise_change_with_its_documents() -> None:
    header = ["序号", "密钥编号", "原用户姓名", "原登录名称", "现用户姓名", "性别", "身份证号", "备注", "申请权限"]
    rows = [
        ["企业用户变更申请表"],
        ENTERPRISE,
        ["统一社会信用代码", "91110105PDY0010124", "受理部门", "综合服务中心"],
        header,
        [1, "KEY-000011", "旧", "qy000001", "新", "女", ID, "密钥丢失", "登记受理"],
        ["证明材料", "核验原件", "复印件盖章"],
        ["操作用户身份证件", "是", "是"],
        [COMMITMENT],
    ]
    read_one = one(workbook(rows))
    form = read_one.application
    assert (form.form, form.received_by, form.commitment_present) == (Form.ENTERPRISE_CHANGE, "综合服务中心", True)
    (row,) = form.rows
    assert (row.key_number, row.name, row.login, row.new_name) == ("KEY-000011", "旧", "qy000001", "新")
    assert (row.sex, row.id_number, row.remarks) == ("女", ID, "密钥丢失")
    assert form.documents == (Document(type="操作用户身份证件", original_checked=True, copy_stamped=True),)
    # an enterprise's permissions are set by its type: there is no such column
    assert read_one.findings == (Finding(code=Code.COLUMN_UNKNOWN, field="申请权限"),)
    assert row.permissions == ()
    assert row.permission_words == ""


def test_rename_and_change_fill_their_own_fields() -> None:
    header = ["密钥编号", "原用户姓名", "原登录名称", "现用户姓名", "性别", "身份证号", "申请权限"]
    row = application([*UNIT, header, ["KEY-1", "旧", "cy0001", "新", "女", ID, "MGMT-DIST.REG.01"]]).rows[0]
    assert (row.key_number, row.name, row.login, row.new_name) == ("KEY-1", "旧", "cy0001", "新")
    assert row.permissions == ("MGMT-DIST.REG.01",)
    header = ["用户姓名", "登录名称", "原申请权限", "现申请权限", "申请范围"]
    row = application([*UNIT, header, ["甲", "cy0001", "登记受理、MGMT-DIST.REG.02", "登记审核", "110108"]]).rows[0]
    assert (row.present_permissions, row.permission_words) == (("MGMT-DIST.REG.02", "登记受理"), "登记审核")
    assert row.scope == "110108"


def test_district_by_name_needs_the_districts() -> None:
    chaoyang = District(code="110105", name="朝阳区", login_prefix="cy")
    districts = Districts(districts=(chaoyang,), former={})
    unit = ["单位名称", "虚构", "用户类别", "管理单位", "级别", "区级", "区", "朝阳区"]
    assert application([unit, HEADER, PERSON], districts=districts).unit.district == "110105"
    assert "区/district：“朝阳区”" in reason(workbook([unit, HEADER, PERSON]))
    unit[-1] = "朝阳区（110105）"
    assert application([unit, HEADER, PERSON]).unit.district == "110105"


@pytest.mark.parametrize(
    ("unit", "says"),
    [
        ([], "缺少单位信息：单位名称/name、用户类别/class"),
        (["单位名称", "甲", "用户类别", "个人"], "用户类别/class：“个人”应为 管理单位、企业"),
        (["单位名称", "甲", "用户类别", "管理单位"], "缺少单位信息：级别/level"),
        (["单位名称", "甲", "用户类别", "管理单位", "级别", "省级"], "级别/level：“省级”应为 市级、区级"),
        (["单位名称", "甲", "用户类别", "管理单位", "级别", "区级"], "缺少单位信息：区/district"),
        (["单位名称", "甲", "用户类别", "管理单位", "级别", "市级", "区", "110105"], "区/district：市级单位不填"),
        (["单位名称", "甲", "用户类别", "企业"], "缺少单位信息：机构类型/org_type、材料类型/document_type"),
        (["表名", "请假条"], "表名“请假条”不是任何一种申请表"),
    ],
)
def test_incomplete_unit_is_said(unit: list[str], says: str) -> None:
    assert reason(workbook([unit, HEADER, PERSON])).startswith(says)


def test_header_row_may_come_again_but_only_the_same() -> None:
    second = [2, "测试乙", "女", "110000199001019026", "登记审核"]
    assert [row.name for row in application([*UNIT, HEADER, PERSON, HEADER, second]).rows] == ["测试甲", "测试乙"]
    other = workbook([*UNIT, HEADER, PERSON, HEADER[::-1], second[::-1]])
    assert reason(other).startswith("一份申请表里有两个不同的表头行")


def test_title_without_a_table_is_said() -> None:
    assert reason(workbook([*TITLE, *UNIT])).startswith("《用户及密钥申请表》中没有找到表头行")


def test_rows_are_bounded() -> None:
    rows = [*TITLE, *UNIT, HEADER, *[PERSON] * 20]
    assert "行数超过 20 行" in reason(workbook(rows), bound=Bound(rows=20))
    assert len(application(rows, bound=Bound(rows=24)).rows) == 20


def test_far_away_and_lying_cells_cost_nothing() -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in [*TITLE, *UNIT, HEADER, PERSON]:
        sheet.append(row)
    sheet["XFD7"] = "远"
    sheet.row_dimensions[1_048_576].height = 20
    assert one(saved(book)).application.rows[0].name == "测试甲"
    sheet["A1048576"] = "远"
    assert "行数超过 10000 行" in reason(saved(book))


def patched(content: bytes, old: str, new: str) -> bytes:
    """The workbook with something put into its first sheet that openpyxl would not write."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(buffer, "w") as made:
        for name in archive.namelist():
            part = archive.read(name)
            if name == "xl/worksheets/sheet1.xml":
                assert old.encode() in part
                part = part.replace(old.encode(), new.encode())
            made.writestr(name, part)
    return buffer.getvalue()


FORM = [*TITLE, *UNIT, HEADER, PERSON]


def test_merges_beyond_all_measure_cost_nothing() -> None:
    far = "</sheetData><mergeCells><mergeCell ref='A9:XFD1048576'/></mergeCells>"
    assert one(patched(workbook(FORM), "</sheetData>", far)).application.rows[0].name == "测试甲"
    many = "</sheetData><mergeCells>" + "<mergeCell ref='A1:XFD1048576'/>" * 3000 + "</mergeCells>"
    assert "合并单元格过多" in reason(patched(workbook([*FORM, *[PERSON] * 20]), "</sheetData>", many))


def test_integers_that_openpyxl_would_keep_whole_are_damaged_all_the_same() -> None:
    content = workbook([*TITLE, *UNIT, HEADER, [1, "测试甲", "男", 424242, "登记受理"]])
    row = one(patched(content, "424242", "110000199001019018")).application.rows[0]
    assert row.id_number == "1.1000019900101902e+17"


def test_shared_and_array_formulas_are_formulas() -> None:
    content = workbook([*TITLE, *UNIT, HEADER, [1, "测试甲", "男", 424242, "登记受理"]])
    array = patched(content, "<v>424242</v>", '<f t="array" ref="D5">A1</f><v>1</v>')
    assert one(array).findings == (Finding(code=Code.CELL_FORMULA, row=1, field="身份证号"),)


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"


def as_excel_writes(content: bytes) -> bytes:
    """The workbook with its texts in a part of their own, one of them in two runs with its reading."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    texts: list[str] = []

    def moved(match: re.Match[str]) -> str:
        texts.append(f"<si>{match[1]}</si>")
        return f' t="s"><v>{len(texts) - 1}</v>'

    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = re.sub(r' t="inlineStr"><is>(.*?)</is>', moved, parts[sheet])
    strings = "".join(texts)
    runs = '<r><t>&#27979;</t></r><r><t>&#35797;&#30002;</t></r><rPh sb="0" eb="1"><t>ce</t></rPh>'
    assert "<t>&#27979;&#35797;&#30002;</t>" in strings
    strings = strings.replace("<t>&#27979;&#35797;&#30002;</t>", runs)
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{strings}</sst>'
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{OFFICE}.sharedStrings+xml"/></Types>'
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace("</Types>", override)
    relation = f'<Relationship Id="rId99" Type="{RELATION}" Target="sharedStrings.xml"/></Relationships>'
    parts["xl/_rels/workbook.xml.rels"] = parts["xl/_rels/workbook.xml.rels"].replace("</Relationships>", relation)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, part in parts.items():
            made.writestr(name, part)
    return buffer.getvalue()


def test_shared_strings_as_excel_and_wps_write_them() -> None:
    content = workbook(FORM)
    assert one(as_excel_writes(content)) == one(content)
    assert one(as_excel_writes(content)).application.rows[0].name == "测试甲"
