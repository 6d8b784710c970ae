"""Word documents: paragraphs, tables, merged cells, content controls, revisions."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from docx import Document
from docx.document import Document as DocumentType
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn

from idp_sync.adapters.forms import Reader
from idp_sync.domain.application import COMMITMENT, Application, Form, Opinion
from idp_sync.ports import Bound, Incoming, Unreadable

ID = "110000199001019018"
HEADER = ("序号", "用户姓名", "性别", "身份证号", "申请权限")
UNIT = "单位名称：虚构单位　用户类别：管理单位　级别：区级　区：110105　受理部门：房屋登记管理处 受理日期：2025.3.3"


def form(people: Sequence[Sequence[str]] = (("1", "测试甲", "男", ID, "登记受理"),)) -> DocumentType:
    made = Document()
    made.add_paragraph("附件3：")
    made.add_paragraph("       用户及密钥申请表")
    made.add_paragraph(UNIT)
    made.add_paragraph("单位盖章 已盖章")
    made.add_paragraph("联系人：张三       联系电话：010-12345678      负责人签字: 李四")
    table = made.add_table(rows=0, cols=len(HEADER))
    for row in (HEADER, *people):
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    return made


def saved(made: DocumentType) -> bytes:
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def read(made: DocumentType, **options: object) -> list[Incoming | Unreadable]:
    return list(Reader(**options).read("申请.docx", saved(made)))


def application(made: DocumentType) -> Application:
    (item,) = read(made)
    assert isinstance(item, Incoming), item
    assert item.source == "申请.docx"
    return item.application


def reason(made: DocumentType, **options: object) -> str:
    (item,) = read(made, **options)
    assert isinstance(item, Unreadable), item
    return item.reason


def test_header_paragraphs_table_review_and_commitment() -> None:
    made = form()
    cells = made.tables[0].add_row().cells
    cells[0].merge(cells[-1]).text = "审核意见\n同意\n\n日期: 2025年3月5日"
    # the commitment cut into two paragraphs, as page breaks do
    made.add_paragraph("  " + COMMITMENT[:40])
    made.add_paragraph(COMMITMENT[40:])
    read_one = application(made)
    assert read_one.form is Form.NEW_USER
    assert (read_one.unit.name, read_one.unit.district) == ("虚构单位", "110105")
    assert (read_one.received_by, read_one.received_on) == ("房屋登记管理处", "2025-03-03")
    assert (read_one.contact_name, read_one.contact_phone, read_one.signed_by) == ("张三", "010-12345678", "李四")
    assert read_one.stamp_present
    assert read_one.commitment_present
    assert read_one.review == Opinion(opinion="同意", date="2025-03-05")
    (row,) = read_one.rows
    assert (row.number, row.name, row.id_number, row.permission_words) == (1, "测试甲", ID, "登记受理")


def test_merged_cells_down_and_across() -> None:
    made = form(
        (
            ("1", "测试甲", "男", ID, "登记受理"),
            ("2", "测试乙", "女", "110000199001019026", ""),
            ("3", "", "", "", ""),
            ("填表说明", "", "", "", ""),
        )
    )
    table = made.tables[0]
    table.cell(1, 4).merge(table.cell(3, 4))
    table.cell(4, 0).merge(table.cell(4, 4))
    rows = application(made).rows
    assert [(row.name, row.permission_words) for row in rows] == [("测试甲", "登记受理"), ("测试乙", "登记受理")]


def test_whole_form_within_one_table() -> None:
    made = Document()
    table = made.add_table(rows=0, cols=5)
    for text in ("附件3：\n用户及密钥申请表", UNIT, "单位盖章：是"):
        cells = table.add_row().cells
        cells[0].merge(cells[-1]).text = text
    for row in (HEADER, ("", "测试甲", "男", ID, "登记受理\n登记审核")):
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    read_one = application(made)
    assert read_one.unit.name == "虚构单位"
    assert read_one.stamp_present
    # numbered by Word's own list: the number is no text
    assert [(row.number, row.permission_words) for row in read_one.rows] == [(1, "登记受理\n登记审核")]


def test_table_within_a_table_and_a_table_that_goes_on() -> None:
    made = Document()
    made.add_paragraph("用户及密钥申请表")
    made.add_paragraph(UNIT)
    outer = made.add_table(rows=1, cols=1)
    inner = outer.cell(0, 0).add_table(rows=2, cols=5)
    again = made.add_table(rows=2, cols=5)
    people = (("1", "测试甲", "男", ID, "登记受理"), ("2", "测试乙", "女", "110000199001019026", "登记审核"))
    for table, person in zip((inner, again), people, strict=True):
        for index, row in enumerate((HEADER, person)):
            for cell, text in zip(table.rows[index].cells, row, strict=True):
                cell.text = text
    assert [row.name for row in application(made).rows] == ["测试甲", "测试乙"]


def test_content_controls_and_text_boxes_are_read_once() -> None:
    made = form((("1", "", "男", ID, "登记受理"),))
    paragraph = made.tables[0].cell(1, 1).paragraphs[0]._p
    paragraph.append(
        parse_xml(f"<w:sdt {nsdecls('w')}><w:sdtContent><w:r><w:t>测试甲</w:t></w:r></w:sdtContent></w:sdt>")
    )
    fallback = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    box = "<w:txbxContent><w:p><w:r><w:t>审核意见：同意</w:t></w:r></w:p></w:txbxContent>"
    made.add_paragraph()._p.append(
        parse_xml(
            f"<w:r {nsdecls('w')} xmlns:mc='{fallback}'><mc:AlternateContent>"
            f"<mc:Choice Requires='wps'>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
            "</mc:AlternateContent></w:r>"
        )
    )
    read_one = application(made)
    assert read_one.rows[0].name == "测试甲"
    assert read_one.review == Opinion(opinion="同意")


def test_content_controls_around_paragraphs_and_rows() -> None:
    made = form()
    control = "<w:sdt {}><w:sdtContent/></w:sdt>".format(nsdecls("w"))
    for element in (made.paragraphs[2]._p, made.tables[0].rows[1]._tr):
        around = parse_xml(control)
        element.addprevious(around)
        around[0].append(element)
    read_one = application(made)
    assert read_one.unit.name == "虚构单位"
    assert [row.name for row in read_one.rows] == ["测试甲"]


def test_ticks_of_wingdings_are_ticks() -> None:
    made = form()
    made.paragraphs[3].text = "单位盖章："
    made.paragraphs[3]._p.append(parse_xml(f"<w:r {nsdecls('w')}><w:sym w:font='Wingdings' w:char='F0FC'/></w:r>"))
    assert application(made).stamp_present


@pytest.mark.parametrize("tag", ["ins", "del", "moveFrom"])
def test_revisions_that_nobody_accepted_are_refused(tag: str) -> None:
    made = form()
    made.paragraphs[0]._p.append(parse_xml(f"<w:{tag} {nsdecls('w')} w:id='1' w:author='x'/>"))
    assert reason(made).startswith("文档中有未接受的修订")


def test_written_request_of_an_enterprise() -> None:
    made = Document()
    made.add_paragraph("企业用户注销申请")
    made.add_paragraph("单位名称：虚构公司 用户类别：企业 机构类型：开发企业 材料类型：企业单位")
    made.add_paragraph("申请注销我单位用户企业测试甲。提交注销用户名下没有未完成业务。")
    table = made.add_table(rows=2, cols=3)
    for index, row in enumerate((("序号", "用户姓名", "登录名称"), ("1", "企业测试甲", "qy000001"))):
        for cell, text in zip(table.rows[index].cells, row, strict=True):
            cell.text = text
    made.add_paragraph(COMMITMENT)
    read_one = application(made)
    assert read_one.form is Form.ENTERPRISE_CANCEL
    assert read_one.text == "申请注销我单位用户企业测试甲。提交注销用户名下没有未完成业务。"
    assert read_one.rows[0].login == "qy000001"


@pytest.mark.parametrize("user_class", ["管理单位 级别：区级 区：110105", "企业 机构类型：开发企业 材料类型：企业单位"])
def test_written_request_to_delete_what_was_left_unfinished(user_class: str) -> None:
    made = Document()
    made.add_paragraph("未完成业务删除申请")
    made.add_paragraph(f"单位名称：虚构单位 用户类别：{user_class}")
    made.add_paragraph("单位盖章 已盖章")
    made.add_paragraph("下列用户密钥注销后发现未完成业务，申请删除。")
    table = made.add_table(rows=2, cols=4)
    for index, row in enumerate((("序号", "用户姓名", "登录名称", "备注"), ("1", "测试甲", "cy0001", "草稿二件"))):
        for cell, text in zip(table.rows[index].cells, row, strict=True):
            cell.text = text
    read_one = application(made)
    assert (read_one.form, read_one.stamp_present) == (Form.BUSINESS_DELETION, True)
    assert read_one.text == "下列用户密钥注销后发现未完成业务，申请删除。"
    assert [(row.name, row.login, row.remarks) for row in read_one.rows] == [("测试甲", "cy0001", "草稿二件")]


@pytest.mark.parametrize("code", ["DDEAUTO c:\\\\cmd.exe", "INCLUDETEXT http://example.invalid/x"])
def test_fields_that_fetch_are_refused_even_in_pieces(code: str) -> None:
    made = form()
    for piece in (code[:3], code[3:]):
        made.paragraphs[0]._p.append(parse_xml(f"<w:r {nsdecls('w')}><w:instrText>{piece}</w:instrText></w:r>"))
    assert "DDE 或外部引用的域" in reason(made)
    simple = form()
    element = parse_xml(f"<w:fldSimple {nsdecls('w')}/>")
    element.set(qn("w:instr"), code)
    simple.paragraphs[0]._p.append(element)
    assert "DDE 或外部引用的域" in reason(simple)


def test_lines_are_bounded_and_blank_documents_are_said() -> None:
    assert "文档超过 5 行" in reason(form(), bound=Bound(rows=5))
    assert reason(Document()).startswith("文件中没有内容")
