"""Carrying changes out: many in one transaction, and where that is refused, in ever smaller parts down to the one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from idp_sync.adapters.directory.reading import Group, Observed, Reader
from idp_sync.adapters.directory.session import Session
from idp_sync.adapters.directory.tree import Tree
from idp_sync.adapters.directory.units import Unit, Units, together
from idp_sync.domain import plan
from idp_sync.domain.errors import Conflict, IdpSyncError, InputError, NotSetUp

#: units in one transaction: more are no faster, and servers by default take a thousand requests at once
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
            yield from self._apply_together(batch)
            if len(self._failures) >= _ENOUGH:
                break
        if self._failures:
            raise _summary(self._failures)

    def _apply_together(self, changes: Sequence[plan.Change]) -> Iterator[plan.Change]:
        if self._write_together(changes):
            yield from changes
        elif len(changes) > 1:
            middle = len(changes) // 2
            yield from self._apply_together(changes[:middle])
            if len(self._failures) < _ENOUGH:
                yield from self._apply_together(changes[middle:])
        elif self._write_alone(changes[0]):
            yield changes[0]

    def _write_together(self, changes: Sequence[plan.Change]) -> bool:
        """Whether all of it is written; else nothing is."""
        try:
            units = [self._units.planned(change) for change in changes]
            sound = [unit for unit in units if unit is not None]
            return len(sound) == len(units) and self._write(sound)
        except (*_OF_ONE_CHANGE, UnicodeEncodeError):
            return False

    def _write_alone(self, change: plan.Change) -> bool:
        """Write one change by what is really there; False where that fails, which is remembered."""
        try:
            return self._write([self._units.due(change, *self._look(change))])
        except UnicodeEncodeError:
            message = "含有无法编码的字符 / has characters that can't be written"
            self._failures.append((change.login, InputError(message)))
        except _OF_ONE_CHANGE as error:
            self._failures.append((change.login, error))
        return False

    def _write(self, units: Sequence[Unit]) -> bool:
        """Write these units, all or none; False where the server can't do that, so that they have to come singly."""
        writes = together(units)
        if not writes:
            return True
        if self._session.has_transactions():
            self._session.write_together(writes)
            return True
        if len(units) > 1:
            return False
        for write in units[0].in_order():
            self._session.write(write)
        return True

    def _look(self, change: plan.Change) -> tuple[Observed | None, list[Group]]:
        if isinstance(change, plan.ExpelMember):
            return None, self._reader.groups_of(change.member)
        entry = change.after if isinstance(change, plan.Modify) else change.entry
        observed = self._reader.person(entry.user_class, entry.login)
        return observed, self._reader.groups_of(self._tree.person(entry.user_class, entry.login))


def batches(changes: Iterable[plan.Change], size: int) -> Iterator[list[plan.Change]]:
    """The changes in their order, cut so that nobody is concerned twice within a batch, as its order is not kept."""
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
