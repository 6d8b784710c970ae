"""Names: rare characters and minorities' dots are names, invisible characters are not."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idp_sync.domain.finding import Code
from idp_sync.domain.name import LONGEST, read_name


@pytest.mark.parametrize(
    "name",
    [
        "测试甲",
        "欧阳测试",
        "测试·样例丁",
        "测试䶮",  # U+4DAE, not in GB 2312
        "测试\U00020bb7",  # beyond the basic plane
        "测试\U0002a6d6",
        "Test Person",
        "O'Test, (甲) <b> +=\\\"#;",  # for LDAP and HTML to escape, not for us to refuse
        "甲",
    ],
)
def test_a_name_stays_as_it_is(name: str) -> None:
    reading = read_name(name)
    assert reading.name == name
    assert reading.findings == ()


@pytest.mark.parametrize("typed", [" 测试甲", "测试甲\u3000", "\u00a0测试甲 \u3000"])
def test_blanks_around_a_name_go_without_saying(typed: str) -> None:
    reading = read_name(typed)
    assert reading.name == "测试甲"
    assert reading.findings == ()


@pytest.mark.parametrize("dot", ["\u2022", "\u30fb", "\uff65", "\uff0e", "\ufe52", "\u2027", "\u22c5"])
def test_other_dots_become_the_one_middle_dot_with_a_warning(dot: str) -> None:
    reading = read_name(f"测试{dot}样例{dot}丁")
    assert reading.name == "测试·样例·丁"
    assert [finding.code for finding in reading.findings] == [Code.NORMALISED_NAME]


@pytest.mark.parametrize("blank", ["\u3000", "\u00a0"])
def test_other_blanks_within_a_name_become_blanks_with_a_warning(blank: str) -> None:
    reading = read_name(f"Test{blank}Person")
    assert reading.name == "Test Person"
    assert [finding.code for finding in reading.findings] == [Code.NORMALISED_NAME]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \u3000",
        "测试\0甲",
        "测试\n甲",
        "测试\r\n甲",
        "测试\t甲",
        "测试甲\n",
        "测试\x1b[31m甲",
        "测试\u202e甲",  # right to left from here
        "测试\u200b甲",  # zero width
        "\ufeff测试甲",
        "测试\u2066甲",
        "测试\u2028甲",
        "测试\u2029甲",
        "测试\ue000",  # private use: another character on every machine
        "测试\ud800",  # half of a surrogate pair
        "测试\u0378",  # unassigned
        "测" * (LONGEST + 1),
    ],
)
def test_what_shows_one_name_and_means_another_is_no_name(text: str) -> None:
    reading = read_name(text)
    assert reading.name is None
    assert [finding.code for finding in reading.findings] == [Code.NAME_INVALID]


def test_the_longest_name_is_a_name() -> None:
    assert read_name("测" * LONGEST).name == "测" * LONGEST


@settings(deadline=None)
@given(st.text())
def test_reading_a_name_again_changes_nothing(text: str) -> None:
    first = read_name(text)
    if first.name is None:
        assert [finding.code for finding in first.findings] == [Code.NAME_INVALID]
    else:
        again = read_name(first.name)
        assert again.name == first.name
        assert again.findings == ()
        assert not any(
            unicodedata.category(character).startswith("C")
            for character in first.name
            if not 0x20000 <= ord(character) < 0x40000  # ideographs, though an older Python may not know them yet
        )


@pytest.mark.parametrize(
    ("written", "name"),
    [("张　三", "张三"), ("欧 阳 试用", "欧阳试用"), ("古丽 · 样例", "古丽·样例"), ("Jan  van Test", "Jan van Test")],
)
def test_blanks_that_set_a_chinese_name_out_are_no_part_of_it(written: str, name: str) -> None:
    reading = read_name(written)
    assert reading.name == name
    assert [finding.code for finding in reading.findings] == [Code.NORMALISED_NAME]


@pytest.mark.parametrize("ideograph", ["\U00020bb7", "\U0002ebf0", "\U00031350"])
def test_ideographs_that_this_python_may_not_know_are_names(ideograph: str) -> None:
    assert read_name(f"吴{ideograph}例").name == f"吴{ideograph}例"
