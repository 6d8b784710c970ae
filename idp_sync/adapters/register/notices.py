"""Notices: queued in the transaction of the decision that they tell of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, Select, insert, select, update

from idp_sync.adapters.register.schema import notice as table
from idp_sync.adapters.register.statements import Statements
from idp_sync.domain.errors import Conflict, NotFound
from idp_sync.domain.notice import Notice, NoticeKind, NoticeState, Recipient

#: what changes in the course of a notice's life; everything else is written once
_CHANGING: Final = ("state", "attempts", "attempted_at", "next_attempt_at", "done_at", "problem")
_PLAIN: Final = ("kind", "office", "application", "login", "created_at", *_CHANGING)


class SqlNotices:
    """Fulfils idp_sync.ports.Notices."""

    def __init__(self, statements: Statements) -> None:
        """Take a transaction's statements."""
        self._sql = statements

    def queue(self, notice: Notice) -> Notice:
        """Record a new one; it comes back with its number."""
        values = {
            **{name: getattr(notice, name) for name in _PLAIN},
            "recipient_name": notice.recipient.name,
            "email": notice.recipient.email,
            "fields": dict(notice.fields),
        }
        return replace(notice, number=int(self._sql.value(insert(table).values(values).returning(table.c.number))))

    def get(self, number: int) -> Notice:
        """One. Raises NotFound."""
        row = self._sql.row(select(table).where(table.c.number == number))
        if row is None:
            raise _not_found(number)
        return _notice_of(row)

    def all(
        self, *, state: NoticeState | None = None, application: str | None = None, limit: int | None = None
    ) -> Iterator[Notice]:
        """All, or those in one state or on one application, by number; streamed. With a limit the newest of them."""
        statement: Select[*tuple[Any, ...]] = select(*table.c)
        if state is not None:
            statement = statement.where(table.c.state == state)
        if application is not None:
            statement = statement.where(table.c.application == application)
        if limit is not None:
            newest_first = statement.with_only_columns(table.c.number).order_by(table.c.number.desc()).limit(limit)
            statement = select(*table.c).where(table.c.number.in_(newest_first.scalar_subquery()))
        for page in self._sql.pages(statement, table.c.number):
            yield from map(_notice_of, page)

    def due(self, now: datetime, *, limit: int) -> tuple[Notice, ...]:
        """Those with an address that are to be sent now, the longest waiting first."""
        waiting = (table.c.state == NoticeState.QUEUED, table.c.next_attempt_at <= now, table.c.email != "")
        statement = select(table).where(*waiting).order_by(table.c.next_attempt_at, table.c.number).limit(limit)
        return tuple(map(_notice_of, self._sql.rows(statement)))

    def left_behind(self, before: datetime) -> tuple[Notice, ...]:
        """Those that have been `sending` since before that moment."""
        stuck = (table.c.state == NoticeState.SENDING, table.c.attempted_at < before)
        return tuple(map(_notice_of, self._sql.rows(select(table).where(*stuck).order_by(table.c.number))))

    def save(self, notice: Notice, *, was: Notice) -> None:
        """Write its state. Raises Conflict where somebody else has changed it since it was read as `was`, NotFound.

        State, attempts and their moment together tell one attempt from every other: who has been given up for dead
        can't write over what was decided meanwhile.
        """
        unchanged = (
            table.c.number == was.number,
            table.c.state == was.state,
            table.c.attempts == was.attempts,
            table.c.attempted_at.is_not_distinct_from(was.attempted_at),
        )
        values = {name: getattr(notice, name) for name in _CHANGING}
        if not self._sql.run(update(table).where(*unchanged).values(values)):
            found = self.get(was.number)
            raise Conflict(
                f"{was.number}：状态已变为“{found.state.zh}” / notice is {found.state.value} by now, not"
                f" {was.state.value}: look again"
            )


def _notice_of(row: RowMapping) -> Notice:
    values = {name: row[name] for name in _PLAIN}
    return Notice(
        **{**values, "kind": NoticeKind(row["kind"]), "state": NoticeState(row["state"])},
        recipient=Recipient(name=row["recipient_name"], email=row["email"]),
        fields=row["fields"],
        number=row["number"],
    )


def _not_found(number: int) -> NotFound:
    return NotFound(f"{number}: 查无此通知 / no notice of that number in the register")
