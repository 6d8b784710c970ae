"""A directory in memory: keeps the promises of ports.Directory as LdapDirectory does, for tests without a server.

tests/contract/test_directory.py holds both to them. What somebody does by hand on the server, behind our back, is done
here by the methods that end in by_hand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace

from idp_sync.domain.account import AccountState
from idp_sync.domain.directory_entry import DirectoryEntry
from idp_sync.domain.errors import Conflict, IdpSyncError, InputError, NotSetUp
from idp_sync.domain.permission import Permission
from idp_sync.domain.plan import Change, Create, ExpelMember, Modify, Remove
from idp_sync.domain.unit import UserClass
from idp_sync.ports import Step

_Key = tuple[UserClass, str]


@dataclass(slots=True)
class _Group:
    user_class: UserClass
    code: str
    label: str = ""
    systems: frozenset[str] = frozenset()
    #: distinguished names, as they were written, by what they are compared by
    members: dict[str, str] = field(default_factory=dict)


class MemoryDirectory:
    """The directory in memory. `unavailable` makes every method raise it, until it is None again."""

    def __init__(self, suffix: str = "dc=idp-sync,dc=example") -> None:
        self.suffix = suffix
        self.unavailable: IdpSyncError | None = None
        self._branches: set[str] = set()
        self._people: dict[_Key, DirectoryEntry] = {}
        self._groups: dict[_Key, _Group] = {}

    def set_up(self, permissions: Iterable[Permission]) -> Iterator[Step]:
        """As the port says."""
        self._answer()
        for outer in ("people", "permissions"):
            whole = f"ou={outer},{self.suffix}"
            for dn in (whole, *(f"ou={user_class.value},{whole}" for user_class in UserClass)):
                yield Step(what=f"branch {dn}", changed=dn not in self._branches)
                self._branches.add(dn)
        for permission in permissions:
            yield Step(what=f"group {permission.code}", changed=self._ensure_group(permission))

    def entries(self, logins: Sequence[str] | None = None) -> Iterator[DirectoryEntry]:
        """As the port says."""
        self._answer()
        wanted = None if logins is None else {login.lower() for login in logins}
        codes: dict[str, set[str]] = defaultdict(set)
        for group in self._groups.values():
            for member in group.members:
                codes[member].add(group.code)
        for (user_class, login), entry in list(self._people.items()):
            if wanted is None or login in wanted:
                yield replace(entry, permissions=frozenset(codes[self.dn(user_class, login).lower()]))

    def intruders(self) -> Iterator[ExpelMember]:
        """As the port says."""
        self._answer()
        ours = {self.dn(*key).lower() for key in self._people}
        for group in self._groups.values():
            for key, member in list(group.members.items()):
                if key not in ours:
                    yield ExpelMember(user_class=group.user_class, permission=group.code, member=member)

    def apply(self, changes: Iterable[Change]) -> Iterator[Change]:
        """As the port says; what can't be written stops none of the others, and is raised when they are done."""
        failures: list[tuple[str, IdpSyncError]] = []
        for change in changes:
            self._answer()
            try:
                self._apply(change)
            except (Conflict, InputError, NotSetUp) as error:
                failures.append((change.login, error))
            else:
                yield change
        if failures:
            told = "; ".join(f"{login!r}: {error}" for login, error in failures)
            raise type(failures[0][1])(f"{len(failures)} 项未写入目录 / not written: {told}")

    def dn(self, user_class: UserClass, login: str) -> str:
        """The distinguished name of a person."""
        return f"uid={login},ou={user_class.value},ou=people,{self.suffix}"

    # --- behind our back ---

    def add_by_hand(self, entry: DirectoryEntry) -> None:
        """Somebody adds a person."""
        self._people[_key(entry)] = replace(entry, permissions=frozenset())
        self._join(entry)

    def change_by_hand(self, user_class: UserClass, login: str, name: str, value: str) -> None:
        """Somebody changes a field of a person; "" takes it away, a state that we don't know spoils the entry."""
        changed: object = value
        if name == "state" and value not in {AccountState.ACTIVE.value, AccountState.SUSPENDED.value}:
            changed = AccountState.DEREGISTERED
        key = (user_class, login.lower())
        known = {f.name: getattr(self._people[key], f.name) for f in fields(DirectoryEntry)}
        self._people[key] = DirectoryEntry(**{**known, name: changed})

    def remove_by_hand(self, user_class: UserClass, login: str) -> None:
        """Somebody deletes a person, and leaves the memberships."""
        del self._people[user_class, login.lower()]

    def join_by_hand(self, user_class: UserClass, code: str, member: str) -> None:
        """Somebody makes a name a member."""
        self._groups[user_class, code].members[member.lower()] = member

    def leave_by_hand(self, user_class: UserClass, code: str, member: str) -> None:
        """Somebody takes a member out."""
        del self._groups[user_class, code].members[member.lower()]

    def label_by_hand(self, user_class: UserClass, code: str, label: str) -> None:
        """Somebody describes a group in other words."""
        self._groups[user_class, code].label = label

    # --- within ---

    def _answer(self) -> None:
        if self.unavailable is not None:
            raise self.unavailable

    def _ensure_group(self, permission: Permission) -> bool:
        key = (permission.user_class, permission.code)
        group = self._groups.get(key)
        if group is not None and (group.label, group.systems) == (permission.label, permission.systems):
            return False
        group = self._groups.setdefault(key, _Group(permission.user_class, permission.code))
        group.label, group.systems = permission.label, permission.systems
        return True

    def _apply(self, change: Change) -> None:
        match change:
            case Create(entry=entry):
                self._create(entry)
            case Modify(after=entry):
                self._put(entry)
            case Remove(entry=entry):
                self._leave(entry)
                self._people.pop(_key(entry), None)
            case ExpelMember(user_class=user_class, permission=code, member=member):
                if (group := self._groups.get((user_class, code))) is not None:
                    group.members.pop(member.lower(), None)

    def _create(self, entry: DirectoryEntry) -> None:
        present = self._people.get(_key(entry))
        if present is not None and present != replace(entry, permissions=frozenset()):
            raise Conflict(
                f"{entry.login}: 目录中已有不同的同名条目 / another entry of that login is there: plan again"
            )
        self._put(entry)

    def _put(self, entry: DirectoryEntry) -> None:
        """Entry and memberships, or nothing: everything that may be refused is looked at first."""
        _check(entry)
        for code in sorted(entry.permissions):
            self._group_of(entry.user_class, code)
        self._people[_key(entry)] = replace(entry, permissions=frozenset())
        self._leave(entry)
        self._join(entry)

    def _join(self, entry: DirectoryEntry) -> None:
        dn = self.dn(entry.user_class, entry.login)
        for code in entry.permissions:
            self._group_of(entry.user_class, code).members[dn.lower()] = dn

    def _leave(self, entry: DirectoryEntry) -> None:
        for group in self._groups.values():
            group.members.pop(self.dn(entry.user_class, entry.login).lower(), None)

    def _group_of(self, user_class: UserClass, code: str) -> _Group:
        for candidate in (user_class, *UserClass):
            if (group := self._groups.get((candidate, code))) is not None:
                return group
        raise NotSetUp(f"{code}: 目录中没有该权限组 / the directory has no such permission group: run `idp-sync init`")


def _key(entry: DirectoryEntry) -> _Key:
    return entry.user_class, entry.login.lower()


def _check(entry: DirectoryEntry) -> None:
    """What an LDAP server's schema refuses."""
    if not entry.name or not entry.login:
        raise InputError("姓名和登录名称不能为空 / an entry needs a name and a login")
    for described in fields(entry):
        value = getattr(entry, described.name)
        try:
            str(value).encode()
        except UnicodeEncodeError:
            raise InputError("含有无法编码的字符 / has characters that can't be written") from None
