"""`idp-sync report` upon a real register: forms are approved and changed, and the reports say who may what, and why."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook
from pypdf import PdfReader

from idp_sync.cli import cli
from idp_sync.cli import report as module
from idp_sync.config import FILE_NAME
from idp_sync.domain.errors import InputError, NotFound, Unavailable
from idp_sync.shipped import folder
from tests.house import MARKET, REGISTRATION, SERVICE, WINDOW, House, house, person

ACCEPTS, REVIEWS, SIGNS = "MGMT-DIST.REG.01", "MGMT-DIST.REG.02", "MGMT-DIST.TRADE.02"
HAIDIAN = {**WINDOW, "name": "虚构单位海淀区登记窗口", "district": "110108"}


@pytest.fixture
def at(tmp_path: Path) -> Iterator[House]:
    """Two clerks and an enterprise's user; one got a permission more a day later, another form waits."""
    with house(tmp_path) as built:
        built.clerk("NEW-1", permissions=(ACCEPTS,))
        other = person(name="测试乙", id_number="110000199001019384", sex="女", permissions=(REVIEWS, SIGNS))
        built.decided("NEW-2", "A3", other, by=REGISTRATION, unit=HAIDIAN)
        built.review.approve("NEW-2", actor=built.who(MARKET))
        buyer = person(name="=企业测试甲", id_number="110000199001019392", permissions=("(按机构类型统一设置)",))
        built.decided("ENT-1", "ENT-NEW", {**buyer, "用户姓名": "企业测试甲"}, by=SERVICE)
        built.pass_time(days=1)
        change = {
            "用户姓名": "测试甲",
            "登录名称": "cy0001",
            "原申请权限": [ACCEPTS],
            "现申请权限": [ACCEPTS, REVIEWS],
        }
        built.decided("CHANGE-1", "A6", change, by=REGISTRATION)
        late = person(name="测试丙", id_number="110000199001019405", sex="女", permissions=(ACCEPTS, SIGNS))
        built.take_in("WAITS-1", "A3", late, by=REGISTRATION)
        yield built


def ran(at: House, *words: str) -> Result:
    return CliRunner().invoke(cli, ["--home", str(at.home), "report", *words])


def rows(at: House, *words: str, code: int = 0) -> list[dict[str, Any]]:
    """The rows that --json gives."""
    result = ran(at, *words, "--json")
    assert result.exit_code == code, (result.output, result.exception)
    found: list[dict[str, Any]] = json.loads(result.stdout)["rows"]
    return found


class TestUsers:
    def test_by_unit(self, at: House) -> None:
        found = rows(at, "users", "--by", "unit")
        assert [(r["group"], r["login"], r["state"]) for r in found] == [
            ("虚构房地产开发有限公司", "qy000001", "正常（无有效密钥）"),
            ("虚构单位朝阳区登记窗口", "cy0001", "正常"),
            ("虚构单位海淀区登记窗口", "hd0001", "正常（无有效密钥）"),
        ]
        assert [r["login"] for r in rows(at, "users", "--by", "unit", "--of", "海淀")] == ["hd0001"]

    def test_by_permission(self, at: House) -> None:
        found = rows(at, "users", "--by", "permission", "--of", REVIEWS)
        assert [(r["group"], r["login"], r["application"]) for r in found] == [
            (f"{REVIEWS} 登记审核", "cy0001", "CHANGE-1"),
            (f"{REVIEWS} 登记审核", "hd0001", "NEW-2"),
        ]

    def test_by_district(self, at: House) -> None:
        assert [(r["group"], r["login"]) for r in rows(at, "users", "--by", "district")] == [
            ("朝阳区", "cy0001"),
            ("海淀区", "hd0001"),
        ]
        assert [r["login"] for r in rows(at, "users", "--by", "district", "--of", "海淀区")] == ["hd0001"]

    def test_by_the_office_that_approved(self, at: House) -> None:
        found = [(r["group"], r["application"], r["login"]) for r in rows(at, "users", "--by", "office")]
        assert found == [
            ("房屋市场管理处", "NEW-2", "hd0001"),
            ("房屋登记管理处", "CHANGE-1", "cy0001"),
            ("房屋登记管理处", "NEW-1", "cy0001"),
            ("房屋登记管理处", "NEW-2", "hd0001"),
            ("综合服务中心", "ENT-1", "qy000001"),
        ]
        assert [r["login"] for r in rows(at, "users", "--by", "office", "--of", "房屋市场管理处")] == ["hd0001"]

    @pytest.mark.parametrize("by", ["permission", "district", "office"])
    def test_of_what_there_is_not(self, at: House, by: str) -> None:
        assert isinstance(ran(at, "users", "--by", by, "--of", "没有").exception, NotFound)


class TestWhoMay:
    def test_and_why(self, at: House) -> None:
        changed, opened = rows(at, "who-may", REVIEWS)
        assert (changed["login"], changed["application"], changed["since"]) == (
            "cy0001",
            "CHANGE-1",
            "2025-03-04T01:00:00+00:00",
        )
        assert changed["approved_by"] == "房屋登记管理处 登记一 2025-03-04 09:00"
        assert (opened["login"], opened["since"][:10]) == ("hd0001", "2025-03-03")
        assert opened["approved_by"] == (
            "房屋登记管理处 登记一 2025-03-03 09:00；房屋市场管理处 市场一 2025-03-03 09:00"
        )

    @pytest.mark.parametrize("district", ["110108", "海淀区"])
    def test_in_a_district(self, at: House, district: str) -> None:
        assert [r["login"] for r in rows(at, "who-may", REVIEWS, "--district", district)] == ["hd0001"]

    def test_an_enterprise_does_its_own_business_in_any_district(self, at: House) -> None:
        (found,) = rows(at, "who-may", "ENT-DEV.TRADE.01", "--district", "110108")
        assert (found["login"], found["scope"]) == ("qy000001", "本单位")

    def test_by_its_name(self, at: House) -> None:
        assert [r["login"] for r in rows(at, "who-may", "登记受理")] == ["cy0001"]
        with pytest.raises(InputError, match=r"MGMT-CITY\.TRADE\.01.*MGMT-DIST\.TRADE\.01"):
            at.reporting.who_may("预售许可管理")

    def test_of_what_there_is_not(self, at: House) -> None:
        assert isinstance(ran(at, "who-may", "X.OLD.01").exception, NotFound)
        assert isinstance(ran(at, "who-may", REVIEWS, "--district", "999999").exception, NotFound)


class TestPerson:
    @pytest.mark.parametrize("who", ["cy0001", "测试甲"])
    def test_what_they_may_do_and_since_when(self, at: House, who: str) -> None:
        assert [(r["permission"], r["since"][:10], r["application"]) for r in rows(at, "person", who)] == [
            (ACCEPTS, "2025-03-03", "NEW-1"),
            (REVIEWS, "2025-03-04", "CHANGE-1"),
        ]
        (second,) = rows(at, "person", who, "--limit", "1", "--page", "2")
        assert second["permission"] == REVIEWS

    def test_what_was_withheld_and_given_back_keeps_its_source(self, at: House) -> None:
        code = "ENT-DEV.TRADE.01"
        at.withhold.withhold("qy000001", code, by="qy000001")
        assert code not in {r["permission"] for r in rows(at, "person", "qy000001")}
        at.pass_time(days=2)
        at.withhold.give_back("qy000001", code, by="qy000001")
        back = {r["permission"]: r for r in rows(at, "person", "qy000001")}[code]
        assert (back["application"], back["since"][:10]) == ("ENT-1", "2025-03-06")

    def test_whoever_is_deregistered_may_do_nothing(self, at: House) -> None:
        at.sync()
        at.decided("OUT-1", "A7", {"用户姓名": "测试甲", "登录名称": "cy0001"}, by="信息二@信息中心")
        (found,) = rows(at, "person", "测试甲")
        assert (found["state"], found["permission"]) == ("已注销", None)
        assert [r["login"] for r in rows(at, "who-may", REVIEWS)] == ["hd0001"]

    def test_nobody(self, at: House) -> None:
        assert isinstance(ran(at, "person", "无此人").exception, NotFound)


class TestOpenTasks:
    def test_duties_and_reviews_with_their_age(self, at: House) -> None:
        found = rows(at, "open-tasks")
        assert {("发放密钥", "城建研究中心", "hd0001"), ("配置权限", "信息中心", "cy0001")} <= {
            (r["what"], r["whose"], r["login"]) for r in found
        }
        (waits,) = (r for r in found if r["application"] == "WAITS-1")
        assert (waits["what"], waits["whose"], waits["unit"]) == (
            "审核《用户及密钥申请表》",
            "房屋登记管理处、房屋市场管理处",
            WINDOW["name"],
        )
        assert [r["since"] for r in found] == sorted(r["since"] for r in found)
        assert all(r["age_days"] > 365 for r in found)  # the house's clock stands in March 2025
        at.review.approve("WAITS-1", actor=at.who(REGISTRATION))
        (waits,) = (r for r in rows(at, "open-tasks") if r["application"] == "WAITS-1")
        assert waits["whose"] == "房屋市场管理处"

    def test_pages_join_without_a_gap(self, at: House) -> None:
        whole = rows(at, "open-tasks")
        pages = [rows(at, "open-tasks", "--limit", "2", "--page", str(n + 1)) for n in range(len(whole) // 2 + 1)]
        assert [[r["since"] for r in page] for page in pages if page] == [
            [r["since"] for r in whole[n : n + 2]] for n in range(0, len(whole), 2)
        ]


class TestChanges:
    def test_of_one_day_in_beijing(self, at: House) -> None:
        found = rows(at, "changes", "--from", "2025-03-04")
        assert "CHANGE-1" in {r["subject"] for r in found}
        assert "NEW-1" not in {r["subject"] for r in found}
        (changed,) = (r for r in found if r["act"] == "account.permissions")
        assert f"granted={REVIEWS}" in changed["detail"]
        both = rows(at, "changes", "--from", "2025-03-03", "--to", "2025-03-04")
        assert {"CHANGE-1", "NEW-1"} <= {r["subject"] for r in both}
        assert rows(at, "changes", "--from", "2025-03-05", "--to", "2025-03-31") == []

    def test_the_wrong_way_round(self, at: House) -> None:
        assert isinstance(ran(at, "changes", "--from", "2025-03-04", "--to", "2025-03-03").exception, InputError)


class TestOrphans:
    def test_none_while_the_catalogue_has_them_all(self, at: House) -> None:
        assert rows(at, "orphans") == []

    def test_what_was_removed_from_the_catalogue_is_a_finding(self, at: House, tmp_path: Path) -> None:
        shutil.copytree(folder("roles"), tmp_path / "roles")
        catalogue = tmp_path / "roles" / "permissions.yaml"
        catalogue.write_text(catalogue.read_text("utf-8").replace(REVIEWS, "MGMT-DIST.REG.99"), encoding="utf-8")
        settings = tmp_path / FILE_NAME
        settings.write_text(f'roles_folder = "roles"\n{settings.read_text("utf-8")}', encoding="utf-8")
        found = rows(at, "orphans", code=1)
        assert [(r["permission"], r["login"], r["application"]) for r in found] == [
            (REVIEWS, "cy0001", "CHANGE-1"),
            (REVIEWS, "hd0001", "NEW-2"),
        ]
        assert {r["finding"] for r in found} == {"PERM_UNKNOWN 目录中已无此项 / no longer in the catalogue"}
        # other reports know them as well
        assert [r["login"] for r in rows(at, "who-may", REVIEWS, "--district", "110108")] == ["hd0001"]
        assert "目录中已无此项" in {r["permission"]: r for r in rows(at, "person", "cy0001")}[REVIEWS]["label"]


class TestOutput:
    def test_a_table(self, at: House) -> None:
        result = ran(at, "users", "--by", "district")
        assert result.exit_code == 0
        assert "朝阳区" in result.output
        assert "cy0001" in result.output

    def test_files_of_each_kind_at_once(self, at: House, tmp_path: Path) -> None:
        files = {kind: tmp_path / f"users.{kind}" for kind in ("csv", "xlsx", "pdf")}
        options = [word for kind, path in files.items() for word in (f"--{kind}", str(path))]
        result = ran(at, "users", "--by", "unit", *options)
        assert result.exit_code == 0, result.exception
        assert "cy0001" not in result.output
        with files["csv"].open(encoding="utf-8-sig", newline="") as lines:
            table = list(csv.reader(lines))
        assert [line[1] for line in table] == ["登录名称 / login", "qy000001", "cy0001", "hd0001"]
        sheet = load_workbook(files["xlsx"]).active
        assert sheet is not None
        assert [cell.value for cell in sheet["B"]] == [line[1] for line in table]
        assert "cy0001" in PdfReader(files["pdf"]).pages[0].extract_text()

    def test_what_somebody_typed_does_not_run(self, at: House, tmp_path: Path) -> None:
        unit = {**WINDOW, "name": "=cmd|'/c calc'!A1"}
        someone = person(name="测试丁", id_number="110000199001019413", permissions=(ACCEPTS,))
        at.decided("EVIL-1", "A3", someone, by=REGISTRATION, unit=unit)
        assert ran(at, "users", "--by", "unit", "--csv", str(tmp_path / "u.csv")).exit_code == 0
        with (tmp_path / "u.csv").open(encoding="utf-8-sig", newline="") as lines:
            cells = [cell for line in csv.reader(lines) for cell in line]
        assert "'=cmd|'/c calc'!A1" in cells
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]

    def test_on_a_terminal_a_page_is_shown(self, at: House, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "_on_a_terminal", lambda: True)
        monkeypatch.setattr(module, "ROWS_ON_A_TERMINAL", 2)
        shown = ran(at, "users", "--by", "unit")
        assert "--page 2" in shown.output
        assert "hd0001" not in shown.output
        assert len(rows(at, "users", "--by", "unit")) == 3  # other programs get all
        assert "hd0001" in ran(at, "users", "--by", "unit", "--page", "2").output

    def test_a_second_page_in_a_pipe_has_the_size_of_one_on_a_terminal(self, at: House) -> None:
        assert rows(at, "users", "--by", "unit", "--page", "2") == []

    def test_where_nothing_can_be_written(self, at: House, tmp_path: Path) -> None:
        missing = ran(at, "orphans", "--csv", str(tmp_path / "none" / "o.csv"))
        assert isinstance(missing.exception, InputError)
        full = ran(at, "orphans", "--csv", "/dev/full")
        assert isinstance(full.exception, Unavailable)
