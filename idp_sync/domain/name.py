"""Names of people, as they may stand on a certificate and in a directory."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

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

    Blanks that set a Chinese name out (张　三) are no part of it; between words of other scripts one blank stays.
    Controls, line ends, NUL, bidi marks, private-use and unassigned characters are refused: they would show one name
    and mean another.
    """
    trimmed = text.strip(_BLANKS)
    name = trimmed
    for dot in _OTHER_DOTS:
        name = name.replace(dot, MIDDLE_DOT)
    words = [word for word in name.translate(_TO_BLANK).split(" ") if word]
    name = ("" if all(map(_is_han, "".join(words))) else " ").join(words)
    if not name or len(name) > LONGEST or any(map(_is_unseen, name)):
        return NameReading(name=None, findings=(Finding(code=Code.NAME_INVALID),))
    findings = (Finding(code=Code.NORMALISED_NAME),) if name != trimmed else ()
    return NameReading(name=name, findings=findings)


#: blank, ideographic space, no-break space
_BLANKS: Final = " \u3000\u00a0"
_TO_BLANK: Final = str.maketrans(dict.fromkeys(_BLANKS, " "))

#: planes 2 and 3 hold ideographs only; a Python older than a block's standard knows them as unassigned
_SUPPLEMENTARY_IDEOGRAPHS: Final = range(0x20000, 0x40000)


def _is_han(character: str) -> bool:
    return (
        character == MIDDLE_DOT
        or ord(character) in _SUPPLEMENTARY_IDEOGRAPHS
        or unicodedata.name(character, "").startswith("CJK ")
    )


def _is_unseen(character: str) -> bool:
    if ord(character) in _SUPPLEMENTARY_IDEOGRAPHS:
        return False
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
