"""Findings: what a check has to say about an application, with a code, a gravity and the article it comes from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """What is to become of an application, from the best to the gravest."""

    ACCEPT = "accept"
    ACCEPT_WITH_WARNING = "accept_with_warning"
    #: each office approves its own items (Article 3)
    SPLIT = "split"
    #: the applicant can mend it
    RETURN = "return"
    #: not allowed
    REJECT = "reject"

    @property
    def gravity(self) -> int:
        """0 for the best; the gravest outcome of all findings is the outcome of the application."""
        return list(Outcome).index(self)

    @property
    def may_be_approved(self) -> bool:
        """Whether an office may approve an application with this outcome."""
        return self.gravity <= Outcome.SPLIT.gravity


class Code(StrEnum):
    """The findings; RULES says what each means and how grave it is."""

    ID_FORMAT = "ID_FORMAT"
    ID_CHECKSUM = "ID_CHECKSUM"
    ID_BIRTHDATE = "ID_BIRTHDATE"
    ID_SEX_MISMATCH = "ID_SEX_MISMATCH"
    ID_LEGACY_15 = "ID_LEGACY_15"
    ID_AREA = "ID_AREA"
    ID_AREA_UNKNOWN = "ID_AREA_UNKNOWN"
    ID_SEQ_000 = "ID_SEQ_000"
    ID_DAMAGED_BY_SPREADSHEET = "ID_DAMAGED_BY_SPREADSHEET"
    NORMALISED_FULLWIDTH = "NORMALISED_FULLWIDTH"
    NORMALISED_NAME = "NORMALISED_NAME"
    NAME_INVALID = "NAME_INVALID"
    SEX_INVALID = "SEX_INVALID"
    USCC_FORMAT = "USCC_FORMAT"
    USCC_CHECKSUM = "USCC_CHECKSUM"
    USCC_REGION = "USCC_REGION"
    ORGCODE_FORMAT = "ORGCODE_FORMAT"
    ORGCODE_CHECKSUM = "ORGCODE_CHECKSUM"
    ORGCODE_MISMATCH = "ORGCODE_MISMATCH"
    PERM_UNKNOWN = "PERM_UNKNOWN"
    PERM_LEVEL = "PERM_LEVEL"
    PERM_ORG_TYPE = "PERM_ORG_TYPE"
    PERM_CONFLICT = "PERM_CONFLICT"
    SCOPE_DISTRICT = "SCOPE_DISTRICT"
    NEEDS_BOTH_APPROVALS = "NEEDS_BOTH_APPROVALS"
    CHANNEL_WRONG = "CHANNEL_WRONG"
    ROWS_EMPTY = "ROWS_EMPTY"
    ROWS_OVERFLOW = "ROWS_OVERFLOW"
    DUPLICATE_PERSON = "DUPLICATE_PERSON"
    STAMP_MISSING = "STAMP_MISSING"
    SIGNATURE_MISSING = "SIGNATURE_MISSING"
    CONTACT_MISSING = "CONTACT_MISSING"
    COMMITMENT_MISSING = "COMMITMENT_MISSING"
    PROMISE_MISSING = "PROMISE_MISSING"
    GROUND_MISSING = "GROUND_MISSING"
    DATE_INVALID = "DATE_INVALID"
    DATE_BEFORE_RECEIPT = "DATE_BEFORE_RECEIPT"
    DATE_BEFORE_EFFECT = "DATE_BEFORE_EFFECT"
    DOC_MISSING = "DOC_MISSING"
    DOC_COPY_UNSTAMPED = "DOC_COPY_UNSTAMPED"
    DOC_ORIGINAL_UNCHECKED = "DOC_ORIGINAL_UNCHECKED"
    DOC_MERGED_LICENCE = "DOC_MERGED_LICENCE"
    KEY_MISMATCH = "KEY_MISMATCH"
    STATE_MISMATCH = "STATE_MISMATCH"
    PENDING_BUSINESS = "PENDING_BUSINESS"
    USER_UNKNOWN = "USER_UNKNOWN"
    USER_CANCELLED = "USER_CANCELLED"
    USER_EXISTS = "USER_EXISTS"
    APPLICATION_IN_FLIGHT = "APPLICATION_IN_FLIGHT"
    CELL_FORMULA = "CELL_FORMULA"
    COLUMN_UNKNOWN = "COLUMN_UNKNOWN"
    SHEET_HIDDEN = "SHEET_HIDDEN"


#: what only the reading of a file can find: a later check of the same application can't find it again
FOUND_WHILE_READING: Final = frozenset({Code.CELL_FORMULA, Code.COLUMN_UNKNOWN, Code.SHEET_HIDDEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a code stands for."""

    #: the outcome that it leads to; None for a note, which changes no outcome and is not among the codes
    leads_to: Outcome | None
    #: where it comes from: an article of the regulation, an annex, or a standard
    source: str
    #: for the offices
    zh: str
    #: for engineers
    en: str

    @property
    def is_note(self) -> bool:
        """A note is shown to the reviewer, and changes nothing."""
        return self.leads_to is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found: a code, where, and the words that make it particular."""

    code: Code
    #: 序号 on the form; None where it concerns the form as a whole
    row: int | None = None
    #: column or field of the form, in the form's own words
    field: str = ""
    #: what is particular about it; never an ID number
    detail: str = ""
    #: behind the code: DOC_MISSING:营业执照
    qualifier: str = ""

    @property
    def rule(self) -> Rule:
        """The rule that this finding applies."""
        return RULES[self.code]

    @property
    def label(self) -> str:
        """The code with its qualifier, as scripts read it."""
        return f"{self.code}:{self.qualifier}" if self.qualifier else str(self.code)

    def sentence(self) -> str:
        """The finding in one Chinese sentence, with the article that it comes from."""
        place = "".join((f"第{self.row}行 " if self.row is not None else "", f"{self.field}：" if self.field else ""))
        what = self.rule.zh + (f"（{self.detail}）" if self.detail else "")
        return f"{place}{what}〔{self.rule.source}〕"


def outcome_of(findings: Iterable[Finding]) -> Outcome:
    """The gravest outcome that any finding leads to; ACCEPT where there is none but notes."""
    outcomes = [finding.rule.leads_to for finding in findings]
    return max((o for o in outcomes if o is not None), key=lambda o: o.gravity, default=Outcome.ACCEPT)


def labels_of(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The labels of all findings but notes, each once, in the order found."""
    return tuple(dict.fromkeys(f.label for f in findings if not f.rule.is_note))


def _rule(leads_to: Outcome | None, source: str, zh: str, en: str) -> Rule:
    return Rule(leads_to=leads_to, source=source, zh=zh, en=en)


_WARN: Final = Outcome.ACCEPT_WITH_WARNING
_SPLIT: Final = Outcome.SPLIT
_RETURN: Final = Outcome.RETURN
_REJECT: Final = Outcome.REJECT

_REAL_NAME: Final = "第五条 实名申请"
_RESIDENT_ID: Final = "第五条；GB 11643-1999"
_CREDIT_CODE: Final = "第五条（二）；GB 32100-2015"
_ORG_CODE: Final = "第五条（二）；GB 11714-1997"
_DOCUMENTS: Final = "第五条（二）"
_FORM: Final = "附件3至附件7"

RULES: Final[dict[Code, Rule]] = {
    Code.ID_FORMAT: _rule(_RETURN, _RESIDENT_ID, "身份证号格式不符", "not an ID number"),
    Code.ID_CHECKSUM: _rule(_RETURN, _RESIDENT_ID, "身份证号校验码不符", "wrong check digit"),
    Code.ID_BIRTHDATE: _rule(_RETURN, _RESIDENT_ID, "身份证号中的出生日期不存在", "no such birth date"),
    Code.ID_SEX_MISMATCH: _rule(_RETURN, _RESIDENT_ID, "性别与身份证号不一致", "sex differs from the ID number"),
    Code.ID_LEGACY_15: _rule(
        _RETURN, _RESIDENT_ID, "15位旧号已停用，请填18位号码", "15-digit number of a withdrawn card"
    ),
    Code.ID_AREA: _rule(_RETURN, _RESIDENT_ID, "身份证号地区码不存在", "no such province"),
    Code.ID_AREA_UNKNOWN: _rule(
        None, _RESIDENT_ID, "身份证号的县级地区码不在本表内，请核对证件", "county code not on our list"
    ),
    Code.ID_SEQ_000: _rule(None, _RESIDENT_ID, "身份证号顺序码为000，请核对证件", "sequence number 000"),
    Code.ID_DAMAGED_BY_SPREADSHEET: _rule(
        _RETURN,
        _REAL_NAME,
        "身份证号已被表格软件转成数值，末位丢失，请以文本格式重填",
        "ID number turned into a float by a spreadsheet",
    ),
    Code.NORMALISED_FULLWIDTH: _rule(_WARN, _REAL_NAME, "全角字符已转为半角", "full-width characters were folded"),
    Code.NORMALISED_NAME: _rule(
        _WARN,
        _REAL_NAME,
        "姓名中的间隔号或空白已规范为“·”",
        "middle dot or blanks in the name were normalised",
    ),
    Code.NAME_INVALID: _rule(
        _RETURN,
        _REAL_NAME,
        "姓名为空、过长或含有不可见的控制字符",
        "name empty, too long or with control characters",
    ),
    Code.SEX_INVALID: _rule(_RETURN, _REAL_NAME, "性别应填“男”或“女”", "sex must be 男 or 女"),
    Code.USCC_FORMAT: _rule(_RETURN, _CREDIT_CODE, "统一社会信用代码格式不符", "not a unified social credit code"),
    Code.USCC_CHECKSUM: _rule(_RETURN, _CREDIT_CODE, "统一社会信用代码校验码不符", "wrong check digit"),
    Code.USCC_REGION: _rule(
        None, _CREDIT_CODE, "统一社会信用代码的登记机关区划不在本表内，请核对", "region code not on our list"
    ),
    Code.ORGCODE_FORMAT: _rule(_RETURN, _ORG_CODE, "组织机构代码格式不符或未填", "not an organisation code"),
    Code.ORGCODE_CHECKSUM: _rule(_RETURN, _ORG_CODE, "组织机构代码校验码不符", "wrong check digit"),
    Code.ORGCODE_MISMATCH: _rule(
        _RETURN,
        _ORG_CODE,
        "组织机构代码与统一社会信用代码第9至17位不一致",
        "organisation code differs from the one within the credit code",
    ),
    Code.PERM_UNKNOWN: _rule(
        _RETURN,
        "第四条；附件1、附件2",
        "附件中无此权限项，或未填申请权限",
        "no such permission, or none applied for",
    ),
    Code.PERM_LEVEL: _rule(_REJECT, "第四条；附件1", "该权限不属于申请单位的级别", "permission of another level"),
    Code.PERM_ORG_TYPE: _rule(
        _REJECT,
        "第四条；附件1、附件2",
        "该权限不属于申请单位的类别或机构类型",
        "permission of another organisation type",
    ),
    Code.PERM_CONFLICT: _rule(
        None,
        "附件1 系统管理；GB/T 22239-2019 8.1.4.2 d)",
        "该权限兼有业务与管理权限，不符合权限分离，须两处共同审批",
        "permission in conflict with separation of duties",
    ),
    Code.SCOPE_DISTRICT: _rule(
        _REJECT,
        "附件1 本区县",
        "申请范围不是申请单位所在的区",
        "scope is another district than the unit's own",
    ),
    Code.NEEDS_BOTH_APPROVALS: _rule(
        _SPLIT,
        "第三条",
        "同时涉及登记与交易事务，由房屋登记管理处、房屋市场管理处分别审核",
        "both offices approve their own items",
    ),
    Code.CHANNEL_WRONG: _rule(
        _RETURN,
        "第三条；第五条；第六条",
        "应向有权受理的部门提交",
        "handed in at an office that does not decide it",
    ),
    Code.ROWS_EMPTY: _rule(_RETURN, _FORM, "表中没有填写任何用户", "nobody stands on the form"),
    Code.ROWS_OVERFLOW: _rule(
        _RETURN, _FORM, "每张表限填五人，其余请另页填写并逐页盖章签字", "more than five rows on one sheet"
    ),
    Code.DUPLICATE_PERSON: _rule(_RETURN, "第八条", "同一人在表中出现多次", "one person twice on one form"),
    Code.STAMP_MISSING: _rule(_RETURN, _FORM + "；第五条", "未加盖单位公章", "stamp missing"),
    Code.SIGNATURE_MISSING: _rule(_RETURN, _FORM, "负责人未签字", "signature missing"),
    Code.CONTACT_MISSING: _rule(_RETURN, _FORM, "联系人或联系电话未填", "contact missing"),
    Code.COMMITMENT_MISSING: _rule(_RETURN, _FORM, "缺少单位承诺文字", "commitment missing"),
    Code.PROMISE_MISSING: _rule(
        _RETURN,
        "第六条（二）",
        "申请中未写明“提交注销用户名下没有未完成业务”的承诺",
        "promise of Article 6 (2) missing",
    ),
    Code.GROUND_MISSING: _rule(
        None, "附件4 备注", "未注明换领原因（损坏、到期或丢失）", "ground for the replacement not stated"
    ),
    Code.DATE_INVALID: _rule(_RETURN, _FORM, "日期不存在", "not a date"),
    Code.DATE_BEFORE_RECEIPT: _rule(_RETURN, _FORM, "审核日期早于受理日期", "reviewed before it was received"),
    Code.DATE_BEFORE_EFFECT: _rule(
        _RETURN, "第十一条", "受理日期早于办法施行之日", "received before the regulation came into force"
    ),
    Code.DOC_MISSING: _rule(_RETURN, _DOCUMENTS, "缺少证明材料", "document missing"),
    Code.DOC_COPY_UNSTAMPED: _rule(_RETURN, _DOCUMENTS, "复印件未加盖单位公章", "copy without the unit's stamp"),
    Code.DOC_ORIGINAL_UNCHECKED: _rule(_RETURN, _DOCUMENTS, "未核验原件", "original not checked"),
    Code.DOC_MERGED_LICENCE: _rule(
        _WARN,
        _DOCUMENTS + "；国办发〔2015〕50号",
        "一照一码：以载有统一社会信用代码的证照代替组织机构代码证",
        "one licence, one code: no separate organisation code certificate",
    ),
    Code.KEY_MISMATCH: _rule(_RETURN, "第八条；附件4、附件5", "密钥编号与该用户现有密钥不一致", "not this user's key"),
    Code.STATE_MISMATCH: _rule(
        _RETURN, "第五条；第六条", "填写内容与登记的现状不一致", "what is stated differs from the register"
    ),
    Code.PENDING_BUSINESS: _rule(
        _RETURN, "第六条", "名下有未完成业务，应先办结或删除", "unfinished business in the user's name"
    ),
    Code.USER_UNKNOWN: _rule(_RETURN, "第五条；第六条", "查无此用户", "no such user"),
    Code.USER_CANCELLED: _rule(_REJECT, "第六条", "该用户已注销", "the user was deregistered"),
    Code.USER_EXISTS: _rule(
        _RETURN, "第八条", "此人已有用户，应申请变更，不得另立", "the person has an account already"
    ),
    Code.APPLICATION_IN_FLIGHT: _rule(
        _RETURN,
        "第五条；第八条",
        "此人另有在办的申请，待其办结或撤回后再办",
        "another application for the same person is being dealt with",
    ),
    Code.CELL_FORMULA: _rule(
        _RETURN, _FORM, "单元格内是公式而不是填写的内容", "a formula where a typed value is expected"
    ),
    Code.COLUMN_UNKNOWN: _rule(
        None, _FORM, "表中有规定以外的列，未采用", "column that the form does not have, ignored"
    ),
    Code.SHEET_HIDDEN: _rule(None, _FORM, "工作簿中有隐藏的工作表，未读取", "hidden sheet, not read"),
}
