"""Checklist: which documents an enterprise owes, and which originals were seen, by whom and when (Article 5 (2))."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from idp_sync.domain.application import Application, Document
from idp_sync.domain.calendar import beijing_date
from idp_sync.domain.checks import check
from idp_sync.domain.errors import NotCompetent, NotFound
from idp_sync.domain.finding import FOUND_WHILE_READING
from idp_sync.domain.journal import Actor
from idp_sync.domain.lifecycle import Step, state_after
from idp_sync.domain.rulebook import RequiredDocument, RuleBook
from idp_sync.ports import ApplicationRecord, Clock, Register
from idp_sync.services.acting import record
from idp_sync.services.intake import known_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of the checklist."""

    required: RequiredDocument
    #: what was handed in for it; None where nothing was
    document: Document | None


def checklist(application: Application, book: RuleBook) -> Iterator[Item]:
    """What the enterprise owes by its document type and organisation type, and what was handed in for it."""
    unit = application.unit
    if unit.document_type is None:
        return
    for required in book.documents[unit.document_type]:
        if required.only_for in {None, unit.organisation_type}:
            found = next((d for d in application.documents if required.is_met_by(d.type)), None)
            yield Item(required=required, document=found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """Records what the office has seen."""

    register: Register
    book: RuleBook
    clock: Clock

    def see(self, id_: str, type_: str, *, original: bool, stamped: bool, actor: Actor) -> ApplicationRecord:
        """Record that a document was handed in, whether its original was seen, and whether the copy bears the stamp.

        It is a new version of the application: an approval that was given without it counts no more.

        Raises:
            NotFound: Article 5 (2) asks for no such document.
            NotCompetent: the office does not receive such forms.
            Conflict: the application is decided already.
        """
        now = self.clock.now()
        with self.register.transaction() as tx:
            found = tx.applications.get(id_)
            application = found.application
            if application.form not in actor.office.receives:
                raise NotCompetent(
                    f"{actor.office.name}不受理{application.form.zh}〔第五条〕"
                    f" / {actor.office.english} does not receive such forms"
                )
            known = [item.required.type for item in checklist(application, self.book)]
            if not any(item.required.is_met_by(type_) for item in checklist(application, self.book)):
                raise NotFound(f"{type_}：不在应提交的材料内 / is not asked for; there are: {'、'.join(known)}")
            state = state_after(found.state, Step.AMEND, of=id_)
            seen = Document(
                type=type_,
                original_checked=original,
                copy_stamped=stamped,
                checked_by=actor.name,
                checked_on=beijing_date(now).isoformat(),
            )
            others = tuple(document for document in application.documents if document.type != type_)
            application = replace(application, documents=(*others, seen))
            verdict = check(
                application,
                book=self.book,
                today=beijing_date(now),
                known=known_of(tx, application),
                read=tuple(finding for finding in found.findings if finding.code in FOUND_WHILE_READING),
            )
            renewed = replace(
                found,
                application=application,
                state=state,
                outcome=verdict.outcome,
                findings=verdict.findings,
                version=found.version + 1,
            )
            tx.applications.amend(renewed, expected=found.state, version=found.version)
            record(
                tx,
                actor,
                "application.document",
                id_,
                at=now,
                article="第五条（二）",
                document=type_,
                original="seen" if original else "not seen",
                copy="stamped" if stamped else "not stamped",
            )
        return renewed
