"""Sweep: the half-yearly cleaning suspends who did not log in, by evidence, plan first (Article 6 (4))."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from idp_sync.domain.account import AccountState
from idp_sync.domain.errors import Refused, Unavailable
from idp_sync.domain.evidence import LoginSeen, Span
from idp_sync.domain.idleness import Idle, Limits, SweepPlan, plan_sweep, realm_source
from idp_sync.domain.journal import Actor
from idp_sync.domain.office import Competence
from idp_sync.domain.task import Task, TaskKind
from idp_sync.domain.unit import UserClass
from idp_sync.ports import Clock, Realms, Register
from idp_sync.services.acting import record
from idp_sync.services.notify import Notify
from idp_sync.services.synchronise import Synced, Synchronise

#: events are read again from that long before the last reading: one that was being written then is not missed
OVERLAP = timedelta(minutes=10)

#: events that are recorded in one transaction
BATCH = 1000

#: name of the fact that says since when a source records without interruption; "" where it has ceased to
RECORDING_SINCE = "evidence.recording-since:{source}"

#: name of the fact that says when the last sweep was applied
LAST_SWEEP = "sweep.last"


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What reading one source brought."""

    source: str
    logins: int
    #: None where the source does not record
    span: Span | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspended:
    """What a sweep did."""

    idle: tuple[Idle, ...]
    synced: Synced


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """Collects the evidence, plans, and suspends."""

    register: Register
    realms: Realms
    synchronise: Synchronise
    notify: Notify
    clock: Clock
    limits: Limits

    def begin_recording(self, *, actor: Actor) -> None:
        """Remember that the realms record logins from now on: what came before is not covered."""
        now = self.clock.now()
        with self.register.transaction() as tx:
            for user_class in UserClass:
                name = RECORDING_SINCE.format(source=realm_source(user_class))
                if not tx.facts.get(name):
                    tx.facts.set(name, now.isoformat())
                    record(tx, actor, "evidence.begin", realm_source(user_class), at=now, article="第六条（四）")

    def notice_gaps(self, *, actor: Actor) -> None:
        """Look whether realms that recorded have ceased to: setting them up anew must not hide that.

        Raises nothing where a realm can't be asked: whatever is wrong there, setting up puts right or says.
        """
        with suppress(Unavailable):
            for user_class in UserClass:
                with self.register.transaction(read_only=True) as tx:
                    since = tx.facts.get(RECORDING_SINCE.format(source=realm_source(user_class)))
                if since and not self.realms.recording(user_class).enabled:
                    self._end_recording(user_class, actor=actor)

    def _end_recording(self, user_class: UserClass, *, actor: Actor | None = None) -> None:
        """Evidence is not covered any more, until `begin_recording`; what was covered before stays."""
        source = realm_source(user_class)
        with self.register.transaction() as tx:
            tx.facts.set(RECORDING_SINCE.format(source=source), "")
            if actor is not None:
                record(tx, actor, "evidence.end", source, at=self.clock.now(), article="第六条（四）")

    def collect(self) -> Iterator[Collected]:
        """Read the logins of every realm since the last reading, and record the span that is covered by now."""
        for user_class in UserClass:
            yield self._collect_realm(user_class)

    def plan(self) -> SweepPlan:
        """Who is idle, by the evidence at hand: nothing is changed by looking."""
        now = self.clock.now()
        with self.register.transaction(read_only=True) as tx:
            last = tx.facts.get(LAST_SWEEP)
            return plan_sweep(
                tx.accounts.all(),
                logins=tx.evidence.last_logins(),
                spans=tx.evidence.spans(),
                now=now,
                last_sweep=datetime.fromisoformat(last) if last else None,
                limits=self.limits,
            )

    def apply(self, plan: SweepPlan, *, actor: Actor, in_spite_of: str = "") -> Suspended:
        """Suspend the accounts of a plan: 暂时取消登录资格, nothing is deleted and no certificate revoked.

        `in_spite_of` is the recorded reason of a person who goes on in spite of the plan's obstacles.

        Raises:
            NotCompetent: only 信息中心 sweeps (R-32).
            Refused: the plan has obstacles, and nobody has decided to go on.
        """
        actor.office.require(Competence.SWEEP, act="进行用户清理", source="第六条（四）")
        if plan.obstacles and not in_spite_of.strip():
            raise Refused(f"清理未执行 / not applied: {'；'.join(plan.obstacles)}")
        tuple(self.collect())  # whoever has logged in since the plan was made is not suspended
        now = self.clock.now()
        suspended: list[Idle] = []
        with self.register.transaction() as tx:
            logins = tx.evidence.last_logins([idle.account.login for idle in plan.idle])
            for idle in plan.idle:
                account = tx.accounts.get(idle.account.login)
                if account != idle.account or _logged_in_since(idle, logins.get(account.login, ())):
                    continue  # changed, or logged in, since the plan was made: the next sweep looks again
                tx.accounts.save(replace(account, state=AccountState.SUSPENDED, suspended_at=now))
                for kind in (TaskKind.DISABLE, TaskKind.END_SESSIONS):
                    tx.tasks.add(Task(kind=kind, user_class=account.user_class, login=account.login))
                record(
                    tx,
                    actor,
                    "account.suspend",
                    account.login,
                    at=now,
                    article="第六条（四）",
                    since=idle.since.isoformat(),
                    basis=idle.basis,
                    in_spite_of=in_spite_of,
                )
                suspended.append(idle)
            self.notify.suspended(tx, [idle.account for idle in suspended], by=actor.office, at=now)
            tx.facts.set(LAST_SWEEP, now.isoformat())
            record(
                tx, actor, "sweep.apply", plan.on.isoformat(), at=now, article="第六条（四）", count=str(len(suspended))
            )
        synced = self.synchronise.push([idle.account.login for idle in suspended], actor=actor)
        return Suspended(idle=tuple(suspended), synced=synced)

    def _collect_realm(self, user_class: UserClass) -> Collected:
        source = realm_source(user_class)
        now = self.clock.now()
        recording = self.realms.recording(user_class)
        with self.register.transaction(read_only=True) as tx:
            since = tx.facts.get(RECORDING_SINCE.format(source=source))
            spans = [span for span in tx.evidence.spans() if span.source == source]
        if not recording.enabled and since:
            self._end_recording(user_class)
        if not recording.enabled or not since:
            return Collected(source=source, logins=0, span=None)
        start = datetime.fromisoformat(since)
        if recording.kept_for is not None:
            start = max(start, now - timedelta(seconds=recording.kept_for))
        read_from = max([start, *(span.end - OVERLAP for span in spans)])
        read = 0
        for batch in _batched(self.realms.login_events(user_class, since=read_from), BATCH):
            # nobody who writes waits for Keycloak: a transaction begins when its events are there
            with self.register.transaction() as tx:
                read += tx.evidence.record(batch)
        span = Span(source=source, start=read_from, end=max(now, read_from))
        with self.register.transaction() as tx:
            tx.evidence.cover(span)  # last: a reading that was cut short has covered nothing
        return Collected(source=source, logins=read, span=span)


def _logged_in_since(idle: Idle, logins: Sequence[LoginSeen]) -> bool:
    return set(logins) != set(idle.logins)


def _batched(items: Iterator[LoginSeen], size: int) -> Iterator[list[LoginSeen]]:
    """The items in lists of at most that many, read as they come."""
    while batch := list(islice(items, size)):
        yield batch
