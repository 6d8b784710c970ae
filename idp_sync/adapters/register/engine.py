"""Connections to SQLite or PostgreSQL: the one place that knows what is particular about either."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

from idp_sync.domain.errors import NotSetUp

#: execution option of a transaction that only reads
_READ_ONLY: Final = "idp_sync_read_only"
#: names the lock that whoever writes holds on PostgreSQL
_WRITER_LOCK: Final = 0x1D9_5C

_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",  # readers and the one writer do not wait for each other
    "PRAGMA synchronous = FULL",  # what is committed survives a power failure
    "PRAGMA foreign_keys = ON",
)


class Database:
    """Where the register is."""

    def __init__(self, url: str, *, lock_wait: float) -> None:
        """Take a URL of SQLAlchemy, and the seconds to wait for a lock.

        Raises:
            ArgumentError, ImportError: the URL is wrong, or its driver is not installed.
            NotSetUp: it is neither a file nor a server.
        """
        self.url = make_url(url)
        self._is_sqlite = self.url.get_backend_name() == "sqlite"
        #: the file of SQLite; None with a server
        self.file = self._file() if self._is_sqlite else None
        self.engine = self._sqlite_engine(lock_wait) if self._is_sqlite else self._server_engine(lock_wait)

    @property
    def where(self) -> str:
        """The place, as messages show it: without a password."""
        return str(self.file) if self.file is not None else self.url.render_as_string(hide_password=True)

    def _file(self) -> Path:
        if not self.url.database or self.url.database == ":memory:":
            raise NotSetUp(
                "[register] url: 登记库须为文件或服务器 / must name a file or a server: sqlite:////path/to/file"
            )
        return Path(self.url.database).absolute()

    def _sqlite_engine(self, lock_wait: float) -> Engine:
        # mode=rw: connecting never makes a file, so that a mistyped path is no new, empty register
        url = URL.create("sqlite", database=self._file().as_uri(), query={"mode": "rw", "uri": "true"})
        engine = create_engine(url, hide_parameters=True, connect_args={"timeout": lock_wait})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    def _server_engine(self, lock_wait: float) -> Engine:
        engine = create_engine(self.url, hide_parameters=True, pool_pre_ping=True)
        event.listen(engine, "begin", partial(_begin_server, lock_wait=lock_wait))
        return engine

    @contextmanager
    def begin(self, *, read_only: bool = False) -> Iterator[Connection]:
        """A connection with a transaction begun, which is rolled back at the end unless it was committed."""
        with self.engine.connect() as connection:
            connection.execution_options(**{_READ_ONLY: read_only})
            if read_only and not self._is_sqlite:  # one snapshot for all pages
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            connection.begin()
            yield connection


def _reads_only(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get(_READ_ONLY, False))


def _begin_server(connection: Connection, *, lock_wait: float) -> None:
    """Let one transaction write at a time, as on SQLite: the services look first and write then."""
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(lock_wait * 1000)}")
    if not _reads_only(connection):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DB-API connection
    connection.isolation_level = None  # the driver begins no transactions by itself: _begin_sqlite does
    for pragma in _PRAGMAS:
        connection.execute(pragma).close()


def _begin_sqlite(connection: Connection) -> None:
    """Begin by hand: the driver's own way begins late, and so loses updates or deadlocks.

    IMMEDIATE takes the write lock at once, and waits for it; a transaction that only reads waits for nobody.
    """
    read_only = _reads_only(connection)
    connection.exec_driver_sql(f"PRAGMA query_only = {int(read_only)}")
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
