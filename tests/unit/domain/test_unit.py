"""Units: the words of the regulation, what tells units apart, and what a token says of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from idp_sync.domain.unit import (
    Contact,
    DocumentType,
    Level,
    OrganisationType,
    RegisteredUnit,
    Unit,
    UnitState,
    UserClass,
)
from tests.builders import CHAOYANG, CITY, DEVELOPER


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (UserClass, ["管理单位", "企业"]),
        (Level, ["市级", "区级"]),
        (OrganisationType, ["开发企业", "金融机构", "其它组织机构"]),
        (DocumentType, ["企业单位", "金融机构", "事业、机关或社团组织"]),
        (UnitState, ["正常", "已合并", "已撤销"]),
    ],
)
def test_the_words_are_closed_sets_in_the_words_of_the_regulation(
    words: type[UserClass | Level | OrganisationType | DocumentType | UnitState], expected: list[str]
) -> None:
    assert [word.zh for word in words] == expected


def test_a_unit_is_told_by_its_credit_code_then_its_organisation_code_then_its_name() -> None:
    assert DEVELOPER.code == "91110105PDY0010124"
    assert replace(DEVELOPER, credit_code=None).code == "PDY001012"
    assert replace(DEVELOPER, credit_code="", organisation_code=None).code == DEVELOPER.name
    assert CHAOYANG.code == CHAOYANG.name


def test_the_rank_is_the_level_or_enterprise() -> None:
    assert [unit.rank for unit in (CITY, CHAOYANG, DEVELOPER)] == ["city", "district", "enterprise"]


# --- what makes it this unit ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"organisation_code": None},
        {"credit_code": None},
        {"credit_code": "", "organisation_code": "PDY00101-2"},
        {"credit_code": "91110105 PDY001012 4", "organisation_code": None},
        {"credit_code": "９１１１０１０５PDY０01012４", "organisation_code": " "},
        {"credit_code": "91110105pdy0010124", "organisation_code": ""},
        {"credit_code": None, "organisation_code": " pdy001012\u3000"},
        {"name": "改名后的公司"},
        {"organisation_type": OrganisationType.OTHER},
    ],
)
def test_an_enterprise_is_its_organisation_code_however_it_is_written(written: dict[str, Any]) -> None:
    assert replace(DEVELOPER, **written).identity == "PDY001012"


def test_an_enterprise_without_a_code_is_its_name_without_blanks() -> None:
    nameless = replace(DEVELOPER, credit_code=None, organisation_code=None)
    assert nameless.identity == "虚构房地产开发有限公司"
    assert replace(nameless, name=" 虚构房地产\u3000开发有限公司\n").identity == nameless.identity
    assert replace(nameless, name="虚构物业有限公司").identity != nameless.identity
    # a code that is cut off tells nobody
    assert replace(nameless, credit_code="91110105").identity == nameless.identity


def section(district: str | None, name: str = "登记科") -> Unit:
    level = Level.CITY if district is None else Level.DISTRICT
    return Unit(name=name, user_class=UserClass.MANAGEMENT, level=level, district=district)


def test_the_same_name_in_two_districts_and_at_the_city_is_three_units() -> None:
    identities = [section(district).identity for district in ("110105", "110108", None)]
    assert identities == ["district/110105/登记科", "district/110108/登记科", "city//登记科"]


def test_blanks_make_no_other_unit() -> None:
    assert section(" 110105 ", " 登记　科\n").identity == section("110105").identity
    assert section("110105", "交易科").identity != section("110105").identity


def test_a_management_unit_is_never_taken_for_an_enterprise_of_its_name() -> None:
    enterprise = Unit(name="登记科", user_class=UserClass.ENTERPRISE)
    assert len({unit.identity for unit in (enterprise, section(None), section("110105"))}) == 3


def test_a_unit_in_the_register_may_apply_until_something_else_is_recorded() -> None:
    registered = RegisteredUnit(number="U000001", unit=CHAOYANG)
    assert (registered.state, registered.merged_into) == (UnitState.ACTIVE, "")
    # no e-mail address: notices go out as letters
    assert registered.contact == Contact(name="", phone="", email="", address="")
