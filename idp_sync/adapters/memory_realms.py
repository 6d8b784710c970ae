"""Realms in memory: keep the promises of ports.Realms as KeycloakRealms does, for tests without a server.

tests/contract/test_realms.py holds both to them. What people do (log in, use their session) is done here by methods
that the port does not have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from idp_sync.domain.directory_entry import DirectoryEntry
from idp_sync.domain.errors import IdpSyncError, Refused
from idp_sync.domain.evidence import LoginSeen
from idp_sync.domain.permission import Permission
from idp_sync.domain.rulebook import System
from idp_sync.domain.unit import UserClass
from idp_sync.ports import PickedUp, Recording, Step


@dataclass(slots=True)
class _User:
    """A realm's imported copy of a user."""

    #: the entry as it was when it was last picked up; None where only a login brought the user in
    seen: DirectoryEntry | None
    enabled: bool = True


@dataclass(slots=True)
class _Realm:
    users: dict[str, _User] = field(default_factory=dict)
    events: list[LoginSeen] = field(default_factory=list)
    #: session id → login
    sessions: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemorySession:
    """An open session of a user with one system."""

    id: int
    user_class: UserClass
    login: str
    #: what the token says, as Keycloak's tokens say it; an attribute that is empty is not there
    claims: dict[str, object]


class MemoryRealms:
    """Realms in memory. `unavailable` makes every method raise it, until it is None again."""

    def __init__(
        self,
        people: Callable[[], Iterable[DirectoryEntry]],
        permissions: Iterable[Permission] = (),
        *,
        kept_for: int | None = 400 * 86_400,
    ) -> None:
        """Realms that federate `people`: what the directory holds whenever it is called."""
        self._people = people
        self._permissions = {permission.code: permission for permission in permissions}
        self._realms = {user_class: _Realm() for user_class in UserClass}
        self._ready: set[str] = set()
        self._kept_for = kept_for
        self._next_session = 1
        self.unavailable: IdpSyncError | None = None

    def set_up(self, permissions: Iterable[Permission], systems: Iterable[System]) -> Iterator[Step]:
        """As the port says."""
        self._answer()
        self._permissions = {permission.code: permission for permission in permissions}
        clients = tuple(systems)
        for user_class in UserClass:
            yield self._ensure(f"realm {user_class.value} ({user_class.zh})")
            for system in clients:
                yield self._ensure(f"realm {user_class.value}: client {system.code}")

    def pick_up(self, user_class: UserClass) -> PickedUp:
        """As the port says."""
        self._answer()
        users = self._realms[user_class].users
        added = updated = 0
        for entry in self._entries(user_class):
            user = users.get(entry.login)
            if user is None:
                users[entry.login] = _User(entry)
                added += 1
            elif user.seen != entry:
                user.seen = entry
                updated += 1
        return PickedUp(user_class=user_class, added=added, updated=updated, removed=0, failed=0)

    def forget(self, user_class: UserClass, login: str) -> bool:
        """As the port says."""
        self._answer()
        realm = self._realms[user_class]
        user = self._user(user_class, login)
        if user is None:
            return False
        del realm.users[login.lower()]
        self._drop_sessions(user_class, login)
        return True

    def allow_login(self, user_class: UserClass, login: str, *, allowed: bool) -> bool:
        """As the port says."""
        self._answer()
        user = self._user(user_class, login)
        if user is not None:
            user.enabled = allowed
        return user is not None

    def end_sessions(self, user_class: UserClass, login: str) -> int:
        """As the port says."""
        self._answer()
        return self._drop_sessions(user_class, login) if self._user(user_class, login) is not None else 0

    def login_events(self, user_class: UserClass, *, since: datetime) -> Iterator[LoginSeen]:
        """As the port says; oldest first."""
        self._answer()
        events = sorted(self._realms[user_class].events, key=lambda event: event.at)
        yield from (event for event in events if event.at >= since)

    def recording(self, user_class: UserClass) -> Recording:
        """As the port says."""
        self._answer()
        return Recording(enabled=f"realm {user_class.value} ({user_class.zh})" in self._ready, kept_for=self._kept_for)

    # --- what people do ----------------------------------------------------------------------------------------------

    def log_in(self, user_class: UserClass, system: str, thumbprint: str, *, at: datetime) -> MemorySession:
        """Log in to a system with the key of that thumbprint. Raises domain.errors.Refused."""
        self._answer()
        entry = next((e for e in self._entries(user_class) if thumbprint and e.thumbprint == thumbprint), None)
        if entry is None:
            raise Refused(f"{user_class.value}: no user has that key")
        user = self._realms[user_class].users.setdefault(entry.login, _User(None))
        if not user.enabled:
            raise Refused(f"{entry.login}: disabled")
        source = f"keycloak:{user_class.value}"
        self._realms[user_class].events.append(LoginSeen(login=entry.login, source=source, at=at))
        session = MemorySession(
            id=self._next_session, user_class=user_class, login=entry.login, claims=self._claims(entry, system)
        )
        self._next_session += 1
        self._realms[user_class].sessions[session.id] = entry.login
        return session

    def is_open(self, session: MemorySession) -> bool:
        """Whether a session is still good."""
        user = self._user(session.user_class, session.login)
        return session.id in self._realms[session.user_class].sessions and user is not None and user.enabled

    # -----------------------------------------------------------------------------------------------------------------

    def _answer(self) -> None:
        if self.unavailable is not None:
            raise self.unavailable

    def _ensure(self, what: str) -> Step:
        changed = what not in self._ready
        self._ready.add(what)
        return Step(what=what, changed=changed)

    def _entries(self, user_class: UserClass) -> Iterator[DirectoryEntry]:
        return (entry for entry in self._people() if entry.user_class is user_class)

    def _user(self, user_class: UserClass, login: str) -> _User | None:
        """The copy of a user; looking it up picks it up, or drops it where the directory has no such entry any more."""
        users = self._realms[user_class].users
        if not any(entry.login == login.lower() for entry in self._entries(user_class)):
            users.pop(login.lower(), None)
            self._drop_sessions(user_class, login)
            return None
        return users.setdefault(login.lower(), _User(None))

    def _drop_sessions(self, user_class: UserClass, login: str) -> int:
        sessions = self._realms[user_class].sessions
        ended = [id_ for id_, holder in sessions.items() if holder == login.lower()]
        for id_ in ended:
            del sessions[id_]
        return len(ended)

    def _claims(self, entry: DirectoryEntry, system: str) -> dict[str, object]:
        known = self._permissions
        claims: dict[str, object] = {
            "preferred_username": entry.login,
            "name": entry.name,
            "person_number": entry.person_number,
            "level": entry.rank,
            "district": entry.district,
            "unit": entry.unit_name,
            "unit_code": entry.unit_code,
            "user_class": entry.user_class.value,
            "organisation_type": entry.organisation_type,
            "permissions": sorted(c for c in entry.permissions if c in known and system in known[c].systems),
        }
        return {claim: value for claim, value in claims.items() if value}
