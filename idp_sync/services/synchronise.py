"""Synchronise: make the directory and the realms agree with the register; plan first, then apply."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from idp_sync.domain.application import Form
from idp_sync.domain.directory_entry import DirectoryEntry, desired_entry
from idp_sync.domain.duty import Duty, DutyKind
from idp_sync.domain.errors import IdpSyncError, Refused, Unavailable
from idp_sync.domain.journal import Actor
from idp_sync.domain.office import Competence
from idp_sync.domain.plan import Change, Create, ExpelMember, Modify, Plan, Remove, make_plan
from idp_sync.domain.task import Task, TaskKind
from idp_sync.domain.unit import UserClass
from idp_sync.ports import Clock, Directory, PickedUp, Realms, Register, Transaction
from idp_sync.services.acting import approvers_of, record
from idp_sync.services.carry_out import finish
from idp_sync.services.notify import Notify

Progress = Callable[[int, int], None]

#: changes that are looked at again, and journalled, together: what a killed sync has done and not noted is no more
_TOGETHER = 500

#: after so many failures in a row a realm is not asked any more
_ENOUGH = 3

#: how often changes that were overtaken are made again before the next sync has to do it
_ROUNDS = 3


def _no_progress(done: int, total: int) -> None:
    """Nobody is watching."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What a sync did."""

    plan: Plan
    picked_up: tuple[PickedUp, ...]
    tasks_done: tuple[Task, ...]
    #: tasks that could not be done now; they stay recorded, and the next sync tries them again
    tasks_left: tuple[Task, ...]
    #: why the directory does not have everything; "" where it has. The next sync tries again what is left
    problem: str = ""

    @property
    def complete(self) -> bool:
        """Whether directory and realms know everything by now."""
        return not self.problem and not self.tasks_left

    @property
    def changed(self) -> bool:
        """Whether anything was different anywhere."""
        return bool(self.plan.changes or self.picked_up or self.tasks_done)


@dataclass(frozen=True, slots=True, kw_only=True)
class Synchronise:
    """Carries the register's desired state into directory and realms."""

    register: Register
    directory: Directory
    realms: Realms
    notify: Notify
    clock: Clock

    def plan(self) -> Plan:
        """What differs, everywhere: nothing is changed by looking.

        This is the drift report as well: what others changed behind our back differs from the desired state, and
        what they added is an intruder in a group or a foreign entry.
        """
        observed = tuple(self.directory.entries())
        intruders = tuple(self.directory.intruders())
        # the register is read last: what was approved in between is created by this sync or the next, and nothing
        # that the directory already holds is taken for unknown
        with self.register.transaction(read_only=True) as tx:
            desired = tuple(_desired(map(desired_entry, tx.accounts.all())))
            known = tx.accounts.known_logins()
        return make_plan(desired, observed, was_ours=known.__contains__, intruders=intruders)

    def sync(self, *, actor: Actor, progress: Progress = _no_progress) -> Synced:
        """Plan and apply everything, then let the realms that are concerned take it over.

        Every change is durable by itself: an interruption stops at the edge of one, and the next sync does the rest.
        That a realm has to take something over is recorded before anything is written.

        Raises:
            NotCompetent: only 信息中心 configures (Article 3, R-05).
        """
        actor.office.require(Competence.CONFIGURE, act="配置系统用户权限", source="第三条")
        duties = self._duties(None)  # before the plan is made: what is asked for later is not done by this sync
        self._refuse_own_approvals(duties, actor)
        plan = self.plan()
        concerned = sorted({_user_class(change) for change in plan.changes})
        if concerned:
            with self.register.transaction() as tx:
                tx.tasks.add(*(Task(kind=TaskKind.PICK_UP, user_class=c, login="") for c in concerned))
        problem, missed = "", frozenset[str]()
        try:
            self._apply(plan.changes, actor=actor, progress=progress)
        except Unavailable:
            raise
        except IdpSyncError as error:  # some changes are refused: the realms take the others over all the same
            problem, missed = str(error), frozenset(change.login for change in plan.changes)
        else:
            self._settle(duties, actor)
        return self._do_tasks(None, plan=plan, problem=problem, missed=missed)

    def push(self, logins: Sequence[str], *, actor: Actor) -> Synced:
        """The same for a few accounts at once, right after the act that changed them, by whoever was competent for it.

        The realms read these users from the directory when they need them: nothing is picked up here. Nobody is created
        either: that is for 信息中心 alone (Article 3), and a new user's entry waits for its sync. What can't be reached
        now does not stop the rest; it is named in the result, and the next sync does it.
        """
        plan = Plan(changes=())
        problem, missed = "", frozenset[str]()
        duties = self._duties(logins)
        try:
            found = self._plan_of(logins)
            new = {change.login for change in found.changes if isinstance(change, Create)}
            plan = Plan(changes=tuple(change for change in found.changes if change.login not in new))
            duties = tuple(duty for duty in duties if duty.login not in new)
            self._apply(plan.changes, actor=actor, progress=_no_progress)
        except IdpSyncError as error:  # sessions end, whatever keeps the directory from following
            problem, missed = str(error), frozenset(logins)
        else:
            self._settle(duties, actor)
        return self._do_tasks(logins, plan=plan, problem=problem, missed=missed)

    def _plan_of(self, logins: Sequence[str]) -> Plan:
        observed = tuple(self.directory.entries(logins))
        with self.register.transaction(read_only=True) as tx:
            desired = tuple(_desired(map(desired_entry, tx.accounts.all(logins=logins))))
        return make_plan(desired, observed, was_ours=lambda _: True)

    def _duties(self, logins: Sequence[str] | None) -> tuple[Duty, ...]:
        """The duties that the directory's following settles: for these accounts, or all."""
        with self.register.transaction(read_only=True) as tx:
            duties = tx.duties.open(kind=DutyKind.CONFIGURE)
        return duties if logins is None else tuple(duty for duty in duties if duty.login in set(logins))

    def _settle(self, duties: Sequence[Duty], actor: Actor) -> None:
        """The directory has followed: the duties are done, and applications that nothing holds up are carried out."""
        if not duties:
            return
        now = self.clock.now()
        with self.register.transaction() as tx:
            tx.duties.settle(duties, at=now)
            self._tell_of_keys(tx, duties)
            finish(tx, {duty.application for duty in duties}, now=now, actor=actor, notify=self.notify)

    def _tell_of_keys(self, tx: Transaction, duties: Sequence[Duty]) -> None:
        """密钥发放及告知 (Article 5): the account is there, so that the key for it can be fetched."""
        waiting = {duty.login: duty.application for duty in tx.duties.open(kind=DutyKind.ISSUE_KEY)}
        ready: dict[str, list[str]] = {}
        for login in {duty.login for duty in duties} & waiting.keys():
            ready.setdefault(waiting[login], []).append(login)
        for application, logins in sorted(ready.items()):
            accounts = tx.accounts.all(logins=logins)
            self.notify.key_ready(tx, accounts, at=self.clock.now(), application=application)

    def _refuse_own_approvals(self, duties: Sequence[Duty], actor: Actor) -> None:
        """Four eyes: who reviews does not configure (GB/T 22239-2019 8.1.7.3).

        Deregistrations are 信息中心's alone: it receives them and deletes the user (Article 6 (1)).
        """
        with self.register.transaction(read_only=True) as tx:
            for number in sorted({duty.application for duty in duties} - {""}):
                found = tx.applications.get(number)
                if found.application.form is not Form.DEREGISTRATION and actor.name in approvers_of(found):
                    raise Refused(f"{actor.name}审核了{number}，应由他人配置 / who reviews does not configure")

    def _apply(self, changes: Sequence[Change], *, actor: Actor, progress: Progress) -> None:
        """Apply changes, and follow the register where it has moved on meanwhile.

        A plan is old as soon as it is made. Were an old one carried out to the end, a key that is revoked while a long
        sync runs would be bound again by that very sync.
        """
        self._write(changes, actor=actor, progress=progress)
        for _ in range(_ROUNDS):
            overtaken = self._overtaken(changes)
            if not overtaken:
                return
            changes = self._plan_of(sorted(overtaken)).changes
            self._write(changes, actor=actor, progress=_no_progress)

    def _write(self, changes: Sequence[Change], *, actor: Actor, progress: Progress) -> None:
        applied: list[Change] = []
        written = 0
        try:
            for change in self.directory.apply(self._still_wanted(changes)):
                applied.append(change)
                written += 1
                progress(written, len(changes))
                if len(applied) == _TOGETHER:
                    self._journal(applied, actor)
                    applied.clear()
        finally:
            if applied:
                self._journal(applied, actor)

    def _still_wanted(self, changes: Sequence[Change]) -> Iterator[Change]:
        """The changes, without those that the register has overtaken by the time at which their turn comes."""
        waiting = iter(changes)
        while batch := list(islice(waiting, _TOGETHER)):
            overtaken = self._overtaken(batch)
            yield from (change for change in batch if change.login not in overtaken)

    def _overtaken(self, changes: Sequence[Change]) -> frozenset[str]:
        """Whose account the register has changed since these changes were planned."""
        ours = [change for change in changes if not isinstance(change, ExpelMember)]
        with self.register.transaction(read_only=True) as tx:
            accounts = tx.accounts.all(logins=[change.login for change in ours])
            now = {entry.login: entry for entry in _desired(map(desired_entry, accounts))}
        return frozenset(change.login for change in ours if not _agrees(change, now.get(change.login)))

    def _journal(self, applied: Sequence[Change], actor: Actor) -> None:
        now = self.clock.now()
        with self.register.transaction() as tx:
            for change in applied:
                record(tx, actor, _verb(change), change.login, at=now, article="第三条", **_words(change))

    def _do_tasks(
        self, logins: Sequence[str] | None, *, plan: Plan, problem: str = "", missed: frozenset[str] = frozenset()
    ) -> Synced:
        """Tell the realms what they have still to be told; what fails now stays recorded, with the reason.

        A realm that fails again and again is left alone: waiting for its silence once for each task would take days.
        Sessions of those whom the directory has `missed` end now, and once more when it has followed: until then their
        old key opens a new one.
        """
        with self.register.transaction(read_only=True) as tx:
            tasks = tx.tasks.pending(logins)
        done: list[Task] = []
        left: list[Task] = []
        picked_up: list[PickedUp] = []
        silent: Counter[UserClass] = Counter()
        for task in tasks:
            if silent[task.user_class] >= _ENOUGH:
                left.append(task)
                continue
            try:
                picked_up += self._do(task)
            except IdpSyncError as error:
                why = str(error)
                silent[task.user_class] += 1
            else:
                silent[task.user_class] = 0
                why = problem if task.kind is TaskKind.END_SESSIONS and task.login in missed else ""
            with self.register.transaction() as tx:
                if why:
                    left.append(replace(task, problem=why))
                    tx.tasks.failed(task, why)
                else:
                    done.append(task)
                    tx.tasks.done(task)
        return Synced(
            plan=plan,
            picked_up=tuple(picked_up),
            tasks_done=tuple(task for task in done if task.kind is not TaskKind.PICK_UP),
            tasks_left=tuple(left),
            problem=problem,
        )

    def _do(self, task: Task) -> Iterator[PickedUp]:
        match task.kind:
            case TaskKind.PICK_UP:
                yield self.realms.pick_up(task.user_class)
            case TaskKind.ENABLE | TaskKind.DISABLE:
                self.realms.allow_login(task.user_class, task.login, allowed=task.kind is TaskKind.ENABLE)
            case TaskKind.END_SESSIONS:
                self.realms.end_sessions(task.user_class, task.login)
            case TaskKind.FORGET:
                self.realms.forget(task.user_class, task.login)


def _user_class(change: Change) -> UserClass:
    match change:
        case Create(entry=entry) | Remove(entry=entry):
            return entry.user_class
        case Modify(after=after):
            return after.user_class
        case ExpelMember(user_class=user_class):
            return user_class


def _agrees(change: Change, now: DirectoryEntry | None) -> bool:
    """Whether a change leads to what the register wants now."""
    match change:
        case Create(entry=wanted) | Modify(after=wanted):
            return now == wanted
        case Remove(entry=unwanted):
            return now is None or now.user_class is not unwanted.user_class
        case ExpelMember():
            return True


def _desired(entries: Iterable[DirectoryEntry | None]) -> Iterator[DirectoryEntry]:
    return (entry for entry in entries if entry is not None)


def _verb(change: Change) -> str:
    verbs = {
        Create: "directory.create",
        Modify: "directory.modify",
        Remove: "directory.remove",
        ExpelMember: "directory.expel",
    }
    return verbs[type(change)]


def _words(change: Change) -> dict[str, str]:
    """What the journal says of a change."""
    match change:
        case Create(entry=entry) | Remove(entry=entry):
            return {"permissions": " ".join(sorted(entry.permissions))}
        case Modify():
            words = {field: f"{before} → {after}" for field, before, after in change.differences()}
            words |= {"granted": " ".join(sorted(change.granted))} if change.granted else {}
            words |= {"withdrawn": " ".join(sorted(change.withdrawn))} if change.withdrawn else {}
            return words
        case ExpelMember(permission=permission):
            return {"permission": permission}
