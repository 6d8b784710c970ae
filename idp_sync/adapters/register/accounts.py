"""The accounts in the register: one person, one account (Article 8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy import RowMapping, Select, insert, select, update

from idp_sync.adapters.register import mapping, schema
from idp_sync.adapters.register.errors import mapped
from idp_sync.adapters.register.sealing import Seal
from idp_sync.adapters.register.statements import Statements, chunks
from idp_sync.domain.account import Account, AccountState
from idp_sync.domain.errors import NotFound
from idp_sync.domain.unit import Unit

#: accounts with their units in columns «unit_…»
WITH_UNIT: Select[*tuple[Any, ...]] = select(
    *(column for column in schema.account.c if column.key not in {"id_sealed", "id_hash", "unit_id"}),
    *(column.label(f"unit_{column.key}") for column in schema.unit.c if column.key not in {"id", "code", "identity"}),
).join_from(schema.account, schema.unit)


_GRANT: Final = schema.account_permission.c


def accounts_in(sql: Statements, page: Sequence[RowMapping]) -> Iterator[Account]:
    """The accounts in rows of WITH_UNIT, with their permissions: one statement for those of a page."""
    permissions: dict[str, frozenset[str]] = {}
    for logins in chunks(sorted({str(row["login"]) for row in page})):
        rows = sql.rows(
            select(_GRANT.login, _GRANT.permission)
            .where(_GRANT.login.in_(logins), _GRANT.held)
            .order_by(_GRANT.login, _GRANT.permission)
        )
        for login, group in groupby(rows, key=lambda row: str(row["login"])):
            permissions[login] = frozenset(row["permission"] for row in group)
    for row in page:
        yield mapping.account_of(row, permissions.get(row["login"], ()))


class SqlAccounts:
    """Fulfils idp_sync.ports.Accounts."""

    def __init__(self, statements: Statements, seal: Seal) -> None:
        """Take a transaction's statements."""
        self._sql = statements
        self._seal = seal
        self._unit_ids: dict[Unit, int] = {}

    def open(self, account: Account, *, id_number: str) -> None:
        """Open one; the ID number is kept encrypted. Raises Conflict where login or person has an account already."""
        values = {
            **mapping.account_values(account),
            "unit_id": self._unit_id(account.unit),
            "id_sealed": self._seal.close(id_number, place=_place(account.login)),
            "id_hash": self._seal.hash(id_number),
        }
        self._sql.add(schema.account, values, taken=_taken(account))
        self._grant(account, account.permissions, application=account.application, at=account.opened_at)

    def get(self, login: str) -> Account:
        """One. Raises NotFound."""
        found = self.find(login)
        if found is None:
            raise _not_found(login)
        return found

    def find(self, login: str) -> Account | None:
        """One, or None."""
        return self._first(WITH_UNIT.where(schema.account.c.login == login))

    def of_person(self, id_number: str) -> Account | None:
        """The account, not deregistered, of the person with that ID number; looked up by keyed hash."""
        return self._first(
            WITH_UNIT.where(
                schema.account.c.id_hash == self._seal.hash(id_number),
                schema.account.c.state != AccountState.DEREGISTERED,
            )
        )

    def id_number(self, login: str) -> str:
        """The ID number of an account's holder, decrypted. Raises NotFound."""
        sealed = self._sql.value(select(schema.account.c.id_sealed).where(schema.account.c.login == login))
        if sealed is None:
            raise _not_found(login)
        with mapped(self._sql.where):
            return self._seal.open(sealed, place=_place(login))

    def all(self, *, logins: Sequence[str] | None = None) -> Iterator[Account]:
        """All accounts, deregistered ones too, or only those logins, by login; streamed, a page at a time."""
        if logins is None:
            for page in self._sql.pages(WITH_UNIT, schema.account.c.login):
                yield from self._accounts_in(page)
            return
        for chunk in chunks(sorted(set(logins))):
            statement = WITH_UNIT.where(schema.account.c.login.in_(chunk)).order_by(schema.account.c.login)
            yield from self._accounts_in(self._sql.rows(statement))

    def save(self, account: Account, *, application: str = "", at: datetime | None = None) -> None:
        """Write an account's changed fields.

        Permissions that it did not hold before are granted by that application at that moment. Where nothing is said,
        those that it held once are as they were, and others come from the application that opened it.

        Raises NotFound, and Conflict where another account has the thumbprint, the person number, or the person.
        """
        values = {**mapping.account_values(account), "unit_id": self._unit_id(account.unit)}
        saved = self._sql.write(
            update(schema.account).where(schema.account.c.login == account.login).values(values), taken=_taken(account)
        )
        if not saved:
            raise _not_found(account.login)
        ever = self._sql.rows(select(_GRANT.permission, _GRANT.held).where(_GRANT.login == account.login))
        held = {row["permission"] for row in ever if row["held"]}
        once = {row["permission"] for row in ever if not row["held"]}
        changed = {"application": application, "since": at}
        self._mark(account, held - account.permissions, held=False)
        self._mark(account, once & account.permissions, held=True, **{k: v for k, v in changed.items() if v})
        self._grant(
            account,
            account.permissions - held - once,
            application=application or account.application,
            at=at or account.opened_at,
        )

    def next_number(self, counter: str) -> int:
        """The next running number of a counter, from 1; given again only where its transaction was rolled back."""
        first = self._sql.insert(schema.counter).values(name=counter, value=1)
        following = first.on_conflict_do_update(index_elements=["name"], set_={"value": schema.counter.c.value + 1})
        return int(self._sql.value(following.returning(schema.counter.c.value)))

    def of_unit(self, unit: Unit) -> Iterator[Account]:
        """The accounts, not deregistered, of the unit with that class and identity, by login; streamed.

        They are found by their unit as it was written with them: one unit may have been written in several ways.
        """
        same = select(schema.unit.c.id).where(
            schema.unit.c.user_class == unit.user_class, schema.unit.c.identity == unit.identity
        )
        statement = WITH_UNIT.where(
            schema.account.c.unit_id.in_(same), schema.account.c.state != AccountState.DEREGISTERED
        )
        for page in self._sql.pages(statement, schema.account.c.login):
            yield from self._accounts_in(page)

    def known_logins(self) -> frozenset[str]:
        """Every login that was ever given, tombstones too."""
        pages = self._sql.pages(select(schema.account.c.login), schema.account.c.login)
        return frozenset(row["login"] for page in pages for row in page)

    def _first(self, statement: Select[*tuple[Any, ...]]) -> Account | None:
        return next(self._accounts_in(self._sql.rows(statement.limit(1))), None)

    def _accounts_in(self, page: Sequence[RowMapping]) -> Iterator[Account]:
        return accounts_in(self._sql, page)

    def _mark(self, account: Account, permissions: set[str], **values: object) -> None:
        if permissions:
            self._sql.run(
                update(schema.account_permission)
                .where(_GRANT.login == account.login, _GRANT.permission.in_(permissions))
                .values(**values)
            )

    def _grant(self, account: Account, permissions: frozenset[str], *, application: str, at: datetime) -> None:
        grant = {"login": account.login, "application": application, "since": at, "held": True}
        self._sql.run(
            insert(schema.account_permission), [{**grant, "permission": code} for code in sorted(permissions)]
        )

    def _unit_id(self, unit: Unit) -> int:
        """The row of a unit, made where there is none of exactly that value."""
        if unit not in self._unit_ids:
            values = mapping.unit_values(unit)
            same = select(schema.unit.c.id).where(*(schema.unit.c[name] == value for name, value in values.items()))
            found = self._sql.value(same)
            if found is None:
                self._sql.run(self._sql.insert(schema.unit).values(values).on_conflict_do_nothing())
                found = self._sql.value(same)
            self._unit_ids[unit] = int(found)
        return self._unit_ids[unit]


def _place(login: str) -> str:
    return f"account/{login}/id_number"


def _taken(account: Account) -> str:
    return (
        f"{account.login}: 登录名称、人员编号、证书或此人已有用户 / login, person number, certificate or person "
        "has an account already"
    )


def _not_found(login: str) -> NotFound:
    return NotFound(f"{login}: 查无此用户 / no account of that name in the register")
