"""Letters: what the offices hand over or send on paper, one frozen value for each; no layout and no files here.

Each names its subject for the QR code, so that the paper finds its record again. None holds an ID number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Final

from idp_sync.domain.application import Form
from idp_sync.domain.finding import Finding

#: Article 8, whole and word for word: what the holder signs when a key is handed over (R-37 to R-39)
HOLDERS_NOTICE: Final = (
    "各用户应保证自己的用户名和密钥安全。用户名和密钥仅限本人在权限范围内使用，严禁将用户和密钥转借他人。"
    "因用户名和密钥被他人使用产生的责任由用户本人承担。"
)

#: how a suspended login comes back, in the words of Article 6 (4)
HOW_TO_RESTORE: Final = "暂时取消登录资格的用户可与市城建研究中心联系恢复登录资格后继续申请办理相关业务。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What every letter bears."""

    #: its title, as it stands at its head
    title: ClassVar[str]
    #: the article that it comes from
    source: ClassVar[str]

    #: 文号: our number of the letter
    number: str
    #: the office that it comes from, as people write it
    office: str
    dated: date
    #: whom it is addressed to; "" for a receipt
    addressee: str = ""
    #: how the office can be reached; "" where that is not to be said
    contact: str = ""

    @property
    def subject(self) -> str:
        """What the QR code finds again, as kind:number."""
        return f"letter:{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person on a letter. Which fields are filled depends on the letter."""

    name: str
    login: str = ""
    #: what people call the permissions
    permissions: tuple[str, ...] = ()
    #: 状态, as the offices say it
    state: str = ""
    #: Beijing date of the last login; None where none was seen
    last_login: date | None = None
    #: inventory number of the key that he holds
    key_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLetter(Letter):
    """What letters about one key have in common."""

    key_number: str
    login: str
    #: 用户姓名
    name: str
    unit_name: str

    @property
    def subject(self) -> str:
        """The key."""
        return f"key:{self.key_number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHandOver(KeyLetter):
    """A key changes hands: who gave it to whom, what is on it, and the notice that the holder signs."""

    title: ClassVar[str] = "密钥交接单"
    source: ClassVar[str] = "第三条、第八条、第九条"

    #: lower-case hex
    certificate_serial: str
    #: Beijing dates
    valid_from: date
    valid_until: date
    handed_over_by: str
    handed_over_to: str
    #: number of the application that it was issued for
    application: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyReturn(KeyLetter):
    """A key comes back to the office that issued it (Article 9: 发放回收记录)."""

    title: ClassVar[str] = "密钥回收单"
    source: ClassVar[str] = "第六条（一）、第九条"

    certificate_serial: str
    returned_by: str
    received_by: str
    #: why it comes back: 注销, 换领, …
    ground: str
    #: in what condition
    condition: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordSheet(KeyLetter):
    """The password of a key, on a sheet of its own that travels apart from the key; a secret."""

    title: ClassVar[str] = "密钥口令单"
    source: ClassVar[str] = "第八条"

    password: str

    def __repr__(self) -> str:
        """Without the password: a letter may turn up in a log or a traceback."""
        return f"PasswordSheet(number={self.number!r}, key_number={self.key_number!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationLetter(Letter):
    """What letters about one application have in common."""

    #: number of the application
    application: str
    form: Form
    unit_name: str
    #: as written on the form
    received_on: str

    @property
    def subject(self) -> str:
        """The application."""
        return f"application:{self.application}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnList(ApplicationLetter):
    """What the applicant has to mend: every finding with the article that it comes from."""

    title: ClassVar[str] = "退回补正通知"
    source: ClassVar[str] = "第五条、第六条"

    #: without notes: those are for the reviewer
    findings: tuple[Finding, ...]
    #: what the office adds in its own words
    opinion: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenOpinion:
    """审核意见 of one office."""

    office: str
    opinion: str
    #: Beijing date
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalToIssuer(ApplicationLetter):
    """审核通过后，将审核意见告知: the issuing office may hand keys over now (Article 5 (1), R-12)."""

    title: ClassVar[str] = "审核意见告知书"
    source: ClassVar[str] = "第五条（一）"

    opinions: tuple[GivenOpinion, ...]
    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalToUnit(ApplicationLetter):
    """The unit is told what was approved, and where its people get their keys (Article 5, R-13)."""

    title: ClassVar[str] = "用户及密钥审核通过通知"
    source: ClassVar[str] = "第三条、第五条"

    opinions: tuple[GivenOpinion, ...]
    people: tuple[Person, ...]
    #: where keys are fetched; "" where the form brings none
    issuer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspensionWarning(Letter):
    """Who will be suspended at the next sweep unless he logs in (Article 6 (4), R-33)."""

    title: ClassVar[str] = "暂时取消登录资格预告"
    source: ClassVar[str] = "第六条（四）"

    unit_name: str
    people: tuple[Person, ...]
    #: day of the sweep
    sweep_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspensionNotice(Letter):
    """Who was suspended, and how the login comes back (Article 6 (4))."""

    title: ClassVar[str] = "暂时取消登录资格通知"
    source: ClassVar[str] = "第六条（四）"

    unit_name: str
    people: tuple[Person, ...]
    suspended_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RestorationNotice(Letter):
    """Who may log in again (Article 6 (4), R-34)."""

    title: ClassVar[str] = "恢复登录资格通知"
    source: ClassVar[str] = "第六条（四）"

    unit_name: str
    people: tuple[Person, ...]
    restored_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class DeregistrationNotice(Letter):
    """Who is no user any more, and which keys have to come back (Article 6 (1), R-28, R-29)."""

    title: ClassVar[str] = "用户注销通知"
    source: ClassVar[str] = "第六条"

    unit_name: str
    people: tuple[Person, ...]
    deregistered_on: date
    #: the office that takes the keys back (reading A-08)
    keys_to: str
    #: number of the application; "" where there was none
    application: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserList(Letter):
    """The unit's users, for the unit to confirm who is still in post (Article 6, R-25)."""

    title: ClassVar[str] = "单位用户确认名单"
    source: ClassVar[str] = "第六条"

    unit_name: str
    people: tuple[Person, ...]
    #: Beijing date on which states and logins are as they stand here
    as_of: date
    #: day by which the unit answers
    answer_by: date
    #: number of the unit in the register; "" where it has none
    unit_number: str = ""

    @property
    def subject(self) -> str:
        """The unit that answers, where it has a number."""
        return f"unit:{self.unit_number}" if self.unit_number else f"letter:{self.number}"
