"""Units of work: one change as the writes that carry it out, and many units as three rounds of writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from idp_sync.adapters.directory import schema
from idp_sync.adapters.directory.mapping import attributes_of, differences, repairs
from idp_sync.adapters.directory.reading import Group, Observed
from idp_sync.adapters.directory.tree import Tree
from idp_sync.adapters.directory.wire import Act, Add, Delete, Modification, Modify, Write
from idp_sync.domain import plan
from idp_sync.domain.account import AccountState
from idp_sync.domain.directory_entry import DirectoryEntry
from idp_sync.domain.errors import Conflict, NotSetUp
from idp_sync.domain.unit import UserClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What one change writes; nothing at all where it is in force."""

    #: distinguished name of the member
    member: str
    entry: Write | None = None
    #: distinguished names of groups
    granted: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()

    def in_order(self) -> Iterator[Write]:
        """The writes, one after the other: stopped anywhere, nobody has more than he may have.

        Permissions are withdrawn before the entry changes or goes, and granted once it is as it must be.
        """
        for group in self.withdrawn:
            yield _membership(Act.DELETE, group, [self.member])
        if self.entry is not None:
            yield self.entry
        for group in self.granted:
            yield _membership(Act.ADD, group, [self.member])


#: a write, and the numbers of the units that it is a part of
Task = tuple[Write, list[int]]


def withdrawals(units: Mapping[int, Unit]) -> list[Task]:
    """The first round of writes for many units: one for each group, however many leave it."""
    return _by_group(Act.DELETE, units, {number: unit.withdrawn for number, unit in units.items()})


def entries(units: Mapping[int, Unit]) -> list[Task]:
    """The second round: one for each entry."""
    return [(unit.entry, [number]) for number, unit in units.items() if unit.entry is not None]


def grants(units: Mapping[int, Unit]) -> list[Task]:
    """The third round: one for each group, however many join it."""
    return _by_group(Act.ADD, units, {number: unit.granted for number, unit in units.items()})


#: within a round no write depends on another
ROUNDS: Final = (withdrawals, entries, grants)


def _by_group(act: Act, units: Mapping[int, Unit], groups_of: Mapping[int, tuple[str, ...]]) -> list[Task]:
    numbers: dict[str, list[int]] = defaultdict(list)
    for number, groups in groups_of.items():
        for group in groups:
            numbers[group].append(number)
    return [
        (_membership(act, group, [units[number].member for number in concerned]), concerned)
        for group, concerned in numbers.items()
    ]


class Units:
    """Makes units of changes."""

    def __init__(self, tree: Tree, groups: Sequence[Group]) -> None:
        self._tree = tree
        self._groups = {(group.user_class, group.code): group.dn for group in groups}

    def planned(self, change: plan.Change) -> Unit | None:
        """The unit of a change, if the directory is as it was planned from; None where it has to be looked at first."""
        match change:
            case plan.Create(entry=entry):
                return self._creation(entry)
            case plan.Modify(before=before) if before.state is AccountState.DEREGISTERED:
                return None  # spoilt by hand: the plan does not know in which way
            case plan.Modify(before=before, after=after):
                return self._modification(tuple(differences(before, after)), before.permissions, after)
            case plan.Remove(entry=entry):
                return self._removal(entry)
            case plan.ExpelMember(user_class=user_class, permission=permission, member=member):
                return Unit(member=member, withdrawn=self._dns(user_class, {permission}))

    def due(self, change: plan.Change, observed: Observed | None, joined: Iterable[Group]) -> Unit:
        """The unit that is still due, the directory being as observed: a person's entry, and a member's groups.

        Raises:
            Conflict: an entry of that login is there which is another one than the planned.
        """
        groups = frozenset(group.dn for group in joined)
        match change:
            case plan.Create(entry=wanted) | plan.Modify(after=wanted):
                return self._due_entry(change, wanted, observed, groups)
            case plan.Remove(entry=entry):
                dn = self._dn(entry)
                return Unit(member=dn, entry=Delete(dn=dn) if observed else None, withdrawn=tuple(sorted(groups)))
            case plan.ExpelMember(user_class=user_class, permission=permission, member=member):
                mine = self._groups.get((user_class, permission))
                return Unit(member=member, withdrawn=tuple(groups & {mine} - {None}))

    def _due_entry(
        self,
        change: plan.Create | plan.Modify,
        wanted: DirectoryEntry,
        observed: Observed | None,
        groups: frozenset[str],
    ) -> Unit:
        due = frozenset(self._dns(wanted.user_class, wanted.permissions))
        granted, withdrawn = tuple(sorted(due - groups)), tuple(sorted(groups - due))
        dn = self._dn(wanted)
        if observed is None:
            entry: Write | None = Add(dn=dn, attributes=attributes_of(wanted))
        else:
            parts = tuple(repairs(observed.raw, wanted))
            if parts and isinstance(change, plan.Create):
                raise Conflict(
                    f"{wanted.login}: 目录中已有不同的同名条目 / another entry of that login is there: plan again"
                )
            entry = Modify(dn=dn, parts=parts) if parts else None
        return Unit(member=dn, entry=entry, granted=granted, withdrawn=withdrawn)

    def _creation(self, entry: DirectoryEntry) -> Unit:
        dn = self._dn(entry)
        granted = self._dns(entry.user_class, entry.permissions)
        return Unit(member=dn, entry=Add(dn=dn, attributes=attributes_of(entry)), granted=granted)

    def _modification(self, parts: Sequence[Modification], before: frozenset[str], after: DirectoryEntry) -> Unit:
        dn = self._dn(after)
        return Unit(
            member=dn,
            entry=Modify(dn=dn, parts=parts) if parts else None,
            granted=self._dns(after.user_class, after.permissions - before),
            withdrawn=self._dns(after.user_class, before - after.permissions),
        )

    def _removal(self, entry: DirectoryEntry) -> Unit:
        dn = self._dn(entry)
        return Unit(member=dn, entry=Delete(dn=dn), withdrawn=self._dns(entry.user_class, entry.permissions))

    def _dn(self, entry: DirectoryEntry) -> str:
        return self._tree.person(entry.user_class, entry.login)

    def _dns(self, user_class: UserClass, codes: Iterable[str]) -> tuple[str, ...]:
        return tuple(self._group(user_class, code) for code in sorted(codes))

    def _group(self, user_class: UserClass, code: str) -> str:
        """A group of a class; where it has none of that code, the other class's: somebody made him a member there."""
        for candidate in (user_class, *UserClass):
            if (dn := self._groups.get((candidate, code))) is not None:
                return dn
        raise NotSetUp(f"{code}: 目录中没有该权限组 / the directory has no such permission group: run `idp-sync init`")


def _membership(act: Act, group: str, members: Sequence[str]) -> Modify:
    return Modify(dn=group, parts=(Modification(act, schema.MEMBER, members),))
