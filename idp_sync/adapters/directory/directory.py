"""The port Directory, over LDAP."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Self

import ldap3

from idp_sync.adapters.directory import schema
from idp_sync.adapters.directory.errors import translated
from idp_sync.adapters.directory.reading import Reader
from idp_sync.adapters.directory.session import Session
from idp_sync.adapters.directory.tree import Tree
from idp_sync.adapters.directory.wire import Act, Add, Modification, Modify
from idp_sync.adapters.directory.writing import Writer
from idp_sync.config import DirectorySettings
from idp_sync.domain.directory_entry import DirectoryEntry
from idp_sync.domain.errors import NotSetUp
from idp_sync.domain.permission import Permission
from idp_sync.domain.plan import Change, ExpelMember
from idp_sync.ports import Step


class LdapDirectory:
    """The LDAP server, where identities live; see ports.Directory for what its methods promise.

    It connects when it is first used. For one thread at a time; close it, or use it in a with statement.
    """

    def __init__(self, settings: DirectorySettings) -> None:
        with translated(settings.url):
            self._tree = Tree(settings.suffix)
        self._session = Session(settings)
        self._reader = Reader(self._session, self._tree)
        self._close = weakref.finalize(self, self._session.close)

    def close(self) -> None:
        """Close the connection; using the directory again opens another."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def set_up(self, permissions: Iterable[Permission]) -> Iterator[Step]:
        """As the port says. Raises NotSetUp where the suffix is not there: that is the server's own administrator's."""
        if not self._session.search(self._tree.suffix, scope=ldap3.BASE, attributes=(schema.NO_ATTRIBUTES,)):
            raise NotSetUp(f"{self._session.url}: 没有后缀 / the suffix is not there: {self._tree.suffix}")
        for name, dn in self._tree.branches():
            yield Step(what=f"branch {dn}", changed=self._ensure_branch(name, dn))
        present = {group.dn.lower() for group in self._reader.groups()}
        for permission in permissions:
            dn = self._tree.group(permission.user_class, permission.code)
            changed = self._put_right(permission, dn) if dn.lower() in present else self._create_group(permission, dn)
            yield Step(what=f"group {permission.code}", changed=changed)

    def entries(self, logins: Sequence[str] | None = None) -> Iterator[DirectoryEntry]:
        """As the port says. What somebody spoilt by hand reads as an entry that no plan wants: see mapping.py."""
        if logins is None:
            yield from self._reader.everybody()
        else:
            for observed in self._reader.these(list(dict.fromkeys(logins))):
                yield observed.entry

    def intruders(self) -> Iterator[ExpelMember]:
        """As the port says: strangers, and names of ours that no entry bears any more."""
        return self._reader.intruders()

    def apply(self, changes: Iterable[Change]) -> Iterator[Change]:
        """As the port says; hundreds at a time, so that whoever stops iterating may have seen fewer than are durable.

        A change that the server refuses stops none of the others: they are applied, and then it is raised as Conflict,
        InputError or NotSetUp, with the logins that it concerns. Unavailable and AccessDenied are raised at once.
        """
        yield from Writer(self._session, self._reader, self._tree).apply(changes)

    def _ensure_branch(self, name: str, dn: str) -> bool:
        if self._session.search(dn, scope=ldap3.BASE, attributes=(schema.NO_ATTRIBUTES,)):
            return False
        self._session.write(Add(dn=dn, attributes={schema.OBJECT_CLASS: (schema.BRANCH,), "ou": (name,)}))
        return True

    def _create_group(self, permission: Permission, dn: str) -> bool:
        attributes = {schema.OBJECT_CLASS: (schema.PERMISSION,), schema.CODE: (permission.code,), **_facts(permission)}
        self._session.write(Add(dn=dn, attributes=attributes))
        return True

    def _put_right(self, permission: Permission, dn: str) -> bool:
        facts = _facts(permission)
        (found,) = self._session.search(dn, scope=ldap3.BASE, attributes=tuple(facts))
        parts = [
            Modification(Act.REPLACE, name, values)
            for name, values in facts.items()
            if sorted(value.decode("utf-8", "replace") for value in found.attributes.get(name, ())) != sorted(values)
        ]
        if parts:
            self._session.write(Modify(dn=dn, parts=parts))
        return bool(parts)


def _facts(permission: Permission) -> dict[str, Sequence[str]]:
    """What a group says about its permission."""
    return {schema.DESCRIPTION: (permission.label,), schema.SYSTEM: tuple(sorted(permission.systems))}
