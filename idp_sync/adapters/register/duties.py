"""What offices and units have still to do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, select, update

from idp_sync.adapters.register import mapping, schema
from idp_sync.adapters.register.statements import Statements, chunks
from idp_sync.domain.duty import Duty, DutyKind

_DUTY: Final = schema.duty.c
_IS_OPEN: Final = _DUTY.done_at.is_(None)


class SqlDuties:
    """Fulfils idp_sync.ports.Duties."""

    def __init__(self, statements: Statements) -> None:
        """Take a transaction's statements."""
        self._sql = statements

    def add(self, *duties: Duty) -> None:
        """Record duties. One of the same kind, login, key, unit and application that is open already is not doubled."""
        insertion = self._sql.insert(schema.duty).on_conflict_do_nothing()
        self._sql.run(insertion, [mapping.duty_values(duty) for duty in duties])

    def open(
        self,
        *,
        kind: DutyKind | None = None,
        login: str | None = None,
        application: str | None = None,
        unit_number: str | None = None,
    ) -> tuple[Duty, ...]:
        """Those that are not done and fit, oldest first."""
        asked = {_DUTY.kind: kind, _DUTY.login: login, _DUTY.application: application, _DUTY.unit_number: unit_number}
        fits = (column == value for column, value in asked.items() if value is not None)
        statement = select(schema.duty).where(_IS_OPEN, *fits).order_by(_DUTY.since, _DUTY.id)
        return tuple(map(mapping.duty_of, self._sql.rows(statement)))

    def settle(self, duties: Iterable[Duty], *, at: datetime, outcome: str = "done") -> None:
        """Strike off; one that is done already is left as it was."""
        for chunk in chunks(duty.id for duty in duties):
            self._strike_off(_DUTY.id.in_(chunk), at=at, outcome=outcome)

    def cancel(self, *, application: str, at: datetime) -> None:
        """Strike off all that an application which was withdrawn had brought, with the outcome «withdrawn»."""
        self._strike_off(_DUTY.application == application, at=at, outcome="withdrawn")

    def _strike_off(self, which: ColumnElement[bool], *, at: datetime, outcome: str) -> None:
        self._sql.run(update(schema.duty).where(which, _IS_OPEN).values(done_at=at, outcome=outcome))
