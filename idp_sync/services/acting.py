"""What every act has in common: it is written into the journal, in the transaction of the act itself."""

from __future__ import annotations

from datetime import datetime

from idp_sync.domain.journal import Actor, Entry
from idp_sync.ports import ApplicationRecord, Transaction


def record(tx: Transaction, actor: Actor, act: str, subject: str, *, at: datetime, article: str, **detail: str) -> None:
    """Write one act of an actor into the journal."""
    tx.journal.write(
        Entry(
            at=at,
            actor=actor.name,
            office=actor.office.code,
            act=act,
            subject=subject,
            article=article,
            detail=detail,
        )
    )


def approvers_of(found: ApplicationRecord) -> frozenset[str]:
    """Who has approved an application, in any of its versions."""
    return frozenset(decision.actor for decision in found.decisions if decision.verdict == "approve")
