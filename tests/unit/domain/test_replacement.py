"""Why a key is replaced: the words that people write in 备注."""

from __future__ import annotations

import pytest

from idp_sync.domain.replacement import Ground, ground_of


@pytest.mark.parametrize(
    ("remarks", "ground"),
    [
        ("损坏", Ground.DAMAGED),
        ("密钥故障，无法读取", Ground.DAMAGED),
        ("证书到期", Ground.EXPIRED),
        ("已过期", Ground.EXPIRED),
        ("证书失效", Ground.EXPIRED),
        ("丢失", Ground.LOST),
        ("遗失，已登报", Ground.LOST),
        ("在单位被盗", Ground.LOST),
        ("失窃", Ground.LOST),
        ("已挂失", Ground.LOST),
        ("", None),
        ("换新", None),
    ],
)
def test_the_ground_in_the_remarks(remarks: str, ground: Ground | None) -> None:
    assert ground_of(remarks) is ground


@pytest.mark.parametrize("remarks", ["损坏后丢失", "丢失，原已损坏", "到期前遗失"])
def test_of_several_grounds_the_loss_counts(remarks: str) -> None:
    """A lost key is revoked at once, whatever else is said of it (reading A-11)."""
    assert ground_of(remarks) is Ground.LOST
