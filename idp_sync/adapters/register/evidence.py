"""Logins seen, and the spans of time that each source covers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import delete, insert, select

from idp_sync.adapters.register.schema import coverage, login_seen
from idp_sync.adapters.register.statements import Statements, chunks
from idp_sync.domain.evidence import LoginSeen, Span


class SqlEvidence:
    """Fulfils idp_sync.ports.Evidence."""

    def __init__(self, statements: Statements) -> None:
        """Take a transaction's statements."""
        self._sql = statements

    def record(self, seen: Iterable[LoginSeen]) -> int:
        """Keep the last login of each account and source; the number of logins read."""
        insertion = self._sql.insert(login_seen)
        later = insertion.on_conflict_do_update(
            index_elements=["login", "source"],
            set_={"at": insertion.excluded.at},
            where=login_seen.c.at < insertion.excluded.at,
        )
        read = 0
        for chunk in chunks(seen):
            read += len(chunk)
            rows = [{"login": s.login, "source": s.source, "at": s.at} for s in chunk]
            self._sql.run(later, rows)
        return read

    def last_logins(self, logins: Sequence[str] | None = None) -> Mapping[str, tuple[LoginSeen, ...]]:
        """By login, the last login that each source saw; who was never seen is not in it."""
        found: defaultdict[str, tuple[LoginSeen, ...]] = defaultdict(tuple)
        statement = select(login_seen).order_by(login_seen.c.login, login_seen.c.source)
        asked = [statement] if logins is None else [statement.where(login_seen.c.login.in_(c)) for c in chunks(logins)]
        for part in asked:
            for row in self._sql.rows(part):
                found[row["login"]] += (LoginSeen(login=row["login"], source=row["source"], at=row["at"]),)
        return dict(found)

    def cover(self, span: Span) -> None:
        """Record that a source covers a span; touching spans are joined. Raises ValueError where it ends too early."""
        if span.end < span.start:
            raise ValueError("a span does not end before it starts")
        touching = (
            coverage.c.source == span.source,
            coverage.c.started_at <= span.end,
            coverage.c.ended_at >= span.start,
        )
        rows = self._sql.rows(select(coverage).where(*touching))
        self._sql.run(delete(coverage).where(*touching))
        joined = {
            "source": span.source,
            "started_at": min([span.start, *(row["started_at"] for row in rows)]),
            "ended_at": max([span.end, *(row["ended_at"] for row in rows)]),
        }
        self._sql.run(insert(coverage).values(joined))

    def spans(self) -> tuple[Span, ...]:
        """All spans, by source and time."""
        rows = self._sql.rows(select(coverage).order_by(coverage.c.source, coverage.c.started_at))
        return tuple(Span(source=row["source"], start=row["started_at"], end=row["ended_at"]) for row in rows)
