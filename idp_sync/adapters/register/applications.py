"""The applications in the register."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby, islice
from typing import Any, Final

from sqlalchemy import RowMapping, delete, insert, literal, or_, select, update

from idp_sync.adapters.register import mapping
from idp_sync.adapters.register.errors import mapped
from idp_sync.adapters.register.schema import (
    application,
    application_account,
    application_person,
    application_text,
    decision,
)
from idp_sync.adapters.register.sealing import Seal
from idp_sync.adapters.register.statements import PAGE, Statements
from idp_sync.domain.application import Application, State
from idp_sync.domain.citizen_id import read_id_number
from idp_sync.domain.errors import Conflict, NotFound
from idp_sync.domain.finding import Outcome, labels_of
from idp_sync.ports import ApplicationRecord, ApplicationSummary, Decision

#: what a list shows: not the documents
_LISTED: Final = tuple(
    application.c[name]
    for name in ("seq", "number", "form", "state", "outcome", "user_class", "unit_name", "received_on", "codes")
)
#: decided or not, but not done with
_IN_FLIGHT: Final = (State.RECEIVED, State.UNDER_REVIEW, State.APPROVED)


class SqlApplications:
    """Fulfils idp_sync.ports.Applications."""

    def __init__(self, statements: Statements, seal: Seal) -> None:
        """Take a transaction's statements."""
        self._sql = statements
        self._seal = seal

    def add(self, record: ApplicationRecord) -> None:
        """Take one in. Raises Conflict where its number is taken already, NotFound where an account is unknown."""
        number = record.application.id
        self._sql.add(
            application,
            {**self._values(record), "number": number, "version": record.version},
            taken=f"{number}: 申请编号已存在 / an application of that number is in the register already",
        )
        self._list(record.application)
        for decided in record.decisions:
            self._record(decided)
        self._name_accounts(number, record.accounts)

    def amend(self, record: ApplicationRecord, *, expected: State, version: int) -> None:
        """Replace an application's content, outcome, findings and state by a mended one, as the next version.

        Where it came from, and when and through whom, is replaced as well. Decisions and accounts stay as they are
        recorded, whatever the record says of them; each decision with the version that it was made upon.

        Raises NotFound, and Conflict where state or version are not as expected any more.
        """
        number = record.application.id
        as_expected = (application.c.state == expected, application.c.version == version)
        amended = self._sql.run(
            update(application)
            .where(application.c.number == number, *as_expected)
            .values(**self._values(record), version=version + 1)
        )
        if not amended:
            raise self._changed(number, expected, version)
        seq = select(application.c.seq).where(application.c.number == number).scalar_subquery()
        self._sql.run(delete(application_text).where(application_text.c.seq == seq))
        self._sql.run(delete(application_person).where(application_person.c.application == number))
        self._list(record.application)

    def _values(self, record: ApplicationRecord) -> dict[str, Any]:
        """What a row holds of a record, without number and version."""
        handed_in = record.application
        document, sealed = mapping.split_document(handed_in)
        return {
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

    def _list(self, handed_in: Application) -> None:
        """Make it found by its people, and in searches."""
        people = [
            {
                "application": handed_in.id,
                "position": position,
                "name": mapping.listed_name(row.name),
                "login": mapping.listed_name(row.login.strip()),
                "id_hash": self._hash_of(row.id_number),
            }
            for position, row in enumerate(handed_in.rows)
        ]
        self._sql.run(insert(application_person), people)
        text = select(application.c.seq, literal(mapping.found_by(handed_in))).where(
            application.c.number == handed_in.id
        )
        self._sql.run(insert(application_text).from_select(["seq", "text"], text))

    def _hash_of(self, id_number: str) -> str | None:
        """The keyed hash of an ID number; None for what is none, so that two scribbles are not one person.

        Whether a birth date lies ahead is not asked here: that is a finding, and the person is the same.
        """
        number = read_id_number(id_number, today=date.max).number
        return self._seal.hash(number.number) if number is not None else None

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
            version=row["version"],
        )

    def exists(self, id_: str) -> bool:
        """Whether that number is taken."""
        return self._sql.value(select(application.c.seq).where(application.c.number == id_)) is not None

    def summaries(
        self, *, state: State | None = None, limit: int | None = None, newest_first: bool = False, text: str = ""
    ) -> Iterator[ApplicationSummary]:
        """All, or those in one state, in the order in which they came in, or the other way round; streamed.

        With a text, only those where it is part of a person's name or login, of the unit's name or of the number:
        compatibility forms, capitals and blanks make no difference. With a limit, so many from the beginning.
        """
        statement, order = select(*_LISTED), application.c.seq
        if part := mapping.folded(text):
            statement = statement.join_from(
                application_text, application, application_text.c.seq == application.c.seq
            ).where(application_text.c.text.contains(part, autoescape=True))
        if state is not None:
            statement = statement.where(application.c.state == state)
        elif part:  # in the order of the narrow table SQLite reads that, and of the wide one only what was found
            order = application_text.c.seq
        size = PAGE if limit is None else min(limit, PAGE)
        pages = self._sql.pages(statement, order, size=size, descending=newest_first)
        yield from islice(self._summaries_in(pages), limit)

    def _summaries_in(self, pages: Iterable[Sequence[RowMapping]]) -> Iterator[ApplicationSummary]:
        for page in pages:
            people = self._people_of(page)
            for row in page:
                yield mapping.summary_of(row, people.get(row["number"], ()))

    def _people_of(self, page: Sequence[RowMapping]) -> dict[str, list[str]]:
        """The names on all applications of a page, by its number: one statement, not one for each."""
        rows = self._sql.rows(
            select(application_person.c.application, application_person.c.name)
            .where(application_person.c.application.in_([row["number"] for row in page]))
            .order_by(application_person.c.application, application_person.c.position)
        )
        groups = groupby(rows, key=lambda row: str(row["application"]))
        return {number: [row["name"] for row in group] for number, group in groups}

    def decide(self, decision: Decision, *, state: State, expected: State, accounts: Sequence[str] = ()) -> None:
        """Record a decision and the state that follows.

        Raises Conflict where the state is not `expected` any more, or where the application was amended since: its
        version is not the decision's. Raises NotFound where the application or one of the accounts is unknown.
        """
        self._move(decision.application, state=state, expected=expected, version=decision.version)
        self._record(decision)
        self._name_accounts(decision.application, accounts)

    def move(self, id_: str, *, state: State, expected: State) -> None:
        """Set the state. Raises Conflict where it is not `expected` any more, NotFound."""
        self._move(id_, state=state, expected=expected)

    def _move(self, id_: str, *, state: State, expected: State, version: int | None = None) -> None:
        as_expected = [application.c.state == expected]
        if version is not None:
            as_expected.append(application.c.version == version)
        moved = self._sql.run(update(application).where(application.c.number == id_, *as_expected).values(state=state))
        if not moved:
            raise self._changed(id_, expected, version)

    def in_flight(self, *, id_number: str = "", login: str = "") -> tuple[str, ...]:
        """Numbers of the applications, received, under review or approved, on which that person stands.

        By ID number (keyed hash) or by login name; with both, those that bear either. In the order of arrival.
        """
        asked = [
            column == value
            for column, value in (
                (application_person.c.id_hash, self._hash_of(id_number)),
                (application_person.c.login, login.strip()),
            )
            if value
        ]
        if not asked:
            return ()
        rows = self._sql.rows(
            select(application.c.number, application.c.state)
            .join_from(application_person, application)
            .where(or_(*asked))
            .order_by(application.c.seq)
        )
        # a person's are few; asked for the states as well, SQLite goes through all that are in them
        return tuple(dict.fromkeys(row["number"] for row in rows if row["state"] in _IN_FLIGHT))

    def _changed(self, id_: str, expected: State, version: int | None) -> NotFound | Conflict:
        """Why an application was not found as it was expected."""
        row = self._sql.row(select(application.c.state, application.c.version).where(application.c.number == id_))
        if row is None:
            return _not_found(id_)
        state = State(row["state"])
        if state is expected:
            return Conflict(
                f"{id_}: 已补正为第{row['version']}版，请重新查看 / "
                f"was amended, is at version {row['version']}, not {version}: look again"
            )
        return Conflict(
            f"{id_}: 状态已变为“{state.zh}”，请重新查看 / is {state.value} by now, not {expected.value}: look again"
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
