"""Carrying changes out: hundreds together in three rounds, and what is refused there alone, by what is really there.

No transactions, though OpenLDAP offers them: docs/decisions/0004-directory.md. Every write may be repeated, and their
order sees to it that nobody ever has more than he may have; a run that was stopped is finished by the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from idp_sync.adapters.directory.reading import Group, Observed, Reader
from idp_sync.adapters.directory.session import Session
from idp_sync.adapters.directory.tree import Tree
from idp_sync.adapters.directory.units import ROUNDS, Unit, Units
from idp_sync.domain import plan
from idp_sync.domain.errors import Conflict, IdpSyncError, InputError, NotSetUp

#: changes written together: servers take a thousand requests at once by default
_BATCH: Final = 500
#: so many bad ones are no accident: then the rest is not even tried
_ENOUGH: Final = 20
#: failures that are told at length; of the others the logins
_TOLD: Final = 3
#: what concerns one change; anything else (no server, no rights) concerns all
_OF_ONE_CHANGE: Final = (Conflict, InputError, NotSetUp)


class Writer:
    """Applies changes; made anew for each series of them, as it knows the groups that there are."""

    def __init__(self, session: Session, reader: Reader, tree: Tree) -> None:
        self._session = session
        self._reader = reader
        self._tree = tree
        self._units = Units(tree, reader.groups())
        self._failures: list[tuple[str, IdpSyncError]] = []

    def apply(self, changes: Iterable[plan.Change]) -> Iterator[plan.Change]:
        """Each change once it is durable. Bad ones are left out, and all named by one error at the end."""
        for batch in batches(changes, _BATCH):
            done = self._write_together(batch)
            for number, change in enumerate(batch):
                if number in done or self._write_alone(change):
                    yield change
            if len(self._failures) >= _ENOUGH:
                break
        if self._failures:
            raise _summary(self._failures)

    def _write_together(self, changes: Sequence[plan.Change]) -> Mapping[int, Unit]:
        """Write as much as can be written as it was planned; what could be, by its number among the changes."""
        units = {number: unit for number, change in enumerate(changes) if (unit := self._planned(change)) is not None}
        for tasks_of in ROUNDS:
            tasks = tasks_of(units)
            errors = self._session.write_all([write for write, _ in tasks])
            for (_, concerned), error in zip(tasks, errors, strict=True):
                for number in concerned if error is not None else ():
                    units.pop(number, None)
        return units

    def _planned(self, change: plan.Change) -> Unit | None:
        """The unit of a change; None where something about it has to be looked at."""
        try:
            unit = self._units.planned(change)
            if unit is not None:
                for write in unit.in_order():
                    write.encoded()
        except (NotSetUp, UnicodeEncodeError):
            return None
        return unit

    def _write_alone(self, change: plan.Change) -> bool:
        """Write one change by what is really there; False where that fails, which is remembered."""
        if len(self._failures) >= _ENOUGH:
            return False
        try:
            for write in self._units.due(change, *self._look(change)).in_order():
                self._session.write(write)
        except UnicodeEncodeError:
            message = "含有无法编码的字符 / has characters that can't be written"
            self._failures.append((change.login, InputError(message)))
        except _OF_ONE_CHANGE as error:
            self._failures.append((change.login, error))
        else:
            return True
        return False

    def _look(self, change: plan.Change) -> tuple[Observed | None, list[Group]]:
        if isinstance(change, plan.ExpelMember):
            return None, self._reader.groups_of(change.member)
        entry = change.after if isinstance(change, plan.Modify) else change.entry
        observed = self._reader.person(entry.user_class, entry.login)
        return observed, self._reader.groups_of(self._tree.person(entry.user_class, entry.login))


def batches(changes: Iterable[plan.Change], size: int) -> Iterator[list[plan.Change]]:
    """The changes in their order, cut so that a batch, which joins what concerns a group, has nobody twice."""
    batch: list[plan.Change] = []
    concerned: set[tuple[str, str]] = set()
    for change in changes:
        key = (change.login, change.permission if isinstance(change, plan.ExpelMember) else "")
        if len(batch) == size or key in concerned:
            yield batch
            batch, concerned = [], set()
        batch.append(change)
        concerned.add(key)
    if batch:
        yield batch


def _summary(failures: Sequence[tuple[str, IdpSyncError]]) -> IdpSyncError:
    """One error of the first one's kind that names everybody whom it concerns."""
    _, first = failures[0]
    told = "; ".join(f"{login!r}: {error}" for login, error in failures[:_TOLD])
    rest = [login for login, _ in failures[_TOLD:]]
    more = f"; … {len(rest)} more: {', '.join(rest)}" if rest else ""
    return type(first)(f"{len(failures)} 项未写入目录 / not written: {told}{more}")
