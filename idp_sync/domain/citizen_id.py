"""Citizen-ID numbers: of residents, of people of Hong Kong, Macao and Taiwan, and of foreign residents.

All three have 18 places and the check digit of ISO 7064 MOD 11-2 (GB 11643-1999 6.3):

    resident   province and county 6 · birth date 8 · sequence 3, odd for men · check digit
    hkmotw     810000, 820000 or 830000, the rest likewise (港澳台居民居住证, since 2018)
    foreign    9 · province 2 · country 3 · birth date 8 · sequence 3 · check digit
               (外国人永久居留身份证, since 2023)

`str.isdigit`, `int` and `\\d` take full-width and Arabic-Indic digits for digits, so every pattern here
spells out 0-9. A number is never shown whole: findings do not quote it, and its repr is masked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from stdnum.iso7064 import mod_11_2

from idp_sync.domain.finding import Code, Finding

#: the column of the forms that all findings of this module stand at
ID_FIELD: Final = "身份证号"

#: provinces, autonomous regions, municipalities and special administrative regions (GB/T 2260)
# fmt: off
PROVINCES: Final = frozenset({
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42",
    "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82",
})
# fmt: on

#: Beijing's districts (01 to 19) and counties (21 to 29, the last until 2015) since there are identity cards. A
#: number keeps the code of the day it was given: 昌平县 (110221, until 1999) is on the cards of living people
BEIJING_AREAS: Final = frozenset(f"110{place}" for place in (*range(101, 120), *range(221, 230)))

#: the area codes of residence permits: Hong Kong, Macao, Taiwan
PERMIT_AREAS: Final = frozenset({"810000", "820000", "830000"})

#: nobody born before can apply; the standard's own example is of 1880
EARLIEST_BIRTH: Final = date(1800, 1, 1)

_WELL_FORMED: Final = re.compile(r"[0-9]{17}[0-9X]")
_LEGACY: Final = re.compile(r"[0-9]{15}")
#: what becomes of it in a cell for numbers: 1.1E+17, 110000199001019000.0, 110,000,199,001,019,000 or ####
_SPREADSHEET: Final = re.compile(
    r"[0-9]+(\.[0-9]*)?E[+-]?[0-9]+|[0-9]{15,18}\.[0-9]*|[0-9]{1,3}(,[0-9]{3}){4,5}(\.[0-9]*)?|#+"
)
#: spreadsheets keep 15 digits of a number and make the others 0
_LOST_DIGITS: Final = "000"
_FOREIGN: Final = "9"


class IdKind(StrEnum):
    """Whose number it is."""

    #: 居民身份证
    RESIDENT = "resident"
    #: 港澳台居民居住证
    HKMOTW = "hkmotw"
    #: 外国人永久居留身份证
    FOREIGN = "foreign"


class Sex(StrEnum):
    """性别, as the forms write it."""

    MALE = "男"
    FEMALE = "女"


def mask(number: str) -> str:
    """What may be shown of a number, right or wrong: six places and the last four, never the birth date between."""
    if len(number) < len("110000********9018"):
        return "*" * len(number)
    return f"{number[:6]}{'*' * (len(number) - 10)}{number[-4:]}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class IdNumber:
    """A number that has passed all checks; made by `read_id_number`."""

    #: 18 places without blanks, X in capitals; personal data
    number: str
    #: whose number it is
    kind: IdKind
    #: from the sequence number: odd for men
    sex: Sex
    #: from the number; personal data as well, as it is what the mask hides
    born: date

    @property
    def masked(self) -> str:
        """The number as it may be shown: 110000********9018."""
        return mask(self.number)

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        # no birth date either: together with the mask it would be the whole number
        return f"IdNumber({self.masked})"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdReading:
    """What came of reading a number."""

    #: None where a finding stands against it; warnings and notes do not
    number: IdNumber | None
    #: in the order found, notes last
    findings: tuple[Finding, ...]


def fold_typed(text: str) -> tuple[str, bool]:
    """A typed number without blanks and in half-width capitals, and whether other characters were folded.

    Blanks are all that Unicode calls so, together with the invisible marks that come along from web pages.
    The folding is NFKC, which also makes the Roman numeral Ⅹ of Chinese input methods an X. Letters of other
    scripts stay what they are.
    """
    typed = "".join(c for c in text if not (c.isspace() or unicodedata.category(c) == "Cf"))
    folded = unicodedata.normalize("NFKC", typed)
    # not beyond ASCII: the capital of the Turkish ı would be an I
    return (folded.upper() if folded.isascii() else folded), folded != typed


def read_id_number(text: str, *, today: date, known_areas: Collection[str] = BEIJING_AREAS) -> IdReading:
    """Read a number of any of the three kinds as somebody typed it (GB 11643-1999); never raises.

    Wrong are: anything but 17 digits and a check digit (ID_FORMAT; ID_LEGACY_15 for the 15 digits of withdrawn
    cards), a province that does not exist (ID_AREA), a birth date that does not exist, is after `today` or
    before 1800 (ID_BIRTHDATE), and the check digit (ID_CHECKSUM). The last three are found independently of
    each other. What a spreadsheet made of a number, 1.1E+17 or 18 digits of which the last three became 0, is
    ID_DAMAGED_BY_SPREADSHEET, and is never mended by guessing.

    Of a number that is right, notes say that its county is not among `known_areas` (ID_AREA_UNKNOWN; only
    provinces of which a county is known are looked at) or that its sequence number is 000 (ID_SEQ_000). A
    warning says that full-width characters were folded (NORMALISED_FULLWIDTH); blanks and a small x go without
    saying.
    """
    number, was_folded = fold_typed(text)
    malformed = _malformation(number)
    if malformed is not None:
        return IdReading(number=None, findings=(_finding(malformed),))
    born = _birth_date(number, today)
    errors = tuple(_errors(number, born))
    warnings = (Code.NORMALISED_FULLWIDTH,) if was_folded else ()
    if errors or born is None:
        return IdReading(number=None, findings=tuple(map(_finding, (*warnings, *errors))))
    notes = _notes(number, known_areas)
    return IdReading(
        number=IdNumber(number=number, kind=_kind(number), sex=_sex(number), born=born),
        findings=tuple(map(_finding, (*warnings, *notes))),
    )


def _finding(code: Code) -> Finding:
    return Finding(code=code, field=ID_FIELD)


def _malformation(number: str) -> Code | None:
    """Why it is not 17 digits with a check digit."""
    if _WELL_FORMED.fullmatch(number):
        return None
    if _LEGACY.fullmatch(number):
        return Code.ID_LEGACY_15
    return Code.ID_DAMAGED_BY_SPREADSHEET if _SPREADSHEET.fullmatch(number) else Code.ID_FORMAT


def _errors(number: str, born: date | None) -> Iterator[Code]:
    if not _province_exists(number):
        yield Code.ID_AREA
    if born is None:
        yield Code.ID_BIRTHDATE
    if mod_11_2.checksum(number) != 1:
        # a spreadsheet that still shows 18 digits has made the last three 0
        yield Code.ID_DAMAGED_BY_SPREADSHEET if number.endswith(_LOST_DIGITS) else Code.ID_CHECKSUM


def _notes(number: str, known_areas: Collection[str]) -> Iterator[Code]:
    if _kind(number) is not IdKind.FOREIGN and not _county_is_known(number[:6], known_areas):
        yield Code.ID_AREA_UNKNOWN
    if number[14:17] == "000":
        yield Code.ID_SEQ_000


def _kind(number: str) -> IdKind:
    if number.startswith(_FOREIGN):
        return IdKind.FOREIGN
    return IdKind.HKMOTW if number[:6] in PERMIT_AREAS else IdKind.RESIDENT


def _province_exists(number: str) -> bool:
    province = number[1:3] if _kind(number) is IdKind.FOREIGN else number[:2]
    return province in PROVINCES or number[:6] in PERMIT_AREAS


def _county_is_known(area: str, known_areas: Collection[str]) -> bool:
    """Whether the area is listed, or lies in a province of which no county is listed."""
    listed = {*known_areas, *PERMIT_AREAS}
    return area in listed or area[:2] not in {known[:2] for known in listed}


def _birth_date(number: str, today: date) -> date | None:
    """Places 7 to 14 as a date; None where there is no such date that somebody alive today can be born on."""
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
    return born if EARLIEST_BIRTH <= born <= today else None


def _sex(number: str) -> Sex:
    return Sex.MALE if int(number[16]) % 2 else Sex.FEMALE
