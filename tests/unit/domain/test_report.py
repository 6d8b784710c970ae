"""Reports: headings, words and pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from idp_sync.domain.account import AccountState
from idp_sync.domain.journal import Entry
from idp_sync.domain.report import (
    Approval,
    Cell,
    Column,
    Grouped,
    Grouping,
    Holding,
    OpenTask,
    Report,
    changes_report,
    holders_report,
    open_tasks_report,
    orphans_report,
    person_report,
    users_report,
    words,
)
from tests.builders import BOOK, CITY, DEVELOPER, account

NOW = datetime(2025, 7, 10, 4, tzinfo=UTC)
SINCE = datetime(2025, 3, 5, 16, 30, tzinfo=UTC)
CODE = "MGMT-DIST.REG.01"
APPROVALS = {
    "A-1": (
        Approval(office="registration", actor="王五", at=SINCE),
        Approval(office="former-office", actor="赵六", at=SINCE + timedelta(hours=1)),
    )
}


def holding(code: str = CODE, **changes: object) -> Holding:
    fields: dict[str, object] = {"account": account(), "permission": code, "application": "A-1", "since": SINCE}
    return Holding(**{**fields, **changes})  # type: ignore[arg-type]


def only(report: Report) -> dict[str, Cell]:
    """The one row of a report."""
    (row,) = report.documents()
    return row


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (None, "—"),
        ("", "—"),
        (0, "0"),
        (-3, "-3"),
        ("测试甲", "测试甲"),
        (SINCE, "2025-03-06 00:30"),
        ("a\x1b[31m\nb\u202e\u2028c", "a [31m b  c"),
        ("\ud840", "\ufffd"),
    ],
)
def test_a_cell_in_words(cell: Cell, shown: str) -> None:
    assert words(cell) == shown


class TestPages:
    REPORT = Report(
        zh="题", en="title", columns=(Column(key="n", zh="数", en="number"),), rows=((1,), (2,), (3,)), at=NOW
    )

    def test_the_row_too_many_says_that_more_come(self) -> None:
        page = self.REPORT.only(2, page=4)
        assert (page.rows, page.more, page.page) == (((1,), (2,)), True, 4)

    def test_the_last_page(self) -> None:
        assert not self.REPORT.only(3).more
        assert self.REPORT.only(None) is self.REPORT

    def test_how_it_is_shown(self) -> None:
        assert self.REPORT.title == "题 / title"
        assert self.REPORT.printed_at == "2025-07-10 12:00"
        assert self.REPORT.in_words() == (("1",), ("2",), ("3",))
        assert self.REPORT.documents() == [{"n": 1}, {"n": 2}, {"n": 3}]


class TestUsers:
    @pytest.mark.parametrize(
        ("by", "group", "heading"),
        [
            (Grouping.UNIT, "虚构单位", "虚构单位"),
            (Grouping.PERMISSION, CODE, f"{CODE} 登记受理"),
            (Grouping.PERMISSION, "X.OLD.01", "X.OLD.01 （目录中已无此项 / no longer in the catalogue）"),
            (Grouping.DISTRICT, "110105", "朝阳区"),
            (Grouping.DISTRICT, "999999", "999999"),
            (Grouping.OFFICE, "registration", BOOK.offices.get("registration").name),
            (Grouping.OFFICE, "former-office", "former-office"),
        ],
    )
    def test_headings(self, by: Grouping, group: str, heading: str) -> None:
        line = Grouped(group=group, account=account(), application="A-1")
        made = users_report(by, [line], of="", book=BOOK, at=NOW)
        assert only(made) == {
            "group": heading,
            "login": "cy0001",
            "name": "测试甲",
            "unit": "虚构单位朝阳区登记窗口",
            "district": "朝阳区",
            "state": "正常",
            "application": "A-1",
            "permissions": CODE,
        }
        assert made.title == f"用户（按{by.zh}） / users by {by.value}"
        assert users_report(by, [], of="某某", book=BOOK, at=NOW).zh.endswith("：某某")

    @pytest.mark.parametrize(
        ("changes", "shown"),
        [
            ({"thumbprint": None}, "正常（无有效密钥）"),
            ({"state": AccountState.SUSPENDED}, "暂停登录"),
            ({"state": AccountState.DEREGISTERED, "thumbprint": None}, "已注销"),
        ],
    )
    def test_whether_they_may_log_in(self, changes: dict[str, object], shown: str) -> None:
        line = Grouped(group="", account=account(unit=CITY, **changes), application="")
        row = only(users_report(Grouping.UNIT, [line], of="", book=BOOK, at=NOW))
        assert (row["state"], row["district"]) == (shown, "")


class TestWhoMay:
    def test_and_why(self) -> None:
        made = holders_report(CODE, [holding()], APPROVALS, district="110105", book=BOOK, at=NOW)
        assert made.zh == f"{CODE} 登记受理（朝阳区）"
        assert made.en == "who may, and why, in 110105"
        row = only(made)
        assert (row["scope"], row["since"], row["application"]) == ("本区", SINCE, "A-1")
        office = BOOK.offices.get("registration").name
        assert row["approved_by"] == f"{office} 王五 2025-03-06 00:30；former-office 赵六 2025-03-06 01:30"

    def test_without_a_district_or_an_approval(self) -> None:
        made = holders_report(CODE, [holding(application="A-2")], APPROVALS, district=None, book=BOOK, at=NOW)
        assert (made.zh, made.en) == (f"{CODE} 登记受理", "who may, and why")
        assert only(made)["approved_by"] == ""

    @pytest.mark.parametrize(
        ("code", "unit", "scope"),
        [("MGMT-CITY.REG.01", CITY, "全市"), ("ENT-DEV.TRADE.01", DEVELOPER, "本单位"), ("X.OLD.01", CITY, None)],
    )
    def test_how_far_it_reaches(self, code: str, unit: object, scope: str | None) -> None:
        held = holding(code, account=account(unit=unit))
        assert only(holders_report(code, [held], {}, district=None, book=BOOK, at=NOW))["scope"] == scope


def test_a_person() -> None:
    other = account("cy0002", state=AccountState.DEREGISTERED)
    found = [holding(), holding("X.OLD.01")]
    made = person_report("测试甲", [account(), other], found, APPROVALS, book=BOOK, at=NOW)
    assert made.zh == "测试甲的权限"
    rows = made.documents()
    assert [(row["login"], row["permission"], row["since"]) for row in rows] == [
        ("cy0001", CODE, SINCE),
        ("cy0001", "X.OLD.01", SINCE),
        ("cy0002", None, None),
    ]
    assert [row["label"] for row in rows] == ["登记受理", "（目录中已无此项 / no longer in the catalogue）", None]


def test_what_the_catalogue_has_no_more_is_a_finding() -> None:
    row = only(orphans_report([holding("X.OLD.01")], APPROVALS, book=BOOK, at=NOW))
    assert row["finding"] == "PERM_UNKNOWN 目录中已无此项 / no longer in the catalogue"
    assert (row["permission"], row["login"], row["application"]) == ("X.OLD.01", "cy0001", "A-1")


def test_open_tasks_have_their_age_in_whole_days() -> None:
    task = OpenTask(what="发放密钥", whose="城建研究中心", since=NOW - timedelta(days=3, hours=23), login="cy0001")
    tasks = [task, replace(task, since=NOW - timedelta(hours=1))]
    assert [row["age_days"] for row in open_tasks_report(tasks, at=NOW).documents()] == [3, 0]


def test_changes() -> None:
    entry = Entry(
        at=SINCE,
        actor="王五",
        office="registration",
        act="account.permissions",
        subject="cy0001",
        article="第五条",
        detail={"granted": CODE, "withdrawn": ""},
    )
    made = changes_report([entry], period="2025-03-01至2025-03-31", book=BOOK, at=NOW)
    assert made.zh == "2025-03-01至2025-03-31的变更"
    row = only(made)
    assert (row["at"], row["detail"], row["office"]) == (
        SINCE,
        f"granted={CODE}",
        BOOK.offices.get("registration").name,
    )
