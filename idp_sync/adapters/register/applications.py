"""The applications in the register."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby, islice

from sqlalchemy import RowMapping, insert, select, update

from idp_sync.adapters.register import mapping
from idp_sync.adapters.register.errors import mapped
from idp_sync.adapters.register.schema import application, application_account, application_person, decision
from idp_sync.adapters.register.sealing import Seal
from idp_sync.adapters.register.statements import Statements
from idp_sync.domain.application import State
from idp_sync.domain.errors import Conflict, NotFound
from idp_sync.domain.finding import Outcome, labels_of
from idp_sync.ports import ApplicationRecord, ApplicationSummary, Decision


class SqlApplications:
    """Fulfils idp_sync.ports.Applications."""

    def __init__(self, statements: Statements, seal: Seal) -> None:
        """Take a transaction's statements."""
        self._sql = statements
        self._seal = seal

    def add(self, record: ApplicationRecord) -> None:
        """Take one in. Raises Conflict where its number is taken already, NotFound where an account is unknown."""
        handed_in = record.application
        document, sealed = mapping.split_document(handed_in)
        values = {
            "number": handed_in.id,
            "form": handed_in.form,
            "state": record.state,
            "outcome": record.outcome,
            "user_class": handed_in.unit.user_class,
            "unit_name": mapping.listed_name(handed_in.unit.name),
            "received_on": mapping.listed_name(handed_in.received_on),
            "source": mapping.listed_name(record.source),
            "imported_at": record.imported_at,
            "imported_by": record.imported_by,
            "document": document,
            "sealed": self._seal.close(json.dumps(sealed), place=_place(handed_in.id)),
            "findings": mapping.finding_values(record.findings),
            "codes": list(labels_of(record.findings)),
        }
        self._sql.add(
            application,
            values,
            taken=f"{handed_in.id}: 申请编号已存在 / an application of that number is in the register already",
        )
        people = enumerate(mapping.listed_name(row.name) for row in handed_in.rows)
        self._sql.run(
            insert(application_person),
            [{"application": handed_in.id, "position": position, "name": name} for position, name in people],
        )
        for decided in record.decisions:
            self._record(decided)
        self._name_accounts(handed_in.id, record.accounts)

    def get(self, id_: str) -> ApplicationRecord:
        """One, whole. Raises NotFound."""
        row = self._sql.row(select(application).where(application.c.number == id_))
        if row is None:
            raise _not_found(id_)
        with mapped(self._sql.where):
            sealed: mapping.Sealed = json.loads(self._seal.open(row["sealed"], place=_place(id_)))
        decisions = self._sql.rows(select(decision).where(decision.c.application == id_).order_by(decision.c.seq))
        accounts = self._sql.rows(
            select(application_account.c.login)
            .where(application_account.c.application == id_)
            .order_by(application_account.c.login)
        )
        return ApplicationRecord(
            application=mapping.application_of(row["document"], sealed),
            state=State(row["state"]),
            outcome=Outcome(row["outcome"]),
            findings=mapping.findings_of(row["findings"]),
            imported_at=row["imported_at"],
            imported_by=row["imported_by"],
            source=row["source"],
            decisions=tuple(mapping.decision_of(row) for row in decisions),
            accounts=tuple(account["login"] for account in accounts),
        )

    def exists(self, id_: str) -> bool:
        """Whether that number is taken."""
        return self._sql.value(select(application.c.seq).where(application.c.number == id_)) is not None

    def summaries(self, *, state: State | None = None, limit: int | None = None) -> Iterator[ApplicationSummary]:
        """All, or those in one state, in the order in which they came in; with a limit the first of them."""
        yield from islice(self._summaries(state), limit)

    def _summaries(self, state: State | None) -> Iterator[ApplicationSummary]:
        columns = (column for column in application.c if column.key not in {"document", "sealed", "findings"})
        statement = select(*columns)
        if state is not None:
            statement = statement.where(application.c.state == state)
        for page in self._sql.pages(statement, application.c.seq):
            people = self._people_of(page)
            for row in page:
                yield mapping.summary_of(row, people.get(row["number"], ()))

    def _people_of(self, page: Sequence[RowMapping]) -> dict[str, list[str]]:
        """The names on all applications of a page, by its number: one statement, not one for each."""
        rows = self._sql.rows(
            select(application_person)
            .where(application_person.c.application.in_([row["number"] for row in page]))
            .order_by(application_person.c.application, application_person.c.position)
        )
        groups = groupby(rows, key=lambda row: str(row["application"]))
        return {number: [row["name"] for row in group] for number, group in groups}

    def decide(self, decision: Decision, *, state: State, expected: State, accounts: Sequence[str] = ()) -> None:
        """Record a decision and the state that follows.

        Raises Conflict where the state is not `expected` any more, NotFound where the application or one of the
        accounts is unknown.
        """
        self.move(decision.application, state=state, expected=expected)
        self._record(decision)
        self._name_accounts(decision.application, accounts)

    def move(self, id_: str, *, state: State, expected: State) -> None:
        """Set the state. Raises Conflict where it is not `expected` any more, NotFound."""
        moved = self._sql.run(
            update(application).where(application.c.number == id_, application.c.state == expected).values(state=state)
        )
        if not moved:
            found = self._sql.value(select(application.c.state).where(application.c.number == id_))
            if found is None:
                raise _not_found(id_)
            raise Conflict(
                f"{id_}: 状态已变为“{State(found).zh}”，请重新查看 / is {found} by now, not {expected}: look again"
            )

    def _record(self, decided: Decision) -> None:
        values = {name: getattr(decided, name) for name in Decision.__dataclass_fields__}
        self._sql.run(insert(decision).values(values))

    def _name_accounts(self, id_: str, logins: Sequence[str]) -> None:
        for login in logins:
            statement = self._sql.insert(application_account).values(application=id_, login=login)
            try:
                self._sql.write(statement.on_conflict_do_nothing(), taken=login)
            except Conflict:  # what remains is the foreign key
                raise NotFound(f"{login}: 查无此用户 / no account of that name in the register") from None


def _place(id_: str) -> str:
    return f"application/{id_}/document"


def _not_found(id_: str) -> NotFound:
    return NotFound(f"{id_}: 查无此申请 / no application of that number in the register")
