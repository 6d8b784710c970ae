"""Makes sure of one realm, step by step: each step reads, compares, and writes only what differs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from idp_sync.adapters.realms import clients, federation, login_flow, realm
from idp_sync.adapters.realms.admin import Admin
from idp_sync.adapters.realms.converge import by, ensure
from idp_sync.config import RealmsSettings, read_secret
from idp_sync.domain.errors import Unavailable
from idp_sync.domain.permission import Permission
from idp_sync.domain.rulebook import System
from idp_sync.domain.unit import UserClass
from idp_sync.ports import Step

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RealmSetUp:
    """What is wanted of one realm, and who may make it so."""

    admin: Admin
    settings: RealmsSettings
    #: distinguished name under which our tree stands
    suffix: str
    user_class: UserClass
    permissions: tuple[Permission, ...]
    systems: tuple[System, ...]

    def steps(self) -> Iterator[Step]:
        """All steps, in an order in which each finds what it needs; our own client is complete only at the end."""
        yield self._realm()
        yield self._events()
        yield self._profile()
        yield from self._required_actions()
        yield from self._flow()
        for system in self.systems:
            yield from self._system(system)
        yield from self._directory()
        yield from self._unwanted_clients()
        yield from self._own_client()

    def _called(self, what: str) -> str:
        return f"realm {self.admin.realm}: {what}"

    def _realm(self) -> Step:
        return ensure(
            f"realm {self.admin.realm} ({self.user_class.zh})",
            observed=self.admin.find(""),
            desired=realm.realm(self.user_class, self.settings),
            create=self.admin.create_realm,
            update=lambda body: self.admin.put("", body),
        )

    def _events(self) -> Step:
        return ensure(
            self._called("recording of logins"),
            observed=self.admin.get("events/config"),
            desired=realm.events(self.settings),
            create=lambda body: self.admin.put("events/config", body),
            update=lambda body: self.admin.put("events/config", body),
        )

    def _profile(self) -> Step:
        return ensure(
            self._called("user profile"),
            observed=self.admin.get("users/profile"),
            desired=realm.profile(),
            create=lambda body: self.admin.put("users/profile", body),
            # the whole profile is ours: merging would keep the groups of attributes that are gone
            update=lambda _: self.admin.put("users/profile", realm.profile()),
        )

    def _required_actions(self) -> Iterator[Step]:
        observed = by("alias", self.admin.objects("authentication/required-actions"))
        for alias in realm.UNWANTED_ACTIONS:
            if alias in observed:
                path = f"authentication/required-actions/{alias}"
                yield _ensure_at(
                    self.admin,
                    self._called(f"no action {alias}"),
                    path,
                    observed[alias],
                    {"enabled": False, "defaultAction": False},
                )

    def _flow(self) -> Iterator[Step]:
        changed = False
        flows = by("alias", self.admin.objects("authentication/flows"))
        if login_flow.ALIAS not in flows:
            self.admin.post("authentication/flows", login_flow.flow())
            changed = True
        changed |= self._executions()
        yield Step(what=self._called(f"login flow «{login_flow.ALIAS}»"), changed=changed)
        yield _ensure_at(
            self.admin,
            self._called("login with the key only"),
            "",
            self.admin.get(""),
            {"browserFlow": login_flow.ALIAS},
        )

    def _executions(self) -> bool:
        """Make the flow consist of our executions in their order; whether anything had to be done."""
        path = "authentication/flows/" + login_flow.ALIAS.replace(" ", "%20") + "/executions"
        observed = self.admin.objects(path)
        wanted = [provider for provider, _ in login_flow.EXECUTIONS]
        changed = False
        if [execution.get("providerId") for execution in observed] != wanted:
            # the flow is ours, and whatever else stands in it would be another way to log in
            for execution in observed:
                self.admin.delete(f"authentication/executions/{execution['id']}")
            for provider in wanted:
                self.admin.post(f"{path}/execution", {"provider": provider})
            observed, changed = self.admin.objects(path), True
        for execution, (_, requirement) in zip(observed, login_flow.EXECUTIONS, strict=True):
            if execution["requirement"] != requirement:
                self.admin.put(path, execution | {"requirement": requirement})
                changed = True
        x509 = next(e for e in observed if e["providerId"] == login_flow.X509)
        return self._x509_config(x509) or changed

    def _x509_config(self, execution: Json) -> bool:
        known = execution.get("authenticationConfig")
        step = ensure(
            login_flow.CONFIG_ALIAS,
            observed=self.admin.get(f"authentication/config/{known}") if known else None,
            desired=login_flow.x509_config(),
            create=lambda body: self.admin.post(f"authentication/executions/{execution['id']}/config", body),
            update=lambda body: self.admin.put(f"authentication/config/{known}", body),
        )
        return step.changed

    def _client(self, client_id: str) -> Json | None:
        found = self.admin.objects("clients", clientId=client_id)
        return found[0] if found else None

    def _known_client(self, client_id: str) -> Json:
        client = self._client(client_id)
        if client is None:
            raise Unavailable(f"Keycloak {self.admin.url}: {client_id}: 已创建但不存在 / was made, but is not there")
        return client

    def _put_client(self, body: Json) -> None:
        self.admin.put(f"clients/{body['id']}", body)

    def _system(self, system: System) -> Iterator[Step]:
        uris = self.settings.redirect_uris.get(system.code) or clients.LOOPBACK
        yield ensure(
            self._called(f"client {system.code}"),
            observed=self._client(system.code),
            desired=clients.system_client(system, uris),
            create=lambda body: self.admin.post(
                "clients", body | {"defaultClientScopes": list(clients.SCOPES), "optionalClientScopes": []}
            ),
            update=self._put_client,
        )
        client = self._known_client(system.code)
        path = f"clients/{client['id']}"
        yield Step(what=self._called(f"scopes of {system.code}"), changed=self._scopes(client))
        yield from self._claims(system, path)
        yield self._roles(system, path)

    def _scopes(self, client: Json) -> bool:
        """Leave only our scopes: any other could put claims into a token."""
        ids = {scope["name"]: scope["id"] for scope in self.admin.objects("client-scopes")}
        path, changed = f"clients/{client['id']}", False
        for kind, wanted in (("default", set(clients.SCOPES)), ("optional", set())):
            present = set(client.get(f"{kind}ClientScopes", ()))
            for name in sorted(present - wanted):
                self.admin.delete(f"{path}/{kind}-client-scopes/{ids[name]}")
            for name in sorted(wanted - present):
                self.admin.put(f"{path}/{kind}-client-scopes/{ids[name]}", {})
            changed |= present != wanted
        return changed

    def _claims(self, system: System, path: str) -> Iterator[Step]:
        models = f"{path}/protocol-mappers/models"
        observed = by("name", self.admin.objects(models))
        desired = by("name", clients.mappers(system))
        for name, mapper in desired.items():
            yield ensure(
                self._called(f"claim {name} for {system.code}"),
                observed=observed.get(name),
                desired=mapper,
                create=lambda body: self.admin.post(models, body),
                update=lambda body: self.admin.put(f"{models}/{body['id']}", body),
            )
        for name in sorted(observed.keys() - desired.keys()):
            self.admin.delete(f"{models}/{observed[name]['id']}")
            yield Step(what=self._called(f"no claim {name} for {system.code}"), changed=True)

    def _roles(self, system: System, path: str) -> Step:
        observed = by("name", self.admin.objects(f"{path}/roles", briefRepresentation=True, first=0, max=100_000))
        changed = False
        for role in clients.roles(system, self.user_class, self.permissions):
            changed |= ensure(
                str(role["name"]),
                observed=observed.get(str(role["name"])),
                desired=role,
                create=lambda body: self.admin.post(f"{path}/roles", body),
                update=lambda body: self.admin.put(f"roles-by-id/{body['id']}", body),
            ).changed
        return Step(what=self._called(f"permissions of {system.code}"), changed=changed)

    def _components(self, parent: str, kind: str) -> dict[str, Json]:
        return by("name", self.admin.objects("components", parent=parent, type=kind))

    def _directory(self) -> Iterator[Step]:
        realm_id = str(self.admin.get("")["id"])
        password = read_secret(self.settings.directory_password_file)
        secret = {"bindCredential": [password]}

        def create(body: Json) -> None:
            self.admin.post("components", body | {"parentId": realm_id, "config": body["config"] | secret})

        step = ensure(
            self._called("federation with the directory"),
            observed=self._components(realm_id, federation.PROVIDER_TYPE).get(federation.NAME),
            desired=federation.provider(self.user_class, self.settings, self.suffix),
            create=create,
            update=lambda body: self.admin.put(f"components/{body['id']}", body | {"config": body["config"] | secret}),
        )
        provider = self._components(realm_id, federation.PROVIDER_TYPE)[federation.NAME]
        renewed = self._password(provider, secret, password)
        yield Step(what=step.what, changed=step.changed or renewed)
        yield from self._directory_mappers(str(provider["id"]))

    def _password(self, provider: Json, secret: Json, password: str) -> bool:
        """Whether the password in Keycloak had to be renewed: it can't be read back, so Keycloak is made to try it."""
        if self._binds({"componentId": provider["id"], "bindCredential": "**********"}, provider):
            return False
        if not self._binds({"bindCredential": password}, provider):
            raise Unavailable(
                f"Keycloak {self.admin.url}: 不能登录目录 / can't log in to {self.settings.directory_url} as "
                f"{self.settings.directory_bind_dn}: check directory_password_file, and that slapd runs and is trusted"
            )
        self.admin.put(f"components/{provider['id']}", provider | {"config": provider["config"] | secret})
        return True

    def _binds(self, credential: Json, provider: Json) -> bool:
        keys = ("connectionUrl", "bindDn", "useTruststoreSpi", "connectionTimeout", "startTls", "authType")
        body = {key: provider["config"][key][0] for key in keys} | credential | {"action": "testAuthentication"}
        return self.admin.succeeds("testLDAPConnection", body)

    def _directory_mappers(self, provider: str) -> Iterator[Step]:
        observed = self._components(provider, federation.MAPPER_TYPE)
        for name in federation.UNWANTED_MAPPERS:
            if name in observed:
                self.admin.delete(f"components/{observed[name]['id']}")
                yield Step(what=self._called(f"mapper {name} removed"), changed=True)
        for mapper in federation.mappers(self.user_class, self.suffix, [s.code for s in self.systems]):
            yield ensure(
                self._called(f"mapper {mapper['name']}"),
                observed=observed.get(mapper["name"]),
                desired=mapper | {"parentId": provider},
                create=lambda body: self.admin.post("components", body),
                update=lambda body: self.admin.put(f"components/{body['id']}", body),
            )

    def _unwanted_clients(self) -> Iterator[Step]:
        for client_id in realm.UNWANTED_CLIENTS:
            if (client := self._client(client_id)) is not None:
                yield _ensure_at(
                    self.admin,
                    self._called(f"no client {client_id}"),
                    f"clients/{client['id']}",
                    client,
                    {"enabled": False},
                )

    def _own_client(self) -> Iterator[Step]:
        client_id = self.settings.client_id
        secret = read_secret(self.settings.client_secret_file)
        yield ensure(
            self._called(f"client {client_id}"),
            observed=self._client(client_id),
            desired=clients.own_client(client_id) | {"secret": secret},
            create=lambda body: self.admin.post("clients", body),
            update=self._put_client,
        )
        yield Step(what=self._called(f"rights of {client_id}"), changed=self._own_roles())

    def _own_roles(self) -> bool:
        own, management = self._known_client(self.settings.client_id), self._known_client("realm-management")
        account = self.admin.get(f"clients/{own['id']}/service-account-user")
        path = f"users/{account['id']}/role-mappings/clients/{management['id']}"
        observed = {role["name"] for role in self.admin.objects(path)}
        missing = sorted(set(clients.OWN_ROLES) - observed)
        if missing:
            roles = [self.admin.get(f"clients/{management['id']}/roles/{name}") for name in missing]
            self.admin.post(path, [{"id": role["id"], "name": role["name"]} for role in roles])
        return bool(missing)


def _ensure_at(admin: Admin, what: str, path: str, observed: Json, desired: Json) -> Step:
    return ensure(
        what,
        observed=observed,
        desired=desired,
        create=lambda body: admin.put(path, body),
        update=lambda body: admin.put(path, body),
    )
