"""What ports.Realms promises, held against Keycloak with a real directory, and against the realms in memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest

from idp_sync.adapters.directory import LdapDirectory
from idp_sync.adapters.memory_directory import MemoryDirectory
from idp_sync.adapters.memory_realms import MemoryRealms, MemorySession
from idp_sync.adapters.realms import KeycloakRealms
from idp_sync.bootstrap import shipped_rule_book, system_clock
from idp_sync.config import DirectorySettings
from idp_sync.domain.account import AccountState
from idp_sync.domain.directory_entry import DirectoryEntry
from idp_sync.domain.errors import AccessDenied, Unavailable
from idp_sync.domain.errors import Refused as DomainRefused
from idp_sync.domain.plan import Create, Modify, Remove
from idp_sync.domain.unit import UserClass
from idp_sync.ports import Directory, Realms, Recording
from tests.browser import log_in_with_browser
from tests.login import ClientKey, Refused, Session, log_in
from tests.servers import running_slapd
from tests.servers_keycloak import RunningKeycloak, running_keycloak

MANAGEMENT, ENTERPRISE = UserClass.MANAGEMENT, UserClass.ENTERPRISE
BOOK = shipped_rule_book()
#: Keycloak's own claims: when, by whom, for whom, in which session
PROTOCOL = {"exp", "iat", "auth_time", "jti", "iss", "aud", "sub", "typ", "azp", "sid", "scope"}


class World(Protocol):
    """Realms, the directory behind them, and what people do."""

    @property
    def realms(self) -> Realms:
        """What is tested."""
        ...

    @property
    def directory(self) -> Directory:
        """What the realms federate."""
        ...

    def new_key(self, login: str) -> str:
        """Hand a new key to a person, and return its thumbprint."""
        ...

    def log_in(self, user_class: UserClass, system: str, thumbprint: str) -> Any:  # noqa: ANN401 - each has its own
        """Log in with the key of that thumbprint, «» for none. Raises Refused."""
        ...

    def claims(self, session: Any) -> dict[str, Any]:  # noqa: ANN401
        """What the token of a session says, without what the protocol adds."""
        ...

    def is_open(self, session: Any) -> bool:  # noqa: ANN401
        """Whether the session can still be used."""
        ...


@dataclass
class MemoryWorld:
    """The fakes."""

    directory: MemoryDirectory = field(default_factory=MemoryDirectory)

    def __post_init__(self) -> None:
        self.realms = MemoryRealms(self.directory.entries)
        self._next = 0

    def new_key(self, login: str) -> str:  # noqa: ARG002 - the name is not on a key of these
        self._next += 1
        return f"{self._next:064x}"

    def log_in(self, user_class: UserClass, system: str, thumbprint: str) -> MemorySession:
        try:
            return self.realms.log_in(user_class, system, thumbprint, at=system_clock().now())
        except DomainRefused as refusal:
            raise Refused(str(refusal)) from None

    def claims(self, session: MemorySession) -> dict[str, Any]:
        return session.claims

    def is_open(self, session: MemorySession) -> bool:
        return self.realms.is_open(session)


@dataclass
class RealWorld:
    """Keycloak 26.7.3 and slapd."""

    keycloak: RunningKeycloak
    directory: LdapDirectory
    keys: dict[str, ClientKey] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.realms = KeycloakRealms(self.keycloak.settings, suffix=self.keycloak.suffix)

    def new_key(self, login: str) -> str:
        key, thumbprint = self.keycloak.keys.key_for(login)
        self.keys[thumbprint] = key
        return thumbprint

    def log_in(self, user_class: UserClass, system: str, thumbprint: str) -> Session:
        settings = self.keycloak.settings
        return log_in(
            settings.url,
            settings.realms[user_class],
            system,
            ca_file=settings.ca_file,
            key=self.keys[thumbprint] if thumbprint else None,
        )

    def claims(self, session: Session) -> dict[str, Any]:
        assert session.claims["aud"] == session.client_id
        assert {k: v for k, v in session.id_claims.items() if k not in {*PROTOCOL, "nonce", "at_hash"}} == {
            k: v for k, v in session.claims.items() if k not in PROTOCOL
        }
        return {k: v for k, v in session.claims.items() if k not in PROTOCOL}

    def is_open(self, session: Session) -> bool:
        try:
            session.refresh()
        except Refused:
            return False
        return True


@pytest.fixture(scope="session")
def keycloak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKeycloak]:
    """One Keycloak with one slapd for the whole suite; they take half a minute to start."""
    folder = tmp_path_factory.mktemp("realms")
    with running_slapd(folder) as slapd, running_keycloak(folder, slapd) as running:
        with LdapDirectory(slapd.settings) as directory:
            for _ in directory.set_up(BOOK.catalogue.permissions):
                pass
        for _ in KeycloakRealms(running.settings, suffix=running.suffix).set_up(
            BOOK.catalogue.permissions, BOOK.systems
        ):
            pass
        yield running


@pytest.fixture
def real(keycloak: RunningKeycloak) -> Iterator[RealWorld]:
    """The real servers, set up, with whatever people other tests left there."""
    settings = _directory_settings(keycloak)
    with LdapDirectory(settings) as directory:
        yield RealWorld(keycloak, directory)


@pytest.fixture(params=["memory", "keycloak"])
def world(request: pytest.FixtureRequest) -> World:
    """Each of the two, set up."""
    if request.param == "keycloak":
        real: RealWorld = request.getfixturevalue("real")
        return real
    memory = MemoryWorld()
    for _ in memory.directory.set_up(BOOK.catalogue.permissions):
        pass
    for _ in memory.realms.set_up(BOOK.catalogue.permissions, BOOK.systems):
        pass
    return memory


def _directory_settings(keycloak: RunningKeycloak) -> DirectorySettings:
    folder = keycloak.files.folder.parent / "slapd" / "secrets"
    return DirectorySettings(
        url=keycloak.settings.directory_url,
        suffix=keycloak.suffix,
        bind_dn=f"cn=idp-sync,ou=services,{keycloak.suffix}",
        password_file=folder / "idp-sync.password",
        ca_file=keycloak.settings.ca_file,
    )


_numbers = iter(range(1, 1_000))


def official(world: World, **changes: str | frozenset[str]) -> DirectoryEntry:
    """A new person of a management unit in Chaoyang, in the directory, with a key."""
    login = f"cy{next(_numbers):04d}"
    entry = DirectoryEntry(
        login=login,
        user_class=MANAGEMENT,
        name="欧阳测试",
        person_number=f"P{login[2:]}",
        state=AccountState.ACTIVE,
        rank="district",
        unit_name="朝阳区房屋管理局",
        unit_code="朝阳区房屋管理局",
        district="110105",
        thumbprint=world.new_key(login),
        permissions=frozenset(_codes(MANAGEMENT)[:3]),
    )
    return put(world, replace(entry, **changes))


def developer(world: World, **changes: str | frozenset[str]) -> DirectoryEntry:
    """A new person of an enterprise, in the directory, with a key."""
    login = f"qy{next(_numbers):06d}"
    entry = DirectoryEntry(
        login=login,
        user_class=ENTERPRISE,
        name="测试一",
        person_number=f"P{login[2:]}",
        state=AccountState.ACTIVE,
        rank="enterprise",
        unit_name="北京某某房地产开发有限公司",
        unit_code="91110000PDY0000001",
        organisation_type="developer",
        thumbprint=world.new_key(login),
        permissions=frozenset(_codes(ENTERPRISE)[:2]),
    )
    return put(world, replace(entry, **changes))


def put(world: World, entry: DirectoryEntry) -> DirectoryEntry:
    """Write a person to the directory."""
    list(world.directory.apply([Create(entry=entry)]))
    return entry


def change(world: World, entry: DirectoryEntry, **changes: str | frozenset[str]) -> DirectoryEntry:
    """Change a person in the directory, and tell no realm."""
    after = replace(entry, **changes)
    list(world.directory.apply([Modify(before=entry, after=after)]))
    return after


def _codes(user_class: UserClass) -> list[str]:
    return [p.code for p in BOOK.catalogue.permissions if p.user_class is user_class]


def _expected(entry: DirectoryEntry, system: str) -> dict[str, Any]:
    of_system = [c for c in entry.permissions if system in BOOK.catalogue.by_code[c].systems]
    claims = {
        "preferred_username": entry.login,
        "name": entry.name,
        "person_number": entry.person_number,
        "level": entry.rank,
        "district": entry.district,
        "unit": entry.unit_name,
        "unit_code": entry.unit_code,
        "user_class": entry.user_class.value,
        "organisation_type": entry.organisation_type,
        "permissions": sorted(of_system),
    }
    return {claim: value for claim, value in claims.items() if value}


def _sorted(claims: dict[str, Any]) -> dict[str, Any]:
    return claims | ({"permissions": sorted(claims["permissions"])} if "permissions" in claims else {})


def test_setting_up_again_changes_nothing(world: World) -> None:
    steps = list(world.realms.set_up(BOOK.catalogue.permissions, BOOK.systems))
    assert steps
    assert [step.what for step in steps if step.changed] == []


@pytest.mark.parametrize("system", ["trading", "archive"])
@pytest.mark.parametrize("person", [official, developer])
def test_a_token_says_exactly_what_a_system_needs(
    world: World, person: Callable[..., DirectoryEntry], system: str
) -> None:
    entry = person(world, permissions=frozenset(_codes(MANAGEMENT if person is official else ENTERPRISE)))
    world.realms.pick_up(entry.user_class)
    session = world.log_in(entry.user_class, system, entry.thumbprint)
    assert _sorted(world.claims(session)) == _expected(entry, system)


def test_new_and_changed_people_are_picked_up_once(world: World) -> None:
    world.realms.pick_up(MANAGEMENT)
    entry = official(world)
    first = world.realms.pick_up(MANAGEMENT)
    assert (first.user_class, first.added, first.failed) == (MANAGEMENT, 1, 0)
    change(world, entry, name="欧阳改名")
    second = world.realms.pick_up(MANAGEMENT)
    assert (second.added, second.failed) == (0, 0)
    assert second.updated >= 1
    assert world.claims(world.log_in(MANAGEMENT, "trading", entry.thumbprint))["name"] == "欧阳改名"


def test_who_was_not_picked_up_yet_may_log_in_already(world: World) -> None:
    entry = developer(world)
    assert world.claims(world.log_in(ENTERPRISE, "archive", entry.thumbprint))["preferred_username"] == entry.login


def test_a_permission_is_gone_at_the_next_login(world: World) -> None:
    entry = official(world)
    world.log_in(MANAGEMENT, "trading", entry.thumbprint)
    kept = frozenset(_codes(MANAGEMENT)[:1])
    after = change(world, entry, permissions=kept)
    claims = world.claims(world.log_in(MANAGEMENT, "trading", entry.thumbprint))
    assert _sorted(claims) == _expected(after, "trading")
    assert claims["permissions"] == sorted(kept)


def test_a_key_that_is_bound_to_nobody_is_refused(world: World) -> None:
    official(world)
    with pytest.raises(Refused):
        world.log_in(MANAGEMENT, "trading", world.new_key("nobody"))


def test_nobody_logs_in_without_a_key(world: World) -> None:
    official(world, thumbprint="")
    with pytest.raises(Refused):
        world.log_in(MANAGEMENT, "trading", "")


def test_a_key_is_refused_as_soon_as_its_thumbprint_is_gone(world: World) -> None:
    entry = official(world)
    world.realms.pick_up(MANAGEMENT)
    world.log_in(MANAGEMENT, "trading", entry.thumbprint)
    change(world, entry, thumbprint="")
    for system in ("trading", "archive"):
        with pytest.raises(Refused):
            world.log_in(MANAGEMENT, system, entry.thumbprint)


def test_of_two_keys_only_the_one_that_is_bound_opens(world: World) -> None:
    entry = official(world)
    world.realms.pick_up(MANAGEMENT)
    world.log_in(MANAGEMENT, "trading", entry.thumbprint)
    after = change(world, entry, thumbprint=world.new_key(entry.login))
    assert world.claims(world.log_in(MANAGEMENT, "trading", after.thumbprint))["preferred_username"] == entry.login
    with pytest.raises(Refused):
        world.log_in(MANAGEMENT, "trading", entry.thumbprint)


def test_a_key_opens_the_realm_of_its_own_class_only(world: World) -> None:
    entry, other = official(world), developer(world)
    for user_class, thumbprint in ((ENTERPRISE, entry.thumbprint), (MANAGEMENT, other.thumbprint)):
        with pytest.raises(Refused):
            world.log_in(user_class, "trading", thumbprint)


@pytest.mark.parametrize("picked_up", [True, False])
def test_who_may_not_log_in_is_refused_until_he_may(world: World, *, picked_up: bool) -> None:
    entry = developer(world)
    if picked_up:
        world.realms.pick_up(ENTERPRISE)
    assert world.realms.allow_login(ENTERPRISE, entry.login, allowed=False)
    assert world.realms.allow_login(ENTERPRISE, entry.login, allowed=False)
    changed = change(world, entry, name="测试二")
    world.realms.pick_up(ENTERPRISE)
    with pytest.raises(Refused):
        world.log_in(ENTERPRISE, "trading", entry.thumbprint)
    assert world.realms.allow_login(ENTERPRISE, entry.login, allowed=True)
    assert world.claims(world.log_in(ENTERPRISE, "trading", entry.thumbprint))["name"] == changed.name


def test_sessions_are_ended_and_counted(world: World) -> None:
    entry, other = official(world), official(world)
    sessions = [world.log_in(MANAGEMENT, system, entry.thumbprint) for system in ("trading", "archive")]
    bystander = world.log_in(MANAGEMENT, "trading", other.thumbprint)
    assert all(world.is_open(session) for session in sessions)
    assert world.realms.end_sessions(MANAGEMENT, entry.login) == 2
    assert not any(world.is_open(session) for session in sessions)
    assert world.is_open(bystander)
    assert world.realms.end_sessions(MANAGEMENT, entry.login) == 0


def test_the_open_session_of_somebody_who_may_not_log_in_is_no_good(world: World) -> None:
    entry = official(world)
    session = world.log_in(MANAGEMENT, "trading", entry.thumbprint)
    world.realms.allow_login(MANAGEMENT, entry.login, allowed=False)
    assert not world.is_open(session)


def test_who_is_unknown_can_be_told_nothing(world: World) -> None:
    for login in ("nobody", "*", "cy*", "no body", "a/b?c=d#e", "测试"):
        assert not world.realms.allow_login(MANAGEMENT, login, allowed=True)
        assert world.realms.end_sessions(MANAGEMENT, login) == 0
        assert not world.realms.forget(MANAGEMENT, login)


def test_who_is_forgotten_loses_session_and_switch(world: World) -> None:
    entry = official(world)
    session = world.log_in(MANAGEMENT, "trading", entry.thumbprint)
    assert world.realms.forget(MANAGEMENT, entry.login)
    assert not world.is_open(session)
    # he still stands in the directory, and comes back as somebody new
    assert world.log_in(MANAGEMENT, "trading", entry.thumbprint).claims


def test_who_has_left_the_directory_is_out_at_once(world: World) -> None:
    entry = official(world)
    session = world.log_in(MANAGEMENT, "trading", entry.thumbprint)
    list(world.directory.apply([Remove(entry=entry)]))
    with pytest.raises(Refused):
        world.log_in(MANAGEMENT, "trading", entry.thumbprint)
    assert not world.is_open(session)
    world.realms.forget(MANAGEMENT, entry.login)
    assert not world.realms.allow_login(MANAGEMENT, entry.login, allowed=True)


def test_logins_are_recorded_with_name_source_and_time(world: World) -> None:
    entry = developer(world)
    before = system_clock().now() - timedelta(milliseconds=1)
    for _ in range(3):
        world.log_in(ENTERPRISE, "trading", entry.thumbprint)
    with pytest.raises(Refused):
        world.log_in(ENTERPRISE, "trading", world.new_key("nobody"))
    after = system_clock().now() + timedelta(milliseconds=1)
    events = list(world.realms.login_events(ENTERPRISE, since=before))
    assert [(e.login, e.source) for e in events] == [(entry.login, "keycloak:enterprise")] * 3
    assert [e.at for e in events] == sorted(e.at for e in events)
    assert all(before <= e.at <= after for e in events)
    assert list(world.realms.login_events(ENTERPRISE, since=events[1].at)) == events[1:]
    assert list(world.realms.login_events(ENTERPRISE, since=after)) == []


def test_recording_is_on_and_keeps_more_than_half_a_year(world: World) -> None:
    for user_class in UserClass:
        assert world.realms.recording(user_class) == Recording(enabled=True, kept_for=400 * 86_400)


# --- Keycloak alone --------------------------------------------------------------------------------------------------


def test_events_are_read_page_by_page_without_loss(real: RealWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = official(real)
    since = system_clock().now()
    for _ in range(5):
        real.log_in(MANAGEMENT, "trading", entry.thumbprint)
    for page in (1, 2, 5, 6):
        monkeypatch.setattr("idp_sync.adapters.realms.logins.PAGE", page)
        events = list(real.realms.login_events(MANAGEMENT, since=since))
        assert [event.login for event in events] == [entry.login] * 5, page
        assert len({event.at for event in events}) == 5


def test_chromium_logs_in_with_the_key(real: RealWorld) -> None:
    entry = official(real)
    settings = real.keycloak.settings
    key = real.keys[entry.thumbprint]
    session = log_in_with_browser(settings.url, "management", "trading", ca_file=settings.ca_file, key=key)
    assert _sorted(real.claims(session)) == _expected(entry, "trading")
    change(real, entry, thumbprint="")
    with pytest.raises(Refused):
        log_in_with_browser(settings.url, "management", "trading", ca_file=settings.ca_file, key=key)


def test_no_administrator_of_master_is_left(real: RealWorld) -> None:
    bootstrap = real.realms._bootstrap("master")
    assert bootstrap is None


def test_neither_direct_grants_nor_other_clients_let_anybody_in(real: RealWorld) -> None:
    entry = official(real)
    settings = real.keycloak.settings
    for client in ("account-console", "security-admin-console"):
        with pytest.raises(Refused):
            log_in(
                settings.url,
                "management",
                client,
                ca_file=settings.ca_file,
                key=real.keys[entry.thumbprint],
                redirect_uri=f"{settings.url}/realms/management/account/",
            )


def test_a_code_without_pkce_or_for_another_address_is_refused(real: RealWorld) -> None:
    entry = official(real)
    settings = real.keycloak.settings
    key = real.keys[entry.thumbprint]
    for more in ({"code_challenge_method": "plain"}, {"redirect_uri": "http://127.0.0.1:49152/elsewhere"}):
        with pytest.raises(Refused):
            log_in(settings.url, "management", "trading", ca_file=settings.ca_file, key=key, **more)


def test_what_somebody_changed_by_hand_is_put_right(real: RealWorld) -> None:
    """Whatever set_up makes, our own client can make again with the rights that it has."""
    admin = real.realms._admin(MANAGEMENT)
    clients = {c["clientId"]: c for c in admin.objects("clients")}
    trading = clients["trading"]
    admin.put("", admin.get("") | {"sslRequired": "none", "browserFlow": "browser", "eventsEnabled": False})
    admin.put(f"clients/{trading['id']}", trading | {"directAccessGrantsEnabled": True, "redirectUris": ["*"]})
    admin.put(f"clients/{clients['account']['id']}", clients["account"] | {"enabled": True})
    scopes = {s["name"]: s["id"] for s in admin.objects("client-scopes")}
    admin.put(f"clients/{trading['id']}/default-client-scopes/{scopes['email']}", {})
    mapper = admin.objects(f"clients/{trading['id']}/protocol-mappers/models")[0]
    admin.delete(f"clients/{trading['id']}/protocol-mappers/models/{mapper['id']}")
    admin.delete(f"clients/{trading['id']}/roles/{_codes(MANAGEMENT)[0]}")
    admin.delete(f"clients/{clients['archive']['id']}")
    executions = admin.objects("authentication/flows/x509%20browser/executions")
    admin.post("authentication/flows/x509%20browser/executions/execution", {"provider": "auth-username-password-form"})
    config = admin.get(f"authentication/config/{executions[1]['authenticationConfig']}")
    admin.put(f"authentication/config/{config['id']}", config | {"config": {}})
    action = admin.get("authentication/required-actions/VERIFY_PROFILE")
    admin.put("authentication/required-actions/VERIFY_PROFILE", action | {"enabled": True})
    directory = admin.objects("components", type="org.keycloak.storage.UserStorageProvider")[0]
    admin.put(
        f"components/{directory['id']}",
        directory | {"config": directory["config"] | {"editMode": ["WRITABLE"], "bindCredential": ["wrong"]}},
    )

    changed = [s.what for s in real.realms.set_up(BOOK.catalogue.permissions, BOOK.systems) if s.changed]
    assert {
        "realm management (管理单位)",
        "realm management: recording of logins",
        "realm management: client trading",
        "realm management: client archive",
        "realm management: scopes of trading",
        f"realm management: claim {mapper['name']} for trading",
        "realm management: permissions of trading",
        "realm management: no client account",
        "realm management: login flow «x509 browser»",
        "realm management: login with the key only",
        "realm management: no action VERIFY_PROFILE",
        "realm management: federation with the directory",
    } <= set(changed)
    assert [s.what for s in real.realms.set_up(BOOK.catalogue.permissions, BOOK.systems) if s.changed] == []
    entry = official(real)
    for system in ("trading", "archive"):
        session = real.log_in(MANAGEMENT, system, entry.thumbprint)
        assert _sorted(real.claims(session)) == _expected(entry, system)


def test_the_directorys_new_password_is_noticed(real: RealWorld, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong\n")
    admin = real.realms._admin(MANAGEMENT)
    directory = admin.objects("components", type="org.keycloak.storage.UserStorageProvider")[0]
    admin.put(
        f"components/{directory['id']}", directory | {"config": directory["config"] | {"bindCredential": ["wrong"]}}
    )
    settings = real.keycloak.settings.model_copy(update={"directory_password_file": wrong})
    spoilt = KeycloakRealms(settings, suffix=real.keycloak.suffix)
    with pytest.raises(Unavailable, match="can't log in to ldaps://"):
        list(spoilt.set_up(BOOK.catalogue.permissions, BOOK.systems))
    changed = [s.what for s in real.realms.set_up(BOOK.catalogue.permissions, BOOK.systems) if s.changed]
    assert changed == ["realm management: federation with the directory"]


@pytest.mark.parametrize("method", ["pick_up", "recording", "allow_login", "set_up"])
def test_a_wrong_secret_is_access_denied_in_one_line(real: RealWorld, tmp_path: Path, method: str) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("not-the-secret\n")
    settings = real.keycloak.settings.model_copy(update={"client_secret_file": wrong})
    realms = KeycloakRealms(settings, suffix=real.keycloak.suffix)
    calls = {
        "pick_up": lambda: realms.pick_up(MANAGEMENT),
        "recording": lambda: realms.recording(MANAGEMENT),
        "allow_login": lambda: realms.allow_login(MANAGEMENT, "cy0001", allowed=True),
        "set_up": lambda: list(realms.set_up(BOOK.catalogue.permissions, BOOK.systems)),
    }
    with pytest.raises(AccessDenied, match="bootstrap-admin service") as raised:
        calls[method]()
    message = str(raised.value)
    assert settings.url in message
    assert "\n" not in message
    assert "not-the-secret" not in message


def test_another_authority_and_a_missing_realm_are_told_apart(real: RealWorld, tmp_path: Path) -> None:
    other = real.keycloak.settings.model_copy(update={"ca_file": real.keycloak.files.users_ca_file})
    with pytest.raises(Unavailable, match="check ca_file"):
        KeycloakRealms(other, suffix=real.keycloak.suffix).recording(MANAGEMENT)
    missing = real.keycloak.settings.model_copy(update={"ca_file": tmp_path / "none.pem"})
    with pytest.raises(Unavailable, match="ca_file can't be used"):
        KeycloakRealms(missing, suffix=real.keycloak.suffix).recording(MANAGEMENT)
    elsewhere = real.keycloak.settings.model_copy(update={"realms": {MANAGEMENT: "none", ENTERPRISE: "none"}})
    with pytest.raises(Unavailable, match="run `idp-sync init`"):
        KeycloakRealms(elsewhere, suffix=real.keycloak.suffix).recording(MANAGEMENT)


def test_figures(real: RealWorld, record_testsuite_property: Callable[[str, object], None]) -> None:
    """What the decision record says was measured: a login, and the time from the directory's write to the refusal."""
    entry = official(real)
    real.log_in(MANAGEMENT, "trading", entry.thumbprint)
    logins = []
    for _ in range(5):
        begun = time.perf_counter()
        real.log_in(MANAGEMENT, "trading", entry.thumbprint)
        logins.append(time.perf_counter() - begun)
    begun = time.perf_counter()
    change(real, entry, thumbprint="")
    with pytest.raises(Refused):
        real.log_in(MANAGEMENT, "trading", entry.thumbprint)
    refused = time.perf_counter() - begun
    record_testsuite_property("login_ms", round(sorted(logins)[2] * 1000))
    record_testsuite_property("refused_ms", round(refused * 1000))
    assert sorted(logins)[2] < 3
    assert refused < 3


def test_events_long_ago_are_no_problem(real: RealWorld) -> None:
    ever = list(real.realms.login_events(MANAGEMENT, since=datetime(1990, 1, 1, tzinfo=UTC)))
    assert len(ever) == len(set(ever))


def test_it_is_started_once_and_comes_back_as_it_was(real: RealWorld) -> None:
    files, entry = real.keycloak.files, official(real)
    session = real.log_in(MANAGEMENT, "trading", entry.thumbprint)
    pid = files.start()
    assert files.is_running()
    assert files.start() == pid
    assert not files.stop(1)
    assert files.stop(pid)
    assert not files.is_running()
    assert not files.stop()
    with pytest.raises(Unavailable, match="can't be reached"):
        real.realms.recording(MANAGEMENT)
    waited: list[float] = []
    files.prepare()
    assert files.start(waited.append) != pid
    assert waited
    assert real.realms._bootstrap("master") is None, "the administrator that was removed must not come back"
    assert [s.what for s in real.realms.set_up(BOOK.catalogue.permissions, BOOK.systems) if s.changed] == []
    assert real.is_open(session)
    assert real.log_in(MANAGEMENT, "archive", entry.thumbprint).claims
