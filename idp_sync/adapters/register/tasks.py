"""What the realms have still to be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import delete, insert, select, update

from idp_sync.adapters.register import mapping, schema
from idp_sync.adapters.register.statements import Statements, chunks
from idp_sync.domain.task import Task, TaskKind

_OPPOSITE: Final[Mapping[TaskKind, TaskKind]] = {
    TaskKind.ENABLE: TaskKind.DISABLE,
    TaskKind.DISABLE: TaskKind.ENABLE,
}


class SqlTasks:
    """Fulfils idp_sync.ports.Tasks."""

    def __init__(self, statements: Statements) -> None:
        """Take a transaction's statements."""
        self._sql = statements

    def add(self, *tasks: Task) -> None:
        """Record tasks; a later one on the same user takes the place of its opposite, and of its like.

        It gets a number of its own then: who has just done the earlier one strikes off that, and not this.
        """
        pending = schema.task.c
        for task in tasks:
            kinds = [task.kind, _OPPOSITE.get(task.kind, task.kind)]
            same_user = (pending.login == task.login, pending.user_class == task.user_class)
            self._sql.run(delete(schema.task).where(*same_user, pending.kind.in_(kinds)))
            self._sql.run(insert(schema.task).values(mapping.task_values(task)))

    def pending(self, logins: Sequence[str] | None = None) -> tuple[Task, ...]:
        """All that are not done, or those on these users, in the order in which they were recorded."""
        statement = select(schema.task).order_by(schema.task.c.id)
        asked = [statement] if logins is None else [statement.where(schema.task.c.login.in_(c)) for c in chunks(logins)]
        found = {task.id: task for part in asked for task in map(mapping.task_of, self._sql.rows(part))}
        return tuple(found[id_] for id_ in sorted(found))

    def done(self, task: Task) -> None:
        """Strike one off; one that is gone already is no error."""
        self._sql.run(delete(schema.task).where(schema.task.c.id == task.id))

    def failed(self, task: Task, problem: str) -> None:
        """Count a failed attempt, with the reason; nothing happens to one that is gone."""
        self._sql.run(
            update(schema.task)
            .where(schema.task.c.id == task.id)
            .values(attempts=schema.task.c.attempts + 1, problem=problem)
        )
