"""The set-up's decisions (docker/machine.py); that it works is shown by every run of ./run."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("machine", ROOT / "docker" / "machine.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


machine = load()


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A Debian machine with Python and nothing else."""
    monkeypatch.setattr(machine, "find", lambda *_: None)
    for finder in ("find_uv", "find_chromium", "environment_ready", "is_ubuntu", "can_make_venv", "has_library"):
        monkeypatch.setattr(machine, finder, lambda *_: None)
    return monkeypatch


@pytest.mark.parametrize(
    ("said", "version"),
    [("uv 0.13.9 (x86_64-unknown-linux-gnu)", (0, 13, 9)), ("uv 0.5.0", (0, 5, 0)), ("pyenv: no uv", ())],
)
def test_version_of_a_tool(said: str, version: tuple[int, ...]) -> None:
    assert machine.version_of(said) == version


def test_old_uv_is_not_taken_and_the_boundary_is() -> None:
    assert machine.version_of("uv 0.4.30") < machine.UV_OLDEST <= machine.version_of("uv 0.5.0")


@pytest.mark.parametrize(
    ("said", "major"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "25" 2025-09-16', 25),
        ('Picked up JAVA_TOOL_OPTIONS: -Xmx1g\njava version "1.8.0_392"', 8),
        ("command not found", 0),
    ],
)
def test_java_version(said: str, major: int) -> None:
    assert machine.java_major(said) == major


@pytest.mark.usefixtures("bare")
def test_bare_machine_is_missing_everything(tmp_path: Path) -> None:
    venv = f"python3.{sys.version_info.minor}-venv"
    assert machine.missing_packages({}, tmp_path, servers=True) == [
        venv,
        "slapd",
        "ldap-utils",
        "chromium",
        "maven",
        "libatomic1",
        "libpango-1.0-0",
        "libpangoft2-1.0-0",
    ]
    assert machine.missing_packages({}, tmp_path, servers=False) == [venv]


def test_paper_wishes_for_fonts_and_stops_nobody(bare: pytest.MonkeyPatch) -> None:
    bare.setattr(machine, "has_font", lambda _: False)
    assert machine.wished_packages() == [
        "fonts-wqy-zenhei",
        "fonts-babelstone-han",
        "libpango-1.0-0",
        "libpangoft2-1.0-0",
        "libharfbuzz-subset0",
    ]
    assert not machine.can_print()
    bare.setattr(machine, "has_font", lambda _: True)
    bare.setattr(machine, "has_library", lambda _: True)
    assert machine.wished_packages() == []
    assert machine.can_print()


def test_fonts_are_told_by_their_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    fonts = tmp_path / ".local/share/fonts"
    fonts.mkdir(parents=True)
    unheard = re.compile("idp-sync-no-such-font")
    assert not machine.has_font(unheard)
    (fonts / "idp-sync-no-such-font.ttf").touch()
    assert machine.has_font(unheard)
    assert machine.RARE_FONT_FILES.search("BabelStoneHan.ttf")
    assert machine.FONT_FILES.search("wqy-zenhei.ttc")


@pytest.mark.usefixtures("bare")
def test_maven_is_not_asked_for_once_keycloak_is_there(tmp_path: Path) -> None:
    keycloak = machine.keycloak_folder(tmp_path)
    keycloak.mkdir()
    assert "maven" in machine.missing_packages({}, tmp_path, servers=True)
    (keycloak / ".built").touch()
    assert "maven" not in machine.missing_packages({}, tmp_path, servers=True)


@pytest.mark.usefixtures("bare")
def test_what_the_caller_names_is_not_missing(tmp_path: Path) -> None:
    named = {"IDP_SYNC_SLAPD": "/opt/slapd", "IDP_SYNC_CHROMIUM": "/opt/chrome", "IDP_SYNC_KEYCLOAK": "/opt/kc"}
    assert machine.missing_packages(named, tmp_path, servers=True)[1:] == [
        "ldap-utils",
        "libatomic1",
        *machine.PRINTING,
    ]


def test_ubuntu_is_not_asked_for_a_package_that_is_a_snap(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bare.setattr(machine, "is_ubuntu", lambda: True)
    assert "chromium" not in machine.missing_packages({}, tmp_path, servers=True)


def test_ordinary_user_gets_the_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(machine.Stop) as stop:
        machine.install_packages(["slapd", "chromium"], ["fonts-wqy-zenhei"])
    assert str(stop.value) == (
        "missing: slapd, chromium. As root: apt-get install --no-install-recommends slapd chromium"
    )
    machine.install_packages([], ["fonts-wqy-zenhei"])  # a font stops nobody


def test_packages_start_no_daemon_and_the_policy_goes_away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    monkeypatch.setattr(machine, "POLICY", policy)
    answers = []

    def install_until_interrupted() -> None:
        with machine.no_daemons():
            answers.append(subprocess.run([policy], check=False).returncode)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        install_until_interrupted()
    assert answers == [101]
    assert not policy.exists()


def test_policy_of_the_administrator_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 0\n")
    monkeypatch.setattr(machine, "POLICY", policy)
    with machine.no_daemons():
        assert policy.read_text() == "#!/bin/sh\nexit 0\n"
    assert policy.exists()


def test_wrong_archive_is_refused_and_deleted(tmp_path: Path) -> None:
    archive = tmp_path / "keycloak.zip"
    archive.write_bytes(b"not what was pinned")
    with pytest.raises(machine.Stop, match=r"expected 27a6535.*refused"):
        machine.check_sha256(archive, machine.KEYCLOAK_SHA256)
    assert not archive.exists()


def test_right_archive_passes(tmp_path: Path) -> None:
    archive = tmp_path / "keycloak.zip"
    archive.write_bytes(b"")
    machine.check_sha256(archive, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    assert archive.exists()


@pytest.mark.parametrize("member", ["../outside", "kc/../../outside", "/tmp/outside", "kc\\..\\outside"])  # noqa: S108
def test_zip_may_not_write_outside(tmp_path: Path, member: str) -> None:
    archive, target = tmp_path / "slip.zip", tmp_path / "target"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("kc/first", "good")
        zipped.writestr(member, "bad")
    with pytest.raises(machine.Stop, match="outside its folder"):
        machine.unpack(archive, target)
    assert not target.exists()


def test_scripts_are_executable_after_unpacking(tmp_path: Path) -> None:
    archive = tmp_path / "kc.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("kc/bin/kc.sh", "#!/bin/sh\n")
        zipped.writestr("kc/conf/keycloak.conf", "")
    machine.unpack(archive, tmp_path / "target")
    assert os.access(tmp_path / "target/kc/bin/kc.sh", os.X_OK)
    assert (tmp_path / "target/kc/conf/keycloak.conf").stat().st_mode & 0o111 == 0


def test_damaged_archive_is_one_line(tmp_path: Path) -> None:
    archive = tmp_path / "kc.zip"
    archive.write_bytes(b"PK\x03\x04 torn off")
    with pytest.raises(machine.Stop, match="no readable zip file"):
        machine.unpack(archive, tmp_path / "target")


def test_uv_hears_what_pip_was_told(tmp_path: Path) -> None:
    config = tmp_path / "pip.conf"
    config.write_text("[global]\nindex-url = https://mirror.example/simple\ncert = /from/the/file\n")
    env = {
        "HOME": str(tmp_path),
        "PIP_CONFIG_FILE": str(config),
        "PIP_CERT": "/from/the/environment",
        "PIP_FIND_LINKS": f"{tmp_path} /not/there https://wheels.example/",
    }
    told = machine.uv_environment(env, machine.pip_settings(env))
    assert told["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert told["SSL_CERT_FILE"] == "/from/the/environment"
    assert told["UV_FIND_LINKS"] == f"{tmp_path},https://wheels.example/"


def test_what_uv_was_told_itself_wins() -> None:
    env = {"UV_DEFAULT_INDEX": "https://mine.example/", "UV_PYTHON_DOWNLOADS": "manual", "VIRTUAL_ENV": "/other"}
    told = machine.uv_environment(env, {"index-url": "https://pips.example/"})
    assert told == {"UV_DEFAULT_INDEX": "https://mine.example/", "UV_PYTHON_DOWNLOADS": "manual"}


@pytest.mark.parametrize(
    ("output", "line"),
    [
        ("Using Python\nerror: Failed to fetch: x\n  cause: dns error\n", "error: Failed to fetch: x (no network?)"),
        ("W: old\nE: Unable to locate package slapd\n", "E: Unable to locate package slapd"),
        ("\x1b[31m[ERROR] \x1b[m Unknown host repo\nmore", "[ERROR]  Unknown host repo (no network?)"),
        ("killed\n", "killed"),
        ("", "it said nothing"),
    ],
)
def test_reason_is_one_line(output: str, line: str) -> None:
    assert machine.reason(output) == line


def test_cache_folder() -> None:
    assert machine.cache_folder({"HOME": "/home/li", "XDG_CACHE_HOME": "/big"}) == Path("/big/idp-sync")
    assert machine.cache_folder({"HOME": "/home/li", "XDG_CACHE_HOME": "relative"}) == Path("/home/li/.cache/idp-sync")


def test_keycloak_with_other_options_is_another_keycloak(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = machine.keycloak_folder(tmp_path)
    monkeypatch.setattr(machine, "KEYCLOAK_BUILD", ("--db=postgres",))
    assert machine.keycloak_folder(tmp_path) != before


def test_damaged_notes_of_an_earlier_set_up_are_ignored(tmp_path: Path) -> None:
    (tmp_path / "machine.json").write_text('{"java": ')
    assert machine.found({"IDP_SYNC_JAVA": "/opt/java"}, tmp_path) == {"java": "/opt/java"}


def test_locks_name_what_the_code_asks_for_and_no_host() -> None:
    for requirement, file in machine.TOOL_LOCKS.items():
        assert file.read_text().startswith(f"{requirement} \\\n    --hash=sha256:")
    for file in (*machine.TOOL_LOCKS.values(), ROOT / "requirements.lock"):
        assert "://" not in file.read_text()


def test_every_make_target_is_a_command_and_unknown_ones_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    rule = next(line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith("help setup"))
    assert set(rule.rstrip(":").split()) == {"help", *machine.COMMANDS} - {"idp-sync"}
    assert machine.main(["tset"]) == 2
    assert machine.main(["help"]) == 0
    shown = capsys.readouterr().out
    assert [command for command in machine.COMMANDS if f"\n  {command} " not in shown] == []
