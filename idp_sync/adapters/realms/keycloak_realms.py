"""The port Realms on Keycloak."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from idp_sync.adapters.realms import federation, logins
from idp_sync.adapters.realms.admin import Admin
from idp_sync.adapters.realms.set_up import RealmSetUp
from idp_sync.config import RealmsSettings, read_secret
from idp_sync.domain.errors import AccessDenied, Unavailable
from idp_sync.domain.evidence import LoginSeen
from idp_sync.domain.permission import Permission
from idp_sync.domain.rulebook import System
from idp_sync.domain.unit import UserClass
from idp_sync.ports import PickedUp, Recording, Step

Json = dict[str, Any]

_MASTER: Final = "master"
#: Keycloak answers a synchronisation only when it is done: 15 minutes are two million users
_SYNC_SECONDS: Final = 900.0


class KeycloakRealms:
    """Keycloak: one realm for each user class. Fulfils ports.Realms.

    The first set-up works as the temporary administrator of master (`bootstrap_client_id`), gives each realm a client
    of ours with the rights that we need in that realm, and then removes that administrator: from then on nobody is
    administrator of master, and each realm is managed with its own credentials.
    """

    def __init__(self, settings: RealmsSettings, *, suffix: str) -> None:
        """Realms as in the settings; `suffix` is the distinguished name under which our tree stands."""
        self._settings = settings
        self._suffix = suffix
        self._admins: dict[UserClass, Admin] = {}

    def set_up(self, permissions: Iterable[Permission], systems: Iterable[System]) -> Iterator[Step]:
        """Make sure of realms, federation, mappers, clients, login flow and event recording."""
        items, clients = tuple(permissions), tuple(systems)
        master = self._bootstrap(_MASTER)
        for user_class in UserClass:
            admin = self._administrator(user_class, bootstrap=master is not None)
            yield from RealmSetUp(
                admin=admin,
                settings=self._settings,
                suffix=self._suffix,
                user_class=user_class,
                permissions=items,
                systems=clients,
            ).steps()
        yield self._remove_bootstrap(master)

    def pick_up(self, user_class: UserClass) -> PickedUp:
        """Let the realm take over the users that changed in the directory since the last time; the first time, all.

        Who vanished from the directory stays until `forget`: that keeps the tombstone's name in the events.
        """
        admin = self._admin(user_class)
        provider = self._provider(admin)
        answer = admin.post(
            f"user-storage/{provider}/sync", {}, timeout=_SYNC_SECONDS, action="triggerChangedUsersSync"
        )
        if answer.get("ignored"):
            raise Unavailable(
                f"Keycloak {admin.url}: {admin.realm}: 正在同步中，请稍后再试 / is synchronising: try again"
            )
        return PickedUp(
            user_class=user_class,
            added=int(answer.get("added", 0)),
            updated=int(answer.get("updated", 0)),
            removed=int(answer.get("removed", 0)),
            failed=int(answer.get("failed", 0)),
        )

    def forget(self, user_class: UserClass, login: str) -> bool:
        """Delete the realm's imported copy of a user; False where there was none."""
        admin = self._admin(user_class)
        user = self._user(admin, login)
        return user is not None and admin.delete(f"users/{user['id']}")

    def allow_login(self, user_class: UserClass, login: str, *, allowed: bool) -> bool:
        """Enable or disable a user; False where the realm does not know that login."""
        admin = self._admin(user_class)
        user = self._user(admin, login)
        if user is None:
            return False
        if user["enabled"] != allowed:
            admin.put(f"users/{user['id']}", user | {"enabled": allowed})
        return True

    def end_sessions(self, user_class: UserClass, login: str) -> int:
        """End all of a user's sessions and offline sessions; the number of those that were open."""
        admin = self._admin(user_class)
        user = self._user(admin, login)
        if user is None:
            return 0
        path = f"users/{user['id']}"
        online = admin.objects(f"{path}/sessions")
        offline = {
            session["id"]
            for consent in admin.objects(f"{path}/consents")
            for session in admin.objects(f"{path}/offline-sessions/{consent['clientId']}")
        }
        # also refuses every token that was issued before, whatever session it belongs to
        admin.post(f"{path}/logout", {})
        for session in offline:
            admin.delete(f"sessions/{session}", isOffline="true")
        return len({session["id"] for session in online}) + len(offline)

    def login_events(self, user_class: UserClass, *, since: datetime) -> Iterator[LoginSeen]:
        """Successful logins from a moment on, oldest first, one page in memory at a time."""
        return logins.login_events(self._admin(user_class), f"keycloak:{self._settings.realms[user_class]}", since)

    def recording(self, user_class: UserClass) -> Recording:
        """Whether, and for how long, the realm keeps login events."""
        config = self._admin(user_class).get("events/config")
        types = config.get("enabledEventTypes") or []
        return Recording(
            enabled=bool(config.get("eventsEnabled")) and (not types or "LOGIN" in types),
            kept_for=int(config.get("eventsExpiration") or 0) or None,
        )

    def _own(self, user_class: UserClass) -> Admin:
        realm = self._settings.realms[user_class]
        return self._connect(
            realm,
            client_realm=realm,
            client_id=self._settings.client_id,
            secret=read_secret(self._settings.client_secret_file),
        )

    def _admin(self, user_class: UserClass) -> Admin:
        if user_class not in self._admins:
            self._admins[user_class] = self._own(user_class)
        return self._admins[user_class]

    def _bootstrap(self, realm: str) -> Admin | None:
        """That realm as the temporary administrator sees it; None where there is no such administrator any more."""
        file = self._settings.bootstrap_secret_file
        if file is None or not file.exists():
            return None
        admin = self._connect(
            realm, client_realm=_MASTER, client_id=self._settings.bootstrap_client_id, secret=read_secret(file)
        )
        return admin if admin.accepted() else None

    def _administrator(self, user_class: UserClass, *, bootstrap: bool) -> Admin:
        """Who makes sure of a realm: the temporary administrator while there is one, else our own client."""
        if bootstrap and (admin := self._bootstrap(self._settings.realms[user_class])) is not None:
            return admin
        own, own_id = self._admin(user_class), self._settings.client_id
        if not own.accepted():
            raise AccessDenied(
                f"Keycloak {self._settings.url}: {own.realm}: 没有可用的管理员 / neither {own_id} nor the temporary "
                f"administrator {self._settings.bootstrap_client_id} is accepted: stop Keycloak, run "
                "`kc.sh bootstrap-admin service`, put its secret into bootstrap_secret_file, and run `idp-sync init`"
            )
        return own

    def _remove_bootstrap(self, master: Admin | None) -> Step:
        what = "no administrator of master is left"
        if master is None:
            return Step(what=what, changed=False)
        for client in master.objects("clients", clientId=self._settings.bootstrap_client_id):
            master.delete(f"clients/{client['id']}")
        return Step(what=what, changed=True)

    def _connect(self, realm: str, *, client_realm: str, client_id: str, secret: str) -> Admin:
        return Admin(
            url=self._settings.url,
            realm=realm,
            client_realm=client_realm,
            client_id=client_id,
            secret=secret,
            ca_file=self._settings.ca_file,
            timeout=self._settings.timeout,
        )

    def _provider(self, admin: Admin) -> str:
        found = admin.objects("components", type=federation.PROVIDER_TYPE, name=federation.NAME)
        if not found:
            raise Unavailable(f"Keycloak {admin.url}: {admin.realm}: 未连接目录 / no federation: run `idp-sync init`")
        return str(found[0]["id"])

    def _user(self, admin: Admin, login: str) -> Json | None:
        """The user of exactly that login; one that was not picked up yet is picked up by the look-up."""
        found = admin.objects("users", username=login, exact=True)
        return next((user for user in found if user["username"] == login.lower()), None)
