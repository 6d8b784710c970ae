"""Runs statements within one transaction; what goes wrong leaves here in domain words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import ColumnElement, Connection, CursorResult, Executable, RowMapping, Select, Table
from sqlalchemy.dialects import sqlite

from idp_sync.adapters.register.errors import mapped
from idp_sync.domain.errors import Conflict

_T = TypeVar("_T")
if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

    _Insert = postgresql.Insert | sqlite.Insert

#: rows that are held in memory at once
PAGE: Final = 500


class Statements:
    """A connection within a transaction."""

    def __init__(self, connection: Connection, *, where: str) -> None:
        """Take a connection whose transaction has begun; `where` is what messages begin with."""
        self._connection = connection
        self.where = where

    def run(self, statement: Executable, parameters: Sequence[Mapping[str, Any]] | None = None) -> int:
        """Run a statement, once or for each of the parameters; the number of rows that it concerned."""
        if parameters is not None and not parameters:
            return 0
        with mapped(self.where):
            return self._execute(statement, parameters).rowcount

    def add(self, table: Table, values: Mapping[str, Any], *, taken: str) -> None:
        """Insert a row; raises Conflict with that message where a unique value is taken, and the rest stands."""
        insertion = self.insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
        with mapped(self.where):
            added = self._execute(insertion, values).rowcount
        if not added:
            raise Conflict(taken)

    def write(self, statement: Executable, *, taken: str) -> int:
        """Run a statement that may break a constraint; raises Conflict with that message, and the rest stands.

        The savepoint is for PostgreSQL, where a transaction is lost after an error otherwise.
        """
        with mapped(self.where, taken=taken), self._connection.begin_nested():
            return self._execute(statement).rowcount

    def _execute(
        self, statement: Executable, parameters: Sequence[Mapping[str, Any]] | Mapping[str, Any] | None = None
    ) -> CursorResult[Any]:
        result: CursorResult[Any] = self._connection.execute(statement, parameters)
        return result

    def rows(self, statement: Executable) -> Sequence[RowMapping]:
        """All rows: for what is known to be few."""
        with mapped(self.where):
            return self._connection.execute(statement).mappings().all()

    def row(self, statement: Executable) -> RowMapping | None:
        """The first row, or None."""
        return next(iter(self.rows(statement)), None)

    def value(self, statement: Executable) -> Any:  # noqa: ANN401 - what a column holds
        """The first column of the first row, or None."""
        with mapped(self.where):
            return self._connection.execute(statement).scalar()

    def pages(
        self,
        statement: Select[*tuple[Any, ...]],
        by: ColumnElement[Any],
        *,
        size: int = PAGE,
        descending: bool = False,
    ) -> Iterator[Sequence[RowMapping]]:
        """All rows in the order of a unique column, a page of that size at a time.

        Each page begins behind the last one (no cursor stays open), so that the caller may write in between.
        """
        in_order = statement.order_by(by.desc() if descending else by).limit(size)
        page = self.rows(in_order)
        while page:
            yield page
            if len(page) < size:
                return
            last = page[-1][by.key or ""]
            page = self.rows(in_order.where(by < last if descending else by > last))

    def insert(self, table: Table) -> _Insert:
        """An insert that knows ON CONFLICT; SQLite and PostgreSQL write it alike."""
        if self._connection.dialect.name == "postgresql":
            from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - takes a while, and is needed on a server only

            return postgresql.insert(table)
        return sqlite.insert(table)


def chunks(items: Iterable[_T], size: int = PAGE) -> Iterator[list[_T]]:
    """The items in lists of at most that size."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
