"""Names of people, as they may stand on a certificate and in a directory."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from idp_sync.domain.finding import Code, Finding

#: U+00B7, the middle dot in names of minorities
MIDDLE_DOT = "\u00b7"

#: what is typed in its place: bullet, katakana dots, full stops of other widths (Python's gb2312 decodes it as U+30FB)
_OTHER_DOTS = "\u2022\u30fb\uff65\uff0e\ufe52\u2027\u22c5"

#: characters of the longest name that anybody is registered under, generously (a certificate's CN takes 64)
LONGEST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class NameReading:
    """What a name reads as, and what was found on the way."""

    #: None where it is no name
    name: str | None
    findings: tuple[Finding, ...]


def read_name(text: str) -> NameReading:
    """A person's name: trimmed, with the one middle dot; never folded otherwise, since rare characters are names.

    Controls, line ends, NUL, bidi marks, private-use and unassigned characters are refused: they would show one name
    and mean another.
    """
    trimmed = text.strip(" \u3000\u00a0")
    name = trimmed
    for dot in _OTHER_DOTS:
        name = name.replace(dot, MIDDLE_DOT)
    name = " ".join(name.replace("\u3000", " ").replace("\u00a0", " ").split(" "))
    if (
        not name
        or len(name) > LONGEST
        or any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for c in name)
    ):
        return NameReading(name=None, findings=(Finding(code=Code.NAME_INVALID),))
    findings = (Finding(code=Code.NORMALISED_NAME),) if name != trimmed else ()
    return NameReading(name=name, findings=findings)
