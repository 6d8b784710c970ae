"""The wheel, installed into an environment of its own: what works there without server, register and checkout."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import idp_sync
from idp_sync.domain.application import COMMITMENT

CHECKOUT = Path(idp_sync.__file__).parent.parent
CASES = CHECKOUT / "tests" / "cases" / "applications.jsonl"

#: prints where everything comes from
WHERE = """
import importlib.metadata, json, sys, idp_sync
from idp_sync import shipped
print(json.dumps({
    "package": idp_sync.__file__,
    "data": [str(shipped.folder(name)) for name in ("roles", "certs", "templates")],
    "version": importlib.metadata.version("idp-sync"),
    "path": sys.path,
}))
"""


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel in it, and an empty folder outside the checkout to work in."""

    environment: Path
    work: Path

    def run(self, program: str, *arguments: str, expect: int = 0) -> str:
        """What a program of the environment prints; it is told nothing but where the system's programs are."""
        done = subprocess.run(
            [str(self.environment / "bin" / program), *arguments],
            cwd=self.work,
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.work), "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        assert (done.returncode, done.stderr) == (expect, "")
        return done.stdout


def _uv() -> str | None:
    """The uv that the set-up uses; None where it made the environment with pip."""
    spec = importlib.util.spec_from_file_location("machine", CHECKOUT / "docker" / "machine.py")
    assert spec
    assert spec.loader
    machine = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(machine)
    found: str | None = machine.find_uv(machine.cache_folder(os.environ))
    return found


def _make_environment(folder: Path, wheel: Path) -> None:
    """An environment that holds nothing but the wheel, and borrows the dependencies: no network is needed."""
    uv, python = _uv(), str(folder / "bin" / "python")
    subprocess.run([sys.executable, "-m", "venv", *(["--without-pip"] if uv else []), str(folder)], check=True)
    install = [uv, "pip", "install", "-q", "--no-cache", "--python", python] if uv else [python, "-m", "pip", "install"]
    offline = "--offline" if uv else "--no-index"
    subprocess.run([*install, offline, "--no-deps", str(wheel)], check=True)
    # A folder that a .pth names comes last, and .pth files within it are not read: the checkout's own editable
    # installation of idp_sync, which is one, stays out.
    (own,) = folder.glob("lib/python*/site-packages")
    (own / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    base = tmp_path_factory.mktemp("installed")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(base / "dist")],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
    )
    (wheel,) = (base / "dist").glob("*.whl")
    _make_environment(base / "environment", wheel)
    (base / "work").mkdir()
    return Installed(environment=base / "environment", work=base / "work")


def test_code_and_data_come_from_the_wheel_and_not_from_the_checkout(installed: Installed) -> None:
    where: dict[str, Any] = json.loads(installed.run("python", "-c", WHERE))
    inside = str(installed.environment) + "/"
    assert where["package"].startswith(inside)
    assert all(folder.startswith(f"{inside}lib/") for folder in where["data"])
    assert where["version"] == idp_sync.__version__
    assert str(CHECKOUT) not in where["path"]


def test_version(installed: Installed) -> None:
    assert installed.run("idp-sync", "--version") == f"idp-sync, version {idp_sync.__version__}\n"


def test_check_finds_what_is_expected_of_every_application(installed: Installed) -> None:
    expected = {line["id"]: line["expected"] for line in map(json.loads, CASES.read_text("utf-8").splitlines())}
    # 1: some of them can't be approved
    printed = installed.run("idp-sync", "applications", "check", str(CASES), "--json", expect=1).splitlines()
    found = {line["id"]: line for line in map(json.loads, printed)}
    assert len(printed) == len(found) == len(expected) == 22
    for id_, wanted in expected.items():
        assert found[id_]["outcome"] == wanted["outcome"], id_
        assert sorted(found[id_]["codes"]) == sorted(wanted["codes"]), id_


def test_a_blank_form_bears_the_commitment_word_for_word(installed: Installed) -> None:
    page = installed.run("idp-sync", "applications", "blank", "A3")
    assert COMMITMENT in page
    assert "用户及密钥申请表" in page


def test_the_catalogue_is_whole(installed: Installed) -> None:
    items = json.loads(installed.run("idp-sync", "permissions", "list", "--json"))
    assert len({item["code"] for item in items}) == len(items) == 57


def test_nothing_was_left_in_the_working_folder(installed: Installed) -> None:
    for arguments in (("applications", "blank", "A7"), ("permissions", "list"), ("--help",)):
        installed.run("idp-sync", *arguments)
    assert list(installed.work.iterdir()) == []


def test_what_needs_an_installation_says_so_in_one_line(installed: Installed) -> None:
    done = subprocess.run(
        [str(installed.environment / "bin" / "idp-sync"), "--home", str(installed.work / "none"), "accounts", "list"],
        cwd=installed.work,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 8
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "idp-sync.toml" in done.stderr
