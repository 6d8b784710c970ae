"""The register: transactions over the tables."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy import Connection

from idp_sync.adapters.register import setting_up
from idp_sync.adapters.register.accounts import SqlAccounts
from idp_sync.adapters.register.applications import SqlApplications
from idp_sync.adapters.register.attachments import SqlAttachments
from idp_sync.adapters.register.duties import SqlDuties
from idp_sync.adapters.register.engine import Database
from idp_sync.adapters.register.errors import mapped
from idp_sync.adapters.register.evidence import SqlEvidence
from idp_sync.adapters.register.journal import SqlFacts, SqlJournal
from idp_sync.adapters.register.keys import SqlKeys
from idp_sync.adapters.register.notices import SqlNotices
from idp_sync.adapters.register.reports import SqlReports
from idp_sync.adapters.register.sealing import Seal, read_seal
from idp_sync.adapters.register.statements import Statements
from idp_sync.adapters.register.tasks import SqlTasks
from idp_sync.adapters.register.units import SqlUnits
from idp_sync.config import RegisterSettings
from idp_sync.ports import Step, Transaction


class SqlTransaction:
    """Fulfils idp_sync.ports.Transaction."""

    def __init__(self, statements: Statements, seal: Seal) -> None:
        """Take the statements of a transaction that has begun."""
        self.applications = SqlApplications(statements, seal)
        self.accounts = SqlAccounts(statements, seal)
        self.keys = SqlKeys(statements)
        self.evidence = SqlEvidence(statements)
        self.journal = SqlJournal(statements)
        self.tasks = SqlTasks(statements)
        self.units = SqlUnits(statements)
        self.duties = SqlDuties(statements)
        self.attachments = SqlAttachments(statements)
        self.notices = SqlNotices(statements)
        self.reports = SqlReports(statements)
        self.facts = SqlFacts(statements)


class SqlRegister:
    """Fulfils idp_sync.ports.Register; may be shared by threads."""

    def __init__(self, settings: RegisterSettings, *, lock_wait: float = 10.0) -> None:
        """Connect to nothing yet.

        Args:
            settings: where the register and its key are.
            lock_wait: seconds to wait for another process's transaction.

        Raises:
            NotSetUp: the URL can't be understood, or its driver is not installed.
        """
        self._key_file = settings.key_file
        with mapped("[register] url"):
            self._database = Database(settings.url, lock_wait=lock_wait)
        self._seal: Seal | None = None
        self._within = threading.local()
        #: closes the connections that are kept open, at the latest when nobody uses the register any more
        self.close = weakref.finalize(self, self._database.engine.dispose)

    def set_up(self) -> Iterator[Step]:
        """Create it, or bring it to this release's schema. Everything is done before the first step is told."""
        with mapped(self._database.where):
            steps = setting_up.set_up(self._database, self._key_file)
        yield from steps

    @contextmanager
    def transaction(self, *, read_only: bool = False) -> Iterator[Transaction]:
        """Begin; commit at the end of the block, roll back on any exception, KeyboardInterrupt included.

        One that writes has the register for itself: others that write wait for its end, up to `lock_wait`. One that is
        `read_only` waits for nobody, keeps nobody waiting, and sees one state from its beginning to its end.

        Raises:
            RuntimeError: within another transaction of this thread, which would wait for itself.
        """
        if getattr(self._within, "transaction", False):
            raise RuntimeError("a transaction of the register within another one")
        self._within.transaction = True
        try:
            with ExitStack() as stack:
                with mapped(self._database.where):
                    connection, seal = self._begin(stack, read_only=read_only)
                yield SqlTransaction(Statements(connection, where=self._database.where), seal)
                with mapped(self._database.where):
                    connection.commit()
        finally:
            self._within.transaction = False

    def _begin(self, stack: ExitStack, *, read_only: bool) -> tuple[Connection, Seal]:
        """Begin, and make sure each time that no other release has changed the schema meanwhile."""
        file = self._database.file
        if file is not None and not file.exists():
            raise setting_up.not_there(self._database.where)
        connection = stack.enter_context(self._database.begin(read_only=read_only))
        if self._seal is not None:
            setting_up.check_revision(connection, self._database.where)
            return connection, self._seal
        setting_up.check_schema(connection, self._database.where)
        seal = read_seal(self._key_file)
        setting_up.check_key(connection, seal, self._key_file)
        self._seal = seal
        return connection, seal
