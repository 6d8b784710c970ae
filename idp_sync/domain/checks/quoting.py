"""What a finding may quote of what an applicant wrote: findings are shown, printed, stored and logged."""

from __future__ import annotations

import unicodedata
from typing import Final

from idp_sync.domain.masking import without_id_numbers

#: no item of the annexes, and no name of an office, is quoted further
LONGEST: Final = 120


def quotable(text: str) -> str:
    """The text without what must not be quoted.

    Columns that have slipped by one put ID numbers under 申请权限: they are masked. Control characters would write on
    the reviewer's terminal, and bidi marks turn the sentence round: they become blanks. What is long is cut.
    """
    masked = without_id_numbers(text)
    shown = "".join(" " if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else c for c in masked)
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"
