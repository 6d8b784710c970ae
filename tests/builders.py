"""Builders: domain values as the offices know them, sound unless a test says otherwise. All people are fictitious."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from stdnum.iso7064 import mod_11_2

from idp_sync.adapters.rulebook import read_rule_book
from idp_sync.domain.account import Account, AccountState
from idp_sync.domain.application import Application, Document, Form, Opinion, Row
from idp_sync.domain.checks import Case, Verdict, check
from idp_sync.domain.directory_entry import DirectoryEntry
from idp_sync.domain.known import NOTHING_KNOWN, Known, KnownUser
from idp_sync.domain.permission import Matter, Permission, Scope
from idp_sync.domain.unit import DocumentType, Level, OrganisationType, Unit, UserClass
from idp_sync.shipped import folder

#: the day on which everything is checked
TODAY = date(2025, 7, 10)
#: the rule book that is shipped
BOOK = read_rule_book(folder("roles"))

CHAOYANG = Unit(name="虚构单位朝阳区登记窗口", user_class=UserClass.MANAGEMENT, level=Level.DISTRICT, district="110105")
CITY = Unit(name="虚构单位市级登记科", user_class=UserClass.MANAGEMENT, level=Level.CITY)
DEVELOPER = Unit(
    name="虚构房地产开发有限公司",
    user_class=UserClass.ENTERPRISE,
    organisation_type=OrganisationType.DEVELOPER,
    document_type=DocumentType.COMPANY,
    credit_code="91110105PDY0010124",
    organisation_code="PDY001012",
)

#: the documents of a developer, as they should be
DEVELOPERS_DOCUMENTS = tuple(
    Document(type=type_, original_checked=type_ != "法定代表人身份证件", copy_stamped=True)
    for type_ in ("营业执照", "组织机构代码证", "法定代表人身份证件", "操作用户身份证件", "房地产开发企业资质证书")
)

#: where a form of that kind is handed in by the units above
_RECEIVED_BY = {
    Form.DEREGISTRATION: "信息中心",
    Form.RESTORE: "城建研究中心",
    Form.ENTERPRISE_NEW: "综合服务中心",
    Form.ENTERPRISE_CHANGE: "综合服务中心",
    Form.ENTERPRISE_CANCEL: "综合服务中心",
    Form.BUSINESS_DELETION: "城建研究中心",
}
_OF_ENTERPRISES = {Form.ENTERPRISE_NEW, Form.ENTERPRISE_CHANGE, Form.ENTERPRISE_CANCEL}
_WITH_DOCUMENTS = {Form.ENTERPRISE_NEW, Form.ENTERPRISE_CHANGE}


def id_number(serial: int = 1, *, male: bool = True, area: str = "110000", born: str = "19900101") -> str:
    """A right number of a fictitious person; different serials, up to 499, are different people."""
    body = f"{area}{born}{2 * serial + male:03}"
    return body + mod_11_2.calc_check_digit(body)


def row(number: int = 1, **fields: Any) -> Row:  # noqa: ANN401
    """A row of Annex 3 of a man who applies for 登记受理."""
    sound: dict[str, Any] = {
        "name": "测试甲",
        "sex": "男",
        "id_number": id_number(number),
        "permissions": ("MGMT-DIST.REG.01",),
    }
    return Row(number=number, **{**sound, **fields})


def application(form: Form = Form.NEW_USER, *rows: Row, **fields: Any) -> Application:  # noqa: ANN401
    """A form without a fault, of 朝阳区登记窗口, or of the developer where it is a form of enterprises."""
    sound: dict[str, Any] = {
        "id": "TEST-1",
        "form": form,
        "received_on": "2025-03-03",
        "received_by": _RECEIVED_BY.get(form, "房屋登记管理处"),
        "unit": DEVELOPER if form in _OF_ENTERPRISES else CHAOYANG,
        "rows": rows or (_sound_row(form),),
        "stamp_present": True,
        "signed_by": "示例负责人",
        "contact_name": "测试联系人",
        "contact_phone": "010-00000000",
        "commitment_present": True,
        "documents": DEVELOPERS_DOCUMENTS if form in _WITH_DOCUMENTS else (),
        "review": Opinion(opinion="同意", date="2025-03-05"),
        "text": "提交注销用户名下没有未完成业务。" if form is Form.ENTERPRISE_CANCEL else "",
    }
    return Application(**{**sound, **fields})


def _sound_row(form: Form) -> Row:
    sound = row(login="cy0001", key_number="KEY-000001", new_name="测试新甲", remarks="损坏")
    if form is Form.PERMISSION_CHANGE:
        return replace(sound, present_permissions=("MGMT-DIST.REG.01",), permissions=("MGMT-DIST.REG.02",))
    if form is Form.ENTERPRISE_NEW:
        return replace(sound, login="", permissions=("(按机构类型统一设置)",))
    return replace(sound, login="") if form.opens_accounts else sound


def user(login: str = "cy0001", **fields: Any) -> KnownUser:  # noqa: ANN401
    """The user that the sound rows name, as the register knows him."""
    sound: dict[str, Any] = {
        "state": AccountState.ACTIVE,
        "name": "测试甲",
        "id_number": id_number(1),
        "key_number": "KEY-000001",
        "permissions": frozenset({"MGMT-DIST.REG.01"}),
    }
    return KnownUser(login=login, **{**sound, **fields})


def known(*users: KnownUser, pending_business: int | None = None) -> Known:
    """What the register, and the trading system, know."""
    return Known(users={user.login: user for user in users}, pending_business=pending_business)


def case(application: Application, known: Known = NOTHING_KNOWN) -> Case:
    """What a single rule reads."""
    return Case(application=application, known=known, book=BOOK, today=TODAY)


def checked(application: Application, known: Known = NOTHING_KNOWN) -> Verdict:
    """What all rules together say."""
    return check(application, book=BOOK, today=TODAY, known=known)


def permission(code: str = "MGMT-DIST.REG.99", **fields: Any) -> Permission:  # noqa: ANN401
    """An item of the district's registration permissions."""
    sound: dict[str, Any] = {
        "title": None,
        "text": f"测试权限{code}。",
        "category": "（二）房屋登记权限",
        "matter": Matter.REGISTRATION,
        "user_class": UserClass.MANAGEMENT,
        "level": Level.DISTRICT,
        "organisation_type": None,
        "scope": Scope.DISTRICT,
        "systems": frozenset({"trading"}),
    }
    return Permission(code=code, **{**sound, **fields})


def account(login: str = "cy0001", **fields: Any) -> Account:  # noqa: ANN401
    """An active account of 朝阳区登记窗口 with its key handed over on 1 January 2025."""
    sound: dict[str, Any] = {
        "person_number": "P00000001",
        "name": "测试甲",
        "unit": CHAOYANG,
        "permissions": frozenset({"MGMT-DIST.REG.01"}),
        "state": AccountState.ACTIVE,
        "application": "TEST-1",
        "opened_at": datetime(2024, 12, 1, tzinfo=UTC),
        "key_number": "KEY-000001",
        "thumbprint": "ab" * 32,
        "handed_over_at": datetime(2025, 1, 1, 4, tzinfo=UTC),
    }
    return Account(login=login, **{**sound, **fields})


def entry(login: str = "cy0001", **fields: Any) -> DirectoryEntry:  # noqa: ANN401
    """An entry of the directory as an active account of 朝阳区登记窗口 has it."""
    sound: dict[str, Any] = {
        "user_class": UserClass.MANAGEMENT,
        "name": "测试甲",
        "person_number": "P00000001",
        "state": AccountState.ACTIVE,
        "rank": "district",
        "unit_name": CHAOYANG.name,
        "unit_code": CHAOYANG.name,
        "district": "110105",
    }
    return DirectoryEntry(login=login, **{**sound, **fields})
