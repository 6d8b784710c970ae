"""Units change, are asked for their people, and administer them: every refusal and conflict."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from idp_sync.domain.account import AccountState
from idp_sync.domain.duty import DutyKind
from idp_sync.domain.errors import Conflict, NotCompetent, NotFound, Refused
from idp_sync.domain.unit import Contact, Level, OrganisationType, RegisteredUnit, UnitState, UserClass
from idp_sync.services.units import UnitChange
from tests.builders import id_number
from tests.house import CONFIGURES, DEVELOPER, RECEIVES, REGISTRATION, SERVICE, WINDOW, House, person

BUNDLE = "(按机构类型统一设置)"
TRADE = "ENT-DEV.TRADE.02"
OTHER_WINDOW = {**WINDOW, "name": "虚构单位朝阳区登记二科"}
BANK = {
    "name": "虚构银行",
    "class": "企业",
    "org_type": "金融机构",
    "document_type": "金融机构",
    "org_code": "PDY002023",
    "uscc": "91110105PDY002023F",
}
BANKS_PAPERS = [
    {"type": type_, "original_checked": type_ != "法定代表人身份证件", "copy_stamped": True}
    for type_ in ("营业执照", "组织机构代码证", "金融机构许可证", "法定代表人身份证件", "操作用户身份证件")
]


def clerk(office: House, serial: int, number: str, unit: dict[str, Any] = WINDOW) -> str:
    """Somebody of a management unit, without a key."""
    newcomer = person(name=f"测试{'零甲乙丙丁戊己庚'[serial]}", id_number=id_number(serial))
    (login,) = office.decided(number, "A3", newcomer, by=REGISTRATION, unit=unit)
    return login


def colleagues(office: House, *serials: int, number: str = "ENT-1", **fields: Any) -> tuple[str, ...]:  # noqa: ANN401
    """People of the developer, or of another enterprise, without keys."""
    people = [
        person(name=f"企业{'零甲乙丙丁戊己庚'[serial]}", id_number=id_number(serial), permissions=(BUNDLE,))
        for serial in serials
    ]
    return office.decided(number, "ENT-NEW", *people, by=SERVICE, **fields)


def bank_clerk(office: House, serial: int) -> str:
    (login,) = colleagues(office, serial, number="ENT-BANK", unit=BANK, documents=BANKS_PAPERS)
    return login


def registered(office: House, name: str) -> RegisteredUnit:
    with office.register.transaction(read_only=True) as tx:
        (found,) = [unit for unit in tx.units.all() if unit.unit.name == name]
    return found


def change(office: House, called: str, /, *, by: str = CONFIGURES, **fields: Any) -> UnitChange:  # noqa: ANN401
    before = registered(office, called)
    return office.units.change(before.number, replace(before.unit, **fields), actor=office.who(by), apply=True)


def merge(office: House, name: str, into: str, *, by: str = CONFIGURES) -> UnitChange:
    numbers = registered(office, name).number, registered(office, into).number
    return office.units.merge(*numbers, actor=office.who(by), apply=True)


# --- units -----------------------------------------------------------------------------------------------------------


def test_a_change_that_is_only_shown_changes_nothing(office: House) -> None:
    login = clerk(office, 1, "NEW-1")
    before = registered(office, str(WINDOW["name"]))
    moved = replace(before.unit, district="110108")
    shown = office.units.change(before.number, moved, actor=office.who(CONFIGURES), apply=False)
    assert [(b.login, a.unit.district) for b, a in shown.accounts] == [(login, "110108")]
    assert office.account(login).unit.district == "110105"
    assert registered(office, str(WINDOW["name"])) == before


def test_a_unit_moves_to_a_former_district_which_is_todays(office: House) -> None:
    login = clerk(office, 1, "NEW-1")
    office.sync()
    change(office, str(WINDOW["name"]), district="110103")  # 崇文区, part of 东城区 since 2010
    office.sync()
    (entry,) = office.directory.entries([login])
    assert entry.district == "110101"
    assert office.duties(kind=DutyKind.CONFIGURE) == ()


def test_nobody_changes_a_unit_of_the_other_class_or_its_class(office: House) -> None:
    clerk(office, 1, "NEW-1")
    colleagues(office, 2)
    with pytest.raises(NotCompetent, match="无权变更"):
        change(office, str(WINDOW["name"]), by=SERVICE, district="110108")
    with pytest.raises(NotCompetent, match="无权变更"):
        change(office, str(DEVELOPER["name"]), by=CONFIGURES, name="虚构新名有限公司")
    with pytest.raises(Refused, match="单位类别不能变更"):
        change(
            office,
            str(WINDOW["name"]),
            by=SERVICE,
            user_class=UserClass.ENTERPRISE,
            level=None,
            organisation_type=OrganisationType.OTHER,
        )
    with pytest.raises(NotCompetent):
        office.units.set_contact("U000001", Contact(name="测试"), actor=office.who(SERVICE))
    with pytest.raises(NotFound):
        office.units.set_contact("U999999", Contact(name="测试"), actor=office.who(CONFIGURES))


def test_permissions_of_the_level_are_not_carried_to_another_one(office: House) -> None:
    login = clerk(office, 1, "NEW-1")
    with pytest.raises(Refused, match=login):
        change(office, str(WINDOW["name"]), level=Level.CITY, district=None)
    assert office.account(login).unit.level is Level.DISTRICT


def test_a_unit_that_would_be_another_one_is_merged_instead(office: House) -> None:
    first, second = clerk(office, 1, "NEW-1"), clerk(office, 2, "NEW-2", OTHER_WINDOW)
    with pytest.raises(Conflict, match="合并"):
        change(office, str(OTHER_WINDOW["name"]), name=WINDOW["name"])
    merge(office, str(OTHER_WINDOW["name"]), str(WINDOW["name"]))
    assert office.account(first).unit == office.account(second).unit
    gone = registered(office, str(OTHER_WINDOW["name"]))
    assert (gone.state, gone.merged_into) == (UnitState.MERGED, registered(office, str(WINDOW["name"])).number)
    with pytest.raises(Refused, match="已合并"):
        change(office, str(OTHER_WINDOW["name"]), district="110108")
    with pytest.raises(Refused, match="已合并"):
        merge(office, str(WINDOW["name"]), str(OTHER_WINDOW["name"]))


def test_a_unit_is_not_merged_with_itself_nor_with_another_class(office: House) -> None:
    clerk(office, 1, "NEW-1")
    colleagues(office, 2)
    with pytest.raises(Refused, match="不能与自身合并"):
        merge(office, str(WINDOW["name"]), str(WINDOW["name"]))
    with pytest.raises(Refused, match="单位类别不能变更"):
        merge(office, str(WINDOW["name"]), str(DEVELOPER["name"]))


def test_an_enterprise_of_another_type_has_that_types_bundle(office: House) -> None:
    (login,) = colleagues(office, 1)
    change(office, str(DEVELOPER["name"]), by=SERVICE, organisation_type=OrganisationType.OTHER)
    assert office.account(login).permissions == office.book.catalogue.bundle(OrganisationType.OTHER)
    office.sync()
    (entry,) = office.directory.entries([login])
    assert entry.organisation_type == "other"


def test_what_was_withheld_stays_withheld_where_only_the_name_changes(office: House) -> None:
    boss, login = colleagues(office, 1, 2)
    office.withhold.withhold(login, TRADE, by=boss)
    change(office, str(DEVELOPER["name"]), by=SERVICE, name="虚构新名房地产开发有限公司")
    assert TRADE not in office.account(login).permissions


# --- asked for its people --------------------------------------------------------------------------------------------


def test_only_units_with_users_are_asked_and_a_question_is_asked_once(office: House) -> None:
    login = clerk(office, 1, "NEW-1")
    clerk(office, 2, "NEW-2", OTHER_WINDOW)
    office.decided("BYE", "A7", {"用户姓名": "测试甲", "登录名称": login}, by=RECEIVES)
    with pytest.raises(NotCompetent):
        office.units.ask_for_confirmation(actor=office.who(REGISTRATION))
    for _ in range(2):
        (asked,) = office.units.ask_for_confirmation(actor=office.who(CONFIGURES))
    assert asked.unit.name == OTHER_WINDOW["name"]
    assert [duty.unit_number for duty in office.duties(kind=DutyKind.CONFIRM_USERS)] == [asked.number]


def test_an_answer_needs_a_question_and_names_own_users_only(office: House) -> None:
    login = clerk(office, 1, "NEW-1")
    stranger = clerk(office, 2, "NEW-2", OTHER_WINDOW)
    number = registered(office, str(WINDOW["name"])).number
    actor = office.who(CONFIGURES)
    with pytest.raises(Refused, match="没有待确认的名单"):
        office.units.record_confirmation(number, left=(), actor=actor)
    office.units.ask_for_confirmation(actor=actor)
    with pytest.raises(NotCompetent):
        office.units.record_confirmation(number, left=(), actor=office.who(SERVICE))
    with pytest.raises(Refused, match=stranger):
        office.units.record_confirmation(number, left=(login, stranger), actor=actor)
    (task,) = office.units.record_confirmation(number, left=(login, login), actor=actor)
    assert (task.login, task.kind) == (login, DutyKind.DEREGISTER_LEAVER)
    with pytest.raises(Refused, match="没有待确认的名单"):
        office.units.record_confirmation(number, left=(), actor=actor)
    assert office.account(login).state is AccountState.ACTIVE, "the unit has to apply for the deregistration"


def test_a_unit_that_was_taken_up_has_no_answer_to_give_any_more(office: House) -> None:
    clerk(office, 1, "NEW-1")
    clerk(office, 2, "NEW-2", OTHER_WINDOW)
    office.units.ask_for_confirmation(actor=office.who(CONFIGURES))
    merge(office, str(OTHER_WINDOW["name"]), str(WINDOW["name"]))
    into = registered(office, str(WINDOW["name"])).number
    assert [duty.unit_number for duty in office.duties(kind=DutyKind.CONFIRM_USERS)] == [into]


# --- its own administrator -------------------------------------------------------------------------------------------


def test_only_an_administrator_of_the_same_enterprise_who_may_log_in_withholds(office: House) -> None:
    boss, login = colleagues(office, 1, 2)
    stranger = bank_clerk(office, 3)
    management = clerk(office, 4, "NEW-1")
    for by in (stranger, management):
        with pytest.raises(NotCompetent, match="无权管理"):
            office.withhold.withhold(login, TRADE, by=by)
    office.withhold.withhold(boss, "ENT-DEV.SYS.02", by=login)
    with pytest.raises(NotCompetent, match="无权管理"):
        office.withhold.withhold(login, TRADE, by=boss)
    office.withhold.give_back(boss, "ENT-DEV.SYS.02", by=login)
    promise = {"text": "提交注销用户名下没有未完成业务"}
    office.decided("END", "ENT-CANCEL", {"用户姓名": "企业甲", "登录名称": boss}, by=SERVICE, **promise)
    with pytest.raises(NotCompetent, match="无权管理"):
        office.withhold.withhold(login, TRADE, by=boss)
    with pytest.raises(Refused, match="nothing changes any more"):
        office.withhold.withhold(boss, TRADE, by=login)
    with pytest.raises(NotFound):
        office.withhold.withhold("qy999999", TRADE, by=login)


def test_an_administrator_stays_within_the_bundle(office: House) -> None:
    boss, login = colleagues(office, 1, 2)
    for act in (office.withhold.withhold, office.withhold.give_back):
        for code in ("ENT-FIN.SYS.03", "MGMT-CITY.SYS.02", "NO-SUCH.CODE"):
            with pytest.raises(Refused, match="不在该类企业的统一权限内"):
                act(login, code, by=boss)
    with pytest.raises(Refused, match="has it already"):
        office.withhold.give_back(login, TRADE, by=boss)
    office.withhold.withhold(login, TRADE, by=boss)
    with pytest.raises(Refused, match="does not have it"):
        office.withhold.withhold(login, TRADE, by=boss)
    office.withhold.give_back(login, TRADE, by=boss)
    assert office.account(login).permissions == office.book.catalogue.bundle(OrganisationType.DEVELOPER)


def test_management_units_withhold_nothing(office: House) -> None:
    login = clerk(office, 1, "NEW-1")
    with pytest.raises(NotCompetent):
        office.withhold.withhold(login, "MGMT-DIST.REG.01", by=login)
