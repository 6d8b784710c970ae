"""ID numbers where nobody asked for one: in file names and opinions, which are listed or leave the house."""

from __future__ import annotations

import re
from typing import Final

from idp_sync.domain.citizen_id import fold_typed, mask

#: fifteen digits or more in a row, of either width, as people write them: parted by blanks, dots, hyphens; an X behind
_LIKE_AN_ID_NUMBER: Final = re.compile(r"[0-9０-９](?:[\s.\-]?[0-9０-９]){14,}(?:[\s.\-]?[XxＸｘ])?")
_PARTS: Final = re.compile(r"[^0-9X]")


def without_id_numbers(text: str) -> str:
    """The text with everything masked that may be an ID number (居民身份证法 第十三条): 110000********9018."""
    return _LIKE_AN_ID_NUMBER.sub(lambda found: mask(_PARTS.sub("", fold_typed(found.group())[0])), text)
