"""Letters as PDF: each says what it has to, with the regulation's own words where there are any."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import pytest

from idp_sync.adapters.paper import Paper
from idp_sync.domain.letter import (
    HOLDERS_NOTICE,
    ApprovalToIssuer,
    ApprovalToUnit,
    DeregistrationNotice,
    KeyHandOver,
    KeyReturn,
    Letter,
    PasswordSheet,
    RestorationNotice,
    ReturnList,
    SuspensionNotice,
    SuspensionWarning,
    UserList,
)
from idp_sync.shipped import folder
from tests.letters import FINDINGS, PEOPLE, letters
from tests.pages import codes, sizes, words

PAPER = Paper(templates=folder("templates"), roles=folder("roles"))
LETTERS = {type(letter): letter for letter in letters()}
Kind = TypeVar("Kind", bound=Letter)


def letter(kind: type[Kind]) -> Kind:
    found = LETTERS[kind]
    assert isinstance(found, kind)
    return found


def text(of: Letter) -> str:
    (only,) = words(PAPER.letter_pdf(of))
    return only


#: what each must say
SAYS: dict[type[Letter], list[str]] = {
    KeyHandOver: [
        "密钥编号KEY-000001登录名称cy0001用户姓名测试甲单位名称虚构单位朝阳区登记窗口",
        "证书序列号0a1b2c3d4e5f60718293a4b5c6d7e8f9证书有效期2025年7月10日至2028年7月9日",
        "申请编号A3-2025-0001发放人研究一领取人测试联系人",
        HOLDERS_NOTICE,
        "领取人（签字）：",
        "发放人（签字）：",
    ],
    KeyReturn: ["收回原因注销密钥状况完好交回人测试联系人接收人研究一", "交回人（签字）：", "接收人（签字）："],
    PasswordSheet: ["口令：hjkm-3467-npqr", "本单与密钥分别送达"],
    ReturnList: [
        "你单位2025-03-03提交的《用户及密钥申请表》（编号A3-2025-0001）经检查需要补正",
        "请一次补齐。",
        *("".join(finding.sentence().split()) for finding in FINDINGS),
    ],
    ApprovalToIssuer: [
        "市城建研究中心：虚构单位朝阳区登记窗口2025-03-03提交的《用户及密钥申请表》",
        "请据此办理密钥发放及告知工作",
        "房屋登记管理处同意2025-03-05房屋市场管理处符合岗位需要2025-03-06",
        "1测试甲cy0001登记受理、登记审核2周䶮样cy0002登记受理",
    ],
    ApprovalToUnit: ["已审核通过", "请上述用户本人持身份证件到市城建研究中心领取密钥"],
    SuspensionWarning: ["在2026年1月1日用户清理前仍未登录的，将暂时取消其登录资格", "cy0002周䶮样未登录过"],
    SuspensionNotice: [
        "自2026年1月1日起暂时取消其登录资格",
        "cy0001测试甲2025-06-30",
        "暂时取消登录资格的用户可与市城建研究中心联系恢复登录资格后继续申请办理相关业务。",
    ],
    RestorationNotice: ["自2026年1月5日起恢复登录资格，可继续申请办理相关业务", "1cy0001测试甲2cy0002周䶮样"],
    DeregistrationNotice: [
        "已于2026年2月1日注销（申请编号A7-2026-0001）。请及时将系统密钥交回市城建研究中心",
        "1cy0001测试甲KEY-0000012cy0002周䶮样—",
        "向市城建研究中心提交书面申请，删除相关业务",
    ],
    UserList: [
        "登录名称用户姓名权限状态上次登录确认(在岗/离岗)",
        "cy0001测试甲登记受理、登记审核正常2025-06-30□在岗□离岗",
        "cy0002周䶮样登记受理暂停登录—□在岗□离岗",
        "于2025年7月31日前盖章交回",
    ],
}


@pytest.mark.parametrize("of", LETTERS.values(), ids=lambda of: of.title)
def test_a_letter_says_what_it_has_to(of: Letter) -> None:
    pdf = PAPER.letter_pdf(of)
    (said,) = words(pdf)
    for expected in (
        of.title,
        of.number,
        f"{of.office}（盖章）2025年7月10日",
        f"管理办法》{of.source}",
        *SAYS[type(of)],
    ):
        assert expected in said, expected
    if of.contact:
        assert f"联系方式：{of.contact}" in said
    assert sizes(pdf) == [(210, 297)]
    assert codes(pdf) == [[f"idp-sync:{of.subject}"]]


def test_what_does_not_apply_is_left_out() -> None:
    assert "申请编号" not in text(replace(letter(KeyHandOver), application=""))
    assert "密钥状况—" in text(replace(letter(KeyReturn), condition=""))
    assert "领取密钥" not in text(replace(letter(ApprovalToUnit), issuer=""))
    assert "申请编号" not in text(replace(letter(DeregistrationNotice), application=""))
    assert "联系方式" not in text(replace(letter(SuspensionNotice), contact=""))


def test_the_password_stands_on_its_own_sheet_only() -> None:
    secret = letter(PasswordSheet).password
    assert [kind for kind, of in LETTERS.items() if secret in text(of)] == [PasswordSheet]


def test_a_long_list_goes_on_with_its_headings_on_every_page() -> None:
    many = tuple(replace(PEOPLE[0], login=f"cy{number:04}") for number in range(1, 121))
    pages = words(PAPER.letter_pdf(replace(letter(UserList), people=many)))
    assert len(pages) > 2
    listed = [page for page in pages if "□在岗" in page]
    assert all("确认(在岗/离岗)" in page for page in listed)
    assert all(f"cy{number:04}" in "".join(pages) for number in range(1, 121))
    assert "共有下列120名系统用户" in pages[0]


@pytest.mark.parametrize("hostile", ["<script>1</script>", "</td></table><img src=x>", "{{ 7*7 }}", "测试&lt;甲"])
def test_nothing_that_somebody_wrote_becomes_html(hostile: str) -> None:
    html = PAPER.letter(replace(letter(KeyHandOver), name=hostile, unit_name=hostile, handed_over_to=hostile))
    assert "<script>" not in html
    assert "<img" not in html
    assert "".join(hostile.split()) in text(replace(letter(KeyHandOver), name=hostile))
