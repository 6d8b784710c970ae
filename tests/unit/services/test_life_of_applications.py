"""An application's own life: handed in, mended, taken back, overtaken; what is final, and who may do it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from idp_sync.domain.account import AccountState
from idp_sync.domain.application import State
from idp_sync.domain.duty import DutyKind
from idp_sync.domain.errors import Conflict, NotCompetent, NotFound, Refused, Unavailable
from idp_sync.domain.finding import Code, Finding, Outcome
from idp_sync.domain.key import KeyState
from idp_sync.ports import Incoming
from idp_sync.services.intake import Intake
from tests import builders
from tests.builders import id_number
from tests.house import (
    CITY,
    CONFIGURES,
    DEVELOPER,
    MARKET,
    RECEIVES,
    REGISTRATION,
    RESEARCH,
    SERVICE,
    House,
    person,
)

REG = "MGMT-DIST.REG.01"


class OnePaper:
    """Reads one application, whatever the file is."""

    def __init__(self, incoming: Incoming) -> None:
        self.incoming = incoming

    def read(self, name: str, content: bytes) -> Iterator[Incoming]:
        del name, content
        yield self.incoming


def user(login: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    """测试甲 on a form for users."""
    return {"用户姓名": "测试甲", "登录名称": login, **fields}


def replacement(office: House, login: str, ground: str) -> dict[str, Any]:
    return user(login, 原密钥编号=office.account(login).key_number, 申请权限=[REG], 备注=ground)


def rename(office: House, login: str, number: str) -> dict[str, Any]:
    return {
        "密钥编号": office.account(login).key_number or "",
        "原用户姓名": "测试甲",
        "原登录名称": login,
        "现用户姓名": "测试新甲",
        "性别": "男",
        "身份证号": number,
        "申请权限": [REG],
    }


def mended(number: str, **fields: Any) -> Incoming:  # noqa: ANN401
    """The paper as it comes in again."""
    return Incoming(application=builders.application(id=number, **fields), source="again.json")


def withdraw(office: House, number: str, by: str = REGISTRATION) -> None:
    office.lifecycle.withdraw(number, actor=office.who(by), reason="不再需要")


def of_login(office: House, login: str) -> list[DutyKind]:
    return [duty.kind for duty in office.duties(login=login)]


# --- drafts, mended forms --------------------------------------------------------------------------------------------


def test_what_reading_the_file_found_still_stands_when_the_draft_is_handed_in(office: House) -> None:
    formula = Finding(code=Code.CELL_FORMULA, row=1, field="身份证号")
    incoming = Incoming(application=builders.application(id="DRAFT"), source="a3.xlsx", findings=(formula,))
    intake = Intake(register=office.register, reader=OnePaper(incoming), book=office.book, clock=office.clock)
    (taken,) = intake.take_in("a3.xlsx", b"", actor=office.who(REGISTRATION), draft=True)
    assert taken.verdict is not None
    handed_in = office.lifecycle.hand_in("DRAFT", actor=office.who(REGISTRATION))
    assert handed_in.state is State.RECEIVED
    assert (handed_in.outcome, formula in handed_in.findings) == (Outcome.RETURN, True)
    again = office.lifecycle.amend("DRAFT", mended("DRAFT"), actor=office.who(REGISTRATION))
    assert again.outcome is Outcome.ACCEPT, "the mended file has no formula"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"form": builders.Form.DEREGISTRATION}, "another form"),
        ({"unit": builders.CITY}, "another unit"),
    ],
)
def test_another_form_or_unit_is_another_application(office: House, change: dict[str, Any], why: str) -> None:
    office.take_in("NEW-1", "A3", person(), by=REGISTRATION)
    with pytest.raises(Refused, match=why):
        office.lifecycle.amend("NEW-1", mended("NEW-1", **change), actor=office.who(REGISTRATION))
    with office.register.transaction(read_only=True) as tx:
        assert tx.applications.get("NEW-1").version == 1


def test_only_who_takes_such_forms_in_mends_hands_in_and_withdraws_them(office: House) -> None:
    office.take_in("NEW-1", "A3", person(), by=REGISTRATION)
    other = office.who(SERVICE)
    for act in (
        lambda: office.lifecycle.amend("NEW-1", mended("NEW-1"), actor=other),
        lambda: office.lifecycle.hand_in("NEW-1", actor=other),
        lambda: office.lifecycle.withdraw("NEW-1", actor=other, reason="不再需要"),
    ):
        with pytest.raises(NotCompetent, match="不受理"):
            act()
    assert office.state("NEW-1") is State.RECEIVED


def test_what_is_approved_or_unknown_is_not_mended(office: House) -> None:
    office.decided("NEW-1", "A3", person(), by=REGISTRATION)
    with pytest.raises(Conflict, match="已批准"):
        office.lifecycle.amend("NEW-1", mended("NEW-1"), actor=office.who(REGISTRATION))
    with pytest.raises(NotFound):
        office.lifecycle.amend("NEW-2", mended("NEW-2"), actor=office.who(REGISTRATION))


# --- decisions -------------------------------------------------------------------------------------------------------


def test_a_sound_form_is_returned_only_with_a_reason(office: House) -> None:
    office.take_in("NEW-1", "A3", person(), by=REGISTRATION)
    for act in (office.review.give_back, office.review.reject):
        with pytest.raises(Refused, match="请写明意见"):
            act("NEW-1", actor=office.who(REGISTRATION), opinion="")
        with pytest.raises(NotCompetent):
            act("NEW-1", actor=office.who(SERVICE), opinion="不符")
    office.review.reject("NEW-1", actor=office.who(REGISTRATION), opinion="岗位不符")
    with pytest.raises(Conflict, match="不予批准"):
        office.review.give_back("NEW-1", actor=office.who(REGISTRATION), opinion="不符")


@pytest.mark.parametrize("who", ["测试甲", "测试联系人", "示例负责人"])
def test_nobody_decides_about_what_he_stands_on(office: House, who: str) -> None:
    office.take_in("NEW-1", "A3", person(), by=REGISTRATION)
    with pytest.raises(Refused, match="不得审核本人"):
        office.review.approve("NEW-1", actor=office.who(f"{who}@房屋登记管理处"))


def test_what_was_right_at_intake_may_have_become_wrong(office: House) -> None:
    office.take_in("NEW-1", "A3", person(), by=REGISTRATION)
    office.take_in("NEW-2", "A3", person(), by=REGISTRATION)
    with pytest.raises(Refused, match="在办的申请"):
        office.review.approve("NEW-1", actor=office.who(REGISTRATION))
    withdraw(office, "NEW-2")
    office.review.approve("NEW-1", actor=office.who(REGISTRATION))
    late = office.take_in("NEW-3", "A3", person(), by=REGISTRATION)
    assert late.verdict is not None
    assert set(late.verdict.codes) == {"USER_EXISTS", "APPLICATION_IN_FLIGHT"}


def test_a_lost_key_is_refused_by_the_next_sync_where_the_directory_is_down_at_the_approval(office: House) -> None:
    login = office.clerk()
    office.take_in("KEY-1", "A4", replacement(office, login, "丢失"), by=REGISTRATION)
    office.directory.unavailable = Unavailable("ldaps://ldap.invalid: down")
    decided = office.review.approve("KEY-1", actor=office.who(REGISTRATION))
    assert (decided.state, decided.synced is not None and decided.synced.complete) == (State.APPROVED, False)
    office.directory.unavailable = None
    (entry,) = office.directory.entries([login])
    assert entry.thumbprint
    office.sync()
    (entry,) = office.directory.entries([login])
    assert not entry.thumbprint


def test_only_a_lost_key_is_told_at_once_the_rest_is_configured_by_the_information_centre(office: House) -> None:
    login = office.clerk()
    office.take_in("BYE", "A7", user(login), by=RECEIVES)
    decided = office.review.approve("BYE", actor=office.who(RECEIVES))
    assert decided.synced is None
    assert [entry.login for entry in office.directory.entries()] == [login]


# --- withdrawn -------------------------------------------------------------------------------------------------------


def test_withdrawn_permissions_are_what_they_were(office: House) -> None:
    login = office.clerk()
    row = user(login, 原申请权限=[REG], 现申请权限=["MGMT-DIST.REG.02"])
    office.decided("PERM", "A6", row, by=REGISTRATION)
    assert office.account(login).permissions == {"MGMT-DIST.REG.02"}
    withdraw(office, "PERM")
    assert office.account(login).permissions == {REG}
    assert of_login(office, login) == []
    assert office.synchronise.plan().is_empty
    office.decided("PERM-2", "A6", row, by=REGISTRATION)
    office.sync()
    with pytest.raises(Conflict, match="已办结"):
        withdraw(office, "PERM-2")


def test_a_withdrawn_replacement_leaves_the_key_as_it_is(office: House) -> None:
    login = office.clerk()
    before = office.account(login)
    office.decided("KEY-1", "A4", replacement(office, login, "损坏"), by=REGISTRATION)
    withdraw(office, "KEY-1")
    assert office.account(login) == before
    with pytest.raises(Refused, match="已持有有效密钥"):
        office.issue_key(login)


def test_a_withdrawn_correction_gives_the_former_name_back(office: House) -> None:
    login = office.clerk()
    office.decided("NAME", "A5", rename(office, login, "110000199001019018"), by=REGISTRATION)
    office.sync()
    assert office.account(login).name == "测试新甲"
    withdraw(office, "NAME")
    office.sync()
    (entry,) = office.directory.entries([login])
    assert (entry.name, bool(entry.thumbprint)) == ("测试甲", True)
    assert of_login(office, login) == []


def test_what_is_final_is_not_withdrawn(office: House) -> None:
    login = office.clerk()
    office.decided("KEY-1", "A4", replacement(office, login, "丢失"), by=REGISTRATION)
    with pytest.raises(Refused, match="which is final"):
        withdraw(office, "KEY-1")
    office.issue_key(login)
    office.decided("NAME", "A5", rename(office, login, id_number(7)), by=REGISTRATION)
    with pytest.raises(Refused, match="which is final"):
        withdraw(office, "NAME")
    assert office.account(login).state is AccountState.DEREGISTERED
    assert office.state("NAME") is State.APPROVED, "nothing was changed"


def test_a_deregistration_that_was_approved_is_not_withdrawn(office: House) -> None:
    login = office.clerk()
    office.decided("BYE", "A7", user(login), by=RECEIVES)
    with pytest.raises(Refused, match="另行申请"):
        withdraw(office, "BYE", by=RECEIVES)


def test_a_sheet_is_not_withdrawn_once_one_of_its_people_has_a_key(office: House) -> None:
    first, second = office.decided(
        "NEW-1", "A3", person(), person(name="测试乙", id_number=id_number(7)), by=REGISTRATION
    )
    office.sync()
    office.issue_key(first)
    with pytest.raises(Refused, match="另行申请"):
        withdraw(office, "NEW-1")
    assert {office.account(login).state for login in (first, second)} == {AccountState.ACTIVE}


def test_withdrawn_newcomers_are_closed_and_their_logins_never_given_again(office: House) -> None:
    (login,) = office.decided("NEW-1", "A3", person(), by=REGISTRATION)
    withdraw(office, "NEW-1")
    with pytest.raises(Refused, match="已注销"):
        office.issue_key(login)
    office.sync()
    assert list(office.directory.entries()) == []
    (other,) = office.decided("NEW-2", "A3", person(), by=REGISTRATION)
    assert other != login
    assert office.state("NEW-1") is State.WITHDRAWN


def test_what_two_offices_have_to_decide_is_withdrawn_between_them(office: House) -> None:
    both = person(permissions=(REG, "MGMT-DIST.TRADE.02"))
    office.decided("BOTH", "A3", both, by=REGISTRATION)
    withdraw(office, "BOTH", by=MARKET)
    with pytest.raises(Conflict, match="已撤回"):
        office.review.approve("BOTH", actor=office.who(MARKET))
    with pytest.raises(Conflict, match="已撤回"):
        withdraw(office, "BOTH")


# --- overtaken -------------------------------------------------------------------------------------------------------


def test_who_is_deregistered_before_the_key_came_holds_his_sheet_up_no_more(office: House) -> None:
    first, second = office.decided(
        "NEW-1", "A3", person(), person(name="测试乙", id_number=id_number(7)), by=REGISTRATION
    )
    office.sync()
    office.decided("BYE", "A7", user(first), by=RECEIVES)
    assert of_login(office, first) == [DutyKind.CONFIGURE, DutyKind.CONFIGURE]
    office.issue_key(second)
    assert office.state("NEW-1") is State.APPROVED, "the directory has not followed yet"
    office.sync()
    assert office.state("NEW-1") is State.CARRIED_OUT
    assert office.state("BYE") is State.CARRIED_OUT


def test_who_is_deregistered_alone_before_the_key_came_ends_the_application(office: House) -> None:
    (login,) = office.decided("NEW-1", "A3", person(), by=REGISTRATION)
    office.sync()
    office.decided("BYE", "A7", user(login), by=RECEIVES)
    office.sync()
    assert office.state("NEW-1") is State.CARRIED_OUT
    assert office.duties() == ()


def test_another_holder_before_the_key_came_takes_the_account_over_and_nothing_is_left_to_issue(office: House) -> None:
    (login,) = office.decided("NEW-1", "A3", person(), by=REGISTRATION)
    office.sync()
    _, successor = office.decided("NAME", "A5", rename(office, login, id_number(7)), by=REGISTRATION)
    assert of_login(office, login) == [DutyKind.CONFIGURE, DutyKind.CONFIGURE]
    office.sync()
    assert office.state("NEW-1") is State.CARRIED_OUT
    office.issue_key(successor)
    assert office.state("NAME") is State.CARRIED_OUT
    assert office.duties() == ()


# --- archived --------------------------------------------------------------------------------------------------------


def test_papers_are_filed_once_by_the_issuing_office_when_all_is_done(office: House) -> None:
    (login,) = office.decided("NEW-1", "A3", person(), by=REGISTRATION)
    with pytest.raises(Conflict, match="已批准"):
        office.lifecycle.archive("NEW-1", actor=office.who(RESEARCH))
    office.sync()
    office.issue_key(login)
    with pytest.raises(NotCompetent, match="无权归档"):
        office.lifecycle.archive("NEW-1", actor=office.who(SERVICE))
    office.lifecycle.archive("NEW-1", actor=office.who(RESEARCH))
    with pytest.raises(Conflict, match="已归档"):
        office.lifecycle.archive("NEW-1", actor=office.who(RESEARCH))
    with pytest.raises(Conflict, match="已归档"):
        withdraw(office, "NEW-1")


def test_the_information_centre_decides_nothing_but_deregistrations(office: House) -> None:
    city = person(permissions=("MGMT-CITY.SYS.02",))
    office.take_in("SYS", "A3", city, by=REGISTRATION, unit=CITY)
    office.take_in(
        "ENT",
        "ENT-NEW",
        person(name="测试乙", id_number=id_number(7), permissions=("(按机构类型统一设置)",)),
        by=SERVICE,
        unit=DEVELOPER,
    )
    for number in ("SYS", "ENT"):
        with pytest.raises(NotCompetent, match="没有待审核的事项"):
            office.review.approve(number, actor=office.who(CONFIGURES))


def test_a_key_declared_lost_before_the_form_says_so_is_lost_once(office: House) -> None:
    login = office.clerk()
    row = replacement(office, login, "丢失")
    number = office.account(login).key_number or ""
    office.collect.declare_lost(number, actor=office.who(RESEARCH), reported_by="测试甲")
    office.decided("KEY-1", "A4", row, by=REGISTRATION)
    assert office.key(number).state is KeyState.LOST
    assert [entry.act for entry in office.journal_of(number)].count("key.lost") == 1
    office.issue_key(login)
    office.sync()
    assert office.state("KEY-1") is State.CARRIED_OUT
