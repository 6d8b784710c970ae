"""The main job end to end, on real servers, through the command line: each chapter of the story and its effect.

The tests run in their order, in one telling; the demo shows the same chapters.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import ldap3
import pytest

from idp_sync.domain.application import COMMITMENT
from tests.acceptance.story import CONFIGURES, FORMS, MARKET, REGISTRATION, RESEARCH, SECURITY, Story
from tests.login import Refused, Session


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """One telling, in a folder of its own; whatever happens, exactly its servers end."""
    told = Story(home=tmp_path_factory.mktemp("story") / "home")
    try:
        yield told
    finally:
        told.run("stack", "down")


@pytest.fixture(scope="module")
def sessions() -> dict[str, Session]:
    """Sessions that stay open from one chapter to the next."""
    return {}


def test_real_servers_start_and_are_not_started_twice(story: Story) -> None:
    story.start()
    first = story.run("stack", "status", "--json").json
    assert [server["running"] for server in first] == [True, True]
    story.run("stack", "up")
    assert story.run("stack", "status", "--json").json == first


def test_init_sets_everything_up_and_a_second_time_changes_nothing(story: Story) -> None:
    first = story.run("init", "--json", by=CONFIGURES).json
    assert first["changed"] > 100
    again = story.run("init", "--json", by=CONFIGURES).json
    assert (again["changed"], again["steps"]) == (0, [])
    with story.directory() as connection:
        connection.search(
            f"ou=permissions,{story.settings.directory.suffix}", "(objectClass=idpPermission)", attributes=["cn"]
        )
        assert len(connection.entries) == 57


def test_only_the_information_centre_sets_up(story: Story) -> None:
    refused = story.run("init", by=REGISTRATION, expect=(4,))
    assert "房屋登记管理处无权配置系统" in refused.errors
    assert refused.errors.count("\n") == 1


def test_applications_come_in_as_people_send_them_and_the_faulty_ones_are_named(story: Story) -> None:
    files = sorted(str(path) for path in FORMS.iterdir() if path.is_file())
    taken = story.run("applications", "import", *files, "--json", by=REGISTRATION, expect=(3,)).json
    outcomes = {item["source"].split("[")[0]: item.get("outcome") for item in taken}
    assert outcomes == {
        "a3-chaoyang.xlsx": "accept",
        "a3-city.docx": "accept",
        "a3-damaged-id.xlsx": "return",
        "a3-fengtai-utf8.csv": "accept",
        "a3-haidian-gb18030.csv": "accept",
        "a3-mixed.xlsx": "split",
        "encrypted.xlsx": None,
        "ent-bank.json": "accept",
        "ent-developer.yaml": "accept",
        "faulty.jsonl:1": "return",
        "faulty.jsonl:2": "reject",
        "faulty.jsonl:3": "return",
        "macros.xlsm": None,
    }
    findings = {f["code"]: f["zh"] for item in taken for f in item.get("findings", ())}
    assert "第五条" in findings["ID_CHECKSUM"]
    assert "第四条" in findings["PERM_LEVEL"]
    assert "第五条（二）" in findings["DOC_MISSING:房地产开发企业资质证书"]
    assert "第三条" in findings["NEEDS_BOTH_APPROVALS"]


def test_the_same_forms_again_are_seen_as_received_before(story: Story) -> None:
    before = story.applications()
    taken = story.hand_in()
    assert {item["arrival"] for item in taken} == {"known-already", "unreadable"}
    assert story.applications() == before


def test_an_office_approves_its_own_matter_only(story: Story) -> None:
    number = story.number_for("赵样例")
    refused = story.run("applications", "approve", number, by=MARKET, expect=(4,))
    assert "房屋市场管理处" in refused.errors
    own = story.run("applications", "approve", number, by="赵样例@房屋登记管理处", expect=(4,))
    assert "不得审核本人" in own.errors
    faulty = story.run("applications", "approve", "FAULTY-1", by=REGISTRATION, expect=(4,))
    assert "校验码不符" in faulty.errors
    assert story.applications()[number]["state"] == "received"


def test_the_good_ones_are_approved_and_the_approver_is_recorded(story: Story) -> None:
    story.decide()
    states = {tuple(item["people"]): item["state"] for item in story.applications().values()}
    assert states[("赵样例", "钱·试用")] == "approved"
    assert states[("郑样例",)] == "approved"
    assert states[("冯样例",)] == states[("卫样例",)] == states[("沈样例",)] == "returned"
    assert states[("蒋试用",)] == "rejected"
    mixed = story.run("applications", "show", story.number_for("郑样例"), "--json").json
    assert [(d["office"], d["actor"], d["verdict"]) for d in mixed["decisions"]] == [
        ("registration", "登记一", "approve"),
        ("market", "市场一", "approve"),
    ]
    twice = story.run("applications", "approve", story.number_for("郑样例"), by=MARKET, expect=(6,))
    assert "已批准" in twice.errors


def test_plan_then_sync_then_nothing_is_left_to_do(story: Story) -> None:
    planned = story.run("plan", "--json").json
    assert {change["kind"] for change in planned["changes"]} == {"create"}
    assert len(planned["changes"]) == 11
    assert story.entry(story.login_of("赵样例")) is None, "a plan changes nothing"
    story.run("sync", by=CONFIGURES)
    second = story.run("sync", by=CONFIGURES)
    assert second.output.startswith("无变更 / no change")
    entry = story.entry(story.login_of("周䶮样"))
    assert entry is not None
    assert entry["displayName"] == ["周䶮样"]
    assert entry["idpDistrict"] == ["110108"]


def test_no_id_number_is_in_the_directory_the_journal_or_the_register_file(story: Story) -> None:
    numbers = [line.split(",")[3] for line in _csv_lines("a3-fengtai-utf8.csv")]
    assert len(numbers) == 2
    with story.directory() as connection:
        connection.search(story.settings.directory.suffix, "(objectClass=*)", attributes=ldap3.ALL_ATTRIBUTES)
        directory = "\n".join(entry.entry_to_ldif() for entry in connection.entries)
    journal = story.run("journal", "--limit", "10000", "--json").output
    register = b"".join(path.read_bytes() for path in story.home.glob("register.sqlite*"))
    for number in numbers:
        assert number not in directory
        assert number not in journal
        assert number.encode() not in register


def test_what_others_change_is_reported_and_put_right(story: Story) -> None:
    login = story.login_of("钱·试用")
    drift, _, after = story.tamper(login, "MGMT-DIST.REG.02")
    assert "冒名" in drift.output
    assert "MGMT-DIST.REG.02" in drift.output
    assert after.exit_code == 0
    entry = story.entry(login)
    assert entry is not None
    assert entry["displayName"] == ["钱·试用"]


def test_an_intruder_in_a_permission_group_is_expelled_and_a_foreign_entry_is_left_alone(story: Story) -> None:
    suffix = story.settings.directory.suffix
    foreign = f"uid=zz9999,ou=management,ou=people,{suffix}"
    group = f"cn=MGMT-CITY.SYS.02,ou=management,ou=permissions,{suffix}"
    with story.directory() as connection:
        assert connection.add(foreign, ["inetOrgPerson"], {"cn": "外来", "sn": "外来"}), connection.result
        intruder = f"cn=keycloak,ou=services,{suffix}"
        assert connection.modify(group, {"member": [(ldap3.MODIFY_ADD, [intruder])]}), connection.result
    found = story.run("drift", "--json", expect=(1,)).json
    assert found["foreign"] == ["zz9999"]
    assert [(c["kind"], c["permission"]) for c in found["changes"]] == [("expel", "MGMT-CITY.SYS.02")]
    story.run("sync", by=CONFIGURES)
    left = story.run("drift", "--json", expect=(1,)).json
    assert left == {"changes": [], "foreign": ["zz9999"]}
    with story.directory() as connection:
        assert connection.delete(foreign), connection.result


def test_keys_are_issued_bound_and_recorded(story: Story) -> None:
    story.stock()
    login = story.login_of("赵样例")
    story.issue(login)
    account = story.account(login)
    assert [(key["number"], key["state"]) for key in account["keys"]] == [("KEY-000001", "issued")]
    entry = story.entry(login)
    assert entry is not None
    assert len(entry["idpThumbprint"][0]) == 64
    folder = story.home / "handed-over" / login
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    second = story.run("keys", "issue", login, "--to", "赵样例", "--out", str(folder), by=RESEARCH, expect=(4,))
    assert "已持有有效密钥KEY-000001" in second.errors
    other = story.run("keys", "issue", login, "--to", "赵样例", "--out", str(folder), by=SECURITY, expect=(4,))
    assert "无权发放" in other.errors
    for name in ("钱·试用", "陈样例", "欧阳试用"):
        story.issue(story.login_of(name))


def test_an_enterprise_user_logs_in_to_trading_with_a_real_browser(story: Story) -> None:
    login = story.login_of("陈样例")
    claims = story.log_in(login, "trading", browser=True).claims
    assert claims["preferred_username"] == login
    assert claims["user_class"] == "enterprise"
    assert claims["level"] == "enterprise"
    assert claims["organisation_type"] == "developer"
    assert claims["unit"] == "虚构样例房地产开发有限公司"
    assert len(claims["permissions"]) == 11
    assert all(code.startswith("ENT-DEV.") for code in claims["permissions"])


def test_a_management_user_logs_in_to_archive_and_the_token_says_what_concerns_the_archive(story: Story) -> None:
    login = story.login_of("欧阳试用")
    claims = story.log_in(login, "archive").claims
    assert claims["user_class"] == "management"
    assert (claims["level"], claims["district"]) == ("district", "110106")
    assert sorted(claims["permissions"]) == ["MGMT-DIST.REG.10", "MGMT-DIST.REG.13"]
    assert "permissions" not in story.log_in(login, "trading").claims, "archive's permissions do not concern trading"


def test_who_has_no_key_cannot_log_in(story: Story) -> None:
    assert story.refusal(story.login_of("吴𠮷例"), "trading")


def test_a_key_opens_the_realm_of_its_class_only(story: Story) -> None:
    login = story.login_of("吴𠮷例")
    story.keys[login] = story.keys[story.login_of("陈样例")]
    assert story.refusal(login, "trading")
    del story.keys[login]


def test_a_revoked_key_is_refused_at_the_next_login_and_the_open_session_is_gone(
    story: Story, sessions: dict[str, Session]
) -> None:
    login = story.login_of("赵样例")
    sessions[login] = story.log_in(login, "trading")
    assert sessions[login].refresh()
    _, _, refusal = story.revoke(login, "trading")
    assert refusal
    with pytest.raises(Refused):
        sessions[login].refresh()
    assert story.account(login)["keys"] == [{"number": "KEY-000001", "state": "revoked"}]
    entry = story.entry(login)
    assert entry is not None
    assert "idpThumbprint" not in entry
    again = story.run("keys", "revoke", "KEY-000001", by=SECURITY)
    assert "已吊销" in again.output


def test_nobody_is_idle_before_half_a_year_is_over(story: Story) -> None:
    plan = story.run("sweep", "--json", by=CONFIGURES).json
    assert plan["idle"] == []


def test_a_sweep_suspends_who_did_not_log_in_and_names_the_evidence(story: Story) -> None:
    clerk, active = story.login_of("钱·试用"), story.login_of("陈样例")
    story.half_a_year_passes()
    assert story.refusal(active, "trading") == ""
    plan = story.run("sweep", "--json", by=CONFIGURES).json
    assert [idle["login"] for idle in plan["idle"]] == [clerk]
    (idle,) = plan["idle"]
    assert "key handed over" in idle["basis"]
    assert idle["holes"] == []
    assert plan["obstacles"] == []
    assert story.account(clerk)["state"] == "active", "a plan changes nothing"
    refused = story.run("sweep", "--apply", by=REGISTRATION, expect=(4,))
    assert "无权进行用户清理" in refused.errors
    story.run("sweep", "--apply", by=CONFIGURES)
    assert story.account(clerk)["state"] == "suspended"
    assert story.account(active)["state"] == "active"
    assert story.refusal(clerk, "trading")
    entry = story.entry(clerk)
    assert entry is not None
    assert entry["idpState"] == ["suspended"]


def test_the_research_centre_restores_and_everything_is_as_it_was(story: Story) -> None:
    clerk = story.login_of("钱·试用")
    refused = story.run("accounts", "restore", clerk, "--identity-check", "回拨", by=SECURITY, expect=(4,))
    assert "无权恢复登录资格" in refused.errors
    story.restore(clerk)
    claims = story.log_in(clerk, "trading").claims
    assert claims["permissions"] == ["MGMT-DIST.REG.01"]
    assert story.run("sweep", "--json", by=CONFIGURES).json["idle"] == []


def test_everything_is_in_the_journal(story: Story) -> None:
    lines = story.run("journal", "--limit", "10000", "--json").output.splitlines()
    acts = [json.loads(line) for line in lines]
    seen = {act["act"] for act in acts}
    assert seen >= {
        "application.receive",
        "application.approve",
        "application.return",
        "application.reject",
        "account.open",
        "directory.create",
        "directory.modify",
        "directory.expel",
        "key.stock",
        "key.issue",
        "key.revoke",
        "account.suspend",
        "account.restore",
    }
    assert all(act["actor"] and act["office"] and act["article"] for act in acts)


def test_the_form_is_printed_as_handed_in_without_the_id_number(story: Story) -> None:
    page = story.run("applications", "print", story.number_for("赵样例")).output
    assert "赵样例" in page
    assert COMMITMENT in page
    assert "110000********" in page


def test_an_interrupted_sync_is_finished_by_the_next_one(story: Story, tmp_path: Path) -> None:
    many = tmp_path / "many.jsonl"
    many.write_text("\n".join(_bulk(60)), encoding="utf-8")
    numbers = [item["id"] for item in story.run("applications", "import", str(many), "--json", by=REGISTRATION).json]
    story.run("applications", "approve", *numbers, by=REGISTRATION)
    planned = len(story.run("plan", "--json").json["changes"])
    assert planned == 300
    process = subprocess.Popen(
        [sys.executable, "-m", "idp_sync", "--home", str(story.home), "sync", "--as", CONFIGURES],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    time.sleep(1.2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode in {0, 130}, errors.decode()
    assert b"Traceback" not in errors
    story.run("sync", by=CONFIGURES)
    assert story.run("drift", "--json").json == {"changes": [], "foreign": []}
    assert story.run("sync", by=CONFIGURES).output.startswith("无变更 / no change")


def test_what_can_not_be_reached_is_one_line_and_nothing_is_lost(story: Story) -> None:
    archivist = story.login_of("欧阳试用")
    number = story.account(archivist)["key"]
    story.run("stack", "down")
    for command in (("plan",), ("sync", "--as", CONFIGURES)):
        down = story.run(*command, expect=(7,))
        assert down.errors.count("\n") == 1
        assert "ldaps://localhost" in down.errors
    revoked = story.run("keys", "revoke", number, by=SECURITY, expect=(7,))
    assert "已吊销" in revoked.output
    assert "left for the next sync" in revoked.errors
    assert story.run("stack", "status", expect=(1,)).exit_code == 1
    story.run("stack", "up")
    story.run("sync", by=CONFIGURES)
    assert story.refusal(archivist, "archive")
    assert story.run("drift").exit_code == 0


def test_stack_down_ends_exactly_what_it_started(story: Story) -> None:
    story.run("stack", "down")
    status = story.run("stack", "status", "--json", expect=(1,)).json
    assert [server["running"] for server in status] == [False, False]


def _csv_lines(name: str) -> list[str]:
    """The lines of a sample's table that have an ID number in them."""
    lines = (FORMS / name).read_text(encoding="utf-8-sig").splitlines()
    return [line for line in lines if line.count(",") >= 4 and line.split(",")[3].startswith("110000")]


def _bulk(sheets: int) -> Iterator[str]:
    """Many sheets of five people each, as JSON lines."""
    for sheet in range(sheets):
        rows = [
            {
                "序号": row + 1,
                "用户姓名": f"批量样例{sheet:03}之{row + 1}",
                "性别": "男",
                "身份证号": _id_number(sheet * 5 + row),
                "申请权限": ["MGMT-DIST.REG.05", "MGMT-DIST.REG.10"],
            }
            for row in range(5)
        ]
        yield json.dumps(
            {
                "id": f"BULK-{sheet:04}",
                "form": "A3",
                "received_on": "2025-03-03",
                "received_by": "房屋登记管理处",
                "unit": {"name": "虚构单位大兴区登记窗口", "class": "管理单位", "level": "区级", "district": "110115"},
                "stamp_present": True,
                "signed_by": "示例负责人",
                "contact": {"name": "测试联系人", "phone": "010-00000000"},
                "commitment_present": True,
                "rows": rows,
            },
            ensure_ascii=False,
        )


def _id_number(n: int) -> str:
    """A synthetic number, area 110000, of a man born in 1970 or later."""
    body = f"110000{1970 + n // 336}{n // 28 % 12 + 1:02}{n % 28 + 1:02}001"
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(body))
    return body + "10X98765432"[total % 11]
