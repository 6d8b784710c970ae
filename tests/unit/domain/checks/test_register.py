"""Whether the form agrees with what register and trading system know."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from idp_sync.domain.account import AccountState
from idp_sync.domain.application import Application, Form
from idp_sync.domain.checks import register
from idp_sync.domain.finding import Code, Finding
from idp_sync.domain.known import Known, KnownUser
from idp_sync.domain.unit import Level, OrganisationType, Unit
from tests.builders import BOOK, CHAOYANG, CITY, DEVELOPER, application, case, id_number, known, row, user

ACTIVE, SUSPENDED, DEREGISTERED = AccountState
HOLDER = [Form.USER_RENAME, Form.ENTERPRISE_CHANGE]
NAMING = [form for form in Form if form.names_a_login]
#: the forms that are for users in another state than active
STATE = {Form.RESTORE: SUSPENDED, Form.BUSINESS_DELETION: DEREGISTERED}
OPENING = [form for form in Form if form.opens_accounts]


def findings(form: Application, what: Known) -> list[Finding]:
    return list(register.people_are_as_stated(case(form, what)))


def codes(form: Application, *users: KnownUser) -> list[Code]:
    return [f.code for f in findings(form, known(*users))]


def sound_user(form: Form, **fields: Any) -> KnownUser:  # noqa: ANN401
    return user(**{"state": STATE.get(form, ACTIVE), **fields})


# --- users -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", NAMING, ids=str)
def test_who_is_named_exists(form: Form) -> None:
    assert codes(application(form), sound_user(form)) == []
    assert codes(application(form)) == [Code.USER_UNKNOWN]
    assert codes(application(form), sound_user(form, login="cy0002")) == [Code.USER_UNKNOWN]


@pytest.mark.parametrize("form", NAMING, ids=str)
def test_a_login_is_trimmed_and_a_missing_one_is_nobody(form: Form) -> None:
    sound = application(form)
    assert codes(replace(sound, rows=(replace(sound.rows[0], login=" cy0001\n"),)), sound_user(form)) == []
    assert codes(replace(sound, rows=(replace(sound.rows[0], login=""),)), sound_user(form)) == [Code.USER_UNKNOWN]


@pytest.mark.parametrize("form", sorted(set(NAMING) - {Form.BUSINESS_DELETION}), ids=str)
def test_who_was_deregistered_stays_so(form: Form) -> None:
    assert codes(application(form), user(state=DEREGISTERED)) == [Code.USER_CANCELLED]


@pytest.mark.parametrize("form", NAMING, ids=str)
def test_the_name_is_the_users(form: Form) -> None:
    (finding,) = findings(application(form), known(sound_user(form, name="测试乙")))
    assert (finding.code, finding.field) == (Code.USER_UNKNOWN, "用户姓名")
    assert codes(application(form), sound_user(form, name=None)) == []


def test_names_are_compared_as_they_are_read() -> None:
    form = application(Form.DEREGISTRATION, row(name="测试•样例 ", login="cy0001"))
    assert codes(form, user(name="测试·样例")) == []


# --- states ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "active", "suspended"),
    [
        (Form.KEY_REPLACEMENT, True, False),
        (Form.USER_RENAME, True, False),
        (Form.PERMISSION_CHANGE, True, False),
        (Form.DEREGISTRATION, True, True),
        (Form.ENTERPRISE_CHANGE, True, False),
        (Form.ENTERPRISE_CANCEL, True, True),
        (Form.RESTORE, False, True),
        (Form.BUSINESS_DELETION, False, False),  # 密钥注销后发现 (Article 6 (3))
    ],
    ids=str,
)
def test_which_state_allows_which_form(form: Form, active: bool, suspended: bool) -> None:  # noqa: FBT001
    for state, allowed in ((ACTIVE, active), (SUSPENDED, suspended)):
        assert codes(application(form), user(state=state)) == ([] if allowed else [Code.STATE_MISMATCH])


# --- keys ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", NAMING, ids=str)
def test_the_key_is_the_holders_where_the_form_names_it(form: Form) -> None:
    asks = form in {Form.KEY_REPLACEMENT, Form.USER_RENAME, Form.ENTERPRISE_CHANGE}
    expected = [Code.KEY_MISMATCH] if asks else []
    assert codes(application(form), sound_user(form, key_number="KEY-000002")) == expected
    assert codes(application(form), sound_user(form, key_number=None)) == []
    assert codes(application(form), sound_user(form, key_number="")) == expected


# --- permissions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", NAMING, ids=str)
def test_the_present_permissions_are_the_users_where_the_form_states_them(form: Form) -> None:
    states = form in {Form.KEY_REPLACEMENT, Form.USER_RENAME, Form.PERMISSION_CHANGE}
    for held in ({"MGMT-DIST.REG.03"}, {"MGMT-DIST.REG.01", "MGMT-DIST.REG.03"}, set()):
        found = findings(application(form), known(sound_user(form, permissions=frozenset(held))))
        assert [f.code for f in found] == ([Code.STATE_MISMATCH] if states else [])
        assert all("MGMT-DIST.REG.0" in f.detail for f in found)
    assert codes(application(form), sound_user(form, permissions=None)) == []


def test_annex_6_is_free_in_what_it_asks_for() -> None:
    asked = row(login="cy0001", present_permissions=("登记受理",), permissions=("MGMT-DIST.REG.11",))
    assert codes(application(Form.PERMISSION_CHANGE, asked), user()) == []


@pytest.mark.parametrize(
    "present", [(), ("MGMT-DIST.REG.03",), ("MGMT-DIST.REG.01", "MGMT-DIST.REG.03"), ("MGMT-DIST.REG.01", "万能权限")]
)
def test_annex_6_states_what_is_held_no_more_and_no_less(present: tuple[str, ...]) -> None:
    asked = row(login="cy0001", present_permissions=present)
    (finding,) = findings(application(Form.PERMISSION_CHANGE, asked), known(user()))
    assert (finding.code, finding.field) == (Code.STATE_MISMATCH, "原申请权限")


def test_a_new_holder_may_ask_for_other_permissions() -> None:
    asked = row(2, login="cy0001", key_number="KEY-000001", permissions=("MGMT-DIST.REG.11",))
    assert codes(application(Form.USER_RENAME, asked), user()) == []


# --- the same person -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", OPENING, ids=str)
@pytest.mark.parametrize("state", [ACTIVE, SUSPENDED])
def test_one_person_has_one_account(form: Form, state: AccountState) -> None:
    (finding,) = findings(application(form), known(user("hd0009", state=state), user(id_number=id_number(50))))
    assert (finding.code, finding.detail) == (Code.USER_EXISTS, "hd0009")


@pytest.mark.parametrize("form", OPENING, ids=str)
def test_whose_account_was_closed_may_have_a_new_one(form: Form) -> None:
    assert codes(application(form), user(state=DEREGISTERED)) == []
    assert codes(application(form), user(id_number=None)) == []
    assert codes(application(form), user(id_number=id_number(50))) == []


def test_the_number_is_compared_as_it_is_read() -> None:
    wide = id_number(1).translate({code: code + 0xFEE0 for code in range(0x30, 0x3A)})
    assert codes(application(Form.NEW_USER, row(id_number=f" {wide}")), user()) == [Code.USER_EXISTS]
    assert codes(application(Form.NEW_USER, row(id_number="")), user(id_number="")) == []


@pytest.mark.parametrize("form", HOLDER, ids=str)
def test_a_new_holder_has_no_account_yet(form: Form) -> None:
    renamed = application(form, row(2, login="cy0001", key_number="KEY-000001"))
    assert codes(renamed, user()) == []
    assert codes(renamed, user(), user("cy0007", id_number=id_number(2))) == [Code.USER_EXISTS]
    assert codes(renamed, user(), user("cy0007", id_number=id_number(2), state=DEREGISTERED)) == []


@pytest.mark.parametrize("form", HOLDER, ids=str)
def test_a_corrected_name_is_the_same_account(form: Form) -> None:
    assert codes(application(form), user()) == []
    assert not case(application(form), known(user())).names_a_new_holder(application(form).rows[0])


# --- whose user it is ------------------------------------------------------------------------------------------------

HAIDIAN = replace(CHAOYANG, district="110108")
OTHER_COMPANY = replace(DEVELOPER, credit_code="91110105PDY00001XG", organisation_code=None)


@pytest.mark.parametrize("form", NAMING, ids=str)
@pytest.mark.parametrize("others", [HAIDIAN, CITY, DEVELOPER, None])
def test_nobody_changes_another_units_users(form: Form, others: Unit | None) -> None:
    own = application(form).unit
    assert codes(application(form), sound_user(form, unit=own)) == []
    stranger = OTHER_COMPANY if own is DEVELOPER and others is DEVELOPER else others
    found = codes(application(form), sound_user(form, unit=stranger))
    assert found == ([] if others is None else [Code.USER_UNKNOWN])


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (CHAOYANG, replace(CHAOYANG, name="朝阳区房屋登记大厅"), True),  # names are written in many ways
        (CHAOYANG, HAIDIAN, False),
        (CHAOYANG, CITY, False),
        (CITY, replace(CITY, name="虚构单位市级交易科"), True),
        (replace(CHAOYANG, district="110101"), replace(CHAOYANG, district="110103"), True),
        (CHAOYANG, DEVELOPER, False),
        (DEVELOPER, replace(DEVELOPER, name="改名后的公司"), True),
        (DEVELOPER, replace(DEVELOPER, credit_code=None), True),
        (DEVELOPER, replace(DEVELOPER, organisation_code=None), True),
        (DEVELOPER, replace(DEVELOPER, credit_code="91110105 PDY001012 4", organisation_code=None), True),
        (DEVELOPER, replace(DEVELOPER, credit_code=None, organisation_code="pdy00101-2"), True),
        (DEVELOPER, OTHER_COMPANY, False),
        (DEVELOPER, replace(DEVELOPER, credit_code=None, organisation_code="PDY000028"), False),
        (DEVELOPER, replace(DEVELOPER, credit_code=None, organisation_code=None), False),
        (DEVELOPER, replace(DEVELOPER, organisation_type=OrganisationType.OTHER), True),
        (replace(CITY, level=Level.DISTRICT, district="110105"), CHAOYANG, True),
    ],
)
def test_which_units_answer_for_each_other(one: Unit, other: Unit, same: bool) -> None:  # noqa: FBT001
    assert register.is_same_unit(one, other, BOOK.districts) is same
    assert register.is_same_unit(other, one, BOOK.districts) is same


# --- one application at a time ---------------------------------------------------------------------------------------


def in_flight(form: Application, **others: tuple[str, ...]) -> list[tuple[Code, int | None, str]]:
    seen = case(form, Known(in_flight=others))
    return [(f.code, f.row, f.detail) for f in register.nobody_is_on_another_application(seen)]


@pytest.mark.parametrize("form", NAMING, ids=str)
def test_who_is_on_another_application_waits_for_it(form: Form) -> None:
    sound = application(form)
    expected = [(Code.APPLICATION_IN_FLIGHT, 1, "A6-2")]
    assert in_flight(sound, cy0001=("A6-2",)) == expected
    assert in_flight(replace(sound, rows=(replace(sound.rows[0], login=" cy0001\n"),)), cy0001=("A6-2",)) == expected
    assert in_flight(sound, cy0002=("A6-2",)) == []
    assert in_flight(sound, cy0001=()) == []
    assert in_flight(sound) == []


def test_a_person_is_told_by_the_id_number_too_and_each_application_named_once() -> None:
    rows = (row(1, id_number=f" {id_number(1)}"), row(2, login="cy0002"), row(3, id_number="", login=""))
    others = {id_number(1): ("A3-7",), id_number(2): ("A6-2", "A4-3"), "cy0002": ("A4-3", "A7-1"), "": ("NEVER",)}
    assert in_flight(application(Form.NEW_USER, *rows), **others) == [
        (Code.APPLICATION_IN_FLIGHT, 1, "A3-7"),
        (Code.APPLICATION_IN_FLIGHT, 2, "A4-3、A7-1、A6-2"),
    ]


# --- unfinished business ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", list(Form), ids=str)
@pytest.mark.parametrize(("pending", "found"), [(None, False), (0, False), (1, True)])
def test_unfinished_business_stops_what_closes_an_account(form: Form, pending: int | None, found: bool) -> None:  # noqa: FBT001
    closes = form in {Form.DEREGISTRATION, Form.ENTERPRISE_CANCEL}
    seen = case(application(form), known(user(), pending_business=pending))
    expected = [Code.PENDING_BUSINESS] if closes and found else []
    assert [f.code for f in register.no_business_is_unfinished(seen)] == expected
    assert register.closes_an_account(seen) is closes


@pytest.mark.parametrize("form", HOLDER, ids=str)
@pytest.mark.parametrize("login", ["cy0001", " cy0001 "])
def test_a_new_holder_closes_the_former_ones_account(login: str, form: Form) -> None:
    renamed = application(form, row(2, login=login))
    (finding,) = register.no_business_is_unfinished(case(renamed, known(user(), pending_business=2)))
    assert (finding.code, finding.detail) == (Code.PENDING_BUSINESS, "2件")
    # who is not known has no account to close
    assert not register.closes_an_account(case(renamed, known()))
    assert not register.closes_an_account(case(renamed))
    assert not register.closes_an_account(case(renamed, known(user(id_number=None))))
