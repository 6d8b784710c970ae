"""`idp-sync applications import` shows each application as it is taken in, and holds none of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from idp_sync.cli import applications as module
from idp_sync.cli.common import print_json_list, progress
from idp_sync.services.intake import Arrival, TakenIn
from tests.builders import BOOK, application, checked

BY = ("--as", "登记一@房屋登记管理处")


class FakeIntake:
    """Three applications, of which the second can't be read; remembers what was printed before each of them."""

    def __init__(self, printed: list[str]) -> None:
        self.printed = printed
        self.before: list[int] = []

    def take_in(self, name: str, content: bytes, **_: Any) -> Iterator[TakenIn]:  # noqa: ANN401
        assert content == b"content"
        for number in range(3):
            self.before.append(len(self.printed))
            if number == 1:
                yield TakenIn(source=name, arrival=Arrival.UNREADABLE, reason="not JSON")
            else:
                paper = application(id=f"P-{number}")
                arrived = {"arrival": Arrival.RECEIVED, "application": paper, "verdict": checked(paper)}
                yield TakenIn(source=name, id=paper.id, **arrived)


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> tuple[Any, FakeIntake]:
    file = folder / "papers.jsonl"
    file.write_bytes(b"content")
    printed: list[str] = []
    intake = FakeIntake(printed)
    monkeypatch.setattr(module, "installation", lambda _: SimpleNamespace(intake=lambda _: intake, book=BOOK))
    for name in ("say", "print_json_list"):
        monkeypatch.setattr(module, name, _noting(getattr(module, name), printed))
    return CliRunner().invoke(module.import_, [str(file), *arguments, *BY]), intake


def _noting(print_: Any, printed: list[str]) -> Any:  # noqa: ANN401
    """The function, noting what it is given, item by item."""

    def noted(value: str | Iterable[object]) -> None:
        if isinstance(value, str):
            printed.append(value)
            print_(value)
        else:
            print_(item for item in value if printed.append(str(item)) is None)

    return noted


@pytest.mark.parametrize("as_json", [(), ("--json",)])
def test_each_is_shown_before_the_next_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, as_json: tuple[str, ...]
) -> None:
    ran, intake = run(monkeypatch, tmp_path, *as_json)
    assert ran.exit_code == 3, "one can't be read"
    assert intake.before == [0, 1, 2]


def test_json_is_one_document(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ran, _ = run(monkeypatch, tmp_path, "--json")
    assert [item["arrival"] for item in json.loads(ran.stdout)] == ["received", "unreadable", "received"]


@pytest.mark.parametrize("values", [[], [{"编号": 1}], ["甲", ["乙"], {"丙": {"丁": None}}]])
def test_a_list_that_is_printed_item_by_item_is_the_list(
    values: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    print_json_list(iter(values))
    printed = capsys.readouterr().out
    assert printed == json.dumps(values, ensure_ascii=False, indent=2) + "\n"


def test_progress_is_silent_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("受理") as step:
        step(1, None)
    assert capsys.readouterr() == ("", "")
