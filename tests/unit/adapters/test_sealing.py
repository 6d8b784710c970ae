"""ID numbers are sealed for one place, with one key, and found by their keyed hash only."""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from idp_sync.adapters.register.sealing import Seal, ensure_key, read_seal
from idp_sync.domain.errors import NotSetUp

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
ID = "110000199001019018"
PLACE = "account/cy0001/id_number"
SEAL = Seal(KEY)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_sealed_opens_at_its_place(text: str) -> None:
    assert SEAL.open(SEAL.close(text, place=PLACE), place=PLACE) == text


def test_the_same_text_never_looks_the_same() -> None:
    """Or else equal ID numbers could be told by their ciphertext."""
    assert len({SEAL.close(ID, place=PLACE) for _ in range(100)}) == 100


def test_it_does_not_open_in_another_row() -> None:
    sealed = SEAL.close(ID, place=PLACE)
    with pytest.raises(InvalidTag):
        SEAL.open(sealed, place="account/cy0002/id_number")


def test_it_does_not_open_with_another_key() -> None:
    sealed = SEAL.close(ID, place=PLACE)
    with pytest.raises(InvalidTag):
        Seal(OTHER_KEY).open(sealed, place=PLACE)


def test_no_byte_can_be_altered() -> None:
    sealed = SEAL.close(ID, place=PLACE)
    for position in range(1, len(sealed)):
        altered = bytearray(sealed)
        altered[position] ^= 1
        with pytest.raises(InvalidTag):
            SEAL.open(bytes(altered), place=PLACE)


@pytest.mark.parametrize("beginning", [b"\x02", b""], ids=["of a later rotation", "nothing at all"])
def test_an_unknown_key_id_is_named(beginning: bytes) -> None:
    with pytest.raises(NotSetUp, match="does not know"):
        SEAL.open(beginning + SEAL.close(ID, place=PLACE)[1:] if beginning else b"", place=PLACE)


@pytest.mark.parametrize("written", ["11000019900101901x", "１１００００19900101901Ｘ", " 110000 19900101 901X\n"])
def test_spellings_of_one_number_have_one_hash(written: str) -> None:
    assert SEAL.hash(written) == SEAL.hash("11000019900101901X")


def test_hashes_tell_numbers_and_keys_apart() -> None:
    assert len({SEAL.hash(ID), SEAL.hash("110000199001019026"), Seal(OTHER_KEY).hash(ID)}) == 3
    assert SEAL.check_value != Seal(OTHER_KEY).check_value
    assert SEAL.check_value == Seal(KEY).check_value


def test_nothing_of_the_key_is_shown() -> None:
    shown = repr(SEAL) + str(SEAL) + SEAL.check_value
    assert KEY.hex() not in shown
    assert KEY.decode() not in shown


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_has_32_bytes(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Seal(b"k" * length)


class TestKeyFile:
    def test_it_is_made_once_and_ours_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "keys" / "register.key"
        previous = os.umask(0)
        try:
            assert ensure_key(path) is True
        finally:
            os.umask(previous)
        made = path.read_bytes()
        assert len(base64.b64decode(made, validate=False)) == 32
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert ensure_key(path) is False
        assert path.read_bytes() == made
        assert list(path.parent.iterdir()) == [path]
        assert read_seal(path).hash(ID) == read_seal(path).hash(ID)

    def test_two_keys_are_never_the_same(self, tmp_path: Path) -> None:
        assert ensure_key(tmp_path / "a")
        assert ensure_key(tmp_path / "b")
        assert read_seal(tmp_path / "a").check_value != read_seal(tmp_path / "b").check_value

    def test_who_is_overtaken_keeps_the_others_key(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "register.key"
        path.write_text("the other's")
        monkeypatch.setattr(Path, "exists", lambda _self: False)  # as it was a moment ago
        assert ensure_key(path) is False
        assert path.read_text() == "the other's"
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize(
        "content",
        [b"", b"\n", b"not base64!\n", base64.b64encode(b"k" * 16), base64.b64encode(b"k" * 33), b"\xff\xfe", b"=\n"],
    )
    def test_a_damaged_one_is_named(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "register.key"
        path.write_bytes(content)
        with pytest.raises(NotSetUp) as raised:
            read_seal(path)
        assert str(path) in str(raised.value)
        assert "\n" not in str(raised.value)

    def test_a_missing_one_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(NotSetUp, match="restore it from its backup"):
            read_seal(tmp_path / "register.key")
