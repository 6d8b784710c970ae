"""What may be kept as an attachment, under which name, and for how long."""

from __future__ import annotations

import struct
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp_sync.domain.attachment import (
    FORBIDDEN_IN_PDF,
    KEPT_YEARS_AT_LEAST,
    LARGEST_BYTES,
    LARGEST_SIDE,
    LONGEST_NAME_BYTES,
    AttachmentKind,
    MediaType,
    may_be_removed,
    recognise,
    refuse_active,
    safe_name,
)
from idp_sync.domain.errors import InputError
from tests.scans import chunk, header, jpeg, pdf, png, png_of

PIXEL = chunk(b"IDAT", b"x\x9cc\x00\x00\x00\x03\x00\x01")
END = chunk(b"IEND", b"")
ZIP = b"PK\x03\x04" + b"\x00" * 40


class TestContent:
    @pytest.mark.parametrize(
        ("content", "media_type"),
        [
            (pdf(), MediaType.PDF),
            (pdf(3) + b"\r\n\x00", MediaType.PDF),
            (png(), MediaType.PNG),
            (png(dpi=(600, 600)), MediaType.PNG),
            (png_of(header(1, 1, 16, 4, 0, 0, 1), chunk(b"teXt", b"a\0b"), PIXEL, PIXEL, END), MediaType.PNG),
            (jpeg(), MediaType.JPEG),
            (jpeg((400, 300), progressive=True), MediaType.JPEG),
            (jpeg((400, 300), quality=95, restart_marker_rows=1), MediaType.JPEG),
            (jpeg(comment=b"scanned"), MediaType.JPEG),
            (jpeg() + b"\x00\x00", MediaType.JPEG),  # padded
            (jpeg() + jpeg((4, 3)) + b"\x00", MediaType.JPEG),  # with a preview behind, as telephones do
            (jpeg().replace(b"\xff\xdb", b"\xff\xff\xff\xdb", 1), MediaType.JPEG),  # filled markers
        ],
    )
    def test_it_is_known_by_its_content(self, content: bytes, media_type: MediaType) -> None:
        assert recognise(content) is media_type

    @pytest.mark.parametrize(
        "content",
        [b"hello", b"%PDF", b"\xff\xd8", b"\x89PNG", b"GIF89a", ZIP, b" " + pdf(), b"<script>" + jpeg(), b"MZ\x90\x00"],
    )
    def test_anything_else_is_refused(self, content: bytes) -> None:
        with pytest.raises(InputError, match="only PDF, JPEG and PNG"):
            recognise(content)

    def test_nothing_and_too_much_are_refused(self) -> None:
        with pytest.raises(InputError, match="empty"):
            recognise(b"")
        with pytest.raises(InputError, match="too large"):
            recognise(b"%PDF-1.7\n".ljust(LARGEST_BYTES + 1))

    @pytest.mark.parametrize("whole", [pdf(), png((400, 300)), jpeg((400, 300))], ids=["pdf", "png", "jpeg"])
    def test_a_file_that_is_cut_off_is_refused_wherever(self, whole: bytes) -> None:
        for length in [*range(1, len(whole) - 1, 7), len(whole) - 8]:
            with pytest.raises(InputError):
                recognise(whole[:length])

    @pytest.mark.parametrize("whole", [pdf(), png(), jpeg()], ids=["pdf", "png", "jpeg"])
    @pytest.mark.parametrize(
        "behind", [ZIP, b"<script>alert(1)</script>", b"\x00\x00PK"], ids=["zip", "html", "padded"]
    )
    def test_something_else_behind_it_is_refused(self, whole: bytes, behind: bytes) -> None:
        with pytest.raises(InputError, match="something else follows its end"):
            recognise(whole + behind)

    @given(st.sampled_from([b"%PDF-1.7\n", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"]), st.binary(max_size=300))
    def test_arbitrary_bytes_are_no_file(self, magic: bytes, rest: bytes) -> None:
        with pytest.raises(InputError):
            recognise(magic + rest)


class TestPng:
    @pytest.mark.parametrize(
        "size", [(LARGEST_SIDE + 1, 1), (1, LARGEST_SIDE + 1), (20_000, 20_000), (2**32 - 1, 2**32 - 1)]
    )
    def test_a_bomb_is_known_by_the_size_that_it_declares(self, size: tuple[int, int]) -> None:
        with pytest.raises(InputError, match="the picture is too large"):
            recognise(png_of(header(*size), PIXEL, END))

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (png_of(header(0, 1), PIXEL, END), "has no size"),
            (png_of(header(1, 0), PIXEL, END), "has no size"),
            (png_of(PIXEL, END), "no header"),
            (png_of(chunk(b"IHDR", b"short"), PIXEL, END), "no header"),
            (png_of(header(1, 1, 3, 2, 0, 0, 0), PIXEL, END), "a wrong header"),
            (png_of(header(1, 1, 8, 5, 0, 0, 0), PIXEL, END), "a wrong header"),
            (png_of(header(1, 1, 8, 2, 1, 0, 0), PIXEL, END), "a wrong header"),
            (png_of(header(1, 1, 8, 2, 0, 1, 0), PIXEL, END), "a wrong header"),
            (png_of(header(1, 1, 8, 2, 0, 0, 2), PIXEL, END), "a wrong header"),
            (png_of(header(), header(), PIXEL, END), "a second header"),
            (png_of(header(), chunk(b"EVIL", b""), PIXEL, END), "an unknown critical chunk"),
            (png_of(header(), END), "no picture in it"),
            (png_of(header(), PIXEL[:-1] + b"\0", END), "a checksum is wrong"),
            (png_of(header(), PIXEL), "it is cut off"),
            (png_of(header(), struct.pack(">I", 2**31) + b"IDAT"), "it is cut off"),
            (png_of(header(), PIXEL, END, PIXEL), "something else follows its end"),
        ],
    )
    def test_damage_is_named(self, content: bytes, why: str) -> None:
        with pytest.raises(InputError, match=why):
            recognise(content)


def _frame(width: int, height: int) -> bytes:
    return b"\xff\xc0\x00\x0b\x08" + struct.pack(">HH", height, width) + b"\x01\x01\x11\x00"


SCAN = b"\xff\xda\x00\x02\x00\xff\x00\xff\xd0\x01"


class TestJpeg:
    def test_a_bomb_is_known_by_the_size_that_it_declares(self) -> None:
        with pytest.raises(InputError, match=r"65535×65535.*the picture is too large"):
            recognise(b"\xff\xd8" + _frame(65535, 65535) + SCAN + b"\xff\xd9")

    @pytest.mark.parametrize(
        ("body", "why"),
        [
            (_frame(0, 1) + SCAN + b"\xff\xd9", "has no size"),
            (b"\xff\xc0\x00\x03\x08" + SCAN + b"\xff\xd9", "a wrong header"),
            (_frame(1, 1) + b"\xff\xd9", "no picture in it"),
            (SCAN + b"\xff\xd9", "no picture in it"),
            (b"\xff\xd9", "no picture in it"),
            (_frame(1, 1) + SCAN, "it is cut off"),
            (_frame(1, 1) + b"\xff\xff\xff", "it is cut off"),
            (b"\xff\xe0\x00\x01" + SCAN, "it is cut off"),
            (b"\xff\xe0\xff\xff", "it is cut off"),
            (_frame(1, 1) + b"nonsense", "no marker is where one must be"),
        ],
    )
    def test_damage_is_named(self, body: bytes, why: str) -> None:
        with pytest.raises(InputError, match=why):
            recognise(b"\xff\xd8" + body)

    def test_a_well_formed_one_of_our_own_is_taken(self) -> None:
        assert recognise(b"\xff\xd8" + _frame(1, 1) + SCAN + b"\xff\xd9") is MediaType.JPEG


class TestPdf:
    def test_the_header_must_name_a_version(self) -> None:
        with pytest.raises(InputError, match="a wrong header"):
            recognise(pdf().replace(b"%PDF-1.", b"%PDF-X.", 1))

    @pytest.mark.parametrize("name", sorted(FORBIDDEN_IN_PDF))
    def test_what_makes_it_more_than_paper_is_refused(self, name: str) -> None:
        with pytest.raises(InputError, match="more than paper") as caught:
            refuse_active(["Catalog", "Pages", name])
        assert FORBIDDEN_IN_PDF[name] in str(caught.value)

    def test_paper_is_taken(self) -> None:
        refuse_active(["Catalog", "Pages", "URI", "AcroForm", "OpenAction", "GoTo"])


class TestNames:
    @pytest.mark.parametrize(
        ("name", "safe"),
        [
            ("申请表.pdf", "申请表.pdf"),
            ("申请表.PDF", "申请表.pdf"),
            ("营业执照.jpg", "营业执照.pdf"),  # the content decides
            ("a.b.c", "a.b.pdf"),
            ("无扩展名", "无扩展名.pdf"),
            ("第1.营业执照", "第1.营业执照.pdf"),
            ("../../etc/passwd", "passwd.pdf"),
            ("C:\\scan\\页 1.pdf", "页 1.pdf"),
            ("a\nb\tc\x00\x1b[31m.pdf", "a b c[31m.pdf"),
            ("\u202egpj.exe\u202c.pdf", "gpj.exe.pdf"),
            ("a\u200bb\ufeff.pdf", "ab.pdf"),
            ('<a:b"c|d?e*f>.pdf', "_a_b_c_d_e_f_.pdf"),
            ("...", "attachment.pdf"),
            ("", "attachment.pdf"),
            ("/", "attachment.pdf"),
            (" . hidden. .pdf", "hidden.pdf"),
            (".pdf", "attachment.pdf"),
            ("CON.txt", "_CON.pdf"),
            ("lpt1", "_lpt1.pdf"),
            ("测试甲110000199001019018.pdf", "测试甲110000xxxxxxxx9018.pdf"),
            ("é.pdf".replace("é", "e\u0301"), "é.pdf"),
            ("\ud800.pdf", "attachment.pdf"),
        ],
    )
    def test_a_name_is_fit_for_lists_and_folders(self, name: str, safe: str) -> None:
        assert safe_name(name, MediaType.PDF) == safe

    def test_a_long_name_loses_its_middle(self) -> None:
        safe = safe_name("头" + "中" * 300 + "尾.png", MediaType.PNG)
        assert safe.startswith("头中")
        assert safe.endswith("中尾.png")
        assert "…" in safe
        assert len(safe.encode()) <= LONGEST_NAME_BYTES

    @given(st.text(), st.sampled_from(MediaType))
    def test_whatever_it_is_called(self, name: str, media_type: MediaType) -> None:
        safe = safe_name(name, media_type)
        assert safe.endswith(media_type.extension)
        assert safe.isprintable()
        assert not set(safe) & set('/\\<>:"|?*')
        assert not safe.startswith((".", " "))
        assert 0 < len(safe.encode()) <= LONGEST_NAME_BYTES + 1
        assert safe_name(safe, media_type) == safe


class TestRetention:
    def test_it_is_over_after_whole_years_since_the_last_thing_that_happened(self) -> None:
        moments = [datetime(2019, 1, 1, tzinfo=UTC), datetime(2020, 3, 2, 16, 0, tzinfo=UTC)]  # 3 March in Beijing
        assert not may_be_removed(moments, years=5, on=date(2025, 3, 3))
        assert may_be_removed(moments, years=5, on=date(2025, 3, 4))

    def test_never_below_the_floor(self) -> None:
        with pytest.raises(ValueError, match="1 years at least, not 0"):
            may_be_removed([datetime(2000, 1, 1, tzinfo=UTC)], years=KEPT_YEARS_AT_LEAST - 1, on=date(2025, 1, 1))

    def test_without_any_moment_nothing_is_decided(self) -> None:
        with pytest.raises(ValueError, match="empty"):
            may_be_removed([], years=5, on=date(2025, 1, 1))


def test_every_kind_is_said_as_the_offices_say_it() -> None:
    assert [kind.zh for kind in AttachmentKind] == ["申请表", "证明材料", "其他"]
