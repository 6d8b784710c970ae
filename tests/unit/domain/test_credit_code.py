"""Credit codes and organisation codes: every case of the reference, and what holds for all codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp_sync.domain.credit_code import (
    CreditCodeReading,
    OrganisationCodeReading,
    read_credit_code,
    read_organisation_code,
)
from idp_sync.domain.finding import Code, labels_of

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "cases" / "org_cases.jsonl").read_text("utf-8").splitlines()
]
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
#: either of the two functions under test
Read = Callable[[str], CreditCodeReading | OrganisationCodeReading]
ENTERPRISE = "91110105PDY00001XG"


def codes(reading: CreditCodeReading | OrganisationCodeReading) -> list[str]:
    return [finding.code for finding in reading.findings]


def organisation_code(serial: int) -> str:
    """A code of the zone that organisations define for themselves: never a real organisation."""
    return completed(f"PDY{serial:05}", "0123456789X", read_organisation_code)


def credit_code(department: str, region: str, serial: int) -> str:
    return completed(department + region + organisation_code(serial), ALPHABET, read_credit_code)


def completed(body: str, alphabet: str, read: Read) -> str:
    """The body with the one check digit that is accepted: proves on the way that there is exactly one."""
    (code,) = (body + check_digit for check_digit in alphabet if read(body + check_digit).code)
    return code


organisation_codes = st.builds(organisation_code, st.integers(1, 99999))
credit_codes = st.builds(
    credit_code,
    st.text(alphabet=ALPHABET, min_size=2, max_size=2),
    st.sampled_from(["110105", "110000", "100000", "440000"]),
    st.integers(1, 99999),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["input"])
def test_reference_case(case: dict[str, Any]) -> None:
    readers: dict[str, Read] = {"uscc": read_credit_code, "orgcode": read_organisation_code}
    read = readers[case["kind"]]
    reading = read(case["input"])
    assert reading.code == (None if case["expect"] == "invalid" else case["input"])
    assert codes(reading) == ([case["code"]] if "code" in case else [])
    assert bool(labels_of(reading.findings)) == (case["expect"] == "invalid")


@pytest.mark.parametrize(
    "text",
    [
        "９１１１０１０５ＰＤＹ００００１ＸＧ",
        "91110105PDY00001X\N{FULLWIDTH LATIN SMALL LETTER G}",
    ],
)
def test_full_width_characters_are_folded_with_a_warning(text: str) -> None:
    reading = read_credit_code(text)
    assert reading.code == ENTERPRISE
    assert codes(reading) == [Code.NORMALISED_FULLWIDTH]


def test_blanks_and_small_letters_go_without_saying() -> None:
    expected = CreditCodeReading(code=ENTERPRISE, organisation_code="PDY00001X", findings=())
    assert read_credit_code(" 91110105\N{IDEOGRAPHIC SPACE}pdy00001x\N{NO-BREAK SPACE}g\n") == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "91110105PDY00001X",
        "91110105PDY00001XGG",
        "9111010５PDY00001X-",
        "91A10105PDY00001XG",
        "91110105PDY00001AG",
        *(f"91110105PDY00001X{letter}" for letter in "IOSVZ"),
        *(f"{letter}1110105PDY00001XG" for letter in "IOSVZ"),
        "91\N{ARABIC-INDIC DIGIT ONE}10105PDY00001XG",
    ],
)
def test_other_text_is_no_credit_code(text: str) -> None:
    reading = read_credit_code(text)
    assert (reading.code, reading.organisation_code) == (None, None)
    assert codes(reading) == [Code.USCC_FORMAT]


def test_the_finding_says_which_check_digit_is_wrong() -> None:
    own, inner = "91110105PDY00001XA", credit_code_with_wrong_inner_digit()
    (finding,) = read_credit_code(own).findings
    assert (finding.code, finding.detail) == (Code.USCC_CHECKSUM, "第18位")
    (finding,) = read_credit_code(inner).findings
    assert (finding.code, finding.detail) == (Code.USCC_CHECKSUM, "第17位，即组织机构代码的校验码")
    (finding,) = read_credit_code("91110105PDY000018G").findings
    assert (finding.code, finding.detail) == (Code.USCC_CHECKSUM, "第17位，即组织机构代码的校验码、第18位")


def credit_code_with_wrong_inner_digit() -> str:
    """PDY000010 instead of PDY00001X, with the outer check digit that belongs to it."""
    weights = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
    body = "91110105PDY000010"
    total = sum(ALPHABET.index(character) * weight for character, weight in zip(body, weights, strict=True))
    return body + ALPHABET[(31 - total % 31) % 31]


def test_folding_is_said_together_with_what_is_wrong() -> None:
    assert codes(read_credit_code("９1110105PDY00001XA")) == [Code.NORMALISED_FULLWIDTH, Code.USCC_CHECKSUM]
    assert codes(read_organisation_code("ＰDY000010")) == [Code.NORMALISED_FULLWIDTH, Code.ORGCODE_CHECKSUM]


@pytest.mark.parametrize(
    ("region", "known"),
    [
        ("110101", True),
        ("110229", True),
        ("110302", True),
        ("110400", True),
        ("110000", True),
        ("100000", True),
        ("110199", False),
        ("110300", False),
        ("100001", False),
        ("310115", True),
        ("830000", False),
        ("999999", False),
    ],
)
def test_regions(region: str, known: bool) -> None:  # noqa: FBT001
    reading = read_credit_code(credit_code("91", region, 1))
    assert reading.code is not None
    assert [(finding.code, finding.detail) for finding in reading.findings] == (
        [] if known else [(Code.USCC_REGION, region)]
    )


def test_the_list_of_regions_can_be_another() -> None:
    assert codes(read_credit_code(ENTERPRISE, known_regions={"310115"})) == []
    assert codes(read_credit_code(ENTERPRISE, known_regions={"110101"})) == [Code.USCC_REGION]


@pytest.mark.parametrize("text", ["PDY00001-X", "pdy00001-x", " PDY00001 - X ", "PDY00001X"])
def test_organisation_codes_are_read_with_and_without_hyphen(text: str) -> None:
    assert read_organisation_code(text) == OrganisationCodeReading(code="PDY00001X", findings=())


def test_a_full_width_hyphen_is_folded() -> None:
    reading = read_organisation_code("PDY00001－X")
    assert reading.code == "PDY00001X"
    assert codes(reading) == [Code.NORMALISED_FULLWIDTH]


@pytest.mark.parametrize(
    "text",
    ["", "PDY0001X", "PDY-00001X", "PDY00001--X", "PDY00001A", "PDY0000\N{LATIN SMALL LETTER DOTLESS I}X", ENTERPRISE],
)
def test_other_text_is_no_organisation_code(text: str) -> None:
    assert read_organisation_code(text).code is None
    assert codes(read_organisation_code(text)) == [Code.ORGCODE_FORMAT]


@pytest.mark.parametrize("text", ["PDY000010", "PDY00001-0", "PDY00002X"])
def test_a_wrong_check_digit_of_an_organisation_code_is_found(text: str) -> None:
    assert read_organisation_code(text).code is None
    assert codes(read_organisation_code(text)) == [Code.ORGCODE_CHECKSUM]


@given(credit_codes, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_any_single_wrong_character_of_a_credit_code_is_found(code: str, place: int, character: str) -> None:
    changed = code[:place] + character + code[place + 1 :]
    assert (read_credit_code(changed).code is None) == (changed != code)


# modulo 11 tells digits apart, but not A from L or W
@given(organisation_codes, st.integers(3, 8), st.sampled_from("0123456789"))
def test_any_single_wrong_digit_of_an_organisation_code_is_found(code: str, place: int, digit: str) -> None:
    changed = code[:place] + digit + code[place + 1 :]
    assert (read_organisation_code(changed).code is None) == (changed != code)


@given(credit_codes)
def test_reading_a_credit_code_is_idempotent_and_its_organisation_code_is_right(code: str) -> None:
    reading = read_credit_code(f" {code.lower()} ")
    assert reading.code == code
    assert read_credit_code(code) == reading
    assert reading.organisation_code is not None
    assert read_organisation_code(reading.organisation_code).code == reading.organisation_code


@given(st.text() | st.text(alphabet=ALPHABET, min_size=17, max_size=18))
def test_any_text_is_read_or_has_an_error(text: str) -> None:
    for reading in (read_credit_code(text), read_organisation_code(text)):
        assert (reading.code is not None) == (set(labels_of(reading.findings)) <= {"NORMALISED_FULLWIDTH"})
        assert all(finding.row is None and finding.field for finding in reading.findings)
