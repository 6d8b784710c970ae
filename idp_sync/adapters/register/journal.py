"""The journal of all acts, and the single facts about the installation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Select, insert, select

from idp_sync.adapters.register import mapping
from idp_sync.adapters.register.schema import fact, journal
from idp_sync.adapters.register.statements import Statements
from idp_sync.domain.journal import Entry

#: names that the register keeps for itself
OWN_FACTS: Final = "register."


class SqlJournal:
    """Fulfils idp_sync.ports.Journal."""

    def __init__(self, statements: Statements) -> None:
        """Take a transaction's statements."""
        self._sql = statements

    def write(self, entry: Entry) -> None:
        """Append one."""
        self._sql.run(insert(journal).values(mapping.entry_values(entry)))

    def entries(self, *, subject: str | None = None, limit: int | None = None) -> Iterator[Entry]:
        """All, or those on one subject, oldest first; with a limit the newest of them."""
        statement: Select[*tuple[Any, ...]] = select(*journal.c)
        if subject is not None:
            statement = statement.where(journal.c.subject == subject)
        if limit is not None:
            if limit < 1:
                return
            newest_first = statement.with_only_columns(journal.c.seq).order_by(journal.c.seq.desc())
            first = self._sql.value(newest_first.offset(limit - 1).limit(1))
            if first is not None:  # None: there are fewer than that
                statement = statement.where(journal.c.seq >= first)
        for page in self._sql.pages(statement, journal.c.seq):
            yield from mapping.entries_of(page)


class SqlFacts:
    """Fulfils idp_sync.ports.Facts."""

    def __init__(self, statements: Statements) -> None:
        """Take a transaction's statements."""
        self._sql = statements

    def get(self, name: str) -> str | None:
        """One, or None."""
        found = self._sql.value(select(fact.c.value).where(fact.c.name == name))
        return None if found is None else str(found)

    def set(self, name: str, value: str) -> None:
        """Write one. Raises ValueError for a name that the register keeps for itself."""
        if name.startswith(OWN_FACTS):
            raise ValueError(f"facts named {OWN_FACTS}… are the register's own")
        insertion = self._sql.insert(fact).values(name=name, value=value)
        self._sql.run(insertion.on_conflict_do_update(index_elements=["name"], set_={"value": value}))
