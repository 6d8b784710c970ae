"""The whole life of applications, accounts and units, on real servers, through the command line: one telling in order.

Which rules hold is tested with fakes as well; here it is what the servers let people do. All people are fictitious.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from tests.acceptance.story import (
    CONFIGURES,
    MARKET,
    REGISTRATION,
    RESEARCH,
    SERVICE_INTAKE,
    SERVICE_ISSUE,
    Story,
)
from tests.builders import id_number
from tests.login import ClientKey, Refused

#: 信息中心 takes deregistrations in
RECEIVES = "信息二@信息中心"
FILES = "研究二@城建研究中心"

WINDOW = {"name": "虚构单位朝阳区登记窗口", "class": "管理单位", "level": "区级", "district": "110105"}
TRADE = {"name": "虚构单位海淀区交易科", "class": "管理单位", "level": "区级", "district": "110108"}
CITY = {"name": "虚构单位市级登记科", "class": "管理单位", "level": "市级", "district": None}
DEVELOPER = {
    "name": "虚构样例房地产开发有限公司",
    "class": "企业",
    "org_type": "开发企业",
    "document_type": "企业单位",
    "org_code": "PDY002015",
    "uscc": "91110105PDY002015L",
}
PROOFS = [
    {"type": type_, "original_checked": type_ != "法定代表人身份证件", "copy_stamped": True}
    for type_ in ("营业执照", "组织机构代码证", "法定代表人身份证件", "操作用户身份证件", "房地产开发企业资质证书")
]
BUNDLE = ["(按机构类型统一设置)"]
ADMINISTERS = "ENT-DEV.SYS.02"
PROMISE = "提交注销用户名下没有未完成业务"

#: who holds which ID number; nobody changes it in this story
PEOPLE = {
    name: id_number(serial)
    for serial, name in enumerate(
        ("甄样例", "卞试用", "申样例", "邱样例", "蒲样例", "伍试用", "鲁样例", "韦试用", "马样例", "苗试用", "凤样例"),
        1,
    )
}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """One telling, in a folder of its own; whatever happens, exactly its servers end."""
    told = Story(home=tmp_path_factory.mktemp("life") / "home")
    try:
        yield told
    finally:
        told.run("stack", "down")


@pytest.fixture(scope="module")
def old_keys() -> dict[str, ClientKey]:
    """Keys that somebody has kept, by what they are in the story."""
    return {}


def paper(
    number: str,
    form: str,
    unit: dict[str, Any],
    *rows: dict[str, Any],
    by: str,
    **fields: Any,  # noqa: ANN401
) -> dict[str, Any]:
    """A form without a fault."""
    return {
        "id": number,
        "form": form,
        "received_on": "2025-03-03",
        "received_by": by.partition("@")[2],
        "unit": unit,
        "stamp_present": True,
        "signed_by": "示例负责人",
        "contact": {"name": "测试联系人", "phone": "010-00000000"},
        "commitment_present": True,
        "rows": [{"序号": place, **row} for place, row in enumerate(rows, start=1)],
        "documents": PROOFS if form in {"ENT-NEW", "ENT-CHANGE"} else [],
        **fields,
    }


def newcomer(name: str, *permissions: str) -> dict[str, Any]:
    """Somebody on a form for new users."""
    return {"用户姓名": name, "性别": "男", "身份证号": PEOPLE[name], "申请权限": list(permissions) or BUNDLE}


def user(story: Story, name: str, **columns: Any) -> dict[str, Any]:  # noqa: ANN401
    """Somebody who is a user, on a form."""
    return {"用户姓名": name, "登录名称": story.logins[name], **columns}


def renamed(story: Story, before: str, after: str, *permissions: str, person: str = "") -> dict[str, Any]:
    """A row of Annex 5, and of the enterprises' form for changes."""
    login = story.logins[before]
    row = {
        "密钥编号": key_of(story, login),
        "原用户姓名": before,
        "原登录名称": login,
        "现用户姓名": after,
        "性别": "男",
        "身份证号": PEOPLE[person or after],
    }
    return {**row, "申请权限": list(permissions)} if permissions else row


def key_of(story: Story, login: str) -> str:
    """The number of the key that opens an account."""
    number: str = story.account(login)["key"]
    return number


def permissions_of(story: Story, login: str, system: str = "trading") -> list[str]:
    """What the token says that somebody may do."""
    return sorted(story.log_in(login, system).claims.get("permissions", []))


def refused_with(story: Story, key: ClientKey, login: str) -> str:
    """Why Keycloak does not let somebody in who presents an earlier key."""
    kept = story.keys.pop(login, None)
    story.keys[login] = key
    try:
        return story.refusal(login, "trading")
    finally:
        del story.keys[login]
        if kept is not None:
            story.keys[login] = kept


def sync(story: Story, by: str = CONFIGURES) -> None:
    """信息中心 configures; nothing is left to do."""
    story.run("sync", by=by)
    assert story.run("drift", "--json").json == {"changes": [], "foreign": []}


def hand_in(story: Story, document: dict[str, Any], *offices: str, by: str = "") -> list[str]:
    """One application comes in without a fault and is approved; the accounts that it concerned."""
    (taken,) = story.take_in(document, by=by or offices[0])
    assert taken["outcome"] in {"accept", "split"}, taken
    story.approve(document["id"], *offices)
    return story.opened_by(document["id"])


# --- new users -------------------------------------------------------------------------------------------------------


def test_two_enterprise_and_two_management_users_get_keys_and_log_in(story: Story) -> None:
    story.start()
    story.set_up()
    story.stock()
    (clerk,) = hand_in(
        story, paper("NEW-1", "A3", WINDOW, newcomer("甄样例", "MGMT-DIST.REG.01"), by=REGISTRATION), REGISTRATION
    )
    (trader,) = hand_in(story, paper("NEW-2", "A3", TRADE, newcomer("卞试用", "MGMT-DIST.TRADE.02"), by=MARKET), MARKET)
    people = (newcomer("蒲样例"), newcomer("伍试用"))
    developers = hand_in(story, paper("ENT-1", "ENT-NEW", DEVELOPER, *people, by=SERVICE_INTAKE), SERVICE_INTAKE)
    assert len({clerk, trader, *developers}) == 4

    reviewer = story.run("sync", by="登记一@信息中心", expect=(4,))
    assert "who reviews does not configure" in reviewer.errors
    sync(story)
    own = ("keys", "issue", developers[0], "--to", "蒲样例", "--out", str(story.home / "own"))
    approver = story.run(*own, by=SERVICE_INTAKE, expect=(4,))
    assert "who approves does not issue" in approver.errors
    assert "无权发放" in story.run(*own, by=RESEARCH, expect=(4,)).errors
    early = story.run("applications", "archive", "NEW-1", by=RESEARCH, expect=(6,))
    assert "已批准" in early.errors

    for login in (clerk, trader, *developers):
        assert story.refusal(login, "trading")
        story.issue(login)
    claims = story.log_in(clerk, "trading").claims
    assert (claims["user_class"], claims["district"]) == ("management", "110105")
    assert claims["permissions"] == ["MGMT-DIST.REG.01"]
    assert permissions_of(story, trader) == ["MGMT-DIST.TRADE.02"]
    for login in developers:
        claims = story.log_in(login, "trading").claims
        assert (claims["user_class"], claims["organisation_type"]) == ("enterprise", "developer")
        assert len(claims["permissions"]) == 11
    assert {story.state(number) for number in ("NEW-1", "NEW-2", "ENT-1")} == {"carried-out"}


def test_only_the_issuing_office_archives_what_is_carried_out(story: Story) -> None:
    assert "无权归档" in story.run("applications", "archive", "NEW-1", by=REGISTRATION, expect=(4,)).errors
    assert "无权归档" in story.run("applications", "archive", "ENT-1", by=FILES, expect=(4,)).errors
    story.run("applications", "archive", "NEW-1", "NEW-2", by=FILES)
    story.run("applications", "archive", "ENT-1", by=SERVICE_ISSUE)
    assert {story.state(number) for number in ("NEW-1", "NEW-2", "ENT-1")} == {"archived"}


# --- keys ------------------------------------------------------------------------------------------------------------


def test_a_damaged_key_serves_until_the_new_one_is_handed_over(story: Story) -> None:
    clerk = story.logins["甄样例"]
    old, old_number = story.keys[clerk], key_of(story, clerk)
    row = user(story, "甄样例", 原密钥编号=old_number, 申请权限=["MGMT-DIST.REG.01"], 备注="损坏")
    hand_in(story, paper("KEY-1", "A4", WINDOW, row, by=REGISTRATION), REGISTRATION)
    sync(story)
    assert story.refusal(clerk, "trading") == "", "the old key serves"
    assert "仍为" in story.run("keys", "return", old_number, "--from", "甄样例", by=RESEARCH, expect=(4,)).errors
    story.issue(clerk)
    assert key_of(story, clerk) != old_number
    assert story.refusal(clerk, "trading") == ""
    assert refused_with(story, old, clerk)
    assert story.open_tasks(clerk) == [("collect-key", "城建研究中心", old_number)]
    assert story.state("KEY-1") == "carried-out", "a key that is slow in coming holds nothing up"
    other = story.run("keys", "return", old_number, "--from", "甄样例", by=SERVICE_ISSUE, expect=(4,))
    assert "无权收回" in other.errors
    story.run("keys", "return", old_number, "--from", "甄样例", by=RESEARCH)
    assert story.open_tasks(clerk) == []
    assert "已交回" in story.run("keys", "return", old_number, "--from", "甄样例", by=RESEARCH, expect=(4,)).errors


def test_a_lost_key_is_refused_from_the_approval_on(story: Story) -> None:
    trader = story.logins["卞试用"]
    lost, lost_number = story.keys[trader], key_of(story, trader)
    session = story.log_in(trader, "trading")
    row = user(story, "卞试用", 原密钥编号=lost_number, 申请权限=["MGMT-DIST.TRADE.02"], 备注="丢失")
    hand_in(story, paper("KEY-2", "A4", TRADE, row, by=MARKET), MARKET)
    assert story.refusal(trader, "trading"), "at once, and not by the next sync"
    with pytest.raises(Refused):
        session.refresh()
    assert {"number": lost_number, "state": "lost"} in story.account(trader)["keys"]
    final = story.run("applications", "withdraw", "KEY-2", "--reason", "找到了", by=MARKET, expect=(4,))
    assert "which is final" in final.errors
    story.issue(trader)
    assert story.refusal(trader, "trading") == ""
    assert refused_with(story, lost, trader)
    assert (
        "已挂失" in story.run("keys", "lost", lost_number, "--reported-by", "卞试用", by=RESEARCH, expect=(4,)).errors
    )
    assert story.open_tasks(trader) == []
    assert story.state("KEY-2") == "carried-out"


# --- Annex 5 and 6 ---------------------------------------------------------------------------------------------------


def test_a_corrected_name_is_in_directory_token_and_certificate_on_the_same_key(story: Story) -> None:
    clerk = story.logins["甄样例"]
    number, before = key_of(story, clerk), story.keys[clerk]
    row = renamed(story, "甄样例", "甄样本", "MGMT-DIST.REG.01", person="甄样例")
    assert hand_in(story, paper("NAME-1", "A5", WINDOW, row, by=REGISTRATION), REGISTRATION) == [clerk]
    sync(story)
    entry = story.entry(clerk)
    assert entry is not None
    assert entry["displayName"] == ["甄样本"]
    key = story.issue(clerk)
    assert key_of(story, clerk) == number
    _, certificate, _ = pkcs12.load_key_and_certificates(key.p12, key.password.encode())
    assert certificate is not None
    assert [name.value for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == ["甄样本"]
    assert story.log_in(clerk, "trading").claims["name"] == "甄样本"
    assert refused_with(story, before, clerk), "the certificate with the former name"
    assert story.state("NAME-1") == "carried-out"
    PEOPLE["甄样本"] = PEOPLE["甄样例"]


def test_another_holder_is_another_account_and_the_key_is_personalised_anew(
    story: Story, old_keys: dict[str, ClientKey]
) -> None:
    former = story.logins["卞试用"]
    number, old_keys["former"] = key_of(story, former), story.keys[former]
    row = renamed(story, "卞试用", "申样例", "MGMT-DIST.TRADE.02")
    changed = hand_in(story, paper("NAME-2", "A5", TRADE, row, by=MARKET), MARKET)
    (successor,) = set(changed) - {former}
    sync(story)
    assert story.entry(former) is None
    assert not story.known_to_keycloak(former)
    assert refused_with(story, old_keys["former"], former)
    assert story.account(former)["state"] == "deregistered"
    story.issue(successor)
    assert key_of(story, successor) == number
    assert story.log_in(successor, "trading").claims["name"] == "申样例"
    assert refused_with(story, old_keys["former"], former), "for good"
    assert story.open_tasks(former) == story.open_tasks(successor) == []
    assert story.state("NAME-2") == "carried-out"


def test_the_present_permissions_on_annex_6_must_be_the_real_ones(story: Story) -> None:
    clerk = story.logins["甄样本"]
    wrong = user(story, "甄样本", 原申请权限=["MGMT-DIST.REG.05"], 现申请权限=["MGMT-DIST.REG.02"])
    (taken,) = story.take_in(paper("PERM-1", "A6", WINDOW, wrong, by=REGISTRATION), by=REGISTRATION)
    assert (taken["outcome"], taken["codes"]) == ("return", ["STATE_MISMATCH"])
    assert "不能批准" in story.run("applications", "approve", "PERM-1", by=REGISTRATION, expect=(4,)).errors
    story.run("applications", "return", "PERM-1", by=REGISTRATION)
    assert permissions_of(story, clerk) == ["MGMT-DIST.REG.01"]
    right = user(story, "甄样本", 原申请权限=["MGMT-DIST.REG.01"], 现申请权限=["MGMT-DIST.REG.02", "MGMT-DIST.REG.03"])
    hand_in(story, paper("PERM-2", "A6", WINDOW, right, by=REGISTRATION), REGISTRATION)
    assert permissions_of(story, clerk) == ["MGMT-DIST.REG.01"], "configured by nobody yet"
    sync(story)
    assert permissions_of(story, clerk) == ["MGMT-DIST.REG.02", "MGMT-DIST.REG.03"]
    assert story.state("PERM-2") == "carried-out"


# --- the end of a user -----------------------------------------------------------------------------------------------


def test_annex_7_goes_to_the_information_centre_and_the_user_is_gone(
    story: Story, old_keys: dict[str, ClientKey]
) -> None:
    login = story.logins["申样例"]
    number, old_keys["gone"] = key_of(story, login), story.keys[login]
    assert story.known_to_keycloak(login)
    row = user(story, "申样例")
    (elsewhere,) = story.take_in(paper("BYE-0", "A7", TRADE, row, by=MARKET), by=MARKET)
    assert elsewhere["codes"] == ["CHANNEL_WRONG"]
    story.run("applications", "return", "BYE-0", by=RECEIVES)
    hand_in(story, paper("BYE-1", "A7", TRADE, row, by=RECEIVES), RECEIVES)
    sync(story, by=RECEIVES)
    assert story.entry(login) is None
    assert not story.known_to_keycloak(login)
    assert refused_with(story, old_keys["gone"], login)
    assert story.account(login)["state"] == "deregistered"
    assert story.open_tasks(login) == [("collect-key", "城建研究中心", number)]
    assert story.state("BYE-1") == "carried-out"
    story.run("keys", "return", number, "--from", "虚构单位海淀区交易科", by=RESEARCH)
    assert story.open_tasks(login) == []
    (again,) = story.take_in(paper("BYE-2", "A7", TRADE, row, by=RECEIVES), by=RECEIVES)
    assert (again["outcome"], again["codes"]) == ("reject", ["USER_CANCELLED"])
    story.run("applications", "reject", "BYE-2", by=RECEIVES)


def test_business_found_unfinished_after_that_is_an_open_task_of_the_research_centre(story: Story) -> None:
    login = story.logins["申样例"]
    early = user(story, "甄样本", 备注="草拟一件")
    request = {"text": "申请删除未完成业务。"}
    (taken,) = story.take_in(paper("LEFT-0", "BUSINESS-DELETION", WINDOW, early, by=RESEARCH, **request), by=RESEARCH)
    assert taken["codes"] == ["STATE_MISMATCH"], "who is a user still deletes it himself"
    story.run("applications", "return", "LEFT-0", by=RESEARCH)
    left = user(story, "申样例", 备注="草拟二件")
    hand_in(story, paper("LEFT-1", "BUSINESS-DELETION", TRADE, left, by=RESEARCH, **request), RESEARCH)
    assert story.open_tasks(login) == [("delete-business", "城建研究中心", "")]
    assert story.state("LEFT-1") == "approved", "until the trading system has deleted it"


# --- enterprises -----------------------------------------------------------------------------------------------------


def test_an_enterprises_administrator_withholds_and_gives_back_within_the_bundle(story: Story) -> None:
    boss, clerk = story.logins["蒲样例"], story.logins["伍试用"]
    bundle = permissions_of(story, clerk)
    story.run("accounts", "withhold", clerk, "ENT-DEV.TRADE.02", "--by", boss)
    story.run("accounts", "withhold", clerk, ADMINISTERS, "--by", boss)
    sync(story)
    assert permissions_of(story, clerk) == [c for c in bundle if c not in {"ENT-DEV.TRADE.02", ADMINISTERS}]
    no_administrator = story.run("accounts", "give-back", clerk, "ENT-DEV.TRADE.02", "--by", clerk, expect=(4,))
    assert "does not administer" in no_administrator.errors
    beyond = story.run("accounts", "give-back", clerk, "ENT-FIN.SYS.03", "--by", boss, expect=(4,))
    assert "不在该类企业的统一权限内" in beyond.errors
    twice = story.run("accounts", "withhold", clerk, "ENT-DEV.TRADE.02", "--by", boss, expect=(4,))
    assert "does not have it" in twice.errors
    foreign = story.run("accounts", "withhold", story.logins["甄样本"], "MGMT-DIST.REG.02", "--by", boss, expect=(4,))
    assert "无权管理" in foreign.errors
    story.run("accounts", "give-back", clerk, "ENT-DEV.TRADE.02", "--by", boss)
    story.run("accounts", "give-back", clerk, ADMINISTERS, "--by", boss)
    sync(story)
    assert permissions_of(story, clerk) == bundle


def test_an_enterprise_changes_a_user_by_its_own_form(story: Story) -> None:
    clerk = story.logins["伍试用"]
    lost, lost_number = story.keys[clerk], key_of(story, clerk)
    story.run("keys", "lost", lost_number, "--reported-by", "伍试用", by=SERVICE_ISSUE)
    assert story.refusal(clerk, "trading"), "declared lost: at once"
    same = {**renamed(story, "伍试用", "伍试用"), "密钥编号": lost_number, "备注": "丢失"}
    assert hand_in(story, paper("CHG-1", "ENT-CHANGE", DEVELOPER, same, by=SERVICE_INTAKE), SERVICE_INTAKE) == [clerk]
    story.issue(clerk)
    assert story.refusal(clerk, "trading") == ""
    assert refused_with(story, lost, clerk)
    another = renamed(story, "伍试用", "鲁样例")
    changed = hand_in(story, paper("CHG-2", "ENT-CHANGE", DEVELOPER, another, by=SERVICE_INTAKE), SERVICE_INTAKE)
    (successor,) = set(changed) - {clerk}
    sync(story)
    assert not story.known_to_keycloak(clerk)
    story.issue(successor)
    assert len(permissions_of(story, successor)) == 11
    assert {story.state("CHG-1"), story.state("CHG-2")} == {"carried-out"}


def test_an_enterprise_cancels_a_user_only_with_the_promise(story: Story) -> None:
    login = story.logins["鲁样例"]
    number, key = key_of(story, login), story.keys[login]
    row = user(story, "鲁样例")
    (without,) = story.take_in(
        paper("END-1", "ENT-CANCEL", DEVELOPER, row, by=SERVICE_INTAKE, text="申请注销。"), by=SERVICE_INTAKE
    )
    assert (without["outcome"], without["codes"]) == ("return", ["PROMISE_MISSING"])
    assert "不能批准" in story.run("applications", "approve", "END-1", by=SERVICE_INTAKE, expect=(4,)).errors
    story.run("applications", "return", "END-1", by=SERVICE_INTAKE)
    promised = paper("END-1", "ENT-CANCEL", DEVELOPER, row, by=SERVICE_INTAKE, text=f"申请注销。{PROMISE}。")
    story.run("applications", "amend", "END-1", str(story.paper_file(promised)), by=SERVICE_INTAKE)
    story.approve("END-1", SERVICE_INTAKE)
    sync(story)
    assert story.entry(login) is None
    assert not story.known_to_keycloak(login)
    assert refused_with(story, key, login)
    assert story.open_tasks(login) == [("collect-key", "综合服务中心", number)]
    story.run("keys", "lost", number, "--reported-by", "蒲样例", by=SERVICE_ISSUE)
    assert story.open_tasks(login) == []


# --- units -----------------------------------------------------------------------------------------------------------


def test_what_changes_about_a_unit_is_in_the_tokens_of_its_people_after_the_sync(story: Story) -> None:
    clerk, boss = story.logins["甄样本"], story.logins["蒲样例"]
    window, developer = unit_number(story, WINDOW["name"]), unit_number(story, DEVELOPER["name"])
    moved = ("units", "change", window, "--name", "虚构单位通州区登记窗口", "--district", "110112")
    assert clerk in story.run(*moved, by=CONFIGURES).output
    assert story.run("drift").exit_code == 0, "shown only"
    assert "无权变更" in story.run(*moved, "--apply", by=SERVICE_INTAKE, expect=(4,)).errors
    story.run(*moved, "--apply", by=CONFIGURES)
    story.run("units", "change", developer, "--type", "other", "--apply", by=SERVICE_INTAKE)
    sync(story)
    claims = story.log_in(clerk, "trading").claims
    assert (claims["unit"], claims["district"]) == ("虚构单位通州区登记窗口", "110112")
    claims = story.log_in(boss, "trading").claims
    assert claims["organisation_type"] == "other"
    assert {code.partition(".")[0] for code in claims["permissions"]} == {"ENT-OTH"}
    WINDOW.update(name="虚构单位通州区登记窗口", district="110112")
    DEVELOPER.update(org_type="其它组织机构")


def test_a_unit_that_is_taken_up_by_another_brings_its_people(story: Story) -> None:
    counter = {**WINDOW, "name": "虚构单位通州区登记二科"}
    (login,) = hand_in(
        story, paper("NEW-3", "A3", counter, newcomer("邱样例", "MGMT-DIST.REG.01"), by=REGISTRATION), REGISTRATION
    )
    sync(story)
    story.issue(login)
    assert story.log_in(login, "trading").claims["unit"] == counter["name"]
    into, merged = unit_number(story, WINDOW["name"]), unit_number(story, counter["name"])
    story.run("units", "merge", merged, "--into", into, "--apply", by=CONFIGURES)
    sync(story)
    assert story.log_in(login, "trading").claims["unit"] == WINDOW["name"]
    assert login in story.run("units", "show", into, "--json").json["users"]
    again = story.run("units", "merge", merged, "--into", into, "--apply", by=CONFIGURES, expect=(4,))
    assert "已合并" in again.errors


def test_units_are_asked_for_their_users_and_leavers_are_open_tasks_until_deregistered(story: Story) -> None:
    login, window = story.logins["邱样例"], unit_number(story, WINDOW["name"])
    assert "没有待确认" in story.run("units", "confirm", window, by=CONFIGURES, expect=(4,)).errors
    assert "无权核对" in story.run("units", "ask", by=REGISTRATION, expect=(4,)).errors
    story.run("units", "ask", by=CONFIGURES)
    story.run("units", "ask", by=CONFIGURES)
    asked = story.run("duties", "--kind", "confirm-users", "--json").json
    assert len(asked) == 2, "the unanswered question stays one"
    assert window in {task["unit"] for task in asked}
    stranger = ("units", "confirm", window, "--left", story.logins["蒲样例"])
    assert "不是该单位的用户" in story.run(*stranger, by=CONFIGURES, expect=(4,)).errors
    story.run("units", "confirm", window, "--left", login, by=CONFIGURES)
    (open_task,) = story.run("duties", "--kind", "deregister-leaver", "--json").json
    assert (open_task["login"], open_task["whose"]) == (login, window)
    assert story.refusal(login, "trading") == "", "the unit has to apply for it"
    hand_in(story, paper("BYE-3", "A7", WINDOW, user(story, "邱样例"), by=RECEIVES), RECEIVES)
    sync(story)
    assert story.run("duties", "--kind", "deregister-leaver", "--json").json == []
    assert not story.known_to_keycloak(login)


# --- an application's own life ---------------------------------------------------------------------------------------


def test_a_mended_form_is_the_next_version_and_has_to_be_read_again(story: Story) -> None:
    both = ("MGMT-DIST.REG.01", "MGMT-DIST.TRADE.02")
    mended = paper("MIX-1", "A3", WINDOW, newcomer("韦试用", *both), by=REGISTRATION)
    story.take_in({**mended, "stamp_present": False}, by=REGISTRATION)
    story.run("applications", "return", "MIX-1", by=REGISTRATION)
    file = str(story.paper_file(mended))
    assert "不受理" in story.run("applications", "amend", "MIX-1", file, by=SERVICE_INTAKE, expect=(4,)).errors
    assert "第2版" in story.run("applications", "amend", "MIX-1", file, by=REGISTRATION).output
    unread = story.run("applications", "approve", "MIX-1", "--seen", "1", by=REGISTRATION, expect=(6,))
    assert "第2版" in unread.errors
    story.run("applications", "approve", "MIX-1", "--seen", "2", by=REGISTRATION)
    assert story.state("MIX-1") == "under-review"
    story.run("applications", "amend", "MIX-1", file, by=MARKET)
    assert story.state("MIX-1") == "received"
    story.approve("MIX-1", MARKET)
    assert story.state("MIX-1") == "under-review", "what was approved of an earlier version counts no more"
    story.approve("MIX-1", REGISTRATION)
    assert story.state("MIX-1") == "approved"
    decisions = story.run("applications", "show", "MIX-1", "--json").json["decisions"]
    assert [d["office"] for d in decisions] == ["registration", "registration", "market", "registration"]


def test_what_is_withdrawn_is_undone_and_its_login_is_never_used_again(story: Story) -> None:
    (login,) = story.opened_by("MIX-1")
    sync(story)
    assert story.entry(login) is not None
    withdraw = ("applications", "withdraw", "MIX-1", "--reason", "不再需要")
    assert "不受理" in story.run(*withdraw, by=SERVICE_INTAKE, expect=(4,)).errors
    story.run(*withdraw, by=REGISTRATION)
    sync(story)
    assert story.entry(login) is None
    assert story.open_tasks(login) == []
    assert "已撤回" in story.run(*withdraw, by=REGISTRATION, expect=(6,)).errors

    again = paper("MIX-2", "A3", WINDOW, newcomer("韦试用", "MGMT-DIST.REG.01"), by=REGISTRATION)
    story.take_in(again, by=REGISTRATION)
    story.run("applications", "withdraw", "MIX-2", "--reason", "填错", by=REGISTRATION)
    assert "已撤回" in story.run("applications", "approve", "MIX-2", by=REGISTRATION, expect=(6,)).errors
    (other,) = hand_in(story, {**again, "id": "MIX-3"}, REGISTRATION)
    assert other != login
    sync(story)
    story.issue(other)
    assert story.refusal(other, "trading") == ""
    final = story.run("applications", "withdraw", "MIX-3", "--reason", "晚了", by=REGISTRATION, expect=(6,))
    assert "已办结" in final.errors


def test_a_draft_is_stamped_and_handed_in(story: Story) -> None:
    stamped = paper("DRAFT-1", "A3", WINDOW, newcomer("马样例", "MGMT-DIST.REG.05"), by=REGISTRATION)
    story.take_in({**stamped, "stamp_present": False}, by=REGISTRATION, draft=True)
    assert story.state("DRAFT-1") == "draft"
    assert "草稿" in story.run("applications", "approve", "DRAFT-1", by=REGISTRATION, expect=(6,)).errors
    story.run("applications", "amend", "DRAFT-1", str(story.paper_file(stamped)), by=REGISTRATION)
    assert story.state("DRAFT-1") == "draft"
    story.run("applications", "hand-in", "DRAFT-1", by=REGISTRATION)
    assert story.state("DRAFT-1") == "received"
    assert "已受理" in story.run("applications", "hand-in", "DRAFT-1", by=REGISTRATION, expect=(6,)).errors


def test_system_administration_is_flagged_and_takes_both_offices(story: Story) -> None:
    document = paper("SYS-1", "A3", CITY, newcomer("苗试用", "MGMT-CITY.SYS.02"), by=REGISTRATION)
    (taken,) = story.take_in(document, by=REGISTRATION)
    assert (taken["outcome"], taken["codes"]) == ("split", ["NEEDS_BOTH_APPROVALS"])
    assert [f["code"] for f in taken["findings"] if f["note"]] == ["ID_AREA_UNKNOWN", "PERM_CONFLICT"]
    assert "没有待审核的事项" in story.run("applications", "approve", "SYS-1", by=CONFIGURES, expect=(4,)).errors
    assert "房屋市场管理处" in story.approve("SYS-1", REGISTRATION).output
    assert story.opened_by("SYS-1") == []
    story.approve("SYS-1", MARKET)
    (login,) = story.opened_by("SYS-1")
    sync(story)
    story.issue(login)
    assert permissions_of(story, login) == ["MGMT-CITY.SYS.02"]


# --- bad input -------------------------------------------------------------------------------------------------------


def test_an_old_number_with_other_content_changes_nothing(story: Story) -> None:
    before = story.run("applications", "show", "NEW-1", "--json").output
    replayed = paper("NEW-1", "A3", WINDOW, newcomer("凤样例", "MGMT-DIST.REG.01"), by=REGISTRATION)
    (taken,) = story.take_in(replayed, by=REGISTRATION)
    assert taken["arrival"] == "number-taken"
    assert story.run("applications", "show", "NEW-1", "--json").output == before
    assert "凤样例" not in story.run("applications", "list", "--json").output


def test_one_application_at_a_time_for_one_person(story: Story) -> None:
    row = user(story, "甄样本", 原申请权限=["MGMT-DIST.REG.02", "MGMT-DIST.REG.03"], 现申请权限=["MGMT-DIST.REG.02"])
    first = paper("TWO-1", "A6", WINDOW, row, by=REGISTRATION)
    second = paper("TWO-2", "A7", WINDOW, user(story, "甄样本"), by=RECEIVES)
    story.take_in(first, by=REGISTRATION)
    (taken,) = story.take_in(second, by=RECEIVES)
    assert (taken["outcome"], taken["codes"]) == ("return", ["APPLICATION_IN_FLIGHT"])
    story.run("applications", "approve", "TWO-2", by=RECEIVES, expect=(4,))
    story.run("applications", "return", "TWO-2", by=RECEIVES)
    story.approve("TWO-1", REGISTRATION)
    sync(story)
    assert permissions_of(story, story.logins["甄样本"]) == ["MGMT-DIST.REG.02"]


def test_two_reviewers_at_once_decide_once(story: Story) -> None:
    document = paper("RACE-1", "A3", WINDOW, newcomer("凤样例", "MGMT-DIST.REG.01"), by=REGISTRATION)
    story.take_in(document, by=REGISTRATION)
    codes = at_once(story, [("RACE-1", f"登记{who}@房屋登记管理处") for who in "一二三"])
    assert sorted(codes) == [0, 6, 6]
    assert len(story.run("applications", "show", "RACE-1", "--json").json["decisions"]) == 1
    assert len(story.opened_by("RACE-1")) == 1
    both = paper("RACE-2", "A6", WINDOW, _both(story), by=REGISTRATION)
    story.take_in(both, by=REGISTRATION)
    assert at_once(story, [("RACE-2", REGISTRATION), ("RACE-2", MARKET)]) == [0, 0]
    shown = story.run("applications", "show", "RACE-2", "--json").json
    assert shown["state"] == "approved"
    assert sorted(d["office"] for d in shown["decisions"]) == ["market", "registration"]


def _both(story: Story) -> dict[str, Any]:
    return user(story, "甄样本", 原申请权限=["MGMT-DIST.REG.02"], 现申请权限=["MGMT-DIST.REG.02", "MGMT-DIST.TRADE.02"])


# --- half a year later -----------------------------------------------------------------------------------------------


def test_who_was_suspended_by_the_sweep_applies_and_is_restored(story: Story) -> None:
    sync(story)
    idle, active = story.logins["凤样例"], story.logins["甄样本"]
    story.issue(idle)
    row = user(story, "凤样例")
    (early,) = story.take_in(paper("BACK-0", "RESTORE", WINDOW, row, by=RESEARCH), by=RESEARCH)
    assert early["codes"] == ["STATE_MISMATCH"], "nobody has suspended him"
    story.run("applications", "return", "BACK-0", by=RESEARCH)
    story.half_a_year_passes()
    assert story.refusal(active, "trading") == ""
    story.run("sweep", "--apply", "--in-spite-of", "演示数据少，核对过名单", by=CONFIGURES)
    assert story.account(idle)["state"] == "suspended"
    assert story.account(active)["state"] == "active"
    assert story.refusal(idle, "trading")
    hand_in(story, paper("BACK-1", "RESTORE", WINDOW, row, by=RESEARCH), RESEARCH)
    assert story.refusal(idle, "trading"), "configured by nobody yet"
    sync(story)
    assert permissions_of(story, idle) == ["MGMT-DIST.REG.01"]
    assert story.state("BACK-1") == "carried-out"


def test_nobody_is_left_with_anything_that_no_application_asked_for(story: Story) -> None:
    story.run("doctor" if "doctor" in story.run("--help").output else "drift")
    open_tasks = story.run("duties", "--json").json
    assert {task["kind"] for task in open_tasks} <= {"collect-key", "confirm-users", "delete-business"}
    acts = story.run("journal", "--limit", "100000", "--json").output
    for number in PEOPLE.values():
        assert number not in acts


def unit_number(story: Story, name: str | None) -> str:
    """The number of the unit of that name."""
    found = story.run("units", "list", "--json", quiet=True).json
    (number,) = [unit["number"] for unit in found if (unit["name"], unit["state"]) == (name, "active")]
    return str(number)


def at_once(story: Story, approvals: list[tuple[str, str]]) -> list[int]:
    """The exit codes of approvals by several people in processes that run at the same time."""
    environment = {**os.environ, "IDP_SYNC_HOME": str(story.home), "PYTHONUTF8": "1"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "idp_sync", "applications", "approve", number, "--as", by],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for number, by in approvals
    ]
    for process in processes:
        _, errors = process.communicate(timeout=120)
        assert b"Traceback" not in errors
    return [process.returncode for process in processes]
