"""Districts: today's, former ones that lead to them, and none."""

from __future__ import annotations

import pytest

from tests.builders import BOOK

DISTRICTS = BOOK.districts


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("110105", "朝阳区"),
        ("110103", "东城区"),
        ("110104", "西城区"),
        ("110228", "密云区"),
        ("110229", "延庆区"),
        ("110302", "北京经济技术开发区"),
    ],
)
def test_a_code_leads_to_todays_district(code: str, name: str) -> None:
    found = DISTRICTS.find(code)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("code", [None, "", "110199", "110000", "朝阳区"])
def test_other_codes_lead_nowhere(code: str | None) -> None:
    assert DISTRICTS.find(code) is None


def test_the_known_codes_are_todays_and_the_former_ones() -> None:
    assert {"110101", "110103", "110302", "110400"} <= DISTRICTS.known_codes
    assert len(DISTRICTS.known_codes) == len(DISTRICTS.districts) + len(DISTRICTS.former) == 22
    assert "110199" not in DISTRICTS.known_codes


def test_the_development_area_is_no_administrative_district() -> None:
    assert [d.code for d in DISTRICTS.districts if not d.administrative] == ["110400"]
