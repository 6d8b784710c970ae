"""The stack's slapd: prepared once, started and stopped as exactly that process."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from idp_sync.adapters.stack import slapd as stack
from idp_sync.adapters.stack.slapd import SlapdFiles
from idp_sync.domain.errors import Conflict, NotSetUp, Unavailable
from tests.servers import SUFFIX, free_port, make_tls_files


@pytest.fixture
def files(tmp_path: Path) -> Iterator[SlapdFiles]:
    tls = make_tls_files(tmp_path / "证书 文件")
    files = SlapdFiles(
        folder=tmp_path / "目录 服务",  # neither ASCII nor without blanks
        suffix=SUFFIX,
        certificate_file=tls.certificate_file,
        key_file=tls.key_file,
        ca_file=tls.ca_file,
        port=free_port(),
    )
    yield files
    files.stop()


def snapshot(folder: Path) -> dict[str, float]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_preparing_a_second_time_changes_nothing(files: SlapdFiles) -> None:
    files.prepare()
    before = snapshot(files.folder)
    files.prepare()
    assert snapshot(files.folder) == before


def test_nobody_else_reads_what_it_keeps(files: SlapdFiles) -> None:
    files.prepare()
    assert files.folder.stat().st_mode & 0o077 == 0
    for path in (files.password_file, files.keycloak_password_file):
        assert path.stat().st_mode & 0o177 == 0
    assert files.password_file.read_text(encoding="ascii") != files.keycloak_password_file.read_text(encoding="ascii")
    kept = b"".join(path.read_bytes() for path in files.folder.rglob("*.ldif"))
    kept += (files.folder / "data" / "data.mdb").read_bytes()
    assert files.password_file.read_text(encoding="ascii").strip().encode() not in kept
    assert b"{ARGON2}" in kept
    assert b"olcRootPW" not in kept


def test_it_starts_once_and_in_less_than_a_second(files: SlapdFiles) -> None:
    files.prepare()
    assert not files.is_running()
    began = time.perf_counter()
    pid = files.start()
    # 0.1 s where nothing else runs
    assert time.perf_counter() - began < 5
    assert files.is_running()
    assert files.start() == pid
    assert os.getsid(pid) == pid
    assert files.stop(pid)
    assert not files.is_running()
    assert not Path(f"/proc/{pid}").exists()
    assert not files.stop(pid)


def test_data_outlives_a_restart_and_a_new_configuration(files: SlapdFiles, tmp_path: Path) -> None:
    files.prepare()
    files.start()
    before = (files.folder / "slapd.d" / "idp-sync.sha256").read_text(encoding="ascii")
    other = make_tls_files(tmp_path / "other")
    changed = replace(files, certificate_file=other.certificate_file, key_file=other.key_file, ca_file=other.ca_file)
    with pytest.raises(Conflict, match="stack down"):
        changed.prepare()
    files.stop()
    changed.prepare()
    assert (files.folder / "slapd.d" / "idp-sync.sha256").read_text(encoding="ascii") != before
    changed.start()
    assert changed.stop()


def test_only_our_own_process_is_ended(files: SlapdFiles) -> None:
    files.prepare()
    with subprocess.Popen(["sleep", "60"]) as other:
        record = files.folder / "run" / "process"
        record.write_text(f"{other.pid} 12345\n", encoding="ascii")
        assert not files.is_running()
        assert not files.stop()
        pid = files.start()
        assert pid != other.pid
        assert not files.stop(other.pid)
        assert files.is_running()
        assert other.poll() is None
        other.kill()


def test_a_killed_one_is_started_again(files: SlapdFiles) -> None:
    files.prepare()
    os.kill(files.start(), 9)
    deadline = time.monotonic() + 10
    while files.is_running() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not files.is_running()
    files.prepare()
    assert files.start()


def test_a_preparation_that_was_killed_is_done_again(files: SlapdFiles) -> None:
    files.prepare()
    (files.folder / "slapd.d" / "idp-sync.sha256").unlink()
    (files.folder / "data" / "idp-sync.seeded").unlink()
    (files.folder / "slapd.d.new").mkdir()
    files.prepare()
    assert files.start()


def test_a_port_that_is_taken_is_told(files: SlapdFiles, tmp_path: Path) -> None:
    files.prepare()
    files.start()
    second = replace(files, folder=tmp_path / "second")
    second.prepare()
    with pytest.raises(Unavailable, match="Address already in use"):
        second.start()
    assert not second.is_running()
    assert files.is_running()


def test_a_certificate_of_somebody_else_is_told(files: SlapdFiles, tmp_path: Path) -> None:
    stranger = replace(files, ca_file=make_tls_files(tmp_path / "other").ca_file)
    stranger.prepare()
    with pytest.raises(Unavailable, match="certificate"):
        stranger.start()
    assert not stranger.is_running()


def test_without_slapd_one_line_says_what_to_install(files: SlapdFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDP_SYNC_SLAPD", "/nowhere/slapd")
    with pytest.raises(NotSetUp, match="apt-get install --no-install-recommends slapd") as raised:
        files.prepare()
    assert "\n" not in str(raised.value)


def test_a_suffix_of_another_kind_is_refused(files: SlapdFiles) -> None:
    with pytest.raises(NotSetUp, match="cn=x"):
        replace(files, suffix="cn=x").prepare()


@pytest.mark.parametrize("suffix", ["o=住房,dc=example", "ou=idp", "dc=example"])
def test_other_suffixes_are_taken(files: SlapdFiles, suffix: str) -> None:
    other = replace(files, suffix=suffix)
    other.prepare()
    assert other.start()
    assert other.bind_dn == f"cn=idp-sync,ou=services,{suffix}"


def test_where_apparmor_confines_the_systems_slapd_a_copy_runs(
    files: SlapdFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enabled, profile = tmp_path / "enabled", tmp_path / "usr.sbin.slapd"
    enabled.write_text("Y\n", encoding="ascii")
    monkeypatch.setattr(stack, "_APPARMOR", enabled)
    monkeypatch.setattr(stack, "_APPARMOR_PROFILE", profile)
    assert files._binary() == stack.find_slapd()
    profile.touch()
    files.prepare()
    copy = files.folder / "bin" / "slapd"
    assert files._binary() == copy
    pid = files.start()
    assert Path(f"/proc/{pid}/exe").resolve() == copy.resolve()
    enabled.write_text("N\n", encoding="ascii")
    assert files._binary() == stack.find_slapd()


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain", ": plain"),
        ("/with a/blank", ": /with a/blank"),
        (" leading", ":: IGxlYWRpbmc="),
        ("trailing ", ":: dHJhaWxpbmcg"),
        (":colon", ":: OmNvbG9u"),
        ("<file", ":: PGZpbGU="),
        ("目录", ":: 55uu5b2V"),
        ("two\nlines", ":: dHdvCmxpbmVz"),
        ("", ":: "),
    ],
)
def test_values_in_ldif(value: str, written: str) -> None:
    assert stack._ldif(value) == written


def test_the_systems_own_slapd_is_left_alone(files: SlapdFiles) -> None:
    """Neither its configuration nor its data are opened: ours names its folders itself."""
    files.prepare()
    text = files._rendered()
    assert "/etc/ldap/slapd.d" not in text
    assert "/var/lib/ldap" not in text
    assert shutil.which("slapd", path="/usr/sbin") is None or "/usr/sbin" not in text
