"""Citizen-ID numbers: every case of the reference, and what holds for all numbers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_11_2

from idp_sync.domain.citizen_id import IdKind, IdNumber, IdReading, Sex, read_id_number
from idp_sync.domain.finding import Code, labels_of

TODAY = date(2025, 3, 3)
CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "cases" / "id_cases.jsonl").read_text("utf-8").splitlines()
]

#: made up: the province as a whole is nobody's area code
SYNTHETIC = "110000199001019018"
#: the female example of GB 11643-1999 annex A
ANNEX = "11010519491231002X"


def read(text: str) -> IdReading:
    return read_id_number(text, today=TODAY)


def codes(reading: IdReading) -> list[str]:
    return [finding.code for finding in reading.findings]


def with_check_digit(body: str) -> str:
    return body + mod_11_2.calc_check_digit(body)


numbers = st.builds(
    lambda born, sequence: with_check_digit(f"110000{born:%Y%m%d}{sequence:03}"),
    st.dates(min_value=date(1900, 1, 1), max_value=TODAY),
    st.integers(0, 999),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_reference_case(case: dict[str, Any]) -> None:
    reading = read(case["input"])
    if case["expect"] in {"invalid", "legacy"}:
        assert reading.number is None
        assert codes(reading) == [case["code"]]
        return
    number = reading.number
    assert number is not None
    assert number.number == (case["normalised"] or case["input"])
    assert (number.kind, number.sex) == (case["kind"], case["sex"])
    if case["expect"] in {"suspect", "valid_with_warning"}:
        assert case["code"] in codes(reading)
        assert labels_of(reading.findings) == ()
    else:
        assert codes(reading) == ([] if case["input"].isascii() else ["NORMALISED_FULLWIDTH"])


@pytest.mark.parametrize(
    "text",
    [
        "1.1E+17",
        "1.1e17",
        "1.10000199001019E+17",
        "１.１Ｅ＋１７",
        "110000199001019E0",
        "110000199001019001E0",
        "110000199001019000.0",
        "110000199001019.",
        "110,000,199,001,019,000",
        "110,000,199,001,019,000.00",
        "##########",
        "110000199001019000",
    ],
)
def test_damage_by_a_spreadsheet_is_named_and_not_mended(text: str) -> None:
    reading = read(text)
    assert reading.number is None
    assert codes(reading) == [Code.ID_DAMAGED_BY_SPREADSHEET]


def test_a_right_number_that_happens_to_end_in_zeros_is_not_damaged() -> None:
    assert with_check_digit("11000019900101920") == "110000199001019202"
    zeros = next(
        number
        for number in (with_check_digit(f"110000199001{day:02}{n}00") for day in range(1, 29) for n in range(1, 10))
        if number.endswith("000")
    )
    assert read(zeros).number is not None


@pytest.mark.parametrize(
    "text",
    [
        " ",
        "-",
        "110000",
        "1100001990010190",
        "1100001990010190180",
        "X10000199001019018",
        "11000019900101901Y",
        "11000019900101901\N{CYRILLIC CAPITAL LETTER HA}",
        "11000019900101901\N{GREEK CAPITAL LETTER CHI}",
        "\N{ARABIC-INDIC DIGIT ONE}10000199001019018",
        "110000-19900101-9018",
        "110000199001019018\0",
        "#1",
        "E",
        "护照E00000000",
    ],
)
def test_other_text_is_no_number(text: str) -> None:
    assert codes(read(text)) == [Code.ID_FORMAT]


@pytest.mark.parametrize(
    "text",
    [
        "\N{IDEOGRAPHIC SPACE}110000\N{NO-BREAK SPACE}19900101\N{THIN SPACE}9018",
        "\N{ZERO WIDTH NO-BREAK SPACE}110000199001019018\N{LEFT-TO-RIGHT MARK}",
        "110000\t19900101\r\n9018\N{ZERO WIDTH SPACE}",
    ],
)
def test_blanks_and_invisible_marks_go_without_saying(text: str) -> None:
    reading = read(text)
    assert reading.number is not None
    assert reading.number.number == SYNTHETIC
    assert labels_of(reading.findings) == ()


def test_the_roman_numeral_of_input_methods_is_an_x() -> None:
    reading = read("11010519491231002\N{SMALL ROMAN NUMERAL TEN}")
    assert reading.number is not None
    assert reading.number.number == ANNEX
    assert codes(reading) == [Code.NORMALISED_FULLWIDTH]


def test_folding_is_said_together_with_what_is_wrong() -> None:
    assert codes(read("１１００００１９９００１０１９０１７")) == [Code.NORMALISED_FULLWIDTH, Code.ID_CHECKSUM]
    assert codes(read("１１０１０５４９１２３１００２")) == [Code.ID_LEGACY_15]


def test_errors_are_found_independently_in_the_order_of_the_places() -> None:
    assert codes(read("110000199002309018")) == [Code.ID_BIRTHDATE, Code.ID_CHECKSUM]
    assert codes(read("000000199002309012")) == [Code.ID_AREA, Code.ID_BIRTHDATE, Code.ID_CHECKSUM]


def test_a_number_with_an_error_gets_no_notes() -> None:
    assert codes(read("110199199001010001")) == [Code.ID_CHECKSUM]


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        ("18000101", date(1800, 1, 1)),
        ("17991231", None),
        ("00000101", None),
        ("20000229", date(2000, 2, 29)),
        ("19000229", None),
        ("20250303", TODAY),
        ("20250304", None),
    ],
)
def test_birth_dates(born: str, expected: date | None) -> None:
    reading = read(with_check_digit(f"110000{born}901"))
    assert (reading.number and reading.number.born) == expected
    assert (Code.ID_BIRTHDATE in codes(reading)) == (expected is None)


@pytest.mark.parametrize(
    ("area", "kind", "expected"),
    [
        # Beijing: districts, former districts and counties, and what never was one
        ("110119", IdKind.RESIDENT, []),
        ("110103", IdKind.RESIDENT, []),
        ("110221", IdKind.RESIDENT, []),
        ("110229", IdKind.RESIDENT, []),
        ("110120", IdKind.RESIDENT, [Code.ID_AREA_UNKNOWN]),
        ("110230", IdKind.RESIDENT, [Code.ID_AREA_UNKNOWN]),
        # other provinces are not looked into
        ("659999", IdKind.RESIDENT, []),
        ("710000", IdKind.RESIDENT, []),
        # permits have one code each; Taiwan's is no province of GB/T 2260
        ("810000", IdKind.HKMOTW, []),
        ("820000", IdKind.HKMOTW, []),
        ("830000", IdKind.HKMOTW, []),
        ("810001", IdKind.RESIDENT, [Code.ID_AREA_UNKNOWN]),
        ("830001", None, [Code.ID_AREA]),
        # foreigners: 9, province, country
        ("911840", IdKind.FOREIGN, []),
        ("965840", IdKind.FOREIGN, []),
        ("900840", None, [Code.ID_AREA]),
        ("983840", None, [Code.ID_AREA]),
        ("160000", None, [Code.ID_AREA]),
    ],
)
def test_areas(area: str, kind: IdKind | None, expected: list[Code]) -> None:
    reading = read(with_check_digit(f"{area}19900101901"))
    assert (reading.number and reading.number.kind) == kind
    assert codes(reading) == expected


def test_the_list_of_counties_can_be_another() -> None:
    elsewhere = read_id_number(SYNTHETIC, today=TODAY, known_areas={"120101"})
    assert codes(elsewhere) == []
    tianjin = read_id_number(with_check_digit("12010219900101901"), today=TODAY, known_areas={"120101"})
    assert codes(tianjin) == [Code.ID_AREA_UNKNOWN]


def test_a_number_is_never_shown_whole() -> None:
    reading = read(SYNTHETIC)
    number = reading.number
    assert number is not None
    assert number.masked == str(number) == f"{number}" == "110000********9018"
    for shown in (repr(number), repr(reading), repr([number]), f"{number!r:>40}"):
        assert "19900101" not in shown
        assert "1990, 1, 1" not in shown
    assert replace(number) == number


@given(numbers)
def test_every_well_made_number_is_read(text: str) -> None:
    number = read(text).number
    assert number is not None
    assert number.number == text
    assert f"{number.born:%Y%m%d}" == text[6:14]
    assert number.sex is (Sex.MALE if text[16] in "13579" else Sex.FEMALE)


@given(numbers, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_any_single_wrong_character_is_found(text: str, place: int, character: str) -> None:
    changed = text[:place] + character + text[place + 1 :]
    assert (read(changed).number is None) == (changed != text)


@given(numbers, st.integers(0, 16))
def test_any_two_neighbours_in_the_wrong_order_are_found(text: str, place: int) -> None:
    swapped = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    assert (read(swapped).number is None) == (swapped != text)


@given(numbers, st.text(alphabet=" \t\u3000\u00a0\u200b"), st.integers(0, 18))
def test_reading_is_idempotent(text: str, blanks: str, place: int) -> None:
    typed = text[:place].translate({c: c + 0xFEE0 for c in range(0x30, 0x3A)}) + blanks + text[place:].lower()
    first = read(typed).number
    assert first is not None
    assert read(first.number).number == first


@given(
    st.text() | st.text(alphabet="0123456789Xx０９Ｘ.E+ ,#", max_size=20),
    st.dates(min_value=date(1, 1, 1)),
)
def test_any_text_is_read_or_has_an_error_and_is_not_quoted(text: str, today: date) -> None:
    reading = read_id_number(text, today=today)
    assert isinstance(reading.number, IdNumber) == (set(labels_of(reading.findings)) <= {"NORMALISED_FULLWIDTH"})
    assert all(finding.row is None and finding.detail == "" for finding in reading.findings)
    assert all(finding.field == "身份证号" for finding in reading.findings)


def test_somebody_born_tomorrow_can_be_read_tomorrow() -> None:
    text = with_check_digit("11000020250304901")
    assert read(text).number is None
    assert read_id_number(text, today=TODAY + timedelta(days=1)).number is not None
