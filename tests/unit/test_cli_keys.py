"""`idp-sync keys issue`: the package is there exactly where the certificate is on record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from idp_sync.cli import keys as module
from idp_sync.domain.errors import InputError, Unavailable
from idp_sync.domain.key import KeyState
from idp_sync.services.issue import Issue, Issued
from tests.house import REGISTRATION, RESEARCH, House, house, person


@pytest.fixture(name="office")
def an_office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A house in which 测试甲 is to get a key."""
    home = tmp_path / "home"
    home.mkdir()
    with house(home) as built:
        built.decided("A-1", "A3", person(), by=REGISTRATION)
        monkeypatch.setattr(module, "installation", lambda _: built)
        yield built


def issue(out: Path, to: str = "持有人") -> Result:
    """Issue 测试甲's key into a folder."""
    return CliRunner().invoke(module.keys, ["issue", "cy0001", "--to", to, "--out", str(out), "--as", RESEARCH])


def names(out: Path) -> list[str]:
    """Kinds of the files in a folder."""
    return sorted("".join(path.suffixes) for path in out.iterdir())


def test_package_and_password_are_their_owners_alone(office: House, tmp_path: Path) -> None:
    ran = issue(tmp_path / "out")
    assert ran.exit_code == 0, ran.output
    assert names(tmp_path / "out") == [".p12", ".password.txt"]
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "out").iterdir()} == {0o600}
    assert office.account("cy0001").key_number == "KEY-000001"


def test_ctrl_c_right_after_the_register_was_written_loses_no_package(
    office: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Issue.issue

    def interrupted(self: Issue, *arguments: Any, **fields: Any) -> Issued:  # noqa: ANN401
        whole(self, *arguments, **fields)
        raise KeyboardInterrupt

    monkeypatch.setattr(Issue, "issue", interrupted)
    ran = issue(tmp_path / "out")
    assert ran.exit_code != 0
    assert "was issued all the same" in ran.stderr
    assert names(tmp_path / "out") == [".p12", ".password.txt"]
    assert office.key("KEY-000001").state is KeyState.ISSUED


def test_what_the_register_does_not_take_leaves_no_package(
    office: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Issue.issue

    def failing(self: Issue, *arguments: Any, deliver: Any, **fields: Any) -> Issued:  # noqa: ANN401
        def deliver_and_fail(package: Any) -> None:  # noqa: ANN401
            deliver(package)
            raise Unavailable("the register's disk is full")

        return whole(self, *arguments, deliver=deliver_and_fail, **fields)

    monkeypatch.setattr(Issue, "issue", failing)
    ran = issue(tmp_path / "out")
    assert isinstance(ran.exception, Unavailable)
    assert names(tmp_path / "out") == []
    assert office.key("KEY-000001").state is KeyState.IN_STOCK


def test_an_older_file_of_that_name_is_neither_overwritten_nor_removed(
    office: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.setattr(office.authority, "new_serial", lambda: 0x1234567890ABCDEF1234567890ABCDEF)
    older = out / "KEY-000001-12345678.password.txt"
    older.write_text("older", encoding="ascii")
    ran = issue(out)
    assert isinstance(ran.exception, InputError)
    assert names(out) == [".password.txt"]
    assert older.read_text(encoding="ascii") == "older"
    assert office.key("KEY-000001").state is KeyState.IN_STOCK


@pytest.mark.parametrize("place", ["a file", "below a file", "/proc/none"])
def test_a_folder_that_can_not_be_made(office: House, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    out = {"a file": tmp_path / "file", "below a file": tmp_path / "file" / "out"}.get(place, Path(place))
    assert issue(out).exit_code != 0
    assert office.account("cy0001").key_number is None
