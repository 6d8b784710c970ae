"""Unified social credit codes (GB 32100-2015) and the organisation codes within them (GB 11714-1997).

    credit code         registering department 1 · kind of organisation 1 · region of the register 6 ·
                        organisation code 9 · check digit modulo 31
    organisation code   8 places and a check digit modulo 11

Both check digits of a credit code must be right. The departments are not listed here: some have letters (A, N,
Y), and amendments of the standard add new ones.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from idp_sync.domain.citizen_id import BEIJING_AREAS, PROVINCES, fold_typed
from idp_sync.domain.finding import Code, Finding

#: the field of the forms that findings about credit codes stand at
CREDIT_CODE_FIELD: Final = "统一社会信用代码"
#: the field of the forms that findings about organisation codes stand at
ORGANISATION_CODE_FIELD: Final = "组织机构代码"

#: regions of Beijing's registers: its districts and former counties, the municipality, the development area
#: (older and newer code), and 100000 for the registers of the state
BEIJING_REGIONS: Final = BEIJING_AREAS | {"100000", "110000", "110302", "110400"}

_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_CODE: Final = re.compile(rf"[{_ALPHABET}]{{2}}[0-9]{{6}}[{_ALPHABET}]{{8}}[0-9X][{_ALPHABET}]")
_ORGANISATION_CODE: Final = re.compile(r"([0-9A-Z]{8})-?([0-9X])")
_ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditCodeReading:
    """What came of reading a credit code."""

    #: 18 places in half-width capitals; None where a finding stands against it, warnings and notes do not
    code: str | None
    #: places 9 to 17; None where there is no code
    organisation_code: str | None
    #: in the order found, notes last
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationCodeReading:
    """What came of reading an organisation code."""

    #: 9 places in half-width capitals without the hyphen; None where a finding stands against it
    code: str | None
    #: in the order found
    findings: tuple[Finding, ...]


def read_credit_code(text: str, *, known_regions: Collection[str] = BEIJING_REGIONS) -> CreditCodeReading:
    """Read a credit code as somebody typed it (GB 32100-2015); never raises.

    Wrong are: anything that is not built like one (USCC_FORMAT; I, O, S, V and Z do not occur), and either
    check digit, its own or the one of the organisation code within (USCC_CHECKSUM, which says which). A note
    says that the region is unknown (USCC_REGION): not among `known_regions`, or in a province of which those
    have no code and that does not exist. A warning says that full-width characters were folded
    (NORMALISED_FULLWIDTH).
    """
    code, was_folded = fold_typed(text)
    if not _CREDIT_CODE.fullmatch(code):
        return CreditCodeReading(code=None, organisation_code=None, findings=(_credit(Code.USCC_FORMAT),))
    warnings = (_credit(Code.NORMALISED_FULLWIDTH),) if was_folded else ()
    wrong = "、".join(_wrong_check_digits(code))
    if wrong:
        findings = (*warnings, _credit(Code.USCC_CHECKSUM, wrong))
        return CreditCodeReading(code=None, organisation_code=None, findings=findings)
    region = code[2:8]
    notes = () if _region_is_known(region, known_regions) else (_credit(Code.USCC_REGION, region),)
    return CreditCodeReading(code=code, organisation_code=code[8:17], findings=(*warnings, *notes))


def read_organisation_code(text: str) -> OrganisationCodeReading:
    """Read an organisation code as somebody typed it, with or without hyphen (GB 11714-1997); never raises.

    Wrong are: anything that is not built like one (ORGCODE_FORMAT), and the check digit (ORGCODE_CHECKSUM). A
    warning says that full-width characters were folded (NORMALISED_FULLWIDTH).
    """
    folded, was_folded = fold_typed(text)
    match = _ORGANISATION_CODE.fullmatch(folded)
    if match is None:
        return OrganisationCodeReading(code=None, findings=(_organisation(Code.ORGCODE_FORMAT),))
    body, check_digit = match.groups()
    warnings = (_organisation(Code.NORMALISED_FULLWIDTH),) if was_folded else ()
    if check_digit != _organisation_check_digit(body):
        findings = (*warnings, _organisation(Code.ORGCODE_CHECKSUM))
        return OrganisationCodeReading(code=None, findings=findings)
    return OrganisationCodeReading(code=body + check_digit, findings=warnings)


def _credit(code: Code, detail: str = "") -> Finding:
    return Finding(code=code, field=CREDIT_CODE_FIELD, detail=detail)


def _organisation(code: Code) -> Finding:
    return Finding(code=code, field=ORGANISATION_CODE_FIELD)


def _wrong_check_digits(code: str) -> Iterator[str]:
    """The places of the check digits that are wrong, for the offices."""
    if code[16] != _organisation_check_digit(code[8:16]):
        yield "第17位，即组织机构代码的校验码"
    if code[17] != _credit_check_digit(code[:17]):
        yield "第18位"


def _credit_check_digit(body: str) -> str:
    """The 18th place: weights are the powers of 3, modulo 31 (GB 32100-2015)."""
    total = sum(_ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(body))
    return _ALPHABET[-total % 31]


def _organisation_check_digit(body: str) -> str:
    """The ninth place: letters count from A = 10, modulo 11, X for 10 (GB 11714-1997)."""
    total = sum(int(character, 36) * weight for character, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X"[-total % 11]


def _region_is_known(region: str, known_regions: Collection[str]) -> bool:
    """Whether the region is listed, or lies in a province that exists and of which no region is listed."""
    province = region[:2]
    return region in known_regions or (province in PROVINCES and all(known[:2] != province for known in known_regions))
