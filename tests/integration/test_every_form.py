"""Every form carried out: what the regulation says about people, keys and offices, through the use cases themselves.

The register is real; directory and realms are those in memory, held to the contracts of the real ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from idp_sync.domain.account import AccountState
from idp_sync.domain.application import State
from idp_sync.domain.calendar import beijing_date
from idp_sync.domain.duty import DutyKind
from idp_sync.domain.errors import Conflict, NotCompetent, Refused
from idp_sync.domain.key import KeyState, RevocationReason
from idp_sync.domain.letter import HOLDERS_NOTICE, KeyHandOver, KeyReturn
from idp_sync.domain.notice import NoticeKind
from idp_sync.domain.unit import DocumentType, OrganisationType, UserClass
from tests.house import (
    CITY,
    CONFIGURES,
    MARKET,
    RECEIVES,
    REGISTRATION,
    RESEARCH,
    SECURITY,
    SERVICE,
    SERVICE_ISSUES,
    House,
    house,
    person,
)

#: another person than 测试甲
OTHER = "110000199001019384"
PROMISE = "申请注销我单位用户。提交注销用户名下没有未完成业务。"
BUNDLE = "(按机构类型统一设置)"


@pytest.fixture
def at(tmp_path: Path) -> Iterator[House]:
    """A house of its own for each test."""
    with house(tmp_path) as built:
        yield built


def user(login: str, name: str = "测试甲", **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    """A row that names a user."""
    return {"用户姓名": name, "登录名称": login, **fields}


def enterprise_user(at: House, number: str = "ENT-1", **fields: Any) -> str:  # noqa: ANN401
    """企业测试甲 of the developer, with account and key."""
    someone = person(name="企业测试甲", id_number="110000199001019392", permissions=(BUNDLE,), **fields)
    (login,) = at.decided(number, "ENT-NEW", someone, by=SERVICE)
    at.sync()
    at.issue_key(login, by=SERVICE_ISSUES)
    return login


# --- Articles 3 to 5: who decides, configures, issues ----------------------------------------------------------------


def test_a_form_with_both_matters_takes_both_offices_and_opens_nothing_before(at: House) -> None:
    both = person(permissions=("MGMT-DIST.REG.01", "MGMT-DIST.TRADE.03"))
    assert at.decided("BOTH", "A3", both, by=REGISTRATION) == ()
    assert at.state("BOTH") is State.UNDER_REVIEW
    with pytest.raises(NotCompetent, match="第三条"):
        at.review.approve("BOTH", actor=at.who(REGISTRATION))
    (login,) = at.review.approve("BOTH", actor=at.who(MARKET)).opened
    assert at.account(login).permissions == {"MGMT-DIST.REG.01", "MGMT-DIST.TRADE.03"}


def test_system_administration_is_approved_by_both_and_never_by_the_information_centre(at: House) -> None:
    someone = person(permissions=("MGMT-CITY.SYS.02",))
    taken = at.take_in("SYS", "A3", someone, by=REGISTRATION, unit=CITY)
    assert taken.verdict is not None
    assert "PERM_CONFLICT" in {finding.code for finding in taken.verdict.findings}
    with pytest.raises(NotCompetent):
        at.review.approve("SYS", actor=at.who(CONFIGURES))
    assert at.review.approve("SYS", actor=at.who(REGISTRATION)).waiting_for == (at.book.offices.get("market"),)
    assert at.review.approve("SYS", actor=at.who(MARKET)).opened


def test_only_the_information_centre_configures(at: House) -> None:
    at.decided("NEW-1", "A3", person(), by=REGISTRATION)
    for other in (REGISTRATION, MARKET, RESEARCH, SERVICE, SECURITY):
        with pytest.raises(NotCompetent, match="第三条"):
            at.synchronise.sync(actor=at.who(other))
    assert list(at.directory.entries()) == []
    at.sync()
    assert [entry.login for entry in at.directory.entries()] == ["cy0001"]


def test_who_reviews_does_not_configure(at: House) -> None:
    at.decided("NEW-1", "A3", person(), by=REGISTRATION)
    with pytest.raises(Refused, match="应由他人配置"):
        at.synchronise.sync(actor=at.who("登记一@信息中心"))


def test_each_issuer_hands_out_the_keys_of_its_class_only(at: House) -> None:
    (clerk,) = at.decided("NEW-1", "A3", person(), by=REGISTRATION)
    (bought,) = at.decided(
        "ENT-1", "ENT-NEW", person(name="企业测试甲", id_number=OTHER, sex="女", permissions=(BUNDLE,)), by=SERVICE
    )
    at.sync()
    for login, stranger in ((clerk, SERVICE_ISSUES), (bought, RESEARCH), (clerk, CONFIGURES)):
        with pytest.raises(NotCompetent, match="第三条"):
            at.issue_key(login, by=stranger)
    assert at.key(at.issue_key(clerk, by=RESEARCH)).office == "research-centre"
    assert at.key(at.issue_key(bought, by=SERVICE_ISSUES)).office == "service-centre"


def test_who_approved_an_enterprise_does_not_issue_its_key(at: House) -> None:
    someone = person(name="企业测试甲", id_number=OTHER, sex="女", permissions=(BUNDLE,))
    (login,) = at.decided("ENT-1", "ENT-NEW", someone, by=SERVICE)
    with pytest.raises(Refused, match="应由他人发放密钥"):
        at.issue_key(login, by=SERVICE)
    at.issue_key(login, by=SERVICE_ISSUES)


def test_nobody_logs_in_before_the_key_is_handed_over(at: House) -> None:
    (login,) = at.decided("NEW-1", "A3", person(), by=REGISTRATION)
    at.sync()
    with pytest.raises(Refused):
        at.log_in(login)
    at.issue_key(login)
    assert at.log_in(login).claims["district"] == "110105"
    assert at.state("NEW-1") is State.CARRIED_OUT


def test_no_key_is_issued_that_no_approved_application_asks_for(at: House) -> None:
    login = at.clerk()
    at.take_in(
        "KEY-1",
        "A4",
        user(login, 原密钥编号=at.account(login).key_number, 申请权限=["MGMT-DIST.REG.01"], 备注="损坏"),
        by=REGISTRATION,
    )
    with pytest.raises(Refused, match="第八条"):
        at.issue_key(login)
    at.review.approve("KEY-1", actor=at.who(REGISTRATION))
    at.issue_key(login)


def test_several_posts_of_one_person_at_the_city_too(at: House) -> None:
    someone = person(permissions=("MGMT-CITY.REG.01", "MGMT-CITY.REG.02"))
    (login,) = at.decided("CITY", "A3", someone, by=REGISTRATION, unit=CITY)
    assert at.account(login).permissions == {"MGMT-CITY.REG.01", "MGMT-CITY.REG.02"}


def test_an_enterprise_has_its_types_whole_bundle(at: House) -> None:
    login = enterprise_user(at)
    assert at.account(login).permissions == at.book.catalogue.bundle(OrganisationType.DEVELOPER)
    assert at.log_in(login).claims["user_class"] == "enterprise"
    (opened,) = (e for e in at.journal_of("ENT-1") if e.act == "application.approve")
    assert opened.office == "service-centre"


def test_who_saw_an_original_is_recorded_and_nothing_is_approved_before(at: House) -> None:
    someone = person(name="企业测试甲", id_number=OTHER, sex="女", permissions=(BUNDLE,))
    taken = at.take_in("ENT-1", "ENT-NEW", someone, by=SERVICE, documents=[])
    assert taken.verdict is not None
    assert "DOC_MISSING:营业执照" in taken.verdict.codes
    with pytest.raises(Refused, match="第五条（二）"):
        at.review.approve("ENT-1", actor=at.who(SERVICE))
    papers = {d.type: d.original_needed for d in at.book.documents[DocumentType.COMPANY]}
    for paper in papers:
        at.checklist.see("ENT-1", paper, original=False, stamped=True, actor=at.who(SERVICE))
    with pytest.raises(Refused, match="未核验原件"):
        at.review.approve("ENT-1", actor=at.who(SERVICE))
    for paper, original_needed in papers.items():
        at.checklist.see("ENT-1", paper, original=original_needed, stamped=True, actor=at.who("综合三@综合服务中心"))
    with at.register.transaction(read_only=True) as tx:
        seen = {d.type: (d.checked_by, d.checked_on) for d in tx.applications.get("ENT-1").application.documents}
    assert set(seen.values()) == {("综合三", "2025-03-03")}
    assert at.review.approve("ENT-1", actor=at.who(SERVICE)).opened


def test_nothing_is_decided_that_came_in_before_the_regulation(tmp_path: Path) -> None:
    with house(tmp_path, effective_on="2025-03-04") as early:
        taken = early.take_in("NEW-1", "A3", person(), by=REGISTRATION)
        assert taken.verdict is not None
        assert taken.verdict.codes == ("DATE_BEFORE_EFFECT",)
        with pytest.raises(Refused, match="第十一条"):
            early.review.approve("NEW-1", actor=early.who(REGISTRATION))
        early.pass_time(days=1)
        assert early.decided("NEW-2", "A3", person(name="测试乙", id_number=OTHER, sex="女"), by=REGISTRATION)


# --- Article 5: key replacement, name, permissions -------------------------------------------------------------------


def test_annex_4_for_a_damaged_key_the_old_one_serves_until_the_new_one_is_there(at: House) -> None:
    login = at.clerk()
    old = at.account(login).key_number or ""
    row = user(login, 原密钥编号=old, 申请权限=["MGMT-DIST.REG.01"], 备注="损坏")
    at.decided("KEY-1", "A4", row, by=REGISTRATION)
    at.sync()
    before = at.log_in(login)
    new = at.issue_key(login)
    assert new != old
    assert at.log_in(login).login == before.login
    assert [(d.kind, d.key_number) for d in at.duties(login=login)] == [(DutyKind.COLLECT_KEY, old)]
    assert at.key(old).state is KeyState.REVOKED
    assert at.state("KEY-1") is State.CARRIED_OUT


def test_annex_4_for_a_lost_key_it_opens_nothing_from_the_approval_on(at: House) -> None:
    login = at.clerk()
    old, thumbprint = at.account(login).key_number or "", at.account(login).thumbprint or ""
    row = user(login, 原密钥编号=old, 申请权限=["MGMT-DIST.REG.01"], 备注="丢失")
    at.decided("KEY-1", "A4", row, by=REGISTRATION)
    with at.register.transaction(read_only=True) as tx:
        (certificate,) = tx.keys.certificates(login=login)
    assert certificate.reason is RevocationReason.KEY_COMPROMISE
    at.sync()
    with pytest.raises(Refused):
        at.realms.log_in(UserClass.MANAGEMENT, "trading", thumbprint, at=at.clock.now())
    assert at.key(old).state is KeyState.LOST
    assert at.issue_key(login) != old


def test_annex_5_with_the_same_number_corrects_the_name(at: House) -> None:
    login = at.clerk()
    key = at.account(login).key_number or ""
    row = {
        "密钥编号": key,
        "原用户姓名": "测试甲",
        "原登录名称": login,
        "现用户姓名": "测试新甲",
        "性别": "男",
        "身份证号": "110000199001019018",
        "申请权限": ["MGMT-DIST.REG.01"],
    }
    assert at.decided("NAME-1", "A5", row, by=REGISTRATION) == (login,)
    at.sync()
    assert at.issue_key(login) == key, "the same key, with a certificate that bears the name"
    assert at.account(login).name == "测试新甲"
    assert at.log_in(login).claims["name"] == "测试新甲"


def test_annex_5_with_another_number_is_another_holder(at: House) -> None:
    login = at.clerk()
    key, thumbprint = at.account(login).key_number or "", at.account(login).thumbprint or ""
    row = {
        "密钥编号": key,
        "原用户姓名": "测试甲",
        "原登录名称": login,
        "现用户姓名": "测试新甲",
        "性别": "女",
        "身份证号": OTHER,
        "申请权限": ["MGMT-DIST.REG.01"],
    }
    former, successor = at.decided("NAME-1", "A5", row, by=REGISTRATION)
    at.sync()
    assert (former, at.account(former).state) == (login, AccountState.DEREGISTERED)
    assert at.issue_key(successor) == key, "the key goes on, personalised anew"
    with pytest.raises(Refused):
        at.realms.log_in(UserClass.MANAGEMENT, "trading", thumbprint, at=at.clock.now())
    assert at.log_in(successor).claims["name"] == "测试新甲"


def test_annex_6_sets_the_permissions_that_it_asks_for(at: House) -> None:
    login = at.clerk()
    row = user(login, 原申请权限=["MGMT-DIST.REG.01"], 现申请权限=["MGMT-DIST.REG.02", "MGMT-DIST.REG.11"])
    at.decided("PERM-1", "A6", row, by=REGISTRATION)
    at.sync()
    (entry,) = at.directory.entries([login])
    assert entry.permissions == {"MGMT-DIST.REG.02", "MGMT-DIST.REG.11"}
    assert at.state("PERM-1") is State.CARRIED_OUT


# --- Article 6: deregistration, what is left, cleaning, restoring ----------------------------------------------------


def test_annex_7_goes_to_the_information_centre_and_deletes_the_user(at: House) -> None:
    login = at.clerk()
    elsewhere = at.take_in("BYE-0", "A7", user(login), by=REGISTRATION)
    assert elsewhere.verdict is not None
    assert elsewhere.verdict.codes == ("CHANNEL_WRONG",)
    at.review.give_back("BYE-0", actor=at.who(RECEIVES), opinion="")
    at.lifecycle.withdraw("BYE-0", actor=at.who(RECEIVES), reason="另行提交")
    at.take_in("BYE", "A7", user(login), by=RECEIVES)
    with pytest.raises(NotCompetent):
        at.review.approve("BYE", actor=at.who(REGISTRATION))
    at.review.approve("BYE", actor=at.who(RECEIVES))
    at.synchronise.sync(actor=at.who(RECEIVES))  # 信息中心 receives it, and deletes the user
    assert list(at.directory.entries([login])) == []
    with pytest.raises(Refused):
        at.log_in(login)
    assert at.state("BYE") is State.CARRIED_OUT, "a key that is slow in coming back does not hold it up"


def test_what_stays_of_a_deregistered_user_is_a_tombstone_and_the_login_is_never_used_again(at: House) -> None:
    login = at.clerk()
    at.decided("BYE", "A7", user(login), by=RECEIVES)
    at.sync()
    assert at.account(login).state is AccountState.DEREGISTERED
    assert {entry.act for entry in at.journal_of(login)} >= {"account.open", "account.deregister", "directory.remove"}
    (again,) = at.decided("NEW-2", "A3", person(), by=REGISTRATION)
    assert again != login


def test_the_key_of_a_deregistered_user_goes_back_to_its_issuer(at: House) -> None:
    login = at.clerk()
    key = at.account(login).key_number or ""
    with pytest.raises(Refused, match="换领、注销或吊销"):
        at.collect.take_back(key, actor=at.who(RESEARCH), brought_by="单位联系人")
    at.decided("BYE", "A7", user(login), by=RECEIVES)
    assert [d.key_number for d in at.duties(kind=DutyKind.COLLECT_KEY)] == [key]
    with pytest.raises(NotCompetent, match="第九条"):
        at.collect.take_back(key, actor=at.who(CONFIGURES), brought_by="单位联系人")
    at.collect.take_back(key, actor=at.who(RESEARCH), brought_by="单位联系人")
    assert at.key(key).state is KeyState.RETURNED
    assert at.duties(kind=DutyKind.COLLECT_KEY) == ()
    (entry,) = (e for e in at.journal_of(key) if e.act == "key.return")
    assert entry.detail["brought_by"] == "单位联系人"


def test_a_key_that_never_comes_back_is_declared_lost(at: House) -> None:
    login = at.clerk()
    key = at.account(login).key_number or ""
    at.decided("BYE", "A7", user(login), by=RECEIVES)
    at.collect.declare_lost(key, actor=at.who(RESEARCH), reported_by="单位联系人")
    assert (at.key(key).state, at.duties(kind=DutyKind.COLLECT_KEY)) == (KeyState.LOST, ())


def test_an_enterprises_key_is_asked_back_too_and_holds_nothing_up(at: House) -> None:
    login = enterprise_user(at)
    key = at.account(login).key_number
    at.decided("ENT-BYE", "ENT-CANCEL", user(login, "企业测试甲"), by=SERVICE, text=PROMISE)
    at.sync()
    assert at.state("ENT-BYE") is State.CARRIED_OUT
    assert list(at.directory.entries([login])) == []
    assert [(d.key_number, d.user_class) for d in at.duties(kind=DutyKind.COLLECT_KEY)] == [(key, UserClass.ENTERPRISE)]


def test_an_enterprise_that_does_not_promise_is_not_deregistered(at: House) -> None:
    login = enterprise_user(at)
    taken = at.take_in("ENT-BYE", "ENT-CANCEL", user(login, "企业测试甲"), by=SERVICE, text="无未完成业务。")
    assert taken.verdict is not None
    assert taken.verdict.codes == ("PROMISE_MISSING",)
    with pytest.raises(Refused, match="第六条（二）"):
        at.review.approve("ENT-BYE", actor=at.who(SERVICE))
    assert at.account(login).state is AccountState.ACTIVE


def test_business_found_after_the_deregistration_is_ordered_to_be_deleted_by_the_research_centre(at: House) -> None:
    login = at.clerk()
    early = at.take_in("LEFT-0", "BUSINESS-DELETION", user(login, 备注="草稿二件"), by=RESEARCH, text="申请删除。")
    assert early.verdict is not None
    assert "STATE_MISMATCH" in early.verdict.codes, "before that the user deletes it himself"
    at.lifecycle.withdraw("LEFT-0", actor=at.who(RESEARCH), reason="用户自行删除")
    at.decided("BYE", "A7", user(login), by=RECEIVES)
    at.sync()
    at.decided("LEFT-1", "BUSINESS-DELETION", user(login, 备注="草稿二件"), by=RESEARCH, text="申请删除。")
    assert [d.login for d in at.duties(kind=DutyKind.DELETE_BUSINESS)] == [login]
    assert at.state("LEFT-1") is State.APPROVED, "carried out only once the trading system has deleted it"


def test_units_are_asked_who_is_still_in_post_and_leavers_become_open_tasks(at: House) -> None:
    login = at.clerk()
    with pytest.raises(NotCompetent):
        at.units.ask_for_confirmation(actor=at.who(REGISTRATION))
    (unit,) = at.units.ask_for_confirmation(actor=at.who(CONFIGURES))
    assert [d.unit_number for d in at.duties(kind=DutyKind.CONFIRM_USERS)] == [unit.number]
    at.units.record_confirmation(unit.number, left=(login,), actor=at.who(CONFIGURES))
    assert at.duties(kind=DutyKind.CONFIRM_USERS) == ()
    assert [d.login for d in at.duties(kind=DutyKind.DEREGISTER_LEAVER)] == [login]
    at.decided("BYE", "A7", user(login), by=RECEIVES)
    assert at.duties(kind=DutyKind.DEREGISTER_LEAVER) == ()


def suspended(at: House, login: str) -> None:
    """Half a year passes without a login, and 信息中心 sweeps."""
    at.clock.at = datetime(2025, 9, 4, 1, 0, tzinfo=UTC)
    tuple(at.sweep.collect())
    plan = at.sweep.plan()
    assert [idle.account.login for idle in plan.idle] == [login]
    at.sweep.apply(plan, actor=at.who(CONFIGURES))


def test_who_did_not_log_in_is_suspended_at_the_run_only_and_only_by_the_information_centre(at: House) -> None:
    login = at.clerk()
    at.clock.at = datetime(2025, 9, 4, 1, 0, tzinfo=UTC)
    at.sync()
    assert at.log_in(login).login == login, "idle, but no run has taken place"
    at.clock.at = datetime(2026, 3, 5, 1, 0, tzinfo=UTC)
    tuple(at.sweep.collect())
    plan = at.sweep.plan()
    assert [idle.account.login for idle in plan.idle] == [login]
    with pytest.raises(NotCompetent, match="第六条（四）"):
        at.sweep.apply(plan, actor=at.who(RESEARCH))
    at.sweep.apply(plan, actor=at.who(CONFIGURES))
    with pytest.raises(Refused):
        at.log_in(login)


def test_the_certificate_of_a_suspended_user_is_not_revoked(at: House) -> None:
    login = at.clerk()
    suspended(at, login)
    with at.register.transaction(read_only=True) as tx:
        (certificate,) = tx.keys.certificates(login=login)
    assert certificate.revoked_at is None
    assert at.account(login).key_number is not None


@pytest.mark.parametrize("way", ["call", "form"])
def test_the_research_centre_restores_users_of_both_classes_and_the_half_year_begins_anew(at: House, way: str) -> None:
    login = enterprise_user(at)
    suspended(at, login)
    held = at.account(login).permissions
    if way == "call":
        with pytest.raises(NotCompetent, match="第六条（四）"):
            at.restore.restore(login, actor=at.who(SERVICE), identity_check="回拨")
        at.restore.restore(login, actor=at.who(RESEARCH), identity_check="回拨登记电话")
    else:
        unit = {
            "name": "虚构房地产开发有限公司",
            "class": "企业",
            "org_type": "开发企业",
            "document_type": "企业单位",
            "org_code": "PDY001012",
            "uscc": "91110105PDY0010124",
        }
        at.decided("BACK", "RESTORE", user(login, "企业测试甲"), by=RESEARCH, unit=unit)
        at.sync()
    assert at.log_in(login).login == login
    assert at.account(login).permissions == held
    assert beijing_date(at.account(login).restored_at or at.clock.now()) == beijing_date(at.clock.now())
    at.pass_time(days=30)
    assert at.sweep.plan().idle == ()


def test_who_is_deregistered_is_never_restored(at: House) -> None:
    login = at.clerk()
    at.decided("BYE", "A7", user(login), by=RECEIVES)
    with pytest.raises(Refused, match="已注销"):
        at.restore.restore(login, actor=at.who(RESEARCH), identity_check="回拨")


# --- Articles 8 and 9, Annex 2 ---------------------------------------------------------------------------------------


def test_one_person_has_one_account_and_one_valid_key(at: House) -> None:
    login = at.clerk()
    second = at.take_in("NEW-2", "A3", person(permissions=("MGMT-DIST.REG.02",)), by=REGISTRATION)
    assert second.verdict is not None
    assert second.verdict.codes == ("USER_EXISTS",)
    with pytest.raises(Refused, match="第八条"):
        at.review.approve("NEW-2", actor=at.who(REGISTRATION))
    with pytest.raises(Refused, match="已持有有效密钥"):
        at.issue_key(login)


def test_a_lost_key_opens_nothing_from_the_moment_that_it_is_reported(at: House) -> None:
    login = at.clerk()
    session = at.log_in(login)
    key = at.account(login).key_number or ""
    at.collect.declare_lost(key, actor=at.who(RESEARCH), reported_by="测试甲")
    assert not at.realms.is_open(session)
    with pytest.raises(Refused):
        at.log_in(login)


def test_the_issuer_files_the_papers_of_what_was_carried_out(at: House) -> None:
    login = at.clerk()
    assert at.state("NEW-1") is State.CARRIED_OUT
    with pytest.raises(NotCompetent, match="第九条"):
        at.lifecycle.archive("NEW-1", actor=at.who(REGISTRATION))
    at.lifecycle.archive("NEW-1", actor=at.who(RESEARCH))
    assert at.state("NEW-1") is State.ARCHIVED
    with pytest.raises(Conflict):
        at.lifecycle.archive("NEW-1", actor=at.who(RESEARCH))
    (issued,) = (e for e in at.journal_of(at.account(login).key_number or "") if e.act == "key.issue")
    assert issued.detail["handed_to"] == "持有人"
    assert issued.article == "第三条；第九条"


def test_the_holder_signs_article_8_at_the_hand_over(at: House) -> None:
    login = at.clerk()
    key = at.account(login).key_number or ""
    with pytest.raises(NotCompetent, match="第九条"):
        at.receipts.of(key, actor=at.who(SERVICE_ISSUES))
    with pytest.raises(Refused, match="没有交接"):
        at.receipts.of("KEY-000004", actor=at.who(RESEARCH))
    letter = at.receipts.of(key, actor=at.who(RESEARCH))
    assert isinstance(letter, KeyHandOver)
    assert (letter.login, letter.name, letter.handed_over_by, letter.handed_over_to) == (
        login,
        "测试甲",
        "研究一",
        "持有人",
    )
    assert letter.application == "NEW-1"
    assert HOLDERS_NOTICE in at.paper.letter(letter)


def test_the_return_of_a_key_is_signed_too(at: House) -> None:
    login = at.clerk()
    key = at.account(login).key_number or ""
    at.decided("BYE", "A7", user(login), by=RECEIVES)
    at.collect.take_back(key, actor=at.who(RESEARCH), brought_by="单位联系人")
    letter = at.receipts.of(key, actor=at.who(RESEARCH))
    assert isinstance(letter, KeyReturn)
    assert (letter.returned_by, letter.received_by, letter.ground) == ("单位联系人", "研究一", "已注销")


def told(at: House) -> list[tuple[NoticeKind, str]]:
    """Who was let know of what, in order."""
    with at.register.transaction(read_only=True) as tx:
        return [(notice.kind, notice.recipient.name) for notice in tx.notices.all()]


def test_the_issuer_is_told_of_the_approval_and_the_unit_where_its_key_is(at: House) -> None:
    at.take_in("NEW-1", "A3", person(), by=REGISTRATION)
    assert told(at) == []
    at.review.approve("NEW-1", actor=at.who(REGISTRATION))
    assert told(at) == [(NoticeKind.APPROVAL_TO_ISSUER, "城建研究中心")]
    at.sync()
    assert told(at)[1:] == [(NoticeKind.KEY_READY, "虚构单位朝阳区登记窗口")]


def test_an_enterprise_is_told_by_the_service_centre_which_tells_itself_nothing(at: House) -> None:
    enterprise_user(at)
    assert told(at)[0] == (NoticeKind.KEY_READY, "虚构房地产开发有限公司")
    assert NoticeKind.APPROVAL_TO_ISSUER not in {kind for kind, _ in told(at)}
    with at.register.transaction(read_only=True) as tx:
        assert {notice.office for notice in tx.notices.all()} == {"service-centre"}


def test_an_enterprises_administrator_withholds_and_gives_back_and_adds_nothing(at: House) -> None:
    administrator = enterprise_user(at)
    someone = person(name="企业测试乙", id_number=OTHER, sex="女", permissions=(BUNDLE,))
    (other,) = at.decided("ENT-2", "ENT-NEW", someone, by=SERVICE)
    code = "ENT-DEV.TRADE.01"
    assert code not in at.withhold.withhold(other, code, by=administrator).permissions
    at.sync()
    (entry,) = at.directory.entries([other])
    assert code not in entry.permissions
    assert code in at.withhold.give_back(other, code, by=administrator).permissions
    with pytest.raises(Refused, match="第四条"):
        at.withhold.give_back(other, "ENT-FIN.SYS.01", by=administrator)
    at.withhold.withhold(other, "ENT-DEV.SYS.02", by=administrator)
    with pytest.raises(NotCompetent, match="附件2"):
        at.withhold.withhold(administrator, code, by=other)


def test_a_clerk_administers_no_enterprise(at: House) -> None:
    clerk, bought = at.clerk(), enterprise_user(at)
    with pytest.raises(NotCompetent, match="附件2"):
        at.withhold.withhold(bought, "ENT-DEV.TRADE.01", by=clerk)
