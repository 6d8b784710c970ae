"""Why a key is replaced: 备注 of Annex 4 says it, and what follows depends on it (reading A-11)."""

from __future__ import annotations

from enum import StrEnum


class Ground(StrEnum):
    """The grounds for another key."""

    #: the old key serves until the new one is handed over
    DAMAGED = "damaged"
    EXPIRED = "expired"
    #: in nobody's hands, or in strange ones: revoked at once
    LOST = "lost"


_WORDS = {
    Ground.LOST: ("丢失", "遗失", "被盗", "失窃", "挂失"),
    Ground.DAMAGED: ("损坏", "故障"),
    Ground.EXPIRED: ("到期", "过期", "失效"),
}


def ground_of(remarks: str) -> Ground | None:
    """The ground that is stated in 备注 of Annex 4; None where none is. Of several, the one that is most dangerous."""
    return next((ground for ground, words in _WORDS.items() if any(word in remarks for word in words)), None)
