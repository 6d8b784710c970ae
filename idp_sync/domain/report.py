"""Reports: who is a user, who may do what and why, what is open, what has changed; each a table of plain values.

Whatever they are asked of, they are made here from domain values; how they are shown or written is not said here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from idp_sync.domain.account import Account, AccountState
from idp_sync.domain.calendar import BEIJING
from idp_sync.domain.finding import Code
from idp_sync.domain.journal import Entry
from idp_sync.domain.permission import Permission, Scope
from idp_sync.domain.rulebook import RuleBook

#: what stands in a cell; None where there is nothing to say
Cell = str | int | datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column."""

    #: what programs call it
    key: str
    #: heading
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One table, or one page of it."""

    zh: str
    en: str
    columns: tuple[Column, ...]
    #: each as long as the columns are many
    rows: tuple[tuple[Cell, ...], ...]
    #: when it was asked
    at: datetime
    #: from 1
    page: int = 1
    #: whether rows come after these
    more: bool = False

    @property
    def title(self) -> str:
        """In both languages."""
        return f"{self.zh} / {self.en}"

    @property
    def printed_at(self) -> str:
        """When it was asked, in Beijing."""
        return words(self.at)

    def in_words(self) -> tuple[tuple[str, ...], ...]:
        """The rows as people read them; moments are Beijing's, and what is absent is a dash."""
        return tuple(tuple(words(cell) for cell in row) for row in self.rows)

    def documents(self) -> list[dict[str, Cell]]:
        """The rows as programs read them, by the columns' keys."""
        keys = [column.key for column in self.columns]
        return [dict(zip(keys, row, strict=True)) for row in self.rows]

    def only(self, size: int | None, *, page: int = 1) -> Report:
        """The page that it is when it was asked for one row more than a page holds: that row says that more come."""
        if size is None:
            return self
        return replace(self, rows=self.rows[:size], more=len(self.rows) > size, page=page)


def words(cell: Cell) -> str:
    """A cell as people read it, on one line, without characters that steer a terminal or turn text round."""
    if cell is None or cell == "":
        return "—"
    if isinstance(cell, datetime):
        return f"{cell.astimezone(BEIJING):%Y-%m-%d %H:%M}"
    return "".join(map(_shown, str(cell)))


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cs":
        return "\ufffd"
    # Cf: bidirectional marks and the like; Zl and Zp end a line
    return " " if category in {"Cc", "Cf", "Zl", "Zp"} else character


# --- what reports are made of ----------------------------------------------------------------------------------------


class Grouping(StrEnum):
    """By what users are listed."""

    UNIT = "unit"
    PERMISSION = "permission"
    DISTRICT = "district"
    #: the office that approved
    OFFICE = "office"

    @property
    def zh(self) -> str:
        """As the offices say it."""
        return {"unit": "单位", "permission": "权限", "district": "区", "office": "批准部门"}[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """A user under one of the headings of a list."""

    #: name of the unit, code of the permission, district or office
    group: str
    account: Account
    #: by office: the application that it approved; by permission: the one that granted it
    application: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A permission that somebody holds."""

    account: Account
    permission: str
    #: the application that granted it
    application: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One office's approval of an application."""

    #: code of the office
    office: str
    actor: str
    at: datetime


#: by the application's number: who approved it, in its version of today
Approvals = Mapping[str, tuple[Approval, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTask:
    """What somebody has still to do: a duty, or an application that waits for its review."""

    #: what, in words
    what: str
    #: names of the offices, or number of the unit, whose it is
    whose: str
    since: datetime
    application: str = ""
    login: str = ""
    #: number of the key
    key: str = ""
    #: number, or name, of the unit
    unit: str = ""


# --- the reports -----------------------------------------------------------------------------------------------------

_LOGIN: Final = Column(key="login", zh="登录名称", en="login")
_NAME: Final = Column(key="name", zh="用户姓名", en="name")
_UNIT: Final = Column(key="unit", zh="单位", en="unit")
_DISTRICT: Final = Column(key="district", zh="区", en="district")
_STATE: Final = Column(key="state", zh="状态", en="state")
_PERMISSION: Final = Column(key="permission", zh="权限代码", en="permission")
_LABEL: Final = Column(key="label", zh="权限", en="label")
_SCOPE: Final = Column(key="scope", zh="范围", en="scope")
_SINCE: Final = Column(key="since", zh="起始时间", en="since")
_APPLICATION: Final = Column(key="application", zh="来自申请", en="application")
_APPROVED_BY: Final = Column(key="approved_by", zh="批准", en="approved by")
_FINDING: Final = Column(key="finding", zh="发现", en="finding")

_GONE: Final = "目录中已无此项 / no longer in the catalogue"
_SCOPES: Final = {Scope.CITY: "全市", Scope.DISTRICT: "本区", Scope.UNIT: "本单位"}


def users_report(by: Grouping, found: Iterable[Grouped], *, of: str, book: RuleBook, at: datetime) -> Report:
    """Users under headings; those that are deregistered are not users any more."""
    heading: Mapping[Grouping, Callable[[str], str]] = {
        Grouping.UNIT: lambda name: name,
        Grouping.PERMISSION: lambda code: f"{code} {_label(book, code)}",
        Grouping.DISTRICT: lambda code: _district(book, code),
        Grouping.OFFICE: lambda code: _office(book, code),
    }
    columns = (Column(key="group", zh=by.zh, en=by.value), _LOGIN, _NAME, _UNIT, _DISTRICT, _STATE, _APPLICATION)
    return Report(
        zh=f"用户（按{by.zh}）{'：' if of else ''}{of}",
        en=f"users by {by.value}",
        columns=(*columns, Column(key="permissions", zh="权限", en="permissions")),
        rows=tuple(
            (
                heading[by](line.group),
                *_person(line.account),
                line.account.unit.name,
                _district(book, line.account.unit.district),
                _state(line.account),
                line.application,
                " ".join(sorted(line.account.permissions)),
            )
            for line in found
        ),
        at=at,
    )


def holders_report(
    permission: str,
    found: Iterable[Holding],
    approvals: Approvals,
    *,
    district: str | None,
    book: RuleBook,
    at: datetime,
) -> Report:
    """Who may do that, in that district, and why: from which application, approved by whom and when."""
    where = f"（{_district(book, district)}）" if district else ""
    return Report(
        zh=f"{permission} {_label(book, permission)}{where}",
        en=f"who may, and why{f', in {district}' if district else ''}",
        columns=(_LOGIN, _NAME, _UNIT, _DISTRICT, _SCOPE, _STATE, _SINCE, _APPLICATION, _APPROVED_BY),
        rows=tuple(
            (
                *_person(held.account),
                held.account.unit.name,
                _district(book, held.account.unit.district),
                _scope(book, held.permission),
                _state(held.account),
                held.since,
                held.application,
                _approved(book, approvals, held),
            )
            for held in found
        ),
        at=at,
    )


def person_report(
    who: str,
    accounts: Iterable[Account],
    found: Iterable[Holding],
    approvals: Approvals,
    *,
    book: RuleBook,
    at: datetime,
) -> Report:
    """What a person may do, since when and why; who may do nothing stands there with an empty line."""
    held_by: dict[str, list[Holding]] = {}
    for held in found:
        held_by.setdefault(held.account.login, []).append(held)
    return Report(
        zh=f"{who}的权限",
        en="what this person may do, and since when",
        columns=(_LOGIN, _NAME, _UNIT, _STATE, _PERMISSION, _LABEL, _SCOPE, _SINCE, _APPLICATION, _APPROVED_BY),
        rows=tuple(
            (*_person(account), account.unit.name, _state(account), *permission)
            for account in accounts
            for permission in [_permission(book, approvals, held) for held in held_by.get(account.login, ())]
            or [(None,) * 6]
        ),
        at=at,
    )


def orphans_report(found: Iterable[Holding], approvals: Approvals, *, book: RuleBook, at: datetime) -> Report:
    """Permissions that accounts hold though the catalogue has them no more: each is a finding (Article 4)."""
    return Report(
        zh="目录中已无而用户仍持有的权限",
        en="permissions held, but no longer in the catalogue",
        columns=(_FINDING, _PERMISSION, _LOGIN, _NAME, _UNIT, _STATE, _SINCE, _APPLICATION, _APPROVED_BY),
        rows=tuple(
            (
                f"{Code.PERM_UNKNOWN.value} {_GONE}",
                held.permission,
                *_person(held.account),
                held.account.unit.name,
                _state(held.account),
                held.since,
                held.application,
                _approved(book, approvals, held),
            )
            for held in found
        ),
        at=at,
    )


def open_tasks_report(found: Iterable[OpenTask], *, at: datetime) -> Report:
    """What is still to be done, by whom, and for how many whole days it has been so; the oldest first."""
    return Report(
        zh="待办事项",
        en="open tasks and their age",
        columns=(
            Column(key="what", zh="事项", en="task"),
            Column(key="whose", zh="由谁办理", en="whose"),
            _UNIT,
            _LOGIN,
            Column(key="key", zh="密钥", en="key"),
            _APPLICATION,
            _SINCE,
            Column(key="age_days", zh="已过天数", en="age in days"),
        ),
        rows=tuple(
            (t.what, t.whose, t.unit, t.login, t.key, t.application, t.since, (at - t.since).days) for t in found
        ),
        at=at,
    )


def changes_report(found: Iterable[Entry], *, period: str, book: RuleBook, at: datetime) -> Report:
    """What was done in a period, the oldest first."""
    return Report(
        zh=f"{period}的变更",
        en="changes in the period",
        columns=(
            Column(key="at", zh="时间", en="at"),
            Column(key="act", zh="行为", en="act"),
            Column(key="subject", zh="对象", en="subject"),
            Column(key="actor", zh="经办", en="actor"),
            Column(key="office", zh="部门", en="office"),
            Column(key="article", zh="依据", en="article"),
            Column(key="detail", zh="内容", en="detail"),
            Column(key="result", zh="结果", en="result"),
        ),
        rows=tuple(
            (
                entry.at,
                entry.act,
                entry.subject,
                entry.actor,
                _office(book, entry.office),
                entry.article,
                " ".join(f"{name}={value}" for name, value in entry.detail.items() if value),
                entry.result,
            )
            for entry in found
        ),
        at=at,
    )


# --- in words --------------------------------------------------------------------------------------------------------


def _person(account: Account) -> tuple[str, str]:
    return account.login, account.name


def _state(account: Account) -> str:
    """As the offices say it; an account whose key is not handed over opens nothing (Article 4)."""
    if account.state is AccountState.ACTIVE and not account.may_log_in:
        return f"{account.state.zh}（无有效密钥）"
    return account.state.zh


def _permission(book: RuleBook, approvals: Approvals, held: Holding) -> tuple[Cell, ...]:
    code = held.permission
    return (
        code,
        _label(book, code),
        _scope(book, code),
        held.since,
        held.application,
        _approved(book, approvals, held),
    )


def _approved(book: RuleBook, approvals: Approvals, held: Holding) -> str:
    """Office, person and moment of each approval of the application that granted it."""
    return "；".join(
        f"{_office(book, approval.office)} {approval.actor} {words(approval.at)}"
        for approval in approvals.get(held.application, ())
    )


def _label(book: RuleBook, code: str) -> str:
    permission = book.catalogue.get(code)
    return permission.label if permission is not None else f"（{_GONE}）"


def _scope(book: RuleBook, code: str) -> str | None:
    permission: Permission | None = book.catalogue.get(code)
    return _SCOPES[permission.scope] if permission is not None else None


def _district(book: RuleBook, code: str | None) -> str:
    district = book.districts.find(code)
    return district.name if district is not None else code or ""


def _office(book: RuleBook, code: str) -> str:
    office = book.offices.find(code)
    return office.name if office is not None else code
