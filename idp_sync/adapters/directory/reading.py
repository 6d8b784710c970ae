"""Reading people and their memberships."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import ldap3

from idp_sync.adapters.directory import schema
from idp_sync.adapters.directory.mapping import ATTRIBUTES, Raw, entry_of
from idp_sync.adapters.directory.session import Session
from idp_sync.adapters.directory.tree import Tree, filter_value
from idp_sync.domain.directory_entry import DirectoryEntry
from idp_sync.domain.plan import ExpelMember
from idp_sync.domain.unit import UserClass

#: logins that one filter asks for
_CHUNK: Final = 100
#: from so many on, reading all groups once is cheaper than asking for each login's
_MANY: Final = 1000

_Person = tuple[UserClass, str]


class Group(NamedTuple):
    """A permission group."""

    user_class: UserClass
    code: str
    dn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One person's entry as it stands, in both forms."""

    raw: Raw
    entry: DirectoryEntry


class Memberships:
    """Who is a member of what: for each person one integer, a bit for each group, as there may be millions."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self._groups = groups
        self._bits: dict[_Person, int] = {}
        self._sets: dict[int, frozenset[str]] = {0: frozenset()}
        #: members that have no name of a person of ours
        self.strangers: list[ExpelMember] = []

    def add(self, group: Group, members: Iterable[str], tree: Tree) -> None:
        """Take a group's members over."""
        bit = 1 << self._groups.index(group)
        for member in members:
            person = tree.login_at(member)
            if person is None:
                self.strangers.append(_expel(group, member))
            else:
                key = _key(*person)
                self._bits[key] = self._bits.get(key, 0) | bit

    def take(self, user_class: UserClass, login: str) -> frozenset[str]:
        """A person's permissions; whoever is asked for is struck off."""
        bits = self._bits.pop(_key(user_class, login), 0)
        if bits not in self._sets:
            self._sets[bits] = frozenset(group.code for group in self._of(bits))
        return self._sets[bits]

    def left(self, tree: Tree) -> Iterator[ExpelMember]:
        """The memberships of those who were not asked for: they have a name of ours, and no entry."""
        for (user_class, login), bits in self._bits.items():
            for group in self._of(bits):
                yield _expel(group, tree.person(user_class, login))

    def _of(self, bits: int) -> Iterator[Group]:
        return (group for number, group in enumerate(self._groups) if bits >> number & 1)


class Reader:
    """Everything that is read."""

    def __init__(self, session: Session, tree: Tree) -> None:
        self._session = session
        self._tree = tree

    def groups(self) -> list[Group]:
        """All permission groups, ours or not."""
        found: list[Group] = []
        for user_class in UserClass:
            for dn, raw in self._session.search(self._tree.permissions(user_class), attributes=(schema.CODE,)):
                found.append(Group(user_class, _first(raw, schema.CODE), dn))
        return found

    def everybody(self) -> Iterator[DirectoryEntry]:
        """All people of both classes."""
        memberships = self._memberships()
        for user_class in UserClass:
            yield from self._people(user_class, memberships)

    def these(self, logins: Sequence[str]) -> Iterator[Observed]:
        """The people that have one of these logins, in any class."""
        memberships = self._memberships() if len(logins) >= _MANY else None
        for start in range(0, len(logins), _CHUNK):
            anyone = "".join(
                f"({schema.LOGIN}={filter_value(login)})" for login in logins[start : start + _CHUNK] if login
            )
            for user_class in UserClass if anyone else ():
                yield from self._matching(user_class, f"(|{anyone})", memberships)

    def person(self, user_class: UserClass, login: str) -> Observed | None:
        """One person; None where there is no such entry."""
        dn = self._tree.person(user_class, login)
        for found in self._session.search(dn, scope=ldap3.BASE, attributes=ATTRIBUTES):
            permissions = self.permissions_of(dn)
            return Observed(raw=found.attributes, entry=entry_of(user_class, login, found.attributes, permissions))
        return None

    def permissions_of(self, member: str) -> frozenset[str]:
        """The codes of the groups that have this member."""
        return frozenset(group.code for group in self.groups_of(member))

    def groups_of(self, member: str) -> list[Group]:
        """The groups that have this member."""
        filter_ = f"({schema.MEMBER}={filter_value(member)})"
        return [
            Group(user_class, _first(found.attributes, schema.CODE), found.dn)
            for user_class in UserClass
            for found in self._session.search(self._tree.permissions(user_class), filter_, attributes=(schema.CODE,))
        ]

    def intruders(self) -> Iterator[ExpelMember]:
        """Members that are no entries among our people."""
        # memberships first: whoever is created while we read is then at worst not looked at, and never expelled
        memberships = self._memberships()
        for user_class in UserClass:
            for found in self._session.stream(self._tree.people(user_class), attributes=(schema.NO_ATTRIBUTES,)):
                if (person := self._tree.login_at(found.dn)) is not None:
                    memberships.take(*person)
        yield from memberships.strangers
        yield from memberships.left(self._tree)

    def _people(self, user_class: UserClass, memberships: Memberships) -> Iterator[DirectoryEntry]:
        for found in self._session.stream(self._tree.people(user_class), attributes=ATTRIBUTES):
            if (person := self._tree.login_at(found.dn)) is not None:
                yield entry_of(*person, found.attributes, memberships.take(*person))

    def _matching(self, user_class: UserClass, filter_: str, memberships: Memberships | None) -> Iterator[Observed]:
        for found in self._session.search(self._tree.people(user_class), filter_, attributes=ATTRIBUTES):
            if (person := self._tree.login_at(found.dn)) is None:
                continue
            permissions = self.permissions_of(found.dn) if memberships is None else memberships.take(*person)
            yield Observed(raw=found.attributes, entry=entry_of(*person, found.attributes, permissions))

    def _memberships(self) -> Memberships:
        groups = self.groups()
        memberships = Memberships(groups)
        for group in groups:  # one by one, so that the values of one group at a time are in memory
            for found in self._session.search(group.dn, scope=ldap3.BASE, attributes=(schema.MEMBER,)):
                members = found.attributes.get(schema.MEMBER, ())
                memberships.add(group, (value.decode("utf-8", "replace") for value in members), self._tree)
        return memberships


def _key(user_class: UserClass, login: str) -> _Person:
    """Logins are equal whatever their case, as uid is."""
    return user_class, login.lower()


def _expel(group: Group, member: str) -> ExpelMember:
    return ExpelMember(user_class=group.user_class, permission=group.code, member=member)


def _first(raw: Raw, name: str) -> str:
    values = raw.get(name, ())
    return values[0].decode("utf-8", "replace") if values else ""
