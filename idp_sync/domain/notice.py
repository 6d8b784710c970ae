"""Notices: what an office lets another office, a unit or a person know (告知), by e-mail or as a printed letter.

    queued ──→ sending ──→ sent
      ↑ ↑         ├──────→ queued        refused for the moment: tried again, later each time
      │ │         ├──────→ failed        refused for good, or too often
      │ │         └──────→ in-doubt      nobody knows whether it arrived: only a person decides
      │ └── failed, in-doubt             resend
      │     in-doubt ────→ sent          settle: the recipient has it
      └──→ printed  ←───── failed, in-doubt     as a letter

`sending` is durable before a word is said to the mail server. So a process that is killed in between can't be the
reason that a notice goes out twice: it is in doubt then.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from idp_sync.domain.errors import Conflict
from idp_sync.domain.masking import without_id_numbers


class NoticeKind(StrEnum):
    """What a notice is about. There is one template for each."""

    #: 将审核意见告知市城建研究中心 (Article 5 (1), R-12)
    APPROVAL_TO_ISSUER = "approval-to-issuer"
    RETURNED = "returned"
    REJECTED = "rejected"
    #: 密钥发放及告知 (Article 5, R-13 and R-19)
    KEY_READY = "key-ready"
    #: what was applied for is in force, and no key is to be fetched
    CARRIED_OUT = "carried-out"
    #: the next sweep will suspend who does not log in until then
    SUSPENSION_WARNING = "suspension-warning"
    #: 暂时取消登录资格 (Article 6 (4))
    SUSPENDED = "suspended"
    RESTORED = "restored"
    #: 注销 (Article 6)
    DEREGISTERED = "deregistered"
    #: the unit is to confirm its list of users (Article 6, R-25)
    CONFIRM_USERS = "confirm-users"

    @property
    def zh(self) -> str:
        """As the offices say it."""
        return _ZH[self]

    @property
    def article(self) -> str:
        """The article that asks for it."""
        return _ARTICLES[self]


_ZH: Final[Mapping[NoticeKind, str]] = MappingProxyType(
    {
        NoticeKind.APPROVAL_TO_ISSUER: "审核意见告知",
        NoticeKind.RETURNED: "申请退回",
        NoticeKind.REJECTED: "不予批准",
        NoticeKind.KEY_READY: "领取密钥",
        NoticeKind.CARRIED_OUT: "申请办结",
        NoticeKind.SUSPENSION_WARNING: "暂停登录预告",
        NoticeKind.SUSPENDED: "暂时取消登录资格",
        NoticeKind.RESTORED: "恢复登录资格",
        NoticeKind.DEREGISTERED: "用户注销",
        NoticeKind.CONFIRM_USERS: "确认用户名单",
    }
)

_ARTICLES: Final[Mapping[NoticeKind, str]] = MappingProxyType(
    {
        NoticeKind.APPROVAL_TO_ISSUER: "第五条（一）",
        NoticeKind.RETURNED: "第五条",
        NoticeKind.REJECTED: "第五条",
        NoticeKind.KEY_READY: "第五条",
        NoticeKind.CARRIED_OUT: "第五条",
        NoticeKind.SUSPENSION_WARNING: "第六条（四）",
        NoticeKind.SUSPENDED: "第六条（四）",
        NoticeKind.RESTORED: "第六条（四）",
        NoticeKind.DEREGISTERED: "第六条",
        NoticeKind.CONFIRM_USERS: "第六条",
    }
)


class NoticeState(StrEnum):
    """Where a notice stands."""

    QUEUED = "queued"
    #: handed to the mail server at this very moment
    SENDING = "sending"
    #: the mail server has taken it
    SENT = "sent"
    FAILED = "failed"
    #: nobody knows whether the mail server took it
    IN_DOUBT = "in-doubt"
    #: as a letter
    PRINTED = "printed"

    @property
    def zh(self) -> str:
        """As the offices say it."""
        return {
            "queued": "待发",
            "sending": "发送中",
            "sent": "已发送",
            "failed": "发送失败",
            "in-doubt": "是否送达不明",
            "printed": "已打印",
        }[self.value]


# --- who gets it -----------------------------------------------------------------------------------------------------

#: one plain address: what mail servers without SMTPUTF8 take, and nothing that could end a header or name a second one
_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
_LONGEST_ADDRESS: Final = 254
_LONGEST_LOCAL_PART: Final = 64


def is_address(text: str) -> bool:
    """Whether a text is one e-mail address that can be written to."""
    return (
        len(text) <= _LONGEST_ADDRESS and text.find("@") <= _LONGEST_LOCAL_PART and _ADDRESS.fullmatch(text) is not None
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who is to know: a unit, an office or a person."""

    name: str
    #: "" where it is told by letter
    email: str = ""


def recipient(name: str, email: str = "") -> Recipient:
    """Who is to know. A name that would break a line is mended; an address that is none makes it a letter.

    A mistyped address of a unit must not stop the decision that it is told about.
    """
    address = email.strip()
    return Recipient(name=one_line(name), email=address if is_address(address) else "")


def one_line(text: str) -> str:
    """The text on one line, without controls or bidi marks."""
    return _visible(" ".join(text.split()))


def _visible(text: str) -> str:
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"})


# --- a notice --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing that one recipient is to know."""

    kind: NoticeKind
    #: code of the office that lets it be known
    office: str
    recipient: Recipient
    #: what the template is filled with; lists are texts of several lines
    fields: Mapping[str, str] = field(default_factory=dict)
    #: the application that it is about; "" for none
    application: str = ""
    #: the account that it is about; "" for none, or for several
    login: str = ""
    created_at: datetime
    #: not before then
    next_attempt_at: datetime
    state: NoticeState = NoticeState.QUEUED
    #: since it was queued, or queued again
    attempts: int = 0
    #: when the last attempt began
    attempted_at: datetime | None = None
    #: when it was sent, printed, or given up
    done_at: datetime | None = None
    #: why the last attempt failed
    problem: str = ""
    #: number in the register; 0 before it is recorded
    number: int = 0

    @property
    def is_letter(self) -> bool:
        """Whether it waits to be printed."""
        return self.state is NoticeState.QUEUED and not self.recipient.email


def notice(
    kind: NoticeKind,
    to: Recipient,
    *,
    office: str,
    at: datetime,
    application: str = "",
    login: str = "",
    **fields: str,
) -> Notice:
    """A notice to be queued. Whatever may be an ID number in its fields is masked: it leaves the house."""
    return Notice(
        kind=kind,
        office=office,
        recipient=to,
        fields={name: without_id_numbers(_visible(text)) for name, text in fields.items()},
        application=application,
        login=login,
        created_at=at,
        next_attempt_at=at,
    )


# --- from state to state ---------------------------------------------------------------------------------------------

#: attempts after which a notice fails: with the waits between them, about a day and a half
MOST_ATTEMPTS: Final = 14
FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=6)
#: waits differ by that share, so that what failed together is not tried together again
JITTER: Final = 0.25

#: a notice that has been `sending` for longer was left behind by a process that died: longer than any conversation
SENDING_AT_MOST: Final = timedelta(minutes=15)

_LONGEST_PROBLEM: Final = 500

_S = NoticeState
_FROM: Final[Mapping[str, frozenset[NoticeState]]] = MappingProxyType(
    {
        "claim": frozenset({_S.QUEUED}),
        "sent": frozenset({_S.SENDING, _S.IN_DOUBT}),
        "later": frozenset({_S.SENDING}),
        "refused": frozenset({_S.SENDING}),
        "doubt": frozenset({_S.SENDING}),
        "resend": frozenset({_S.FAILED, _S.IN_DOUBT}),
        "settle": frozenset({_S.IN_DOUBT}),
        "print": frozenset({_S.QUEUED, _S.FAILED, _S.IN_DOUBT}),
    }
)


def wait_before(number: int, attempts: int) -> timedelta:
    """How long to wait after so many attempts, one at least: twice as long each time, up to a limit, with a jitter.

    The jitter is drawn from number and attempt, so that it can be foretold.
    """
    doubled = min(FIRST_WAIT * (1 << min(attempts - 1, 20)), LONGEST_WAIT)
    draw = int.from_bytes(hashlib.sha256(f"{number}/{attempts}".encode()).digest()[:4]) / 2**32
    return doubled * (1 - JITTER + 2 * JITTER * draw)


def claimed(n: Notice, *, at: datetime) -> Notice:
    """It is about to be handed to the mail server. Raises Conflict where it is not queued."""
    _require(n, "claim")
    return replace(n, state=_S.SENDING, attempts=n.attempts + 1, attempted_at=at, problem="")


def sent(n: Notice, *, at: datetime) -> Notice:
    """The mail server has taken it. Raises Conflict where it was not being sent."""
    _require(n, "sent")
    return replace(n, state=_S.SENT, done_at=at, problem="")


def later(n: Notice, *, at: datetime, problem: str) -> Notice:
    """It was surely not taken, and may be another time; after too many attempts it has failed. Raises Conflict."""
    _require(n, "later")
    if n.attempts >= MOST_ATTEMPTS:
        return refused(n, at=at, problem=problem)
    return replace(
        n, state=_S.QUEUED, next_attempt_at=at + wait_before(n.number, n.attempts), problem=_problem(problem)
    )


def refused(n: Notice, *, at: datetime, problem: str) -> Notice:
    """It was refused for good. Raises Conflict where it was not being sent."""
    _require(n, "refused")
    return replace(n, state=_S.FAILED, done_at=at, problem=_problem(problem))


def doubted(n: Notice, *, problem: str) -> Notice:
    """Nobody knows whether it was taken. Raises Conflict where it was not being sent."""
    _require(n, "doubt")
    return replace(n, state=_S.IN_DOUBT, problem=_problem(problem))


def queued_again(n: Notice, *, at: datetime) -> Notice:
    """A person has decided that it is to go out. Raises Conflict unless it has failed, or is in doubt."""
    _require(n, "resend")
    return replace(n, state=_S.QUEUED, attempts=0, next_attempt_at=at, done_at=None)


def settled(n: Notice, *, at: datetime) -> Notice:
    """A person has found that it arrived. Raises Conflict unless it is in doubt."""
    _require(n, "settle")
    return replace(n, state=_S.SENT, done_at=at, problem="")


def printed(n: Notice, *, at: datetime, by_mail: bool) -> Notice:
    """It is on paper.

    Raises:
        Conflict: it was sent or printed already, or is yet to be sent by e-mail.
    """
    _require(n, "print")
    if n.state is _S.QUEUED and n.recipient.email and by_mail:
        raise Conflict(f"{n.number}：将以电子邮件发送，不必打印 / will be sent by e-mail: a letter would tell it twice")
    return replace(n, state=_S.PRINTED, done_at=at, problem="")


def _require(n: Notice, step: str) -> None:
    if n.state not in _FROM[step]:
        raise Conflict(
            f"{n.number}：{n.state.zh}，不能{_STEPS[step]} / notice is {n.state.value}, can't {step}: nothing was"
            " changed"
        )


_STEPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "claim": "发送",
        "sent": "记为已发送",
        "later": "推迟",
        "refused": "记为失败",
        "doubt": "记为不明",
        "resend": "重发",
        "settle": "确认送达",
        "print": "打印",
    }
)


def _problem(text: str) -> str:
    """What a mail server said, on one line and not endless; it may quote anything."""
    return without_id_numbers(one_line(text))[:_LONGEST_PROBLEM]
