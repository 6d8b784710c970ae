"""The plan: the difference between desired and observed state, as values that one executor shows or applies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields

from idp_sync.domain.directory_entry import DirectoryEntry
from idp_sync.domain.unit import UserClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """An entry, with its memberships, that the directory does not have."""

    entry: DirectoryEntry

    @property
    def login(self) -> str:
        """Whom it concerns."""
        return self.entry.login


@dataclass(frozen=True, slots=True, kw_only=True)
class Modify:
    """An entry, or its memberships, that differ."""

    before: DirectoryEntry
    after: DirectoryEntry

    @property
    def login(self) -> str:
        """Whom it concerns."""
        return self.after.login

    @property
    def granted(self) -> frozenset[str]:
        """Permissions that the account gains."""
        return self.after.permissions - self.before.permissions

    @property
    def withdrawn(self) -> frozenset[str]:
        """Permissions that the account loses."""
        return self.before.permissions - self.after.permissions

    def differences(self) -> Iterator[tuple[str, str, str]]:
        """Field, before and after, for every field that differs but the permissions."""
        for field in fields(DirectoryEntry):
            before, after = getattr(self.before, field.name), getattr(self.after, field.name)
            if field.name != "permissions" and before != after:
                yield field.name, str(before), str(after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    """An entry of ours that must no longer be there."""

    entry: DirectoryEntry

    @property
    def login(self) -> str:
        """Whom it concerns."""
        return self.entry.login


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpelMember:
    """A member of a permission group that is no account of ours: permissions come from applications only."""

    user_class: UserClass
    permission: str
    #: distinguished name of the intruder
    member: str

    @property
    def login(self) -> str:
        """Whom it concerns."""
        return self.member


Change = Create | Modify | Remove | ExpelMember


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignEntry:
    """An entry among our people that the register has never known: reported, never touched."""

    login: str
    user_class: UserClass


@dataclass(frozen=True)
class Plan:
    """All changes, in the order in which they are to be applied, and what was seen and is left alone."""

    changes: tuple[Change, ...]
    foreign: tuple[ForeignEntry, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.changes

    def counts(self) -> Counter[str]:
        """How many changes of each kind: create, modify, remove, expel."""
        names = {Create: "create", Modify: "modify", Remove: "remove", ExpelMember: "expel"}
        return Counter(names[type(change)] for change in self.changes)


def make_plan(
    desired: Iterable[DirectoryEntry],
    observed: Iterable[DirectoryEntry],
    *,
    was_ours: Callable[[str], bool],
    intruders: Iterable[ExpelMember] = (),
) -> Plan:
    """The changes that make the observed state the desired one: creations first, removals last and in reverse order.

    Only what we created is ever removed: `was_ours` tells whether the register has ever known a login.
    """
    wanted = {entry.login: entry for entry in desired}
    modifications: list[Modify] = []
    removals: list[Remove] = []
    foreign: list[ForeignEntry] = []
    for entry in observed:
        target = wanted.pop(entry.login, None)
        if target is not None and target.user_class is entry.user_class:
            if target != entry:
                modifications.append(Modify(before=entry, after=target))
            continue
        if target is not None:  # the account stands in the other class's tree: here it is removed, there created
            wanted[entry.login] = target
        if target is not None or was_ours(entry.login):
            removals.append(Remove(entry=entry))
        else:
            foreign.append(ForeignEntry(login=entry.login, user_class=entry.user_class))
    return Plan(
        changes=(
            *(Create(entry=wanted[login]) for login in sorted(wanted)),
            *sorted(modifications, key=lambda change: change.login),
            *sorted(intruders, key=lambda change: (change.permission, change.member)),
            *sorted(removals, key=lambda change: change.login, reverse=True),
        ),
        foreign=tuple(sorted(foreign, key=lambda entry: entry.login)),
    )
