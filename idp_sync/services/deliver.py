"""Deliver: notices go out, each once; what nobody can know, a person decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from idp_sync.domain import notice as life
from idp_sync.domain.errors import Conflict, IdpSyncError, NotCompetent, NotSetUp, Refused
from idp_sync.domain.journal import Actor
from idp_sync.domain.notice import Notice, NoticeState
from idp_sync.domain.office import Competence
from idp_sync.ports import (
    Clock,
    Handed,
    Mailer,
    MailResult,
    MailSession,
    NoticeTemplates,
    Register,
    RenderedNotice,
    Transaction,
)
from idp_sync.services.acting import record


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """Sends and prints what is queued."""

    register: Register
    templates: NoticeTemplates
    #: None where there is no mail server: then everything is printed
    mailer: Mailer | None
    clock: Clock

    def deliver(self, *, limit: int, actor: Actor) -> Iterator[Notice]:
        """Send what is due, in one conversation with the mail server; each notice comes when its fate is recorded.

        First, what a sender that died has left behind is declared in doubt. Each notice is claimed by one sender, in a
        transaction that is durable before the mail server hears of it; so several senders share the work, and a
        sender that is killed leaves at most one notice in doubt, which is never sent again by itself.

        Raises:
            NotCompetent: only 信息中心 runs jobs.
            NotSetUp: there is no mail server.
            Unavailable: it can't be reached any more; what was not sent stays queued.
        """
        _require(actor)
        if self.mailer is None:
            raise NotSetUp("没有[notices]设置，通知须打印 / no mail server is set up: see `idp-sync notices print`")
        yield from self._declare_doubtful(actor)
        now = self.clock.now()
        with self.register.transaction(read_only=True) as tx:
            due = tx.notices.due(now, limit=limit)
        if not due:
            return
        with self.mailer.session() as session:
            for waiting in due:
                attempt = self._claim(waiting)
                if attempt is not None:
                    yield self._attempt(session, attempt, actor)

    def resend(self, number: int, *, actor: Actor) -> Notice:
        """A person decides that a notice that failed, or is in doubt, is to go out (again).

        Raises:
            NotFound: no such notice.
            NotCompetent: it is another office's.
            Conflict: it is neither failed nor in doubt.
        """
        return self._decide(number, "notice.resend", lambda n: life.queued_again(n, at=self.clock.now()), actor=actor)

    def settle(self, number: int, *, found: str, actor: Actor) -> Notice:
        """A person has found that a notice in doubt arrived; `found` says how, e.g. 电话核实.

        Raises:
            NotFound: no such notice.
            NotCompetent: it is another office's.
            Refused: nobody says how it was found.
            Conflict: it is not in doubt.
        """
        if not found.strip():
            raise Refused(f"{number}：请写明如何得知已送达 / say how it was found that it arrived")
        act = "notice.settle"
        return self._decide(number, act, lambda n: life.settled(n, at=self.clock.now()), actor=actor, found=found)

    def letters(self) -> tuple[Notice, ...]:
        """Those that wait to be printed."""
        with self.register.transaction(read_only=True) as tx:
            queued = tx.notices.all(state=NoticeState.QUEUED)
            return tuple(n for n in queued if n.is_letter or self.mailer is None)

    def print_letter(self, number: int, put: Callable[[Notice, RenderedNotice], None], *, actor: Actor) -> Notice:
        """Put a letter on paper, then record that it is. One that was printed before is only printed again.

        Raises:
            NotFound: no such notice.
            NotCompetent: it is another office's.
            Conflict: it was sent, or is yet to be sent by e-mail.
        """
        with self.register.transaction(read_only=True) as tx:
            found = tx.notices.get(number)
        _require_own(found, actor)
        if found.state is not NoticeState.PRINTED:
            self._printed(found)  # refused before any paper is used
        put(found, self.templates.render(found))
        if found.state is NoticeState.PRINTED:
            return found
        return self._decide(number, "notice.print", self._printed, actor=actor)

    def _printed(self, n: Notice) -> Notice:
        return life.printed(n, at=self.clock.now(), by_mail=self.mailer is not None)

    def _decide(
        self, number: int, act: str, change: Callable[[Notice], Notice], *, actor: Actor, **detail: str
    ) -> Notice:
        with self.register.transaction() as tx:
            was = tx.notices.get(number)
            _require_own(was, actor)
            changed = change(was)
            tx.notices.save(changed, was=was)
            self._record(tx, act, changed, actor, **detail)
        return changed

    def _declare_doubtful(self, actor: Actor) -> Iterator[Notice]:
        now = self.clock.now()
        problem = "发送进程中断 / the sending process died"
        doubtful = list[Notice]()
        with self.register.transaction() as tx:
            for was in tx.notices.left_behind(now - life.SENDING_AT_MOST):
                changed = life.doubted(was, problem=problem)
                tx.notices.save(changed, was=was)
                self._record(tx, "notice.in-doubt", changed, actor)
                doubtful.append(changed)
        yield from doubtful

    def _claim(self, waiting: Notice) -> Notice | None:
        """Make it ours, durably; None where another sender was faster."""
        attempt = life.claimed(waiting, at=self.clock.now())
        try:
            with self.register.transaction() as tx:
                tx.notices.save(attempt, was=waiting)
        except Conflict:
            return None
        return attempt

    def _attempt(self, session: MailSession, attempt: Notice, actor: Actor) -> Notice:
        try:
            handed = session.send(attempt)
        except IdpSyncError as error:  # the session says so only where surely nothing was taken
            self._conclude(attempt, Handed(result=MailResult.NOT_NOW, problem=str(error)), actor)
            raise
        except BaseException as error:
            problem = f"发送中断 / interrupted: {type(error).__name__}"
            self._conclude(attempt, Handed(result=MailResult.UNKNOWN, problem=problem), actor)
            raise
        return self._conclude(attempt, handed, actor)

    def _conclude(self, attempt: Notice, handed: Handed, actor: Actor) -> Notice:
        """Record what came of an attempt, unless somebody has decided meanwhile."""
        with self.register.transaction() as tx:
            was = tx.notices.get(attempt.number)
            if was.attempted_at != attempt.attempted_at:
                return was  # given up for dead, and sent again by a person's decision
            if was.state is NoticeState.IN_DOUBT and handed.result is MailResult.TAKEN:
                changed = life.sent(was, at=self.clock.now())  # given up for dead too early
            elif was.state is not NoticeState.SENDING:
                return was
            else:
                changed = self._outcome(was, handed)
            tx.notices.save(changed, was=was)
            if changed.state is not NoticeState.QUEUED:
                self._record(tx, f"notice.{changed.state.value}", changed, actor)
        return changed

    def _outcome(self, attempt: Notice, handed: Handed) -> Notice:
        at = self.clock.now()
        match handed.result:
            case MailResult.TAKEN:
                return life.sent(attempt, at=at)
            case MailResult.NOT_NOW:
                return life.later(attempt, at=at, problem=handed.problem)
            case MailResult.NEVER:
                return life.refused(attempt, at=at, problem=handed.problem)
            case MailResult.UNKNOWN:
                return life.doubted(attempt, problem=handed.problem)

    def _record(self, tx: Transaction, act: str, n: Notice, actor: Actor, **detail: str) -> None:
        """告知 is an act: it stands with what it was about."""
        record(
            tx,
            actor,
            act,
            n.application or n.login or f"notice-{n.number}",
            at=self.clock.now(),
            article=n.kind.article,
            notice=str(n.number),
            kind=n.kind.value,
            to=n.recipient.name,
            problem=n.problem,
            **detail,
        )


def _require(actor: Actor) -> None:
    actor.office.require(Competence.CONFIGURE, act="发送通知", source="第十条")


def is_own(n: Notice, actor: Actor) -> bool:
    """告知 is for the office whose notice it is; 信息中心 supports all of them (Article 10)."""
    return actor.office.code == n.office or actor.office.may(Competence.CONFIGURE)


def _require_own(n: Notice, actor: Actor) -> None:
    if not is_own(n, actor):
        raise NotCompetent(
            f"{n.number}：由{n.office}发出，{actor.office.name}无权处理〔第五条〕 / notice is another office's"
        )
