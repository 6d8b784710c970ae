"""`idp-sync sweep`: one JSON document on standard output, applied or not."""

from __future__ import annotations

import json
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from idp_sync.cli import sweep as module
from idp_sync.domain.errors import Refused
from idp_sync.domain.idleness import Idle, SweepPlan
from idp_sync.domain.plan import Plan
from idp_sync.domain.task import Task, TaskKind
from idp_sync.domain.unit import UserClass
from idp_sync.services.sweep import Suspended
from idp_sync.services.synchronise import Synced
from tests.builders import BOOK, account

BY = ("--as", "信息一@信息中心")
IDLE = Idle(account=account(), since=date(2025, 1, 1), basis="领取密钥", last_day=date(2025, 7, 1), logins=(), holes=())
DISABLE = Task(kind=TaskKind.DISABLE, user_class=UserClass.MANAGEMENT, login="cy0001")


class FakeSweep:
    """One idle account; `left` is what could not be told to the realm."""

    def __init__(self, *left: Task, obstacle: str = "") -> None:
        self.left = left
        self.obstacle = obstacle

    def collect(self) -> tuple[()]:
        return ()

    def plan(self) -> SweepPlan:
        return SweepPlan(on=date(2025, 7, 10), idle=(IDLE,), spared={}, obstacles=())

    def apply(self, plan: SweepPlan, **_: Any) -> Suspended:  # noqa: ANN401
        if self.obstacle:
            raise Refused(self.obstacle)
        done = () if self.left else (DISABLE,)
        synced = Synced(plan=Plan(changes=()), picked_up=(), tasks_done=done, tasks_left=self.left)
        return Suspended(idle=plan.idle, synced=synced)


def run(monkeypatch: pytest.MonkeyPatch, sweep: FakeSweep, *arguments: str) -> Any:  # noqa: ANN401
    monkeypatch.setattr(module, "installation", lambda _: SimpleNamespace(sweep=sweep, book=BOOK))
    return CliRunner().invoke(module.sweep, [*arguments, *BY])


def test_a_plan_is_one_json_document(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = run(monkeypatch, FakeSweep(), "--json")
    assert ran.exit_code == 0
    document = json.loads(ran.stdout)
    assert [idle["login"] for idle in document["idle"]] == ["cy0001"]
    assert "suspended" not in document


def test_what_was_applied_is_one_json_document_too(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = run(monkeypatch, FakeSweep(), "--json", "--apply")
    assert ran.exit_code == 0
    document = json.loads(ran.stdout)
    assert document["suspended"] == ["cy0001"]
    assert document["complete"] is True


def test_what_is_left_shows_in_the_document_and_the_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = run(monkeypatch, FakeSweep(DISABLE), "--json", "--apply")
    assert ran.exit_code == 7
    assert json.loads(ran.stdout)["complete"] is False


def test_what_is_refused_prints_no_document(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = run(monkeypatch, FakeSweep(obstacle="证据不完整"), "--json", "--apply")
    assert isinstance(ran.exception, Refused)
    assert ran.stdout == ""


def test_people_read_it_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = run(monkeypatch, FakeSweep(), "--apply")
    assert "已暂停登录资格 / suspended: 1" in ran.stdout
    assert "disable cy0001" in ran.stdout
