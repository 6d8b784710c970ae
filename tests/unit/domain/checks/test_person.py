"""Who stands on the form: names, ID numbers with sex, each person once."""

from __future__ import annotations

import pytest

from idp_sync.domain.application import Form, Row
from idp_sync.domain.checks import person
from idp_sync.domain.finding import Code
from tests.builders import application, case, id_number, row

WITH_HOLDER = {Form.USER_RENAME, Form.ENTERPRISE_CHANGE}
WITH_ID = {Form.NEW_USER, Form.ENTERPRISE_NEW, *WITH_HOLDER}


@pytest.mark.parametrize("form", list(Form), ids=str)
def test_names_on_every_form(form: Form) -> None:
    rows = (row(1, new_name="测试新甲"), row(2, name="", new_name="测试\0甲"))
    found = [(f.code, f.row, f.field) for f in person.names_are_names(case(application(form, *rows)))]
    expected = [(Code.NAME_INVALID, 2, "用户姓名")]
    if form in WITH_HOLDER:
        expected.append((Code.NAME_INVALID, 2, "现用户姓名"))
    assert found == expected


@pytest.mark.parametrize("form", list(Form), ids=str)
def test_id_numbers_where_the_form_asks_for_them(form: Form) -> None:
    rows = (row(1), row(2, id_number="110000199001019017"))
    found = [f.code for f in person.id_numbers_are_right(case(application(form, *rows)))]
    assert found == ([Code.ID_AREA_UNKNOWN, Code.ID_CHECKSUM] if form in WITH_ID else [])


@pytest.mark.parametrize(
    ("sex", "male", "expected"),
    [
        ("男", True, []),
        (" 女\u3000", False, []),
        ("女", True, [Code.ID_SEX_MISMATCH]),
        ("男", False, [Code.ID_SEX_MISMATCH]),
        ("", True, [Code.SEX_INVALID]),
        ("M", True, [Code.SEX_INVALID]),
        ("男女", True, [Code.SEX_INVALID]),
    ],
)
def test_sex_agrees_with_the_number(sex: str, male: bool, expected: list[Code]) -> None:  # noqa: FBT001
    form = application(Form.NEW_USER, row(4, sex=sex, id_number=id_number(4, male=male, area="110105")))
    found = list(person.id_numbers_are_right(case(form)))
    assert [f.code for f in found] == expected
    assert all(f.row == 4 for f in found)


def test_a_wrong_number_says_nothing_about_the_sex() -> None:
    form = application(Form.NEW_USER, row(sex="女", id_number="110000199001019017"))
    assert [f.code for f in person.id_numbers_are_right(case(form))] == [Code.ID_CHECKSUM]


def test_who_is_born_after_the_day_of_the_check_is_not_born() -> None:
    form = application(Form.NEW_USER, row(id_number=id_number(1, area="110105", born="20250711")))
    assert [f.code for f in person.id_numbers_are_right(case(form))] == [Code.ID_BIRTHDATE]


# --- each person once ------------------------------------------------------------------------------------------------

SAME = id_number(9)


def twice(*rows: Row) -> list[tuple[Code, int | None, str]]:
    found = person.nobody_stands_twice(case(application(Form.NEW_USER, *rows)))
    return [(f.code, f.row, f.detail) for f in found]


def test_one_person_in_two_rows() -> None:
    rows = (row(1, id_number=SAME), row(2), row(3, id_number=f" {SAME[:6]} {SAME[6:]} "), row(4, id_number=SAME))
    assert twice(*rows) == [(Code.DUPLICATE_PERSON, 3, "与第1行相同"), (Code.DUPLICATE_PERSON, 4, "与第1行相同")]


def test_one_person_in_two_rows_with_the_same_number_of_the_row() -> None:
    assert twice(row(1, id_number=SAME), row(1, id_number=SAME)) == [(Code.DUPLICATE_PERSON, 1, "与第1行相同")]


def test_full_width_and_small_x_are_the_same_number() -> None:
    number = "11000019900101804X"
    wide = number.lower().translate({code: code + 0xFEE0 for code in range(0x30, 0x3A)})
    assert len(twice(row(1, id_number=number), row(2, id_number=wide))) == 1


def test_one_login_in_two_rows_is_found_once_for_each_row() -> None:
    rows = (row(1, id_number=SAME, login="cy0001"), row(2, id_number=SAME, login=" CY0001 "))
    assert twice(*rows) == [(Code.DUPLICATE_PERSON, 2, "与第1行相同")]
    assert len(twice(row(1, id_number="", login="cy0001"), row(2, id_number="", login="CY0001"))) == 1


def test_a_login_and_a_number_that_point_to_different_rows_are_one_finding() -> None:
    rows = (row(1, id_number=SAME, login="cy0001"), row(2, login="cy0002"), row(3, id_number=SAME, login="cy0002"))
    assert twice(*rows) == [(Code.DUPLICATE_PERSON, 3, "与第1行相同")]


def test_different_people_of_the_same_name_are_different() -> None:
    assert twice(row(1, name="测试甲"), row(2, name="测试甲")) == []


@pytest.mark.parametrize("nobody", ["", "同上", "-", "1.1E+17", "110000199001019000", "###"])
def test_what_is_no_number_tells_nobody(nobody: str) -> None:
    assert twice(row(1, id_number=nobody), row(2, id_number=nobody)) == []


@pytest.mark.parametrize("wrong", ["110000199001019017", "110000900101901", "110000199002309017"])
def test_a_wrong_number_twice_is_the_same_person_all_the_same(wrong: str) -> None:
    assert len(twice(row(1, id_number=wrong), row(2, id_number=wrong))) == 1
