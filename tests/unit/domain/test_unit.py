"""Units: the words of the regulation, what tells units apart, and what a token says of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from idp_sync.domain.unit import DocumentType, Level, OrganisationType, UserClass
from tests.builders import CHAOYANG, CITY, DEVELOPER


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (UserClass, ["管理单位", "企业"]),
        (Level, ["市级", "区级"]),
        (OrganisationType, ["开发企业", "金融机构", "其它组织机构"]),
        (DocumentType, ["企业单位", "金融机构", "事业、机关或社团组织"]),
    ],
)
def test_the_words_are_closed_sets_in_the_words_of_the_regulation(
    words: type[UserClass | Level | OrganisationType | DocumentType], expected: list[str]
) -> None:
    assert [word.zh for word in words] == expected


def test_a_unit_is_told_by_its_credit_code_then_its_organisation_code_then_its_name() -> None:
    assert DEVELOPER.code == "91110105PDY0010124"
    assert replace(DEVELOPER, credit_code=None).code == "PDY001012"
    assert replace(DEVELOPER, credit_code="", organisation_code=None).code == DEVELOPER.name
    assert CHAOYANG.code == CHAOYANG.name


def test_the_rank_is_the_level_or_enterprise() -> None:
    assert [unit.rank for unit in (CITY, CHAOYANG, DEVELOPER)] == ["city", "district", "enterprise"]
