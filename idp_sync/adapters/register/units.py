"""The units in the register: an organisation keeps its number, whatever it is called and wherever it moves."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select, update

from idp_sync.adapters.register import mapping
from idp_sync.adapters.register.schema import registered_unit
from idp_sync.adapters.register.statements import Statements
from idp_sync.domain.errors import NotFound
from idp_sync.domain.unit import RegisteredUnit, Unit, UnitState


class SqlUnits:
    """Fulfils idp_sync.ports.Units."""

    def __init__(self, statements: Statements) -> None:
        """Take a transaction's statements."""
        self._sql = statements

    def add(self, unit: RegisteredUnit) -> None:
        """Register one. Raises Conflict where number, or class and identity, are taken."""
        self._sql.add(registered_unit, mapping.registered_unit_values(unit), taken=_taken(unit))

    def get(self, number: str) -> RegisteredUnit:
        """One. Raises NotFound."""
        row = self._sql.row(select(registered_unit).where(registered_unit.c.number == number))
        if row is None:
            raise _not_found(number)
        return mapping.registered_unit_of(row)

    def find(self, unit: Unit) -> RegisteredUnit | None:
        """The unit with that class and identity; None where it was never registered."""
        row = self._sql.row(
            select(registered_unit).where(
                registered_unit.c.user_class == unit.user_class, registered_unit.c.identity == unit.identity
            )
        )
        return mapping.registered_unit_of(row) if row is not None else None

    def save(self, unit: RegisteredUnit) -> None:
        """Write its changed fields. Raises NotFound, and Conflict where another unit has that identity."""
        saved = self._sql.write(
            update(registered_unit)
            .where(registered_unit.c.number == unit.number)
            .values(mapping.registered_unit_values(unit)),
            taken=_taken(unit),
        )
        if not saved:
            raise _not_found(unit.number)

    def all(self, *, state: UnitState | None = None) -> Iterator[RegisteredUnit]:
        """All, or those in one state, by number; streamed, a page at a time."""
        statement = select(registered_unit)
        if state is not None:
            statement = statement.where(registered_unit.c.state == state)
        for page in self._sql.pages(statement, registered_unit.c.number):
            yield from map(mapping.registered_unit_of, page)


def _taken(unit: RegisteredUnit) -> str:
    return (
        f"{unit.number} {mapping.listed_name(unit.unit.name)}: 单位编号或该单位已登记 / "
        "the number is taken, or the unit is registered already"
    )


def _not_found(number: str) -> NotFound:
    return NotFound(f"{number}: 查无此单位 / no unit of that number in the register")
