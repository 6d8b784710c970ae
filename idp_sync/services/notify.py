"""Notify: who is told what. Called within the decision's transaction: neither is there without the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Final

from idp_sync.domain.account import Account
from idp_sync.domain.application import Application, Form
from idp_sync.domain.notice import Notice, NoticeKind, Recipient, notice, recipient
from idp_sync.domain.office import ISSUES_KEYS, Office, Offices
from idp_sync.domain.unit import RegisteredUnit, Unit
from idp_sync.ports import Transaction

#: forms whose review the issuer is told of: 申请新增或变更用户权限, 密钥换领, 用户名称变更 (Article 5)
_ISSUER_IS_TOLD: Final = frozenset(
    {
        Form.NEW_USER,
        Form.KEY_REPLACEMENT,
        Form.USER_RENAME,
        Form.PERMISSION_CHANGE,
        Form.ENTERPRISE_NEW,
        Form.ENTERPRISE_CHANGE,
    }
)

_NOBODY: Final = "（无） / none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """Queues notices. `by` is the office that lets it be known; every method returns what it queued."""

    offices: Offices
    #: code of an office → where it is told; an office that is not in it gets letters
    addresses: Mapping[str, str]
    #: False where there is no mail server: then everything is a letter
    by_mail: bool

    def approved(
        self, tx: Transaction, application: Application, *, by: Office, at: datetime, opinion: str
    ) -> tuple[Notice, ...]:
        """将审核意见告知城建研究中心 (R-12): the last office has approved, the one that issues the keys is told.

        Nothing is queued where these are the same office (enterprises, R-19), or where no key can come of the form.
        """
        issuer = self.offices.with_competence(ISSUES_KEYS[application.unit.user_class])
        if application.form not in _ISSUER_IS_TOLD or issuer.code == by.code:
            return ()
        to = self._to(issuer.name, self.addresses.get(issuer.code, ""))
        return self._about(tx, NoticeKind.APPROVAL_TO_ISSUER, to, application, by=by, at=at, opinion=opinion)

    def returned(
        self, tx: Transaction, application: Application, *, by: Office, at: datetime, opinion: str
    ) -> tuple[Notice, ...]:
        """The unit is told why its application comes back."""
        to = self._to_unit(tx, application.unit)
        return self._about(tx, NoticeKind.RETURNED, to, application, by=by, at=at, opinion=opinion)

    def rejected(
        self, tx: Transaction, application: Application, *, by: Office, at: datetime, opinion: str
    ) -> tuple[Notice, ...]:
        """The unit is told why its application is not allowed."""
        to = self._to_unit(tx, application.unit)
        return self._about(tx, NoticeKind.REJECTED, to, application, by=by, at=at, opinion=opinion)

    def carried_out(self, tx: Transaction, application: Application, *, by: Office, at: datetime) -> tuple[Notice, ...]:
        """The unit is told that what it applied for is in force, and that no key is to be fetched for it."""
        to = self._to_unit(tx, application.unit)
        return self._about(tx, NoticeKind.CARRIED_OUT, to, application, by=by, at=at, opinion="")

    def key_ready(
        self, tx: Transaction, accounts: Iterable[Account], *, at: datetime, application: str = ""
    ) -> tuple[Notice, ...]:
        """密钥发放及告知 (R-13, R-19): the units are told by the issuer whose keys are ready to be fetched."""
        return tuple(
            self._list(tx, NoticeKind.KEY_READY, unit, people, by=self._issuer(unit), at=at, application=application)
            for unit, people in _by_unit(accounts)
        )

    def suspension_warning(
        self, tx: Transaction, accounts: Iterable[Account], *, by: Office, at: datetime, on: date
    ) -> tuple[Notice, ...]:
        """The units are told whom the sweep on a day will suspend, unless they log in until then."""
        return tuple(
            self._list(tx, NoticeKind.SUSPENSION_WARNING, unit, people, by=by, at=at, on=on.isoformat())
            for unit, people in _by_unit(accounts)
        )

    def suspended(
        self, tx: Transaction, accounts: Iterable[Account], *, by: Office, at: datetime
    ) -> tuple[Notice, ...]:
        """暂时取消登录资格 (Article 6 (4)): the units and the people are told."""
        return self._units_and_people(tx, NoticeKind.SUSPENDED, accounts, by=by, at=at)

    def restored(self, tx: Transaction, accounts: Iterable[Account], *, by: Office, at: datetime) -> tuple[Notice, ...]:
        """恢复登录资格 (Article 6 (4)): the units and the people are told."""
        return self._units_and_people(tx, NoticeKind.RESTORED, accounts, by=by, at=at)

    def deregistered(
        self, tx: Transaction, accounts: Iterable[Account], *, by: Office, at: datetime, application: str = ""
    ) -> tuple[Notice, ...]:
        """注销 (Article 6): the units are told, and reminded of the keys."""
        return tuple(
            self._list(tx, NoticeKind.DEREGISTERED, unit, people, by=by, at=at, application=application)
            for unit, people in _by_unit(accounts)
        )

    def confirm_users(
        self,
        tx: Transaction,
        unit: RegisteredUnit,
        accounts: Iterable[Account],
        *,
        by: Office,
        at: datetime,
        answer_by: date,
    ) -> tuple[Notice, ...]:
        """The unit is to say who is still in post (R-25)."""
        to = self._to(unit.unit.name, unit.contact.email)
        people = _people(accounts)
        return (
            self._queue(tx, NoticeKind.CONFIRM_USERS, to, by=by, at=at, people=people, answer_by=answer_by.isoformat()),
        )

    # --- parts -------------------------------------------------------------------------------------------------------

    def _units_and_people(
        self, tx: Transaction, kind: NoticeKind, accounts: Iterable[Account], *, by: Office, at: datetime
    ) -> tuple[Notice, ...]:
        queued = list[Notice]()
        for unit, people in _by_unit(accounts):
            queued.append(self._list(tx, kind, unit, people, by=by, at=at))
            for account in people:
                # the register has no address of a person: a letter, by way of the unit
                to = self._to(f"{unit.name} {account.name}", "")
                queued.append(self._queue(tx, kind, to, by=by, at=at, login=account.login, people=_people([account])))
        return tuple(queued)

    def _list(
        self,
        tx: Transaction,
        kind: NoticeKind,
        unit: Unit,
        people: list[Account],
        *,
        by: Office,
        at: datetime,
        application: str = "",
        **fields: str,
    ) -> Notice:
        """One notice to a unit about several of its people."""
        login = people[0].login if len(people) == 1 else ""
        to = self._to_unit(tx, unit)
        return self._queue(
            tx, kind, to, by=by, at=at, application=application, login=login, people=_people(people), **fields
        )

    def _about(
        self,
        tx: Transaction,
        kind: NoticeKind,
        to: Recipient,
        application: Application,
        *,
        by: Office,
        at: datetime,
        opinion: str,
    ) -> tuple[Notice, ...]:
        """One notice about an application."""
        rows = (row.new_name or row.name for row in application.rows)
        return (
            self._queue(
                tx,
                kind,
                to,
                by=by,
                at=at,
                application=application.id,
                form=application.form.zh,
                unit=application.unit.name,
                opinion=opinion,
                people="\n".join(f"　{name}" for name in rows) or _NOBODY,
            ),
        )

    def _queue(
        self,
        tx: Transaction,
        kind: NoticeKind,
        to: Recipient,
        *,
        by: Office,
        at: datetime,
        application: str = "",
        login: str = "",
        **fields: str,
    ) -> Notice:
        return tx.notices.queue(
            notice(
                kind,
                to,
                office=by.code,
                at=at,
                application=application,
                login=login,
                office_name=by.name,
                office_english=by.english,
                **fields,
            )
        )

    def _issuer(self, unit: Unit) -> Office:
        return self.offices.with_competence(ISSUES_KEYS[unit.user_class])

    def _to_unit(self, tx: Transaction, unit: Unit) -> Recipient:
        """The unit, at the address that the register has of it now."""
        registered = tx.units.find(unit)
        return self._to(unit.name, registered.contact.email if registered is not None else "")

    def _to(self, name: str, email: str) -> Recipient:
        return recipient(name, email if self.by_mail else "")


def _by_unit(accounts: Iterable[Account]) -> list[tuple[Unit, list[Account]]]:
    """The accounts of each unit, units and logins in order."""
    key: Callable[[Account], tuple[str, str]] = lambda account: (account.user_class, account.unit.identity)  # noqa: E731
    ordered = sorted(accounts, key=lambda account: (*key(account), account.login))
    groups = [list(group) for _, group in groupby(ordered, key=key)]
    return [(group[0].unit, group) for group in groups]


def _people(accounts: Iterable[Account]) -> str:
    """One line for each, by login."""
    ordered = sorted(accounts, key=lambda account: account.login)
    return "\n".join(f"　{account.login}  {account.name}" for account in ordered) or _NOBODY
