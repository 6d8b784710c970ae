"""Carrying out: what an approved application changes in the register, form by form, and which duties follow from it.

Directory and realms follow by plan and sync, keys by the offices that issue them: an application is carried out once no
duty holds it up any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from idp_sync.domain.account import Account, AccountState, login_name, login_prefix
from idp_sync.domain.application import Application, Form, Row, State
from idp_sync.domain.calendar import beijing_date
from idp_sync.domain.checks import Case
from idp_sync.domain.citizen_id import read_id_number
from idp_sync.domain.district import Districts
from idp_sync.domain.duty import Duty, DutyKind
from idp_sync.domain.journal import Actor
from idp_sync.domain.key import KeyState, RevocationReason
from idp_sync.domain.known import NOTHING_KNOWN
from idp_sync.domain.lifecycle import Step, state_after
from idp_sync.domain.name import read_name
from idp_sync.domain.replacement import Ground, ground_of
from idp_sync.domain.rulebook import RuleBook
from idp_sync.domain.task import Task, TaskKind
from idp_sync.domain.unit import Contact, RegisteredUnit, Unit, UserClass
from idp_sync.ports import Transaction
from idp_sync.services.acting import record
from idp_sync.services.closing import close_account, revoke_certificates
from idp_sync.services.notify import Notify


@dataclass(frozen=True, slots=True, kw_only=True)
class CarryingOut:
    """One approved application on its way into the register."""

    tx: Transaction
    case: Case
    now: datetime
    actor: Actor

    @property
    def application(self) -> Application:
        """What is carried out."""
        return self.case.application

    def note(self, act: str, on: str, *, article: str, **detail: str) -> None:
        """Write one act on an account or a key into the journal, with the application that it comes from."""
        number = self.application.id
        record(self.tx, self.actor, act, on, at=self.now, article=article, application=number, **detail)

    def duty(self, kind: DutyKind, account: Account, *, key_number: str = "") -> None:
        """Record what is to be done about an account."""
        self.tx.duties.add(
            Duty(
                kind=kind,
                user_class=account.user_class,
                since=self.now,
                login=account.login,
                application=self.application.id,
                key_number=key_number,
            )
        )

    def tell(self, account: Account, *kinds: TaskKind) -> None:
        """Record what the realm is to be told about an account."""
        self.tx.tasks.add(*(Task(kind=k, user_class=account.user_class, login=account.login) for k in kinds))


def carry_out(
    tx: Transaction, application: Application, *, book: RuleBook, now: datetime, actor: Actor
) -> tuple[str, ...]:
    """Do what an approved application asks for, row by row; the logins that it concerned.

    The application was checked in this very transaction: every row names a person with a valid ID number, or a user
    that is as the form says.
    """
    case = Case(application=application, known=NOTHING_KNOWN, book=book, today=beijing_date(now))
    carrying = CarryingOut(tx=tx, case=case, now=now, actor=actor)
    register_unit(tx, application, districts=book.districts)
    act = _ACTS[application.form]
    return tuple(dict.fromkeys(login for row in application.rows for login in act(carrying, row)))


def finish(tx: Transaction, applications: set[str], *, now: datetime, actor: Actor, notify: Notify) -> None:
    """Those of these applications that no duty holds up any more are carried out, and the unit is told so."""
    for number in sorted(applications - {""}):
        if any(duty.kind.holds_up for duty in tx.duties.open(application=number)):
            continue
        found = tx.applications.get(number)
        if found.state is not State.APPROVED:
            continue
        tx.applications.move(number, state=state_after(found.state, Step.CARRY_OUT, of=number), expected=found.state)
        record(tx, actor, "application.carry-out", number, at=now, article="第五条；第六条")
        notify.carried_out(tx, found.application, by=actor.office, at=now)


def register_unit(tx: Transaction, application: Application, *, districts: Districts) -> RegisteredUnit:
    """The unit of an application, registered where it was not; its contact is the one that the newest form names."""
    unit = with_district_of_today(application.unit, districts)
    contact = Contact(name=application.contact_name, phone=application.contact_phone)
    known = tx.units.find(unit)
    if known is None:
        registered = RegisteredUnit(number=f"U{tx.accounts.next_number('unit'):06d}", unit=unit, contact=contact)
        tx.units.add(registered)
        return registered
    registered = replace(known, contact=replace(known.contact, name=contact.name, phone=contact.phone))
    if registered != known:
        tx.units.save(registered)
    return registered


def with_district_of_today(unit: Unit, districts: Districts) -> Unit:
    """A former district's code on the form becomes today's: it is what tokens and relying systems know."""
    district = districts.find(unit.district)
    return replace(unit, district=district.code if district is not None else None)


def _open_account(carrying: CarryingOut, row: Row) -> tuple[str, ...]:
    """A new user: one person, one account, a login name that nobody ever had (Articles 4, 5 and 8)."""
    account = _new_account(carrying, row, name=row.name)
    carrying.duty(DutyKind.ISSUE_KEY, account)
    return (account.login,)


def _new_account(carrying: CarryingOut, row: Row, *, name: str) -> Account:
    tx, case = carrying.tx, carrying.case
    unit = with_district_of_today(case.application.unit, case.book.districts)
    prefix = login_prefix(unit, case.book.districts)
    number = read_id_number(row.id_number, today=case.today).number
    written = read_name(name).name
    assert number is not None, "checked in this transaction"  # noqa: S101
    assert written is not None, "checked in this transaction"  # noqa: S101
    permissions = case.codes(row)
    if unit.user_class is UserClass.ENTERPRISE and unit.organisation_type is not None:
        permissions = case.book.catalogue.bundle(unit.organisation_type)  # 统一设置, whatever was written (Article 4)
    account = Account(
        login=login_name(prefix, tx.accounts.next_number(prefix), unit.user_class),
        person_number=f"P{tx.accounts.next_number('person'):08d}",
        name=written,
        unit=unit,
        permissions=permissions,
        state=AccountState.ACTIVE,
        application=case.application.id,
        opened_at=carrying.now,
    )
    tx.accounts.open(account, id_number=number.number)
    carrying.note("account.open", account.login, article="第四条；第五条")
    carrying.duty(DutyKind.CONFIGURE, account)
    return account


def _set_permissions(carrying: CarryingOut, row: Row) -> tuple[str, ...]:
    """Annex 6: the permissions become 现申请权限, no more and no less."""
    account = carrying.tx.accounts.get(row.login.strip())
    changed = replace(account, permissions=carrying.case.codes(row))
    carrying.tx.accounts.save(changed, application=carrying.application.id, at=carrying.now)
    carrying.note(
        "account.permissions",
        account.login,
        article="第五条（一）4",
        granted=" ".join(sorted(changed.permissions - account.permissions)),
        withdrawn=" ".join(sorted(account.permissions - changed.permissions)),
    )
    carrying.duty(DutyKind.CONFIGURE, changed)
    return (account.login,)


def _replace_key(carrying: CarryingOut, row: Row) -> tuple[str, ...]:
    """Annex 4: another key. A lost one opens nothing from now on; else the old one serves until the new is there."""
    account = carrying.tx.accounts.get(row.login.strip())
    if ground_of(row.remarks) is Ground.LOST:
        _lose_key(carrying, account, row.key_number.strip())
    carrying.note("key.replacement", account.login, article="第五条（一）2", ground=row.remarks)
    carrying.duty(DutyKind.ISSUE_KEY, account)
    return (account.login,)


def _lose_key(carrying: CarryingOut, account: Account, key_number: str) -> None:
    tx = carrying.tx
    revoke_certificates(tx, account, at=carrying.now, reason=RevocationReason.KEY_COMPROMISE)
    for key in tx.keys.all(login=account.login):
        if key.number == key_number and key.state in {KeyState.ISSUED, KeyState.REVOKED}:
            tx.keys.save(replace(key, state=KeyState.LOST))
            carrying.note("key.lost", key.number, article="第八条", login=account.login)
    tx.accounts.save(replace(account, key_number=None, thumbprint=None))
    carrying.tell(account, TaskKind.END_SESSIONS)
    carrying.duty(DutyKind.CONFIGURE, account)


def _change_holder(carrying: CarryingOut, row: Row) -> tuple[str, ...]:
    """Annex 5, and the enterprises' change: same ID number, same person; another one, another holder (reading A-10)."""
    account = carrying.tx.accounts.get(row.login.strip())
    number = read_id_number(row.id_number, today=carrying.case.today).number
    assert number is not None, "checked in this transaction"  # noqa: S101
    if carrying.tx.accounts.id_number(account.login) == number.number:
        return _correct_name(carrying, row, account)
    key_number = account.key_number or ""
    close_account(carrying.tx, account, at=carrying.now, application=carrying.application.id, collect=not key_number)
    carrying.note("account.close", account.login, article="第五条（一）3")
    successor = _new_account(carrying, row, name=row.new_name)
    carrying.duty(DutyKind.ISSUE_KEY, successor, key_number=key_number)
    return account.login, successor.login


def _correct_name(carrying: CarryingOut, row: Row, account: Account) -> tuple[str, ...]:
    """The same person: the name is corrected, and the key gets a certificate that bears it."""
    name = read_name(row.new_name).name
    assert name is not None, "checked in this transaction"  # noqa: S101
    if name == account.name:  # an enterprise's user whose key is replaced: ENT-CHANGE has no form of its own for it
        return _replace_key(carrying, row)
    carrying.tx.accounts.save(replace(account, name=name))
    carrying.note("account.rename", account.login, article="第五条（一）3", before=account.name, after=name)
    carrying.duty(DutyKind.CONFIGURE, account)
    carrying.duty(DutyKind.ISSUE_KEY, account, key_number=account.key_number or "")
    return (account.login,)


def _deregister(carrying: CarryingOut, row: Row) -> tuple[str, ...]:
    """Annex 7, and the enterprises' request: 删除相应用户 (Article 6 (1) and (2))."""
    account = carrying.tx.accounts.get(row.login.strip())
    close_account(carrying.tx, account, at=carrying.now, application=carrying.application.id)
    carrying.note("account.deregister", account.login, article="第六条")
    return (account.login,)


def _restore(carrying: CarryingOut, row: Row) -> tuple[str, ...]:
    """恢复登录资格: permissions and key are as they were, the half year starts anew (Article 6 (4), reading A-04)."""
    account = carrying.tx.accounts.get(row.login.strip())
    carrying.tx.accounts.save(replace(account, state=AccountState.ACTIVE, suspended_at=None, restored_at=carrying.now))
    carrying.tell(account, TaskKind.ENABLE)
    carrying.duty(DutyKind.CONFIGURE, account)
    carrying.note("account.restore", account.login, article="第六条（四）")
    return (account.login,)


def _order_deletion(carrying: CarryingOut, row: Row) -> tuple[str, ...]:
    """The trading system is to delete what a deregistered user left unfinished (Article 6 (3))."""
    account = carrying.tx.accounts.get(row.login.strip())
    carrying.duty(DutyKind.DELETE_BUSINESS, account)
    carrying.note("business.order-deletion", account.login, article="第六条（三）", business=row.remarks)
    return (account.login,)


_ACTS: Mapping[Form, Callable[[CarryingOut, Row], tuple[str, ...]]] = {
    Form.NEW_USER: _open_account,
    Form.KEY_REPLACEMENT: _replace_key,
    Form.USER_RENAME: _change_holder,
    Form.PERMISSION_CHANGE: _set_permissions,
    Form.DEREGISTRATION: _deregister,
    Form.ENTERPRISE_NEW: _open_account,
    Form.ENTERPRISE_CHANGE: _change_holder,
    Form.ENTERPRISE_CANCEL: _deregister,
    Form.RESTORE: _restore,
    Form.BUSINESS_DELETION: _order_deletion,
}
