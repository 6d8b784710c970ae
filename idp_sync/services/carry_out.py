"""Carrying out: what an approved application changes in the register. Directory and realms follow by plan and sync."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from idp_sync.domain.account import Account, AccountState, login_name, login_prefix
from idp_sync.domain.application import Application, Form, Row
from idp_sync.domain.calendar import beijing_date
from idp_sync.domain.checks import Case
from idp_sync.domain.citizen_id import read_id_number
from idp_sync.domain.district import Districts
from idp_sync.domain.errors import Refused
from idp_sync.domain.journal import Actor
from idp_sync.domain.known import NOTHING_KNOWN
from idp_sync.domain.name import read_name
from idp_sync.domain.rulebook import RuleBook
from idp_sync.domain.unit import Unit, UserClass
from idp_sync.ports import Transaction
from idp_sync.services.acting import record


def carry_out(
    tx: Transaction, application: Application, *, book: RuleBook, now: datetime, actor: Actor
) -> tuple[str, ...]:
    """Do what an approved application asks for, row by row; the logins that it concerned.

    The application was checked in this very transaction: every row names a person with a valid ID number.

    Raises:
        Refused: this release does not carry out that form.
    """
    act = _ACTS.get(application.form)
    if act is None:
        raise Refused(
            f"{application.id}：本版本尚不能办理{application.form.zh} / {application.form.value} is not carried out"
            " by this release; the application stays as it was"
        )
    case = Case(application=application, known=NOTHING_KNOWN, book=book, today=beijing_date(now))
    logins = tuple(act(tx, case, row, now) for row in application.rows)
    for login in logins:
        record(tx, actor, _VERBS[application.form], login, at=now, article="第四条", application=application.id)
    return logins


def _open_account(tx: Transaction, case: Case, row: Row, now: datetime) -> str:
    """A new user: one person, one account, a login name that nobody ever had (Articles 4, 5 and 8)."""
    unit = _with_district_of_today(case.application.unit, case.book.districts)
    prefix = login_prefix(unit, case.book.districts)
    number = read_id_number(row.id_number, today=case.today).number
    name = read_name(row.name).name
    assert number is not None, "checked in this transaction"  # noqa: S101
    assert name is not None, "checked in this transaction"  # noqa: S101
    permissions = case.codes(row)
    if unit.user_class is UserClass.ENTERPRISE and unit.organisation_type is not None:
        permissions = case.book.catalogue.bundle(unit.organisation_type)  # 统一设置, whatever was written (Article 4)
    account = Account(
        login=login_name(prefix, tx.accounts.next_number(prefix), unit.user_class),
        person_number=f"P{tx.accounts.next_number('person'):08d}",
        name=name,
        unit=unit,
        permissions=permissions,
        state=AccountState.ACTIVE,
        application=case.application.id,
        opened_at=now,
    )
    tx.accounts.open(account, id_number=number.number)
    return account.login


def _with_district_of_today(unit: Unit, districts: Districts) -> Unit:
    """A former district's code on the form becomes today's: it is what tokens and relying systems know."""
    district = districts.find(unit.district)
    return replace(unit, district=district.code if district is not None else None)


def _set_permissions(tx: Transaction, case: Case, row: Row, now: datetime) -> str:  # noqa: ARG001
    """Annex 6: the permissions become 现申请权限, no more and no less."""
    account = tx.accounts.get(row.login.strip())
    tx.accounts.save(replace(account, permissions=case.codes(row)))
    return account.login


_ACTS: Mapping[Form, Callable[[Transaction, Case, Row, datetime], str]] = {
    Form.NEW_USER: _open_account,
    Form.ENTERPRISE_NEW: _open_account,
    Form.PERMISSION_CHANGE: _set_permissions,
}

_VERBS: Mapping[Form, str] = {
    Form.NEW_USER: "account.open",
    Form.ENTERPRISE_NEW: "account.open",
    Form.PERMISSION_CHANGE: "account.permissions",
}
