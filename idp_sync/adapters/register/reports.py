"""What reports ask of the register. Each walks an index in its own order, so that a first page ends early."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Select, exists, func, select

from idp_sync.adapters.register import mapping, schema
from idp_sync.adapters.register.accounts import WITH_UNIT, accounts_in
from idp_sync.adapters.register.statements import Statements, chunks
from idp_sync.domain.account import Account, AccountState
from idp_sync.domain.application import State
from idp_sync.domain.duty import Duty
from idp_sync.domain.journal import Entry
from idp_sync.domain.report import Approval, Grouped, Grouping, Holding
from idp_sync.ports import WHOLE, Cut, Waiting

_ACCOUNT: Final = schema.account.c
_UNIT: Final = schema.unit.c
_GRANT: Final = schema.account_permission.c
_DECISION: Final = schema.decision.c
_APPLICATION: Final = schema.application.c
_DUTY: Final = schema.duty.c

_IS_USER: Final = _ACCOUNT.state != AccountState.DEREGISTERED
_IS_HELD: Final = _GRANT.held
#: an approval of an earlier version counts no more
_IS_APPROVAL: Final = (_DECISION.verdict == "approve", _DECISION.version == _APPLICATION.version)

_Statement = Select[*tuple[Any, ...]]

_GRANTED: Final[_Statement] = WITH_UNIT.join(schema.account_permission, _GRANT.login == _ACCOUNT.login).add_columns(
    _GRANT.permission, _GRANT.application.label("granted_by"), _GRANT.since
)


class SqlReports:
    """Fulfils idp_sync.ports.Reports."""

    def __init__(self, statements: Statements) -> None:
        """Take a transaction's statements."""
        self._sql = statements

    def users(self, by: Grouping, *, of: str = "", cut: Cut = WHOLE) -> Sequence[Grouped]:
        """Users by the unit's identity, by permission held, by district (of district units), or by approving office.

        With `of` under that heading only: part of a unit's name, or a code.
        """
        rows = self._sql.rows(_cut(_USERS[by](of).where(_IS_USER), cut))
        return [
            Grouped(group=row["heading"], account=account, application=row["from_application"])
            for row, account in zip(rows, accounts_in(self._sql, rows), strict=True)
        ]

    def holders(self, permissions: Sequence[str], *, district: str = "", cut: Cut = WHOLE) -> Sequence[Holding]:
        """Who holds one of these permissions, by permission; with a district, only people of its units."""
        statement = _GRANTED.where(_GRANT.permission.in_(permissions), _IS_HELD, _IS_USER)
        if district:
            statement = statement.where(_UNIT.district == district).order_by(_UNIT.id, _ACCOUNT.login)
        return self._holdings(_cut(statement.order_by(_GRANT.permission, _GRANT.login), cut))

    def named(self, who: str) -> tuple[Account, ...]:
        """The account of that login name, else those of all people of that name, deregistered ones too, by login."""
        for column in (_ACCOUNT.login, _ACCOUNT.name):
            rows = self._sql.rows(WITH_UNIT.where(column == who).order_by(_ACCOUNT.login))
            if rows:
                return tuple(accounts_in(self._sql, rows))
        return ()

    def holdings(self, logins: Sequence[str]) -> Sequence[Holding]:
        """All that these accounts hold, by login and permission."""
        parts = (_GRANTED.where(_GRANT.login.in_(part), _IS_HELD, _IS_USER) for part in chunks(sorted(set(logins))))
        return [held for part in parts for held in self._holdings(part.order_by(_GRANT.login, _GRANT.permission))]

    def held_codes(self) -> tuple[str, ...]:
        """Every permission that anybody holds, deregistered accounts too, in order.

        From one to the next through the index: the catalogue is short, and the holders are many.
        """
        found: list[str] = []
        following = select(func.min(_GRANT.permission)).where(_IS_HELD)
        code = self._sql.value(following)
        while code is not None:
            found.append(code)
            code = self._sql.value(following.where(_GRANT.permission > code))
        return tuple(found)

    def approvals(self, applications: Iterable[str]) -> Mapping[str, tuple[Approval, ...]]:
        """Who approved these applications, in their versions of today; oldest first."""
        found: dict[str, tuple[Approval, ...]] = {}
        for part in chunks(sorted(set(applications))):
            rows = self._sql.rows(
                select(_DECISION.application, _DECISION.office, _DECISION.actor, _DECISION.at)
                .join_from(schema.decision, schema.application, _DECISION.application == _APPLICATION.number)
                .where(_DECISION.application.in_(part), *_IS_APPROVAL)
                .order_by(_DECISION.application, _DECISION.seq)
            )
            for number, group in groupby(rows, key=lambda row: str(row["application"])):
                found[number] = tuple(Approval(office=r["office"], actor=r["actor"], at=r["at"]) for r in group)
        return found

    def open_duties(self, *, limit: int | None = None) -> Sequence[Duty]:
        """Duties that are not done, oldest first."""
        in_order = select(schema.duty).where(_DUTY.done_at.is_(None)).order_by(_DUTY.since, _DUTY.id)
        return [mapping.duty_of(row) for row in self._sql.rows(in_order.limit(limit))]

    def waiting(self, *, limit: int | None = None) -> Sequence[Waiting]:
        """Applications, received or under review, in the order in which they came in.

        The few columns are asked of either state by itself: so each is read along the index, as far as the limit.
        """
        listed = select(_APPLICATION.seq, _APPLICATION.number, _APPLICATION.unit_name, _APPLICATION.imported_at)
        asked = (
            listed.where(_APPLICATION.state == state).order_by(_APPLICATION.seq).limit(limit)
            for state in (State.RECEIVED, State.UNDER_REVIEW)
        )
        rows = sorted((row for part in asked for row in self._sql.rows(part)), key=lambda row: int(row["seq"]))
        return [
            Waiting(number=row["number"], unit_name=row["unit_name"], since=row["imported_at"]) for row in rows[:limit]
        ]

    def acts(self, *, since: datetime, before: datetime, cut: Cut = WHOLE) -> Sequence[Entry]:
        """The acts from a moment on and before another, oldest first."""
        journal = schema.journal.c
        within = select(schema.journal).where(journal.at >= since, journal.at < before)
        return list(mapping.entries_of(self._sql.rows(_cut(within.order_by(journal.at, journal.seq), cut))))

    def _holdings(self, statement: _Statement) -> Sequence[Holding]:
        rows = self._sql.rows(statement)
        return [
            Holding(account=account, permission=row["permission"], application=row["granted_by"], since=row["since"])
            for row, account in zip(rows, accounts_in(self._sql, rows), strict=True)
        ]


def _cut(statement: _Statement, cut: Cut) -> _Statement:
    limited = statement.limit(cut.limit)
    return limited.offset(cut.skip) if cut.skip else limited


def _by_unit(of: str) -> _Statement:
    statement = WITH_UNIT.add_columns(_UNIT.name.label("heading"), _ACCOUNT.application.label("from_application"))
    if of:
        statement = statement.where(_UNIT.name.contains(of, autoescape=True))
    # true of all: it makes SQLite begin with the units, along their index, and not sort all accounts
    statement = statement.where(_UNIT.user_class > "")
    return statement.order_by(_UNIT.user_class, _UNIT.identity, _UNIT.id, _ACCOUNT.login)


def _by_permission(of: str) -> _Statement:
    statement = _GRANTED.add_columns(
        _GRANT.permission.label("heading"), _GRANT.application.label("from_application")
    ).where(_IS_HELD)
    if of:
        statement = statement.where(_GRANT.permission == of)
    return statement.order_by(_GRANT.permission, _GRANT.login)


def _by_district(of: str) -> _Statement:
    statement = WITH_UNIT.add_columns(_UNIT.district.label("heading"), _ACCOUNT.application.label("from_application"))
    asked = _UNIT.district == of if of else _UNIT.district > ""  # "": all of the city, and enterprises
    return statement.where(asked).order_by(_UNIT.district, _UNIT.id, _ACCOUNT.login)


def _by_office(of: str) -> _Statement:
    """Whoever holds what an application granted stands under each office that approved that."""
    concerned = schema.application_account.c
    statement = (
        select(_DECISION.office.label("heading"), _DECISION.application.label("from_application"))
        .add_columns(*WITH_UNIT.selected_columns)
        .join_from(schema.decision, schema.application, _DECISION.application == _APPLICATION.number)
        .join(schema.application_account, concerned.application == _DECISION.application)
        .join(schema.account, _ACCOUNT.login == concerned.login)
        .join(schema.unit)
        .where(
            *_IS_APPROVAL,
            exists().where(_GRANT.login == concerned.login, _GRANT.application == _DECISION.application, _IS_HELD),
        )
    )
    if of:
        statement = statement.where(_DECISION.office == of)
    return statement.order_by(_DECISION.office, _DECISION.application, concerned.login)


_USERS: Final[Mapping[Grouping, Callable[[str], _Statement]]] = {
    Grouping.UNIT: _by_unit,
    Grouping.PERMISSION: _by_permission,
    Grouping.DISTRICT: _by_district,
    Grouping.OFFICE: _by_office,
}
