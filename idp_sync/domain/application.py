"""Applications: the forms of Annex 3 to 7, the enterprises' forms and written requests, as they were handed in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from idp_sync.domain.unit import Unit


class Form(StrEnum):
    """The forms; the values are those of the annexes and of the application file format."""

    #: 附件3 用户及密钥申请表
    NEW_USER = "A3"
    #: 附件4 密钥换领申请表
    KEY_REPLACEMENT = "A4"
    #: 附件5 用户名称变更申请表
    USER_RENAME = "A5"
    #: 附件6 用户权限变更申请表
    PERMISSION_CHANGE = "A6"
    #: 附件7 用户权限注销申请表
    DEREGISTRATION = "A7"
    #: the enterprises' form, printed by the system itself (Article 5 (2))
    ENTERPRISE_NEW = "ENT-NEW"
    #: the enterprises' form for a user who changed: another holder, another name, another key (Article 5 (2) 变更)
    ENTERPRISE_CHANGE = "ENT-CHANGE"
    #: the enterprises' written request (Article 6 (2))
    ENTERPRISE_CANCEL = "ENT-CANCEL"
    #: restoring after a sweep (Article 6 (4))
    RESTORE = "RESTORE"
    #: written request to delete business that was found unfinished after the deregistration (Article 6 (3))
    BUSINESS_DELETION = "BUSINESS-DELETION"

    @property
    def zh(self) -> str:
        """The form's title."""
        return _TITLES[self]

    @property
    def opens_accounts(self) -> bool:
        """Whether people on it become new users."""
        return self in {Form.NEW_USER, Form.ENTERPRISE_NEW}

    @property
    def names_a_login(self) -> bool:
        """Whether the people on it must be users already."""
        return not self.opens_accounts

    @property
    def names_a_holder(self) -> bool:
        """Whether it says who is to hold the account from now on: the same person, or another (reading A-10)."""
        return self in {Form.USER_RENAME, Form.ENTERPRISE_CHANGE}

    @property
    def is_annex(self) -> bool:
        """Whether it is one of the printed forms of Annex 3 to 7."""
        return self.value.startswith("A")


_TITLES = {
    Form.NEW_USER: "用户及密钥申请表",
    Form.KEY_REPLACEMENT: "密钥换领申请表",
    Form.USER_RENAME: "用户名称变更申请表",
    Form.PERMISSION_CHANGE: "用户权限变更申请表",
    Form.DEREGISTRATION: "用户权限注销申请表",
    Form.ENTERPRISE_NEW: "企业用户申请表",
    Form.ENTERPRISE_CHANGE: "企业用户变更申请表",
    Form.ENTERPRISE_CANCEL: "企业用户注销申请",
    Form.RESTORE: "恢复登录资格申请",
    Form.BUSINESS_DELETION: "未完成业务删除申请",
}

#: 附件3至附件7 have five printed rows (reading A-18)
ROWS_ON_A_SHEET = 5

#: what enterprises write where they are not free to choose (Article 4)
WHOLE_BUNDLE = "(按机构类型统一设置)"

#: the promise of Article 6 (2), word for word
PROMISE = "提交注销用户名下没有未完成业务"

#: the commitment at the foot of Annex 3 to 7, word for word
COMMITMENT = (
    "我单位郑重承诺：仅将密钥用于工作内容的必要范围，未经市住房城乡建设委同意，"
    "不以任何方式将密钥用于指定用途以外任何事项。因违反上述承诺造成的一切法律责任由我单位承担。"
)


class State(StrEnum):
    """Where an application stands in its life."""

    #: filled in within the system, not yet printed, stamped and handed in (Article 5 (2))
    DRAFT = "draft"
    #: handed in, not yet decided
    RECEIVED = "received"
    #: given back to be mended
    RETURNED = "returned"
    #: not allowed
    REJECTED = "rejected"
    #: one office has approved its items, another has still to decide
    UNDER_REVIEW = "under-review"
    #: all offices have approved
    APPROVED = "approved"
    #: accounts are in directory and realms, keys are handed over
    CARRIED_OUT = "carried-out"
    #: 归档留存 (Article 9)
    ARCHIVED = "archived"
    #: taken back by the applicant before it was carried out
    WITHDRAWN = "withdrawn"

    @property
    def zh(self) -> str:
        """As the offices say it."""
        return {
            "draft": "草稿",
            "received": "已受理",
            "returned": "已退回",
            "rejected": "不予批准",
            "under-review": "审核中",
            "approved": "已批准",
            "carried-out": "已办结",
            "archived": "已归档",
            "withdrawn": "已撤回",
        }[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One person on a form. Which fields are filled depends on the form."""

    #: 序号
    number: int
    #: 用户姓名, or 原用户姓名 in Annex 5
    name: str = ""
    #: 性别, as written
    sex: str = ""
    #: 身份证号, as written; sensitive
    id_number: str = ""
    #: 申请权限, or 现申请权限 in Annex 6: the codes, or WHOLE_BUNDLE
    permissions: tuple[str, ...] = ()
    #: what was written where no code fits
    permission_words: str = ""
    #: 登录名称, or 原登录名称
    login: str = ""
    #: 原密钥编号 or 密钥编号
    key_number: str = ""
    #: 现用户姓名 in Annex 5
    new_name: str = ""
    #: 原申请权限 in Annex 6
    present_permissions: tuple[str, ...] = ()
    #: 备注 in Annex 4: the ground
    remarks: str = ""
    #: 申请范围: a district code, where the applicant asks for one
    scope: str = ""

    def __repr__(self) -> str:
        """Without the ID number: a row may turn up in a log or a traceback."""
        return f"Row(number={self.number}, name={self.name!r}, login={self.login!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One proof of Article 5 (2)."""

    type: str
    #: 核验原件
    original_checked: bool = False
    #: 复印件加盖单位公章
    copy_stamped: bool = False
    #: who has seen it, at the office that took it in; "" where that is not recorded
    checked_by: str = ""
    #: ISO date on which it was seen
    checked_on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """审核意见 and 日期, as they stand on the paper."""

    opinion: str = ""
    #: ISO date as written; may be none
    date: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A form as it was handed in: nothing is corrected here, so that the findings can name what was written."""

    #: number of the application
    id: str
    form: Form
    #: ISO date as written
    received_on: str
    #: the office that took it in, as written
    received_by: str
    unit: Unit
    rows: tuple[Row, ...]
    #: 单位盖章
    stamp_present: bool = False
    #: 负责人签字
    signed_by: str = ""
    #: 联系人
    contact_name: str = ""
    #: 联系电话
    contact_phone: str = ""
    commitment_present: bool = False
    documents: tuple[Document, ...] = ()
    review: Opinion | None = None
    #: the words of a written request
    text: str = ""
    title: str = ""

    def logins(self) -> tuple[str, ...]:
        """The login names that stand on it."""
        return tuple(row.login for row in self.rows if row.login)


def numbered(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The rows with a number each: where 序号 is missing (0), the next one is given."""
    result: list[Row] = []
    for position, row in enumerate(rows, start=1):
        result.append(row if row.number else _with_number(row, position))
    return tuple(result)


def _with_number(row: Row, number: int) -> Row:
    return Row(**{name: getattr(row, name) for name in Row.__dataclass_fields__ if name != "number"}, number=number)
