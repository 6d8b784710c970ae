"""What the rows ask for: items of the unit's own heading, for its own district."""

from __future__ import annotations

from dataclasses import replace

import pytest

from idp_sync.domain.application import WHOLE_BUNDLE, Form, Row
from idp_sync.domain.checks import permissions
from idp_sync.domain.checks.case import is_whole_bundle
from idp_sync.domain.finding import Code
from idp_sync.domain.unit import OrganisationType, Unit
from tests.builders import BOOK, CHAOYANG, CITY, DEVELOPER, application, case, row

FINANCIAL = replace(DEVELOPER, organisation_type=OrganisationType.FINANCIAL)


def found(unit: Unit, *rows: Row, form: Form = Form.NEW_USER) -> list[tuple[Code, int | None]]:
    asked = case(application(form, *rows, unit=unit))
    return [(f.code, f.row) for f in permissions.are_in_the_annex_of_the_unit(asked)]


def asks(*codes: str, words: str = "") -> Row:
    return row(3, permissions=codes, permission_words=words)


@pytest.mark.parametrize(
    ("unit", "code", "expected"),
    [
        (CHAOYANG, "MGMT-DIST.REG.01", []),
        (CHAOYANG, "MGMT-DIST.SYS.00", []),
        (CHAOYANG, "MGMT-CITY.REG.02", [Code.PERM_LEVEL]),
        (CHAOYANG, "MGMT-CITY.SYS.02", [Code.PERM_LEVEL]),
        (CITY, "MGMT-DIST.REG.01", [Code.PERM_LEVEL]),
        (CITY, "MGMT-CITY.SYS.01", []),
        (CITY, "MGMT-CITY.SYS.02", [Code.PERM_CONFLICT]),
        (CHAOYANG, "ENT-DEV.REG.00", [Code.PERM_ORG_TYPE]),
        (DEVELOPER, "MGMT-DIST.REG.01", [Code.PERM_ORG_TYPE]),
        (DEVELOPER, "ENT-DEV.REG.00", []),
        (DEVELOPER, "ENT-FIN.REG.00", [Code.PERM_ORG_TYPE]),
        (FINANCIAL, "ENT-DEV.TRADE.01", [Code.PERM_ORG_TYPE]),
        (CHAOYANG, "MGMT-DIST.REG.99", [Code.PERM_UNKNOWN]),
        (CHAOYANG, "房屋登记万能权限", [Code.PERM_UNKNOWN]),
        (DEVELOPER, WHOLE_BUNDLE, []),
        (DEVELOPER, "按机构类型统一设置", []),
        (DEVELOPER, "（按机构类型统一设置）", []),
        (CHAOYANG, WHOLE_BUNDLE, [Code.PERM_UNKNOWN]),  # management units choose
    ],
)
def test_an_item_fits_the_unit(unit: Unit, code: str, expected: list[Code]) -> None:
    assert found(unit, asks(code)) == [(c, 3) for c in expected]
    # and alike where it is in words
    assert found(unit, asks(words=code)) == [(c, 3) for c in expected]


def test_every_item_is_judged_by_itself() -> None:
    rows = (row(1), row(2, permissions=("MGMT-DIST.REG.01", "X", "MGMT-CITY.REG.01", "ENT-DEV.REG.00")))
    assert found(CHAOYANG, *rows) == [(Code.PERM_UNKNOWN, 2), (Code.PERM_LEVEL, 2), (Code.PERM_ORG_TYPE, 2)]


def test_who_asks_for_nothing_is_told() -> None:
    assert found(CHAOYANG, asks()) == [(Code.PERM_UNKNOWN, 3)]
    assert found(CHAOYANG, asks(words=" 、\n")) == [(Code.PERM_UNKNOWN, 3)]


def test_several_posts_in_one_row_are_allowed() -> None:
    codes = tuple(p.code for p in BOOK.catalogue.open_to(CHAOYANG))
    assert found(CHAOYANG, asks(*codes)) == []


@pytest.mark.parametrize("form", [Form.DEREGISTRATION, Form.ENTERPRISE_CANCEL, Form.RESTORE], ids=str)
def test_forms_without_the_column_ask_for_nothing(form: Form) -> None:
    assert found(CHAOYANG, asks(), form=form) == []


# --- words ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("登记受理", {"MGMT-DIST.REG.01"}),
        ("登记受理、登记审核", {"MGMT-DIST.REG.01", "MGMT-DIST.REG.02"}),
        ("登记受理，登记审核；登记制证/登记发证\n登记办结", {f"MGMT-DIST.REG.0{n}" for n in range(1, 6)}),
        ("登记受理|MGMT-DIST.TRADE.04", {"MGMT-DIST.REG.01", "MGMT-DIST.TRADE.04"}),
        ("相关证书新建、变更、注销的审批及反馈权限。", {"MGMT-DIST.TRADE.03"}),
        ("登记受理\n相关证书新建、变更、注销的审批及反馈权限。", {"MGMT-DIST.REG.01", "MGMT-DIST.TRADE.03"}),
        ("登记受理；相关证书新建、变更、注销的审批及反馈权限", {"MGMT-DIST.REG.01", "MGMT-DIST.TRADE.03"}),
        ("、登记受理、", {"MGMT-DIST.REG.01"}),
    ],
)
def test_items_in_words_are_cut_at_marks_that_are_not_their_own(words: str, expected: set[str]) -> None:
    asked = case(application(Form.NEW_USER, asks(words=words)))
    assert asked.codes(asked.application.rows[0]) == expected
    assert found(CHAOYANG, asks(words=words)) == []


def test_a_whole_sheet_of_verbatim_items_is_understood() -> None:
    own = BOOK.catalogue.open_to(CHAOYANG)
    asked = case(application(Form.NEW_USER, asks(words="\n".join(p.text for p in own))))
    assert asked.codes(asked.application.rows[0]) == {p.code for p in own}


def test_codes_and_words_are_asked_together_and_unknown_words_are_not_granted() -> None:
    asked = case(application(Form.NEW_USER, asks("MGMT-DIST.REG.01", words="登记审核、万能权限")))
    assert asked.codes(asked.application.rows[0]) == {"MGMT-DIST.REG.01", "MGMT-DIST.REG.02"}


def test_the_whole_bundle_is_every_item_of_the_type() -> None:
    asked = case(application(Form.ENTERPRISE_NEW))
    assert asked.codes(asked.application.rows[0]) == BOOK.catalogue.bundle(OrganisationType.DEVELOPER)


def test_what_is_meant_keeps_words_that_no_annex_has() -> None:
    asked = case(application())
    assert asked.meant(["登记受理", "MGMT-DIST.REG.02", "万能权限"]) == {
        "MGMT-DIST.REG.01",
        "MGMT-DIST.REG.02",
        "万能权限",
    }


@pytest.mark.parametrize(
    ("words", "expected"),
    [(WHOLE_BUNDLE, True), (" （按机构类型统一设置） ", True), ("统一设置", False), ("", False), ("()", False)],
)
def test_the_words_for_the_whole_bundle(words: str, expected: bool) -> None:  # noqa: FBT001
    assert is_whole_bundle(words) is expected


# --- the own district ------------------------------------------------------------------------------------------------


def scopes(district: str | None, *wanted: str) -> list[tuple[int | None, str]]:
    rows = tuple(row(number, scope=scope) for number, scope in enumerate(wanted, start=1))
    form = application(Form.NEW_USER, *rows, unit=replace(CHAOYANG, district=district))
    found = list(permissions.stay_in_the_own_district(case(form)))
    assert all(f.code is Code.SCOPE_DISTRICT for f in found)
    return [(f.row, f.detail) for f in found]


def test_a_district_unit_asks_for_its_own_district_only() -> None:
    assert scopes("110105", "", "110105", " 110105 ", "110108", "110199") == [(4, "海淀区"), (5, "110199")]


def test_former_districts_are_what_they_are_now() -> None:
    assert scopes("110101", "110103") == scopes("110103", "110101") == scopes("110103", "110103") == []
    assert scopes("110101", "110104") == [(1, "西城区")]


def test_a_district_unit_lies_in_a_district() -> None:
    assert scopes("110199", "") == [(None, "110199")]
    assert scopes(None, "") == [(None, "未填写")]
    # and what it asks for can't be its own
    assert scopes("110199", "110199", "110105") == [(None, "110199"), (1, "110199"), (2, "朝阳区")]


@pytest.mark.parametrize("unit", [CITY, DEVELOPER])
def test_who_is_in_no_district_is_not_asked(unit: Unit) -> None:
    form = application(Form.NEW_USER, row(scope="110108"), unit=unit)
    assert list(permissions.stay_in_the_own_district(case(form))) == []
