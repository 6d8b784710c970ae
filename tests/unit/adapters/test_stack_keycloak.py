"""The stack's Keycloak as far as it can be looked at without starting one."""

from __future__ import annotations

import stat
import sys
import zipfile
from pathlib import Path

import pytest

from idp_sync.adapters.stack.keycloak import BUILD_OPTIONS, KeycloakFiles, find_java, find_keycloak
from idp_sync.domain.errors import NotSetUp, Unavailable
from tests.servers import make_tls_files


def shared(folder: Path, options: dict[str, str] | None) -> Path:
    """What looks like an unpacked Keycloak, built with some options or not at all."""
    for name in ("lib/quarkus", "providers", "themes", "conf"):
        (folder / name).mkdir(parents=True)
    (folder / "lib" / "quarkus-run.jar").touch()
    (folder / "conf" / "cache-ispn.xml").write_text("<infinispan/>", encoding="ascii")
    if options is not None:
        with zipfile.ZipFile(folder / "lib" / "quarkus" / "generated-bytecode.jar", "w") as jar:
            lines = ["# generated", *(f"kc.{key}={value}" for key, value in options.items())]
            jar.writestr("META-INF/keycloak-persisted.properties", "\n".join(lines))
    return folder


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeycloakFiles:
    """A Keycloak of the stack over a shared one that only looks like it."""
    monkeypatch.setenv("IDP_SYNC_KEYCLOAK", str(shared(tmp_path / "shared", BUILD_OPTIONS)))
    monkeypatch.setenv("IDP_SYNC_JAVA", sys.executable)
    tls = make_tls_files(tmp_path)
    return KeycloakFiles(
        folder=tmp_path / "stack 1",
        certificate_file=tls.certificate_file,
        key_file=tls.key_file,
        ca_file=tls.ca_file,
        users_ca_file=tls.ca_file,
        port=1,
        management_port=2,
    )


def test_preparing_twice_keeps_the_secrets_and_writes_nothing_to_the_shared_folder(
    files: KeycloakFiles, tmp_path: Path
) -> None:
    before = sorted(p.relative_to(tmp_path) for p in (tmp_path / "shared").rglob("*"))
    files.prepare()
    kept = [file.read_text() for file in (files.bootstrap_secret_file, files.client_secret_file)]
    files.prepare()
    assert kept == [file.read_text() for file in (files.bootstrap_secret_file, files.client_secret_file)]
    assert len({*kept}) == 2
    for file in (files.bootstrap_secret_file, files.client_secret_file):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(p.relative_to(tmp_path) for p in (tmp_path / "shared").rglob("*")) == before
    assert not files.is_running()
    assert not files.stop()


def test_a_shared_folder_that_moved_is_linked_anew(
    files: KeycloakFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.prepare()
    elsewhere = shared(tmp_path / "elsewhere", BUILD_OPTIONS)
    monkeypatch.setenv("IDP_SYNC_KEYCLOAK", str(elsewhere))
    files.prepare()
    assert (files.folder / "home" / "lib").resolve() == elsewhere / "lib"


def test_the_secret_is_on_no_command_line_and_given_only_until_keycloak_was_ready(
    files: KeycloakFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KC_BOOTSTRAP_ADMIN_USERNAME", "admin")
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Dforeign=1")
    files.prepare()
    secret = files.bootstrap_secret_file.read_text().strip()
    assert secret not in " ".join(files._command())
    environment = files._environment()
    assert environment["KC_BOOTSTRAP_ADMIN_CLIENT_SECRET"] == secret
    assert environment["KC_HTTP_HOST"] == "127.0.0.1"
    assert environment["KC_HTTP_ENABLED"] == "false"
    assert "KC_BOOTSTRAP_ADMIN_USERNAME" not in environment
    assert "JAVA_TOOL_OPTIONS" not in environment
    files._initialised.touch()
    assert secret not in files._environment().values()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (None, "was not built"),
        ({}, "without kc.db=dev-file"),
        ({"db": "dev-file", "health-enabled": "true"}, "without kc.https-client-auth=request"),
        ({"db": "postgres", "health-enabled": "true", "https-client-auth": "request"}, "without kc.db=dev-file"),
    ],
)
def test_a_keycloak_that_was_built_otherwise_is_refused(
    files: KeycloakFiles,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, str] | None,
    words: str,
) -> None:
    monkeypatch.setenv("IDP_SYNC_KEYCLOAK", str(shared(tmp_path / "other", options)))
    with pytest.raises(NotSetUp, match=words) as raised:
        files.prepare()
    assert "--https-client-auth=request" in str(raised.value)
    assert not files.folder.exists()


def test_a_missing_certificate_is_named(files: KeycloakFiles) -> None:
    files.users_ca_file.unlink()
    with pytest.raises(NotSetUp, match=r"ca\.pem"):
        files.prepare()


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDP_SYNC_KEYCLOAK", str(tmp_path / "none"))
    monkeypatch.setenv("IDP_SYNC_JAVA", str(tmp_path / "none"))
    with pytest.raises(NotSetUp, match="IDP_SYNC_KEYCLOAK"):
        find_keycloak()
    with pytest.raises(NotSetUp, match="IDP_SYNC_JAVA"):
        find_java()
    monkeypatch.delenv("IDP_SYNC_KEYCLOAK")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(NotSetUp):
        find_keycloak()
    built = shared(tmp_path / "idp-sync" / "keycloak-26.7.3-abc", BUILD_OPTIONS)
    assert find_keycloak() == built


def test_a_start_that_fails_says_why_and_leaves_nothing(files: KeycloakFiles) -> None:
    files.prepare()  # «Java» is Python here, which knows none of these options
    with pytest.raises(Unavailable, match="ends at once"):
        files.start()
    assert not files.is_running()
