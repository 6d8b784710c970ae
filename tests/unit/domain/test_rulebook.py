"""The rule book's own words: which paper is which document."""

from __future__ import annotations

import pytest

from idp_sync.domain.rulebook import RequiredDocument

LICENCE = RequiredDocument(type="金融机构许可证", aliases=("金融许可证",), replaced_by=("营业执照",))


@pytest.mark.parametrize(
    ("paper", "expected"),
    [("金融机构许可证", True), ("金融许可证", True), ("营业执照", False), ("", False), ("许可证", False)],
)
def test_a_document_is_met_by_its_own_names_and_not_by_what_may_stand_in_for_it(paper: str, expected: bool) -> None:  # noqa: FBT001
    assert LICENCE.is_met_by(paper) is expected


def test_originals_are_checked_unless_it_is_said_otherwise() -> None:
    assert RequiredDocument(type="营业执照").original_needed
