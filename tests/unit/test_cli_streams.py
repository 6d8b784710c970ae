"""The command line on any terminal: odd encodings, nobody who reads, hostile words, Ctrl-C."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from idp_sync.cli import INTERNAL, INTERRUPTED, NOBODY_READS, TRACEBACK_VARIABLE, _ended_by, cli
from idp_sync.cli.streams import visible
from idp_sync.domain.errors import Conflict, InputError, Unavailable
from tests.house import REGISTRATION, house, person

IDP_SYNC = (sys.executable, "-m", "idp_sync")
TURNED = "甲\u202e乙"
COLOURED = "\x1b[31m红\x1b[0m"


def run(*arguments: str, stdout: int = subprocess.PIPE, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*IDP_SYNC, *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
        check=False,
    )


def lines(output: bytes) -> list[str]:
    return output.decode("utf-8").splitlines()


@pytest.mark.parametrize("encoding", ["latin-1", "gb2312"])
def test_an_encoding_that_lacks_characters_shows_them_as_escapes(encoding: str) -> None:
    ran = run("permissions", "list", PYTHONIOENCODING=encoding)
    assert ran.returncode == 0, ran.stderr
    assert "MGMT-DIST.REG.01" in ran.stdout.decode(encoding)
    assert ran.stderr == b""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "gb18030", "utf-8"])
def test_json_is_json_in_every_encoding(encoding: str) -> None:
    ran = run("permissions", "list", "--json", PYTHONIOENCODING=encoding)
    items = json.loads(ran.stdout.decode(encoding))
    assert next(item["text"] for item in items if item["code"] == "MGMT-DIST.REG.01").startswith("登记")


def test_an_error_in_an_encoding_that_lacks_characters_is_one_line(tmp_path: Path) -> None:
    ran = run("--home", str(tmp_path), "accounts", "list", PYTHONIOENCODING="ascii")
    assert ran.returncode == 8
    (line,) = lines(ran.stderr)
    assert "no settings" in line


@pytest.mark.parametrize("as_json", [(), ("--json",)])
def test_a_reader_that_has_gone(as_json: Sequence[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ran = run("permissions", "list", *as_json, stdout=writer)
    finally:
        os.close(writer)
    assert (ran.returncode, ran.stderr) == (NOBODY_READS, b"")


@pytest.mark.parametrize("as_json", [(), ("--json",)])
def test_a_full_disk_under_the_output(as_json: Sequence[str]) -> None:
    descriptor = os.open("/dev/full", os.O_WRONLY)
    try:
        ran = run("permissions", "list", *as_json, stdout=descriptor)
    finally:
        os.close(descriptor)
    assert ran.returncode == Unavailable.exit_code
    (line,) = lines(ran.stderr)
    assert "can't be read or written" in line


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_streams_that_are_closed(closed: str) -> None:
    script = f'"{sys.executable}" -m idp_sync permissions list {closed}'
    assert subprocess.run(["sh", "-c", script], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("width", ["20", "60", "200"])
def test_narrow_terminals_lose_nothing(width: str) -> None:
    ran = run("permissions", "list", COLUMNS=width, NO_COLOR="1")
    assert ran.returncode == 0
    assert b"\x1b" not in ran.stdout


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("张三", "张三"),
        ("周䶮·𠮷　例", "周䶮·𠮷　例"),
        (COLOURED, "\\x1b[31m红\\x1b[0m"),
        (TURNED, "甲\\u202e乙"),
        ("甲\n乙\r丙\0", "甲\\n乙\\r丙\\x00"),
        ("甲\u2028乙\u200b", "甲\\u2028乙\\u200b"),
        ("\udcff", "\\udcff"),
    ],
)
def test_what_a_terminal_would_obey_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize("command", [("list",), ("show", "HOSTILE-1"), ("list", "--json")])
def test_names_and_units_do_not_write_on_the_terminal(tmp_path: Path, command: tuple[str, ...]) -> None:
    with house(tmp_path) as office:
        office.take_in(
            "HOSTILE-1",
            "A3",
            person(name=f"{COLOURED}{TURNED}\n甲"),
            by=REGISTRATION,
            unit={"name": COLOURED, "class": "管理单位", "level": "区级", "district": "110105"},
        )
    ran = CliRunner().invoke(cli, ["--home", str(tmp_path), "applications", *command])
    assert ran.exit_code == 0
    assert "HOSTILE-1" in ran.output
    assert "\x1b" not in ran.output
    assert "--json" in command or "\u202e" not in ran.output


@pytest.mark.parametrize(
    "acting_as",
    ["甲", "@信息中心", "甲@", " @信息中心", f"{COLOURED}@信息中心", f"{TURNED}@信息中心", "甲" * 65 + "@信息中心"],
)
def test_who_acts_has_a_name_that_is_seen(tmp_path: Path, acting_as: str) -> None:
    with house(tmp_path):
        pass
    ran = run("--home", str(tmp_path), "sync", "--as", acting_as)
    assert ran.returncode == InputError.exit_code
    (line,) = lines(ran.stderr)
    assert "\x1b" not in line


def test_bytes_that_are_no_text_in_an_argument(tmp_path: Path) -> None:
    with house(tmp_path):
        pass
    script = f'"{sys.executable}" -m idp_sync --home "{tmp_path}" accounts show "$(printf \'\\377\\n甲\')"'
    ran = subprocess.run(["sh", "-c", script], capture_output=True, check=False)
    assert ran.returncode == InputError.exit_code
    assert len(lines(ran.stderr)) == 1


class TestWhatEndsACommand:
    @pytest.mark.parametrize("wrapped", [False, True])
    def test_ctrl_c_wherever_it_comes(self, capsys: pytest.CaptureFixture[str], *, wrapped: bool) -> None:
        """Python 3.11 makes a RuntimeError of what comes up while an enumeration is being made."""
        error: BaseException = KeyboardInterrupt()
        if wrapped:
            error = RuntimeError("Error calling __set_name__")
            error.__cause__ = KeyboardInterrupt()
        assert _ended_by(error) == INTERRUPTED
        assert "interrupted" in capsys.readouterr().err

    @pytest.mark.parametrize("error", [Conflict("甲\n乙"), InputError("x"), Unavailable("y")])
    def test_errors_are_one_line(self, capsys: pytest.CaptureFixture[str], error: Conflict) -> None:
        assert _ended_by(error) == error.exit_code
        assert len(capsys.readouterr().err.splitlines()) == 1

    def test_a_wrong_command_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert _ended_by(click.UsageError("no such option")) == 2
        assert "no such option" in capsys.readouterr().err

    def test_a_fault_of_ours_quotes_nothing(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fault = _raised(KeyError("110000199001019018"))
        monkeypatch.delenv(TRACEBACK_VARIABLE, raising=False)
        assert _ended_by(fault) == INTERNAL
        told = capsys.readouterr().err
        assert "KeyError in _raised" in told
        assert "1990" not in told
        monkeypatch.setenv(TRACEBACK_VARIABLE, "1")
        assert _ended_by(fault) == INTERNAL
        assert "Traceback" in capsys.readouterr().err


def _raised(error: Exception) -> Exception:
    with pytest.raises(type(error)) as caught:
        raise error
    return caught.value
