"""The store of attachments on a real disk, and the look into hostile PDF files."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import stat
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from idp_sync.adapters.attachments import FileStore, PypdfScrutiny
from idp_sync.adapters.attachments.pdf import MOST_UNFOLDED, _listed
from idp_sync.domain.attachment import refuse_active
from idp_sync.domain.errors import InputError, NotSetUp, Unavailable
from tests.scans import (
    encrypted_pdf,
    pdf,
    pdf_with_batch,
    pdf_with_file,
    pdf_with_script,
    pdf_with_script_superseded,
    pdf_with_words,
    png,
)

NOON = datetime(2025, 3, 3, 4, tzinfo=UTC)
KEY = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\n"
SCAN = b"scan of an identity card" * 100


@dataclass
class Hand:
    """A clock that is moved by hand."""

    moment: datetime = NOON

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def store(tmp_path: Path, clock: Hand) -> FileStore:
    key_file = tmp_path / "register.key"
    key_file.write_text(KEY)
    return FileStore(folder=tmp_path / "attachments", key_file=key_file, clock=clock)


def _files(store: FileStore) -> list[Path]:
    return sorted(path for path in store.folder.rglob("*") if path.is_file() and path.name != "lock")


class TestStore:
    def test_what_is_put_comes_back(self, store: FileStore) -> None:
        sha256 = store.put(SCAN)
        assert sha256 == hashlib.sha256(SCAN).hexdigest()
        assert store.get(sha256) == SCAN
        assert store.exists(sha256)
        assert _files(store) == [store.folder / sha256[:2] / sha256[2:4] / sha256]
        assert [(s.sha256, s.put_at) for s in store.stored()] == [(sha256, NOON)]

    def test_it_lies_there_encrypted_and_for_us_alone(self, store: FileStore) -> None:
        before = os.umask(0)
        try:
            store.put(SCAN)
        finally:
            os.umask(before)
        (path,) = _files(store)
        assert b"identity" not in path.read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        folders = [store.folder, *(p for p in store.folder.rglob("*") if p.is_dir())]
        assert {stat.S_IMODE(folder.stat().st_mode) for folder in [store.folder, path.parent]} == {0o700}
        assert len(folders) == 4

    def test_the_same_content_is_kept_once(self, store: FileStore, clock: Hand) -> None:
        first = store.put(SCAN)
        written = _files(store)[0].read_bytes()
        clock.moment += timedelta(days=1)
        assert store.put(SCAN) == first
        assert _files(store)[0].read_bytes() == written
        assert [s.put_at for s in store.stored()] == [clock.moment]  # it is wanted again

    @pytest.mark.parametrize(
        "harm",
        [
            lambda sealed: sealed[:-1],
            lambda _: b"",
            lambda sealed: sealed[:5],
            lambda sealed: b"\x02" + sealed[1:],
            lambda sealed: sealed[:50] + bytes([sealed[50] ^ 1]) + sealed[51:],
            lambda _: SCAN,
        ],
        ids=["cut off", "empty", "stump", "key id", "one bit", "in plain"],
    )
    def test_damage_is_found_on_reading_and_mended_by_putting(
        self, store: FileStore, harm: Callable[[bytes], bytes]
    ) -> None:
        sha256 = store.put(SCAN)
        (path,) = _files(store)
        path.write_bytes(harm(path.read_bytes()))
        with pytest.raises(Unavailable, match=r"is damaged, was exchanged.*restore a backup"):
            store.get(sha256)
        assert store.exists(sha256)
        assert store.put(SCAN) == sha256
        assert store.get(sha256) == SCAN

    def test_one_that_was_exchanged_for_another_does_not_open(self, store: FileStore) -> None:
        store.put(SCAN)
        other = store.put(b"another")
        paths = _files(store)
        first, second = (path.read_bytes() for path in paths)
        paths[0].write_bytes(second)
        paths[1].write_bytes(first)
        with pytest.raises(Unavailable, match="was exchanged"):
            store.get(other)

    def test_with_another_key_nothing_opens(self, store: FileStore) -> None:
        sha256 = store.put(SCAN)
        store.key_file.write_text(KEY.replace("QUFB", "QkJC", 1))
        with pytest.raises(Unavailable, match="belongs to another key"):
            store.get(sha256)

    @pytest.mark.parametrize("key", ["not base64!", "QUFB\n", ""])
    def test_without_a_key_nothing_is_written(self, store: FileStore, key: str) -> None:
        store.key_file.write_text(key)
        with pytest.raises(NotSetUp, match=r"register\.key"):
            store.put(SCAN)
        assert _files(store) == []

    def test_what_is_missing_is_said_so(self, store: FileStore) -> None:
        sha256 = hashlib.sha256(SCAN).hexdigest()
        assert list(store.stored()) == []
        assert not store.exists(sha256)
        with pytest.raises(Unavailable, match="the attachment is missing; restore a backup"):
            store.get(sha256)

    @pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
    def test_only_a_hash_is_a_name(self, store: FileStore, name: str) -> None:
        for act in (store.get, store.exists, lambda n: store.delete(n, put_before=NOON)):
            with pytest.raises(ValueError, match="64 places"):
                act(name)

    def test_a_link_is_not_followed(self, store: FileStore, tmp_path: Path) -> None:
        sha256 = store.put(SCAN)
        (path,) = _files(store)
        path.rename(tmp_path / "elsewhere")
        path.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(Unavailable, match="can't be read or written"):
            store.get(sha256)
        store.put(SCAN)  # puts the file itself there again
        assert not path.is_symlink()
        assert store.get(sha256) == SCAN

    def test_one_that_was_put_again_is_not_deleted(self, store: FileStore, clock: Hand) -> None:
        sha256 = store.put(SCAN)
        assert not store.delete(sha256, put_before=NOON)
        clock.moment += timedelta(days=2)
        store.put(SCAN)
        assert not store.delete(sha256, put_before=NOON + timedelta(days=1))
        assert store.delete(sha256, put_before=NOON + timedelta(days=3))
        assert not store.delete(sha256, put_before=NOON + timedelta(days=3))
        assert not store.exists(sha256)

    def test_a_folder_that_can_not_be_written_is_said_so(self, store: FileStore) -> None:
        store.folder.write_text("a file where the folder should be")
        with pytest.raises(Unavailable, match="can't be read or written"):
            store.put(SCAN)

    def test_a_full_disk_is_said_so(self, store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(_descriptor: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)  # where delayed writing tells of it
            with pytest.raises(Unavailable, match="disk is full"):
                store.put(SCAN)
        assert list(store.stored()) == []
        assert [path.parent.name for path in _files(store)] == ["incoming"]
        other = store.put(b"another")
        assert [path.name for path in _files(store)] == [other]  # what was half written is cleared away

    def test_a_killed_process_leaves_a_whole_file_or_none(self, store: FileStore) -> None:
        script = (
            "import os, sys; from pathlib import Path\n"
            "from idp_sync.adapters.attachments import FileStore\n"
            "from idp_sync.bootstrap.clock import SystemClock\n"
            "store = FileStore(folder=Path(sys.argv[1]), key_file=Path(sys.argv[2]), clock=SystemClock())\n"
            "print('ready', flush=True)\n"
            "while True: store.put(os.urandom(3_000_000))\n"
        )
        for pause in (0.01, 0.05, 0.1, 0.2):
            process = subprocess.Popen(
                [sys.executable, "-c", script, str(store.folder), str(store.key_file)],
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            )
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(pause)
            process.send_signal(signal.SIGKILL)
            process.communicate()
        for stored in store.stored():
            assert len(store.get(stored.sha256)) == 3_000_000
        store.put(SCAN)
        assert list((store.folder / "incoming").iterdir()) == []

    def test_two_processes_put_the_same(self, store: FileStore) -> None:
        script = (
            "import sys; from pathlib import Path\n"
            "from idp_sync.adapters.attachments import FileStore\n"
            "from idp_sync.bootstrap.clock import SystemClock\n"
            "store = FileStore(folder=Path(sys.argv[1]), key_file=Path(sys.argv[2]), clock=SystemClock())\n"
            "for n in range(20): store.put(b'%d' % n * 10_000)\n"
        )
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", script, str(store.folder), str(store.key_file)],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            )
            for _ in range(3)
        ]
        assert [process.wait(60) for process in processes] == [0, 0, 0]
        contents = {store.get(stored.sha256) for stored in store.stored()}
        assert contents == {b"%d" % n * 10_000 for n in range(20)}


def names(content: bytes) -> frozenset[str]:
    return PypdfScrutiny().names(content)


class TestPdf:
    @pytest.mark.parametrize("content", [pdf(), pdf(5), pdf_with_words(b"/JavaScript /Launch /EmbeddedFile")])
    def test_paper_is_paper_whatever_is_written_on_it(self, content: bytes) -> None:
        refuse_active(names(content))
        assert {"Catalog", "Pages"} <= names(content)

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (pdf_with_file(), "embedded file"),
            (pdf_with_script(), "script"),
            (pdf_with_script("/Launch"), "starts programs"),
            (pdf_with_script("/SubmitForm"), "sends data"),
            (encrypted_pdf(), "encrypted"),
            (pdf_with_batch(b"7 0 <</S/JavaScript>>"), "script"),
            (pdf_with_batch(b"7 0 <</S/J#61vaScript>>"), "script"),
        ],
    )
    def test_more_than_paper_is_found(self, content: bytes, why: str) -> None:
        with pytest.raises(InputError, match=why):
            refuse_active(names(content))

    def test_names_in_disguise_are_found(self) -> None:
        content = pdf_with_script().replace(b"/JavaScript", b"/J#61v#61Script").replace(b"/JS ", b"/#4aS ")
        assert b"/JavaScript" not in content
        assert {"JavaScript", "JS"} <= names(content)

    def test_what_a_later_version_took_away_is_found(self) -> None:
        """A viewer that finds the cross-reference table broken goes through the whole file, and runs the old script."""
        content = pdf_with_script_superseded()
        assert "JavaScript" not in frozenset(_listed(content))
        assert {"JavaScript", "GoTo"} <= names(content)

    def test_a_bomb_of_objects_is_not_unfolded(self) -> None:
        bomb = zlib.compress(b"\0" * (MOST_UNFOLDED + 1), 9)
        with pytest.raises(InputError, match="unfolds to too much"):
            names(pdf_with_batch(b"", squeezed=bomb))

    def test_a_batch_that_can_not_be_read_is_refused(self) -> None:
        with pytest.raises(InputError, match="damaged PDF file"):
            names(pdf_with_batch(b"", squeezed=b"no deflate"))

    @pytest.mark.parametrize(
        "content",
        [
            b"%PDF-1.7\nnothing\nstartxref\n0\n%%EOF",
            b"%PDF-1.7\n" + b"[" * 100_000 + b"\nstartxref\n9\n%%EOF",
            b"%PDF-1.7\nstartxref\n99999999\n%%EOF",
            pdf()[:200] + b"startxref\n0\n%%EOF",
            png(),
            b"",
        ],
        ids=["nothing", "nested", "beyond", "cut off", "png", "empty"],
    )
    def test_nonsense_is_refused(self, content: bytes) -> None:
        with pytest.raises(InputError):
            names(content)

    def test_a_pdf_without_pages_is_refused(self) -> None:
        with pytest.raises(InputError, match="no page"):
            names(pdf(0))
