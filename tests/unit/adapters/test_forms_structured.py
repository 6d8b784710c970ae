"""JSON, JSON lines, YAML: the format of applications.jsonl, strictly."""

from __future__ import annotations

import json
from typing import Any

import pytest

from idp_sync.adapters.forms import Reader, application_from_document, known_from_context
from idp_sync.domain.account import AccountState
from idp_sync.domain.application import Document, Form, Opinion
from idp_sync.domain.errors import InputError
from idp_sync.domain.known import NOTHING_KNOWN, Known, KnownUser
from idp_sync.domain.unit import DocumentType, Level, OrganisationType, Unit, UserClass
from idp_sync.ports import Incoming, Unreadable

ID = "110000199001019018"


def document(**changes: object) -> dict[str, Any]:
    return {
        "id": "APP-1",
        "title": "区级登记受理岗新增",
        "form": "A3",
        "received_on": "2025-03-03",
        "received_by": "房屋登记管理处",
        "unit": {"name": "虚构单位", "class": "管理单位", "level": "区级", "district": "110105"},
        "stamp_present": True,
        "signed_by": "示例负责人",
        "contact": {"name": "测试联系人", "phone": "010-00000000"},
        "rows": [{"序号": 1, "用户姓名": "测试甲", "性别": "男", "身份证号": ID, "申请权限": ["MGMT-DIST.REG.01"]}],
        "documents": [],
        "commitment_present": True,
        "review": {"opinion": "同意", "date": "2025-13-05"},
        "context": {},
        "expected": {"outcome": "accept"},
        **changes,
    }


def with_row(**cells: object) -> dict[str, Any]:
    return document(rows=[{"用户姓名": "测试甲", **cells}])


def read(content: str, name: str = "申请.json") -> list[Incoming | Unreadable]:
    return list(Reader().read(name, content.encode()))


def reasons(content: str, name: str = "申请.json") -> list[str]:
    return [item.reason for item in read(content, name) if isinstance(item, Unreadable)]


def test_whole_application() -> None:
    application = application_from_document(document())
    assert (application.id, application.form, application.title) == ("APP-1", Form.NEW_USER, "区级登记受理岗新增")
    assert (application.received_on, application.received_by) == ("2025-03-03", "房屋登记管理处")
    assert (application.unit.user_class, application.unit.level) == (UserClass.MANAGEMENT, Level.DISTRICT)
    assert application.unit.district == "110105"
    assert (application.stamp_present, application.commitment_present) == (True, True)
    assert (application.signed_by, application.contact_name) == ("示例负责人", "测试联系人")
    # dates stay as they are written, right or wrong
    assert application.review == Opinion(opinion="同意", date="2025-13-05")
    (row,) = application.rows
    assert (row.number, row.name, row.sex, row.id_number) == (1, "测试甲", "男", ID)
    assert row.permissions == ("MGMT-DIST.REG.01",)


def test_enterprise_with_documents() -> None:
    unit = {"name": "虚构银行", "class": "企业", "org_type": "金融机构", "document_type": "金融机构", "org_code": None}
    papers = [{"type": "营业执照", "original_checked": True, "copy_stamped": False}]
    application = application_from_document(document(form="ENT-NEW", unit=unit, documents=papers, review=None))
    assert application.unit.organisation_type is OrganisationType.FINANCIAL
    assert application.unit.document_type is DocumentType.FINANCIAL
    assert application.unit.organisation_code is None
    assert application.documents == (Document(type="营业执照", original_checked=True),)
    assert application.review is None


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (110000199001019018, ID),
        (1.10000199001019e17, "1.10000199001019e+17"),
        ("1.1E+17", "1.1E+17"),
        (None, ""),
        (" 11000019900101901８ ", " 11000019900101901８ "),
    ],
)
def test_id_number_as_a_number(written: object, kept: str) -> None:
    assert application_from_document(with_row(身份证号=written)).rows[0].id_number == kept


@pytest.mark.parametrize(
    ("written", "codes", "words"),
    [
        ("MGMT-DIST.REG.01、MGMT-DIST.REG.02，mgmt-dist.reg.03", ("REG.01", "REG.02", "REG.03"), ""),
        ("ＭＧＭＴ－ＤＩＳＴ．ＲＥＧ．０１;MGMT-DIST.REG.01", ("REG.01",), ""),
        ("登记受理、登记审核", (), "登记受理、登记审核"),
        ("登记受理 / MGMT-DIST.REG.02\n扫描打印", ("REG.02",), "登记受理、扫描打印"),
        (["MGMT-DIST.REG.01", "登记审核"], ("REG.01",), "登记审核"),
        ("登记受理：拥有草拟、申请和受理权限，及浏览权限。", (), "登记受理：拥有草拟、申请和受理权限，及浏览权限。"),
        (
            "登记办结：拥有办结权限。；MGMT-DIST.REG.02；楼盘管理：拥有新增、变更权限",
            ("REG.02",),
            "登记办结：拥有办结权限。、楼盘管理：拥有新增、变更权限",
        ),
        (None, (), ""),
    ],
)
def test_permissions_as_codes_and_words(written: object, codes: tuple[str, ...], words: str) -> None:
    (row,) = application_from_document(with_row(申请权限=written)).rows
    assert row.permissions == tuple(f"MGMT-DIST.{code}" for code in codes)
    assert row.permission_words == words


@pytest.mark.parametrize("written", ["(按机构类型统一设置)", "（按机构类型统一设置）", "按机构类型统一设置"])
def test_whole_bundle_in_any_brackets(written: str) -> None:
    assert application_from_document(with_row(申请权限=[written])).rows[0].permissions == ("(按机构类型统一设置)",)


def test_words_beside_a_list() -> None:
    (row,) = application_from_document(with_row(申请权限=[], 申请权限原文="万能权限", 申请范围="110108")).rows
    assert (row.permissions, row.permission_words, row.scope) == ((), "万能权限", "110108")


def test_rows_without_numbers_are_counted() -> None:
    rows = [{"用户姓名": "甲"}, {"用户姓名": "乙"}]
    assert [row.number for row in application_from_document(document(rows=rows)).rows] == [1, 2]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"form": "A9"}, "form：“A9”应为 A3、A4"),
        ({"form": None}, "form：应为文本"),
        ({"unit": None}, "unit：应为对象"),
        ({"unit": {"name": "甲"}}, "缺少单位信息：用户类别/class"),
        ({"unit": {"name": "甲", "class": "管理单位", "level": "区级", "district": "朝阳"}}, "区/district：“朝阳”不是"),
        ({"unit": {"name": "甲", "class": "管理单位", "levl": "区级"}}, "unit.levl：不认识的字段"),
        ({"stamp_present": "是"}, "stamp_present：应为 true 或 false"),
        ({"rows": {}}, "rows：应为列表"),
        ({"rows": [{}, {"序号": "一"}]}, "rows.2.序号：应为整数"),
        ({"rows": [{"身份证号": [ID]}]}, "rows.1.身份证号：应为文本"),
        ({"rows": [{"身份证号": True}]}, "rows.1.身份证号：应为文本"),
        ({"rows": [{"申请权限": [1]}]}, "rows.1.申请权限"),
        ({"rows": [{"工资": 1}]}, "rows.1.工资：不认识的字段"),
        ({"documents": [{"original_checked": True}]}, "documents.1.type：缺少此字段"),
        ({"received_on": 20250303}, "received_on：应为文本"),
        ({"signed_by": "\ud800"}, "signed_by：内容不符"),
        ({"rows": [{"申请权限": ["\ud800"]}]}, "rows.1.申请权限.1：内容不符"),
        ({"approved": True}, "approved：不认识的字段"),
    ],
)
def test_wrong_types_are_named(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError) as caught:
        application_from_document(document(**changes))
    assert str(caught.value).startswith(says)
    assert ID not in str(caught.value)


def test_number_is_made_where_there_is_none() -> None:
    first = application_from_document(document(id=None))
    same = application_from_document(document(id="", title="另一题目"))
    other = application_from_document(document(id=None, received_on="2025-03-04"))
    assert first.id == same.id != other.id


def test_made_number_changes_with_a_corrected_id_number_but_is_no_hash_of_it() -> None:
    def number(id_number: str) -> str:
        rows = [{"用户姓名": "测试甲", "身份证号": id_number}]
        return application_from_document(document(id=None, rows=rows)).id

    assert len({number("110000199001019018"), number("110000199001019019"), number("110000199101019018")}) == 3
    # two numbers that are wrong alike, and differ only where the mask hides: whoever tries birth dates learns nothing
    assert number("110000199101019018") == number("110000199201019018")


def test_context() -> None:
    context = {
        "users": {
            "cy0001": {"name": "甲", "id_number": "(other)", "key": "K-1", "perms": ["A.B.01"], "state": "suspended"},
            "cy0002": {"state": "cancelled", "id_number": "11000019900101804x", "last_login": "2025-01-01"},
            "cy0003": {"unit": {"name": "虚构单位", "class": "管理单位", "level": "区级", "district": "110105"}},
        },
        "pending_business": 2,
        "key_returned": False,
        "in_flight": {"cy0001": ["A6-1", "A7-1"], "11000019900101804x": ["A3-1"]},
    }
    assert known_from_context(context) == Known(
        users={
            "cy0001": KnownUser(
                login="cy0001",
                state=AccountState.SUSPENDED,
                name="甲",
                id_number="(other)",
                key_number="K-1",
                permissions=frozenset({"A.B.01"}),
            ),
            "cy0002": KnownUser(login="cy0002", state=AccountState.DEREGISTERED, id_number="11000019900101804X"),
            "cy0003": KnownUser(
                login="cy0003",
                state=AccountState.ACTIVE,
                unit=Unit(name="虚构单位", user_class=UserClass.MANAGEMENT, level=Level.DISTRICT, district="110105"),
            ),
        },
        pending_business=2,
        key_returned=False,
        in_flight={"cy0001": ("A6-1", "A7-1"), "11000019900101804X": ("A3-1",)},
    )
    assert known_from_context({}) == known_from_context(None) == NOTHING_KNOWN


@pytest.mark.parametrize(
    ("context", "says"),
    [
        ({"users": []}, "context.users：应为对象"),
        ({"users": {"cy0001": {"state": "gone"}}}, "context.users.cy0001.state：应为 active、suspended、cancelled"),
        ({"users": {"cy0001": {"unit": "虚构单位"}}}, "context.users.cy0001.unit：应为对象"),
        ({"in_flight": ["A3-1"]}, "context.in_flight：应为对象"),
        ({"pending_business": "2"}, "context.pending_business：应为整数"),
    ],
)
def test_wrong_context_is_named(context: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError) as caught:
        known_from_context(context)
    assert str(caught.value).startswith(says)


def test_json_object_and_list() -> None:
    (one,) = read(json.dumps(document(), indent=2))
    assert isinstance(one, Incoming)
    assert one.source == "申请.json"
    first, second, third = read(json.dumps([document(), 5, document(id="APP-2")]))
    assert (first.source, second.source, third.source) == ("申请.json#1", "申请.json#2", "申请.json#3")
    assert isinstance(second, Unreadable)
    assert isinstance(third, Incoming)


def test_one_broken_line_does_not_stop_the_others() -> None:
    lines = [json.dumps(document(id=f"L-{number}", signed_by="甲\u2028乙"), ensure_ascii=False) for number in range(3)]
    lines[1] = lines[1][:-10]
    for name in ("申请.jsonl", "申请.json", "申请"):
        first, second, third = read("\r\n".join(lines) + "\n\n", name)
        assert isinstance(first, Incoming)
        assert first.application.signed_by == "甲\u2028乙"
        assert second == Unreadable(source=f"{name}:2", reason=second.reason)  # type: ignore[union-attr]
        assert isinstance(third, Incoming)
        assert third.application.id == "L-2"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"id": NaN}', "NaN 不是 JSON 的数"),
        ('{"id": -Infinity}', "-Infinity 不是 JSON 的数"),
        ('{"id": "1", "id": "2"}', "字段“id”重复"),
        ('{"id": "1",}', "JSON 格式有误，第 1 行第 1"),
        ('{"id": ' + "[" * 200_000, "文件嵌套层数过多"),
        ("[" * 200_000, "文件嵌套层数过多"),
        ('{"id": ' + "1" * 5000 + "}", "文件结构异常"),
        ("[" + "[]," * 3_000_000 + "1]", "一个 JSON 文档过大"),
        ("{}", "form：缺少此字段"),
    ],
)
def test_json_tricks_are_refused(text: str, says: str) -> None:
    (found,) = reasons(text)
    assert found.startswith(says)


YAML = """\
id: APP-1
form: A3
received_on: 2025-03-03
received_by: 房屋登记管理处
unit: {name: 虚构单位, class: 管理单位, level: 区级, district: 110105}
stamp_present: true
contact:
  name: 测试联系人
  phone: 01012345678
rows:
  - 序号: 1
    用户姓名: 测试甲
    身份证号: 110000199001019018
    申请权限: 登记受理
commitment_present: false
review: ~
"""


def test_yaml_is_read_as_people_write_it() -> None:
    (item,) = read(YAML, "申请.yaml")
    assert isinstance(item, Incoming), item
    application = item.application
    assert application.received_on == "2025-03-03"
    assert application.unit.district == "110105"
    assert application.contact_phone == "01012345678"
    assert application.rows[0].id_number == ID
    assert (application.stamp_present, application.review) == (True, None)


def test_yaml_is_told_by_its_content_too_and_may_hold_several() -> None:
    several = f"---\n{YAML}---\n{YAML}...\n"
    assert [item.source for item in read(several, "申请.txt")] == ["申请.txt#1", "申请.txt#2"]
    listed = "- " + YAML.replace("\n", "\n  ").rstrip() + "\n- 5\n"
    first, second = read(listed, "申请")
    assert isinstance(first, Incoming), first
    assert isinstance(second, Unreadable)


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (BOMB, "YAML 第 2 行使用了别名或标签"),
        ("id: !!python/object/apply:os.system [x]", "YAML 第 1 行使用了别名或标签"),
        ("id: 1\nid: 2\n", "字段“id”重复，第 2 行"),
        ("id: [1\n", "YAML 格式有误，第 2 行"),
        # libyaml itself gives up first
        ("id: " + "[" * 100_000, "YAML 格式有误，第 1 行"),
        ("id: " + "[" * 30 + "]" * 30, "YAML 第 1 行嵌套过深"),
        ("? [a]\n: b\n", "YAML 第 1 行的键不是文本"),
        ("1: b\n", "YAML 第 1 行的键不是文本"),
        ("id: " + "x" * 3_000_000, "YAML 文件过大"),
        ("just words", "应为一份申请（对象）"),
        ("stamp_present: yes\nform: A3\nunit: {}\n", "stamp_present：应为 true 或 false"),
        ("received_on: .nan\nform: 1\nunit: {}\n", "form：应为文本"),
    ],
)
def test_yaml_tricks_are_refused(text: str, says: str) -> None:
    (found,) = reasons(text, "申请.yaml")
    assert found.startswith(says)
