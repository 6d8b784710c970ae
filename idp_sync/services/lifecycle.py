"""What happens to an application beside its review: drafts handed in, mended, taken back, archived."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from idp_sync.domain.account import Account, AccountState
from idp_sync.domain.application import Application, Form, Row, State
from idp_sync.domain.calendar import beijing_date
from idp_sync.domain.checks import Case, check
from idp_sync.domain.errors import NotCompetent, Refused
from idp_sync.domain.journal import Actor
from idp_sync.domain.known import NOTHING_KNOWN
from idp_sync.domain.lifecycle import Step, state_after
from idp_sync.domain.name import read_name
from idp_sync.domain.office import ISSUES_KEYS
from idp_sync.domain.replacement import Ground, ground_of
from idp_sync.domain.rulebook import RuleBook
from idp_sync.ports import ApplicationRecord, Clock, Incoming, Register, Transaction
from idp_sync.services.acting import record
from idp_sync.services.closing import close_account
from idp_sync.services.intake import known_of, read_findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """Moves applications along, and back."""

    register: Register
    book: RuleBook
    clock: Clock

    def hand_in(self, id_: str, *, actor: Actor) -> ApplicationRecord:
        """A draft was printed, stamped and handed in: it is checked, and waits for its review (Article 5 (2))."""
        return self._renew(id_, Step.HAND_IN, None, actor)

    def amend(self, id_: str, incoming: Incoming, *, actor: Actor) -> ApplicationRecord:
        """The applicant mended it: the next version of the same number, checked anew.

        Whatever was approved of the earlier version counts no more.

        Raises:
            Refused: the mended form is another form, or another unit's.
            Conflict: it is past mending.
        """
        return self._renew(id_, Step.AMEND, incoming, actor)

    def withdraw(self, id_: str, *, actor: Actor, reason: str) -> ApplicationRecord:
        """The applicant takes it back, at any point before it is carried out.

        What it had changed in the register is undone, as long as nothing of it has left the house.

        Raises:
            Refused: a key was handed over, a certificate revoked or an account deleted: that is final.
        """
        now = self.clock.now()
        with self.register.transaction() as tx:
            found = tx.applications.get(id_)
            self._require_competence(found.application, actor)
            state = state_after(found.state, Step.WITHDRAW, of=id_)
            tx.applications.move(id_, state=state, expected=found.state)
            if found.state is State.APPROVED:
                self._undo(tx, found, now)
            record(tx, actor, "application.withdraw", id_, at=now, article="第五条", reason=reason)
            return replace(found, state=state)

    def archive(self, id_: str, *, actor: Actor) -> ApplicationRecord:
        """归档留存: the office that issues the keys keeps the papers of what was carried out (Article 9, R-40).

        Raises:
            NotCompetent: another office keeps them.
            Conflict: it is not carried out yet.
        """
        now = self.clock.now()
        with self.register.transaction() as tx:
            found = tx.applications.get(id_)
            user_class = found.application.unit.user_class
            actor.office.require(ISSUES_KEYS[user_class], act=f"归档{user_class.zh}的申请材料", source="第九条")
            state = state_after(found.state, Step.ARCHIVE, of=id_)
            tx.applications.move(id_, state=state, expected=found.state)
            record(tx, actor, "application.archive", id_, at=now, article="第九条")
            return replace(found, state=state)

    def _renew(self, id_: str, step: Step, incoming: Incoming | None, actor: Actor) -> ApplicationRecord:
        now = self.clock.now()
        with self.register.transaction() as tx:
            found = tx.applications.get(id_)
            self._require_competence(found.application, actor)
            state = state_after(found.state, step, of=id_)
            application = found.application if incoming is None else _mended(found.application, incoming.application)
            verdict = check(
                application,
                book=self.book,
                today=beijing_date(now),
                known=known_of(tx, application),
                read=incoming.findings if incoming is not None else read_findings(found),
            )
            renewed = replace(
                found,
                application=application,
                state=state,
                outcome=verdict.outcome,
                findings=verdict.findings,
                source=incoming.source if incoming is not None else found.source,
                version=found.version + 1,
            )
            tx.applications.amend(renewed, expected=found.state, version=found.version)
            record(
                tx,
                actor,
                f"application.{step.value}",
                id_,
                at=now,
                article="第五条",
                version=str(renewed.version),
                outcome=verdict.outcome.value,
            )
            return renewed

    def _require_competence(self, application: Application, actor: Actor) -> None:
        if application.form not in actor.office.receives:
            raise NotCompetent(
                f"{actor.office.name}不受理{application.form.zh}〔第五条〕"
                f" / {actor.office.english} does not receive such forms"
            )

    def _undo(self, tx: Transaction, found: ApplicationRecord, now: datetime) -> None:
        number = found.application.id
        waiting = {duty.login for duty in tx.duties.open(application=number) if duty.kind.holds_up}
        undo = _UNDOES.get(found.application.form)
        if undo is None or waiting != set(found.accounts):
            raise Refused(
                f"{number}：已生效，不能撤回，请另行申请变更或注销"
                " / has taken effect already: apply for a change or a deregistration instead"
            )
        tx.duties.cancel(application=number, at=now)
        case = Case(application=found.application, known=NOTHING_KNOWN, book=self.book, today=beijing_date(now))
        for login in found.accounts:
            undo(tx, case, tx.accounts.get(login), now)


def _mended(before: Application, after: Application) -> Application:
    """The mended content under the old number."""
    if after.form is not before.form or after.unit.identity != before.unit.identity:
        raise Refused(
            f"{before.id}：补正的表格种类或单位与原申请不同，请另行申请"
            " / another form or another unit: that is another application"
        )
    return replace(after, id=before.id)


def _close_again(tx: Transaction, case: Case, account: Account, now: datetime) -> None:
    """A new user who never got a key: the account is closed, and its login name never given again."""
    close_account(tx, account, at=now, application=case.application.id)


def _set_back(tx: Transaction, case: Case, account: Account, now: datetime) -> None:
    """原申请权限 again: it was found to be the real ones when the change was approved."""
    del now
    tx.accounts.save(replace(account, permissions=case.meant(_row_of(case, account).present_permissions)))


def _name_the_former_holder(tx: Transaction, case: Case, account: Account, now: datetime) -> None:
    """A corrected name is what it was; that another holder came, or that a key was lost, is final."""
    if account.state is AccountState.DEREGISTERED or account.login not in _logins(case):
        raise Refused(f"{account.login}：持有人已变更，不能撤回 / has another holder by now, which is final")
    row = _row_of(case, account)
    _keep_the_old_key(tx, case, account, now)
    tx.accounts.save(replace(account, name=read_name(row.name).name or account.name))


def _keep_the_old_key(tx: Transaction, case: Case, account: Account, now: datetime) -> None:
    """The old key serves on; one that was lost was revoked at once, and that is final."""
    del tx, now
    if ground_of(_row_of(case, account).remarks) is Ground.LOST:
        raise Refused(f"{account.login}：挂失的密钥已吊销，不能撤回 / the lost key was revoked, which is final")


def _logins(case: Case) -> frozenset[str]:
    return frozenset(row.login.strip() for row in case.application.rows)


def _row_of(case: Case, account: Account) -> Row:
    return next(row for row in case.application.rows if row.login.strip() == account.login)


#: forms that can be undone while a duty of theirs is still waiting for every person on them
_UNDOES: Mapping[Form, Callable[[Transaction, Case, Account, datetime], None]] = {
    Form.NEW_USER: _close_again,
    Form.ENTERPRISE_NEW: _close_again,
    Form.PERMISSION_CHANGE: _set_back,
    Form.KEY_REPLACEMENT: _keep_the_old_key,
    Form.USER_RENAME: _name_the_former_holder,
    Form.ENTERPRISE_CHANGE: _name_the_former_holder,
}
