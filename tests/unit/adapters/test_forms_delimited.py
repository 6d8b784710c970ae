"""CSV and TSV: encodings as Excel and WPS write them, delimiters, the fields before the table, defaults."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from idp_sync.adapters.forms import Reader
from idp_sync.adapters.forms.decoding import decode
from idp_sync.adapters.forms.delimited import delimiter_of
from idp_sync.domain.application import Form
from idp_sync.domain.errors import InputError
from idp_sync.domain.finding import Code, Finding
from idp_sync.ports import Bound, Incoming, Unreadable

ENCODING = Path(__file__).parents[2] / "cases" / "encoding"
DEFAULTS = {"单位名称": "虚构单位", "用户类别": "管理单位", "级别": "区级", "区": "110105", "承诺": "是"}
TABLE = "序号,用户姓名,性别,身份证号,申请权限\n1,测试甲,男,110000199001019018,登记受理\n"
NAMES = {
    "excel_gbk.csv": ["测试甲", "测试·样例丁"],
    "wps_gb18030_rare.csv": ["测试甲", "测试·样例丁", "测试䶮"],
    "excel_utf8_bom.csv": ["测试甲", "测试·样例丁", "测试䶮"],
    "utf16le_bom.csv": ["测试甲", "测试·样例丁", "测试䶮"],
    "excel_number_damaged_gbk.csv": ["测试甲"],
}


def read(content: bytes, name: str = "名单.csv", **options: object) -> Incoming | Unreadable:
    (item,) = Reader(**{"defaults": DEFAULTS, **options}).read(name, content)
    return item


def incoming(text: str, **options: object) -> Incoming:
    item = read(text.encode(), **options)
    assert isinstance(item, Incoming), item
    return item


def reason(content: bytes, **options: object) -> str:
    item = read(content, **options)
    assert isinstance(item, Unreadable), item
    return item.reason


@pytest.mark.parametrize("name", NAMES)
def test_encoding_cases(name: str) -> None:
    item = read((ENCODING / name).read_bytes(), name)
    assert isinstance(item, Incoming), item
    assert [row.name for row in item.application.rows] == NAMES[name]
    numbers = [row.id_number for row in item.application.rows]
    expected = ["110000199001019018", "110000199001019034", "110000199001019026"]
    # what Excel has damaged stays as it is, never padded
    assert numbers == (["1.10000199001019E+17"] if "damaged" in name else expected[: len(numbers)])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "gb18030"])
def test_rare_characters_survive_every_encoding(encoding: str) -> None:
    assert decode("吴𠮷·䶮".encode(encoding)) == "吴𠮷·䶮"


def test_big_endian_mark() -> None:
    assert decode(codecs.BOM_UTF16_BE + "测试".encode("utf-16-be")) == "测试"


@pytest.mark.parametrize("content", [b"\xff\xff\xff", codecs.BOM_UTF8 + b"\xb2\xe2", codecs.BOM_UTF16_LE + b"\x00"])
def test_undecodable_is_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(InputError, match="文字编码无法识别"):
        decode(content)


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x07"])
def test_control_characters_are_refused(character: str) -> None:
    assert reason((TABLE + character).encode()).startswith("文件含有控制字符")


def test_old_end_of_file_mark_is_dropped() -> None:
    assert decode(b"a,b\x1a") == "a,b"


@pytest.mark.parametrize(("mark", "name"), [(",", "x.csv"), (";", "x.csv"), ("\t", "x.tsv"), ("\t", "x.txt")])
def test_delimiters(mark: str, name: str) -> None:
    text = TABLE.replace(",", mark)
    assert delimiter_of(text) == mark
    item = read(text.encode(), name)
    assert isinstance(item, Incoming)
    assert item.application.rows[0].permission_words == "登记受理"


def test_fields_before_the_table_come_before_defaults() -> None:
    text = f"用户及密钥申请表\n单位名称,另一单位\n单位盖章,是,联系人,张三\n受理日期,2025年3月3日\n\n{TABLE}"
    application = incoming(text).application
    assert application.form is Form.NEW_USER
    assert (application.unit.name, application.unit.district) == ("另一单位", "110105")
    assert (application.stamp_present, application.contact_name) == (True, "张三")
    assert application.received_on == "2025-03-03"
    assert application.commitment_present


def test_quotes_newlines_and_text_marks() -> None:
    text = '序号,用户姓名,身份证号,申请权限\n1,"测,试甲","=""110000199001019018""","登记受理\n登记审核"\n'
    (row,) = incoming(text).application.rows
    assert (row.name, row.id_number, row.permission_words) == ("测,试甲", "110000199001019018", "登记受理\n登记审核")


def test_formulas_are_found() -> None:
    item = incoming("序号,用户姓名,身份证号\n1,=cmd|' /C calc'!A0,1\n")
    assert item.findings == (Finding(code=Code.CELL_FORMULA, row=1, field="用户姓名"),)
    assert item.application.rows[0].name == ""


def test_what_is_missing_is_said() -> None:
    assert reason(TABLE.encode(), defaults={}).startswith("缺少单位信息：单位名称/name、用户类别/class")
    assert reason(b"a,b\n1,2\n").startswith("没有认出申请表")
    assert reason(b" \n\n").startswith("文件是空的")
    assert reason(b",,\n,,\n").startswith("文件中没有内容")


def test_broken_quotes_are_said() -> None:
    assert reason((TABLE + '2,"测试乙,男\n').encode()).startswith("逗号分隔文件的引号或分隔符有误")


def test_rows_are_bounded() -> None:
    text = TABLE + "2,测试乙,女,110000199001019026,登记受理\n" * 10
    assert reason(text.encode(), bound=Bound(rows=10)).startswith("超过 10 行")


def test_unknown_default_is_refused_at_once() -> None:
    with pytest.raises(InputError, match="没有“单位”这一项，可用：表名、申请编号"):
        Reader({"单位": "虚构"})


def test_title_as_a_default() -> None:
    text = "序号,用户姓名,登录名称\n1,测试甲,cy0001\n"
    for form in (Form.RESTORE, Form.BUSINESS_DELETION):
        for title in (form.value, form.value.lower(), form.zh):
            assert incoming(text, defaults={**DEFAULTS, "表名": title}).application.form is form
