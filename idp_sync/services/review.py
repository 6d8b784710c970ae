"""Review: the office whose matter it is approves, returns or rejects; the opinion, person and date are recorded.

Which step leads where stands in domain/lifecycle.py; here is who may take it, and what it does.
"""

from __future__ import annotations

from dataclasses import dataclass

from idp_sync.domain.account import AccountState
from idp_sync.domain.application import Application, State
from idp_sync.domain.calendar import beijing_date
from idp_sync.domain.checks import Case, Verdict, check
from idp_sync.domain.competent import needed_competences
from idp_sync.domain.errors import Conflict, NotCompetent, Refused
from idp_sync.domain.journal import Actor
from idp_sync.domain.known import NOTHING_KNOWN
from idp_sync.domain.lifecycle import Step, state_after
from idp_sync.domain.name import read_name
from idp_sync.domain.office import Competence, Office
from idp_sync.domain.rulebook import RuleBook
from idp_sync.domain.task import TaskKind
from idp_sync.ports import ApplicationRecord, Clock, Decision, Register, Transaction
from idp_sync.services.acting import record
from idp_sync.services.carry_out import carry_out
from idp_sync.services.intake import known_of, read_findings
from idp_sync.services.notify import Notify
from idp_sync.services.synchronise import Synced, Synchronise


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What came of a decision."""

    application: Application
    state: State
    #: offices that have still to decide
    waiting_for: tuple[Office, ...] = ()
    #: accounts that were opened or changed
    opened: tuple[str, ...] = ()
    #: what directory and realms were told at once, where a key was reported lost; None where sync may come later
    synced: Synced | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Decides applications."""

    register: Register
    book: RuleBook
    synchronise: Synchronise
    notify: Notify
    clock: Clock

    def approve(self, id_: str, *, actor: Actor, opinion: str = "同意", seen: int | None = None) -> Decided:
        """Approve an office's own items; after the last office's approval the application takes effect.

        It is checked again against the register as it stands now: what was right at intake may have become wrong.
        A key that is reported lost opens nothing from this moment (Annex 4, reading A-19: at once); the rest waits for
        信息中心, which configures (Article 3).
        `seen` is the version that the reviewer had before him; None for whichever is there now.

        Raises:
            NotFound: no such application.
            Refused: its findings forbid it, or it is the actor's own.
            NotCompetent: the office decides none of its items, or has approved them already (Article 3).
            Conflict: it is decided already, was mended since it was seen, or somebody decided at the same moment.
        """
        now = self.clock.now()
        with self.register.transaction() as tx:
            found = self._open_application(tx, id_, Step.APPROVE, actor, seen)
            verdict = self._check_again(tx, found)
            if not verdict.outcome.may_be_approved:
                reasons = "；".join(f.sentence() for f in verdict.findings if not f.rule.is_note)
                raise Refused(f"{id_}：不能批准 / can't be approved: {reasons}")
            needed = self._needed(found.application)
            approved = self._approved_so_far(found)
            if not (actor.office.competences & (needed - approved)):
                raise NotCompetent(
                    f"{actor.office.name}对{id_}没有待审核的事项〔第三条〕"
                    f" / {actor.office.english} has nothing to decide in it"
                )
            remaining = needed - approved - actor.office.competences
            state = state_after(found.state, Step.APPROVE_PART if remaining else Step.APPROVE, of=id_)
            opened = () if remaining else carry_out(tx, found.application, book=self.book, now=now, actor=actor)
            self._decide(tx, found, actor, verdict="approve", opinion=opinion, state=state, accounts=opened)
            if not remaining:
                self._tell_of_approval(tx, found.application, opened, actor, opinion)
            lost = _whose_key_is_lost(tx, opened)
        synced = self.synchronise.push(lost, actor=actor) if lost else None
        waiting = tuple(o for o in self.book.offices.offices if o.competences & remaining)
        return Decided(application=found.application, state=state, waiting_for=waiting, opened=opened, synced=synced)

    def give_back(self, id_: str, *, actor: Actor, opinion: str, seen: int | None = None) -> Decided:
        """Return an application to be mended; without an opinion, the findings are the reason."""
        return self._turn_down(id_, Step.RETURN, actor=actor, opinion=opinion, seen=seen)

    def reject(self, id_: str, *, actor: Actor, opinion: str, seen: int | None = None) -> Decided:
        """Reject an application: not allowed."""
        return self._turn_down(id_, Step.REJECT, actor=actor, opinion=opinion, seen=seen)

    def _turn_down(self, id_: str, step: Step, *, actor: Actor, opinion: str, seen: int | None) -> Decided:
        with self.register.transaction() as tx:
            found = self._open_application(tx, id_, step, actor, seen)
            receives = found.application.form in actor.office.receives
            if not receives and not (actor.office.competences & self._needed(found.application)):
                raise NotCompetent(
                    f"{actor.office.name}无权处理{id_}〔第三条〕 / {actor.office.english} is not competent for it"
                )
            text = opinion or "；".join(f.sentence() for f in found.findings if not f.rule.is_note)
            if not text:
                raise Refused(f"{id_}：请写明意见 / an opinion is needed: no check has found anything")
            state = state_after(found.state, step, of=id_)
            self._decide(tx, found, actor, verdict=step.value, opinion=text, state=state)
            tell = self.notify.returned if step is Step.RETURN else self.notify.rejected
            tell(tx, found.application, by=actor.office, at=self.clock.now(), opinion=text)
        return Decided(application=found.application, state=state)

    def _open_application(
        self, tx: Transaction, id_: str, step: Step, actor: Actor, seen: int | None
    ) -> ApplicationRecord:
        found = tx.applications.get(id_)
        state_after(found.state, step, of=id_)
        if seen is not None and seen != found.version:
            raise Conflict(
                f"{id_}：已补正为第{found.version}版，请重新审核 / was mended since you saw version {seen}: look again"
            )
        self._refuse_own(found.application, actor)
        return found

    def _decide(
        self,
        tx: Transaction,
        found: ApplicationRecord,
        actor: Actor,
        *,
        verdict: str,
        opinion: str,
        state: State,
        accounts: tuple[str, ...] = (),
    ) -> None:
        number, now = found.application.id, self.clock.now()
        decision = Decision(
            application=number,
            office=actor.office.code,
            actor=actor.name,
            at=now,
            verdict=verdict,
            opinion=opinion,
            version=found.version,
        )
        tx.applications.decide(decision, state=state, expected=found.state, accounts=accounts)
        record(
            tx, actor, f"application.{verdict}", number, at=now, article="第三条", opinion=opinion, state=state.value
        )

    def _tell_of_approval(
        self, tx: Transaction, application: Application, logins: tuple[str, ...], actor: Actor, opinion: str
    ) -> None:
        """将审核意见告知城建研究中心 (Article 5 (1)); a unit is told whom the application deregistered."""
        now = self.clock.now()
        self.notify.approved(tx, application, by=actor.office, at=now, opinion=opinion)
        closed = [a for a in tx.accounts.all(logins=logins) if a.state is AccountState.DEREGISTERED]
        if closed:
            self.notify.deregistered(tx, closed, by=actor.office, at=now, application=application.id)

    def _refuse_own(self, application: Application, actor: Actor) -> None:
        """No one decides about their own application, however the name is set out on it (张　三)."""
        written = {name for row in application.rows for name in (row.name, row.new_name)}
        names = {read_name(name).name for name in (*written, application.contact_name, application.signed_by)}
        if read_name(actor.name).name in names - {None}:
            raise Refused(f"{actor.name}不得审核本人或本人经办的申请 / nobody decides about their own application")

    def _check_again(self, tx: Transaction, found: ApplicationRecord) -> Verdict:
        """The checks against the register as it is now; what reading the file had found still stands."""
        return check(
            found.application,
            book=self.book,
            today=beijing_date(self.clock.now()),
            known=known_of(tx, found.application),
            read=read_findings(found),
        )

    def _needed(self, application: Application) -> frozenset[Competence]:
        case = Case(application=application, known=NOTHING_KNOWN, book=self.book, today=beijing_date(self.clock.now()))
        asked = (item.permission for row in application.rows for item in case.asked(row))
        return needed_competences(application, (p for p in asked if p is not None))

    def _approved_so_far(self, found: ApplicationRecord) -> frozenset[Competence]:
        """What offices have approved of the version that is there now: an approval of an earlier one counts no more."""
        offices = (
            self.book.offices.get(decision.office)
            for decision in found.decisions
            if decision.verdict == "approve" and decision.version == found.version
        )
        return frozenset(competence for office in offices for competence in office.competences)


def _whose_key_is_lost(tx: Transaction, logins: tuple[str, ...]) -> tuple[str, ...]:
    """Of these, the users who stay and whose sessions are to end: nothing opens their accounts any more."""
    told = {task.login for task in tx.tasks.pending(logins) if task.kind is TaskKind.END_SESSIONS}
    return tuple(a.login for a in tx.accounts.all(logins=logins) if a.login in told and a.state is AccountState.ACTIVE)
