"""Letters: the regulation's own words, what the QR code finds again, and nothing that must not be shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from idp_sync.domain import letter as domain
from idp_sync.domain.letter import (
    HOLDERS_NOTICE,
    HOW_TO_RESTORE,
    ApplicationLetter,
    KeyLetter,
    Letter,
    PasswordSheet,
    UserList,
)
from tests.letters import letters

REGULATION = (Path(__file__).parents[2] / "cases" / "regulation.zh.txt").read_text("utf-8")
LETTERS = letters()


#: the kinds of letter that are sent: those with a title of their own
KINDS = {
    kind
    for kind in vars(domain).values()
    if isinstance(kind, type) and issubclass(kind, Letter) and "title" in vars(kind)
}


def test_there_is_one_of_each_with_a_title_of_its_own() -> None:
    assert {type(letter) for letter in LETTERS} == KINDS
    assert len(KINDS) == len({kind.title for kind in KINDS}) == len(LETTERS)


@pytest.mark.parametrize("letter", LETTERS, ids=lambda letter: letter.title)
def test_a_letter_names_articles_that_there_are(letter: Letter) -> None:
    for source in letter.source.split("、"):
        article, _, paragraph = source.partition("（")
        _, _, following = REGULATION.partition(f"\n{article}  ")
        assert following, source
        assert f"（{paragraph}" in following


def test_what_the_holder_signs_and_how_to_come_back_are_the_regulations_words() -> None:
    assert f"第八条  {HOLDERS_NOTICE}" in REGULATION
    assert HOW_TO_RESTORE in REGULATION


@pytest.mark.parametrize("letter", LETTERS, ids=lambda letter: letter.title)
def test_the_subject_finds_the_record_again(letter: Letter) -> None:
    if isinstance(letter, KeyLetter):
        assert letter.subject == f"key:{letter.key_number}"
    elif isinstance(letter, ApplicationLetter):
        assert letter.subject == f"application:{letter.application}"
    elif not isinstance(letter, UserList):
        assert letter.subject == f"letter:{letter.number}"


def test_a_list_of_users_is_found_by_its_unit_where_that_has_a_number() -> None:
    (listed,) = (letter for letter in LETTERS if isinstance(letter, UserList))
    assert replace(listed, unit_number="U000007").subject == "unit:U000007"
    assert replace(listed, unit_number="").subject == f"letter:{listed.number}"


def test_a_password_turns_up_in_no_log() -> None:
    (sheet,) = (letter for letter in LETTERS if isinstance(letter, PasswordSheet))
    assert repr(sheet) == f"PasswordSheet(number={sheet.number!r}, key_number='KEY-000001')"
    assert sheet.password not in str(sheet)
