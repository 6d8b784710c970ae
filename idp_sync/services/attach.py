"""Attach: scans are kept with their application, exported with it, and go when their time is over (Article 9)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from idp_sync.domain.account import AccountState
from idp_sync.domain.application import State
from idp_sync.domain.attachment import (
    MOST_OF_ONE_APPLICATION,
    Attachment,
    AttachmentKind,
    MediaType,
    may_be_removed,
    recognise,
    refuse_active,
    safe_name,
)
from idp_sync.domain.calendar import beijing_date
from idp_sync.domain.errors import Conflict, InputError, NotCompetent, Refused, Unavailable
from idp_sync.domain.journal import Actor
from idp_sync.domain.name import LONGEST
from idp_sync.domain.office import ISSUES_KEYS, Competence
from idp_sync.ports import ApplicationRecord, AttachmentStore, Clock, PdfScrutiny, Register, Transaction
from idp_sync.services.acting import record

#: a content that nobody uses is left alone for that long: the transaction that will use it may not be over yet
LEFT_ALONE = timedelta(days=1)

#: states in which an application's papers may be let go, once its accounts are closed
_OVER = (State.ARCHIVED, State.REJECTED, State.WITHDRAWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An attachment whose content is not there as it must be."""

    attachment: Attachment
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check of all attachments found."""

    count: int
    problems: tuple[Problem, ...]
    #: hashes of contents that belong to no application, old enough to be removed
    orphans: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """The papers whose time is over."""

    #: today in Beijing
    on: date
    #: whole years that papers are kept
    years: int
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attach:
    """Takes attachments in, exports, checks and, in the end, removes them."""

    register: Register
    store: AttachmentStore
    pdf: PdfScrutiny
    clock: Clock
    #: the setting attachments_kept_years
    kept_years: int

    def attach(
        self,
        application: str,
        name: str,
        content: bytes,
        *,
        actor: Actor,
        kind: AttachmentKind = AttachmentKind.OTHER,
        document_type: str = "",
    ) -> Attachment:
        """Keep a scan with an application. Its content is durable before the register names it.

        Raises:
            InputError: it is no PDF, JPEG or PNG that may be kept (domain/attachment.py says why each is refused).
            NotFound: no such application.
            NotCompetent: the office neither receives such applications nor issues their keys (Article 9).
            Refused: the application is archived, or has too many attachments.
            Conflict: the same content is with it already.
        """
        media_type = self.inspect(content)
        document = document_type.strip()
        if (kind is AttachmentKind.DOCUMENT) != bool(document) or len(document) > LONGEST:
            raise InputError(
                f"{application}：证明材料须写明种类，其他附件不写 / a document needs its type, and nothing else has one"
            )
        with self.register.transaction(read_only=True) as tx:
            self._open_for(tx, application, actor)  # nothing is stored for who may not
        sha256 = self.store.put(content)
        now = self.clock.now()
        with self.register.transaction() as tx:
            self._open_for(tx, application, actor)
            if len(tx.attachments.of(application)) >= MOST_OF_ONE_APPLICATION:
                raise Refused(
                    f"{application}：附件已达{MOST_OF_ONE_APPLICATION}个，请合并扫描"
                    " / has too many attachments: scan several pages into one file"
                )
            added = tx.attachments.add(
                Attachment(
                    application=application,
                    sha256=sha256,
                    name=safe_name(name, media_type),
                    media_type=media_type,
                    size=len(content),
                    kind=kind,
                    document_type=document,
                    added_at=now,
                    added_by=actor.name,
                )
            )
            record(
                tx,
                actor,
                "attachment.add",
                application,
                at=now,
                article="第九条",
                name=added.name,
                sha256=sha256,
                kind=kind.value,
                document_type=document,
            )
        return added

    def of(self, application: str) -> tuple[Attachment, ...]:
        """The attachments of an application. Raises NotFound."""
        with self.register.transaction(read_only=True) as tx:
            tx.applications.get(application)
            return tx.attachments.of(application)

    def export(self, application: str, deliver: Callable[[str, bytes], None], *, actor: Actor) -> tuple[str, ...]:
        """Hand all contents out, each under a name of its own (01-name.pdf, …); those names.

        Reading scans of identity papers is an act that is recorded (居民身份证法 第十三条), before the first is handed
        out. All are read and verified before that: none is handed out where one is damaged.

        Raises:
            NotFound: no such application.
            NotCompetent: the office has nothing to do with such applications, and does not audit either.
            Unavailable: a content is missing or damaged.
        """
        with self.register.transaction(read_only=True) as tx:
            found = tx.applications.get(application)
            if not actor.office.may(Competence.AUDIT):
                _require(found, actor)
            attachments = tx.attachments.of(application)
        contents = {
            f"{place:02d}-{attachment.name}": self.store.get(attachment.sha256)
            for place, attachment in enumerate(attachments, start=1)
        }
        with self.register.transaction() as tx:
            record(
                tx,
                actor,
                "attachment.export",
                application,
                at=self.clock.now(),
                article="第九条",
                count=str(len(contents)),
            )
        for name, content in contents.items():
            deliver(name, content)
        return tuple(contents)

    def check(self, *, progress: Callable[[int, int], None] = lambda _done, _total: None) -> Checked:
        """Read every content that an application has, and look for contents that none has. Nothing is changed."""
        orphans = self._orphans()
        with self.register.transaction(read_only=True) as tx:
            attachments = list(tx.attachments.all())
        problems = list[Problem]()
        for done, attachment in enumerate(attachments, start=1):
            try:
                self.store.get(attachment.sha256)
            except Unavailable as error:
                problems.append(Problem(attachment=attachment, problem=str(error)))
            progress(done, len(attachments))
        return Checked(count=len(attachments), problems=tuple(problems), orphans=orphans)

    def remove_orphans(self, *, actor: Actor) -> tuple[str, ...]:
        """Delete the contents that belong to no application; their hashes.

        They come from an attach that was cut off, and from retention. Whatever was put a short while ago is left
        alone, for the transaction that will name it may not be over yet.

        Raises:
            NotCompetent: only 信息中心 maintains the store (Article 10).
        """
        _require_maintenance(actor)
        deleted = self._delete(self._orphans(), put_before=self.clock.now() - LEFT_ALONE)
        if deleted:
            with self.register.transaction() as tx:
                at = self.clock.now()
                record(tx, actor, "attachment.sweep", "attachments", at=at, article="第十条", count=str(len(deleted)))
        return deleted

    def plan_retention(self) -> Retention:
        """The papers whose time is over, by the setting. Nothing is changed by looking.

        Papers stay while their application is under way, while an account that it opened or changed is not closed, and
        for so many whole years after the last thing that happened with any of these.
        """
        on = beijing_date(self.clock.now())
        with self.register.transaction(read_only=True) as tx:
            over = tuple(a for a in tx.attachments.all() if self._is_over(tx, a, on))
        return Retention(on=on, years=self.kept_years, attachments=over)

    def apply_retention(self, plan: Retention, *, actor: Actor) -> tuple[Attachment, ...]:
        """Remove the papers of a plan; what was added or changed since it was made is looked at again, and stays.

        Raises:
            NotCompetent: only 信息中心 maintains the store (Article 10).
            Conflict: the setting was changed since the plan was made.
        """
        _require_maintenance(actor)
        if plan.years != self.kept_years:
            raise Conflict("保存年限已变更，请重新查看 / attachments_kept_years was changed: look again")
        now = self.clock.now()
        removed = list[Attachment]()
        with self.register.transaction() as tx:
            for attachment in plan.attachments:
                if attachment in tx.attachments.of(attachment.application) and self._is_over(tx, attachment, plan.on):
                    tx.attachments.remove(attachment)
                    record(
                        tx,
                        actor,
                        "attachment.remove",
                        attachment.application,
                        at=now,
                        article="个人信息保护法 第十九条",
                        name=attachment.name,
                        sha256=attachment.sha256,
                        kept_years=str(plan.years),
                    )
                    removed.append(attachment)
            still_used = tx.attachments.in_use()
        unused = {attachment.sha256 for attachment in removed} - still_used
        self._delete(tuple(sorted(unused)), put_before=now - LEFT_ALONE)
        return tuple(removed)

    def inspect(self, content: bytes) -> MediaType:
        """What a file is. Raises InputError where it may not be kept."""
        media_type = recognise(content)
        if media_type is MediaType.PDF:
            refuse_active(self.pdf.names(content))
        return media_type

    def _open_for(self, tx: Transaction, application: str, actor: Actor) -> None:
        found = tx.applications.get(application)
        _require(found, actor)
        if found.state is State.ARCHIVED:
            raise Refused(f"{application}：已归档，不能再加附件 / is archived: its file is closed")

    def _orphans(self) -> tuple[str, ...]:
        """Contents that nobody uses. They are listed first: what is put and used in between is seen in use."""
        before = self.clock.now() - LEFT_ALONE
        old = [stored.sha256 for stored in self.store.stored() if stored.put_at < before]
        with self.register.transaction(read_only=True) as tx:
            in_use = tx.attachments.in_use()
        return tuple(sha256 for sha256 in old if sha256 not in in_use)

    def _delete(self, hashes: tuple[str, ...], *, put_before: datetime) -> tuple[str, ...]:
        return tuple(sha256 for sha256 in hashes if self.store.delete(sha256, put_before=put_before))

    def _is_over(self, tx: Transaction, attachment: Attachment, on: date) -> bool:
        if not may_be_removed([attachment.added_at], years=self.kept_years, on=on):
            return False  # most are told by this alone
        found = tx.applications.get(attachment.application)
        if found.state not in _OVER:
            return False
        accounts = [tx.accounts.get(login) for login in found.accounts]
        if any(account.state is not AccountState.DEREGISTERED for account in accounts):
            return False
        return may_be_removed(_moments(tx, attachment, found), years=self.kept_years, on=on)


def _moments(tx: Transaction, attachment: Attachment, found: ApplicationRecord) -> Iterator[datetime]:
    """When anything happened with the paper, its application, or the accounts and certificates that came of it."""
    yield attachment.added_at
    yield from (decision.at for decision in found.decisions)
    for subject in (attachment.application, *found.accounts):
        # who looks at old papers, or removes one of them, does not make the others younger
        yield from (e.at for e in tx.journal.entries(subject=subject) if not e.act.startswith("attachment."))
    for login in found.accounts:
        yield from (c.revoked_at or c.not_after for c in tx.keys.certificates(login=login))


def _require(found: ApplicationRecord, actor: Actor) -> None:
    """申请材料 are kept by who takes them in and by who issues the keys (Articles 5 and 9)."""
    application = found.application
    receives = application.form in actor.office.receives
    if not receives and not actor.office.may(ISSUES_KEYS[application.unit.user_class]):
        raise NotCompetent(
            f"{actor.office.name}无权经办{application.id}的材料〔第九条〕 / {actor.office.english} has nothing to do"
            " with its papers"
        )


def _require_maintenance(actor: Actor) -> None:
    actor.office.require(Competence.CONFIGURE, act="清理附件", source="第十条")
