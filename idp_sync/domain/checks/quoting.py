"""What a finding may quote of what an applicant wrote: findings are shown, printed, stored and logged."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from idp_sync.domain.citizen_id import fold_typed, mask

#: what may be an ID number in a column where nobody asked for one; people part it with blanks, dots and hyphens
_NUMBER: Final = re.compile(r"[0-9０-９](?:[\s.\-]?[0-9０-９]){13,}[\s.\-]?[0-9０-９XxＸｘ]")
_PARTS: Final = re.compile(r"[^0-9X]")

#: no item of the annexes, and no name of an office, is quoted further
LONGEST: Final = 120


def quotable(text: str) -> str:
    """The text without what must not be quoted.

    Columns that have slipped by one put ID numbers under 申请权限: they are masked. Control characters would write on
    the reviewer's terminal, and bidi marks turn the sentence round: they become blanks. What is long is cut.
    """
    masked = _NUMBER.sub(lambda found: mask(_PARTS.sub("", fold_typed(found.group())[0])), text)
    shown = "".join(" " if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else c for c in masked)
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"
