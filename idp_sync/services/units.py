"""Units: an organisation is renamed, moves, is taken up by another, changes its type; its people go with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from idp_sync.domain.account import Account
from idp_sync.domain.calendar import beijing_date
from idp_sync.domain.duty import Duty, DutyKind
from idp_sync.domain.errors import Conflict, Refused
from idp_sync.domain.journal import Actor
from idp_sync.domain.office import Competence, Office
from idp_sync.domain.rulebook import RuleBook
from idp_sync.domain.unit import Contact, RegisteredUnit, Unit, UnitState, UserClass
from idp_sync.ports import Clock, Register, Transaction
from idp_sync.services.acting import record
from idp_sync.services.carry_out import with_district_of_today
from idp_sync.services.notify import Notify

#: how long a unit has to answer; the regulation says 及时 only
ANSWER_WITHIN = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitChange:
    """What a change of a unit means for its people; shown first, applied by the same code."""

    before: RegisteredUnit
    after: RegisteredUnit
    #: accounts as they are, and as they will be
    accounts: tuple[tuple[Account, Account], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """Changes units."""

    register: Register
    book: RuleBook
    notify: Notify
    clock: Clock

    def change(self, number: str, unit: Unit, *, actor: Actor, apply: bool) -> UnitChange:
        """Give a unit another name, district, level, type or code; without `apply` only say what would happen.

        Its people's entries follow by plan and sync. An enterprise of another type has that type's whole bundle
        (Article 4). Permissions of another level are not carried over: they have to be applied for.

        Raises:
            Refused: its people hold permissions that the changed unit may not have, or the class would change.
            Conflict: another unit is already what this one would become: merge them instead.
        """
        self._require(actor.office, unit.user_class)
        with self.register.transaction(read_only=not apply) as tx:
            before = self._active(tx, number)
            after = replace(before, unit=with_district_of_today(unit, self.book.districts))
            other = tx.units.find(after.unit)
            if other is not None and other.number != number:
                raise Conflict(
                    f"{number}：与{other.number}相同，请改为合并 / would be the same as that unit: merge them"
                )
            change = self._with_accounts(tx, before, after, after.unit)
            if apply:
                self._write(tx, change, actor, act="unit.change")
        return change

    def merge(self, number: str, into: str, *, actor: Actor, apply: bool) -> UnitChange:
        """A unit is taken up by another one, with its people.

        Raises:
            Refused: their class differs, they are one unit, or its people hold permissions that the other one may not
                have. An enterprise's people get the bundle of the one that takes them up.
        """
        with self.register.transaction(read_only=not apply) as tx:
            before, target = self._active(tx, number), self._active(tx, into)
            self._require(actor.office, before.unit.user_class)
            if number == into:
                raise Refused(f"{number}：不能与自身合并 / can't be merged with itself")
            after = replace(before, state=UnitState.MERGED, merged_into=into)
            change = self._with_accounts(tx, before, after, target.unit)
            if apply:
                self._write(tx, change, actor, act="unit.merge")
                questions = tx.duties.open(kind=DutyKind.CONFIRM_USERS, unit_number=number)
                tx.duties.settle(questions, at=self.clock.now(), outcome="merged")  # the other unit answers from now on
        return change

    def set_contact(self, number: str, contact: Contact, *, actor: Actor) -> RegisteredUnit:
        """Where notices to the unit go, and who answers."""
        with self.register.transaction() as tx:
            before = tx.units.get(number)
            self._require(actor.office, before.unit.user_class)
            after = replace(before, contact=contact)
            tx.units.save(after)
            record(tx, actor, "unit.contact", number, at=self.clock.now(), article="附件3至附件7")
        return after

    def ask_for_confirmation(self, *, actor: Actor) -> tuple[RegisteredUnit, ...]:
        """Ask every active unit with users to confirm its list: 应及时注销离职（岗）人员用户权限 (Article 6, R-25).

        An earlier question that was never answered stays open, with its age.
        """
        actor.office.require(Competence.SWEEP, act="核对用户名单", source="第六条")
        now = self.clock.now()
        with self.register.transaction() as tx:
            asked: list[RegisteredUnit] = []
            for unit in tuple(tx.units.all(state=UnitState.ACTIVE)):
                users = tuple(tx.accounts.of_unit(unit.unit))
                if not users:
                    continue
                asked.append(unit)
                tx.duties.add(_duty(DutyKind.CONFIRM_USERS, unit, now))
                answer_by = beijing_date(now) + ANSWER_WITHIN
                self.notify.confirm_users(tx, unit, users, by=actor.office, at=now, answer_by=answer_by)
                record(tx, actor, "unit.ask-for-confirmation", unit.number, at=now, article="第六条")
        return tuple(asked)

    def record_confirmation(self, number: str, *, left: tuple[str, ...], actor: Actor) -> tuple[Duty, ...]:
        """The unit has answered: who left becomes an open task until the deregistration is applied for.

        Raises:
            Refused: nobody had asked, or a login is not the unit's.
        """
        now = self.clock.now()
        with self.register.transaction() as tx:
            unit = tx.units.get(number)
            self._require(actor.office, unit.unit.user_class)
            questions = tx.duties.open(kind=DutyKind.CONFIRM_USERS, unit_number=number)
            if not questions:
                raise Refused(f"{number}：没有待确认的名单 / no list is waiting for an answer")
            own = {account.login for account in tx.accounts.of_unit(unit.unit)}
            if strangers := sorted(set(left) - own):
                raise Refused(f"{number}：{'、'.join(strangers)}不是该单位的用户 / are not that unit's users")
            tx.duties.settle(questions, at=now, outcome=f"{len(own) - len(set(left))} confirmed, {len(set(left))} left")
            tasks = tuple(_duty(DutyKind.DEREGISTER_LEAVER, unit, now, login=login) for login in sorted(set(left)))
            tx.duties.add(*tasks)
            record(tx, actor, "unit.confirm-users", number, at=now, article="第六条", left=" ".join(sorted(set(left))))
        return tasks

    def _active(self, tx: Transaction, number: str) -> RegisteredUnit:
        unit = tx.units.get(number)
        if unit.state is not UnitState.ACTIVE:
            raise Refused(f"{number}：{unit.state.zh}，不能变更 / is {unit.state.value}")
        return unit

    def _with_accounts(self, tx: Transaction, before: RegisteredUnit, after: RegisteredUnit, unit: Unit) -> UnitChange:
        if unit.user_class is not before.unit.user_class:
            raise Refused(f"{before.number}：单位类别不能变更 / a unit's class does not change")
        accounts = tuple((account, self._moved(account, unit)) for account in tx.accounts.of_unit(before.unit))
        return UnitChange(before=before, after=after, accounts=accounts)

    def _moved(self, account: Account, unit: Unit) -> Account:
        if unit.user_class is UserClass.ENTERPRISE and unit.organisation_type is not None:
            if unit.organisation_type is account.unit.organisation_type:
                return replace(account, unit=unit)
            return replace(account, unit=unit, permissions=self.book.catalogue.bundle(unit.organisation_type))
        unfit = sorted(
            code
            for code in account.permissions
            if (permission := self.book.catalogue.get(code)) is not None and not permission.belongs_to(unit)
        )
        if unfit:
            raise Refused(
                f"{account.login}：权限{'、'.join(unfit)}不适用于变更后的单位，请先申请权限变更〔附件6〕"
                " / holds permissions that the changed unit may not have: apply for a change first"
            )
        return replace(account, unit=unit)

    def _write(self, tx: Transaction, change: UnitChange, actor: Actor, *, act: str) -> None:
        now = self.clock.now()
        tx.units.save(change.after)
        for before, after in change.accounts:
            tx.accounts.save(after, at=now)
            tx.duties.add(Duty(kind=DutyKind.CONFIGURE, user_class=after.user_class, since=now, login=after.login))
            record(tx, actor, "account.unit", after.login, at=now, article="第二条", unit=change.after.number)
            del before
        record(
            tx,
            actor,
            act,
            change.before.number,
            at=now,
            article="第二条",
            before=_words(change.before.unit),
            after=_words(change.after.unit),
            merged_into=change.after.merged_into,
        )

    def _require(self, office: Office, user_class: UserClass) -> None:
        """Management units are looked after by who configures, enterprises by who takes their applications in."""
        competence = Competence.CONFIGURE if user_class is UserClass.MANAGEMENT else Competence.APPROVE_ENTERPRISE
        office.require(competence, act=f"变更{user_class.zh}的登记", source="第三条；第五条")


def _duty(kind: DutyKind, unit: RegisteredUnit, since: datetime, *, login: str = "") -> Duty:
    return Duty(kind=kind, user_class=unit.unit.user_class, since=since, login=login, unit_number=unit.number)


def _words(unit: Unit) -> str:
    return " ".join(_parts(unit))


def _parts(unit: Unit) -> Iterator[str]:
    yield unit.name
    yield unit.rank
    yield from filter(None, (unit.district, unit.organisation_type and unit.organisation_type.value))
    yield from filter(None, (unit.credit_code, unit.organisation_code))
