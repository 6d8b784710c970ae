"""Attachments: scans of the forms and papers that applicants hand in, kept with the application (Article 9).

What a file is, is told by its content alone, never by its name. Nothing is decoded: the structure is walked, so that a
picture of a few kilobytes that unfolds to gigabytes is known by the size that it declares. A file that is two things at
once (a PDF with an archive behind it, a picture with a page of script in front) is refused, because what is seen at the
desk would not be what is kept.
"""

from __future__ import annotations

import re
import struct
import unicodedata
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from idp_sync.domain.calendar import beijing_date, is_over
from idp_sync.domain.errors import InputError
from idp_sync.domain.masking import without_id_numbers

#: one file; a page of A4 at 600 dpi in colour is about 10 MB as JPEG
LARGEST_BYTES: Final = 20 * 1024 * 1024
#: one side of a picture
LARGEST_SIDE: Final = 30_000
#: a whole picture: A3 at 600 dpi has 70 million
MOST_PIXELS: Final = 100_000_000
#: with one application; what takes more is scanned into fewer files
MOST_OF_ONE_APPLICATION: Final = 100
#: bytes of a name in UTF-8, beneath what every file system takes, with room for a number in front
LONGEST_NAME_BYTES: Final = 200

#: papers are kept that long at least, whatever the setting says. The regulation names no period (reading A-24); logs
#: are kept for six months at least (网络安全法 第二十三条（三）), and a year is the least whole year above that
KEPT_YEARS_AT_LEAST: Final = 1
_MONTHS_OF_A_YEAR: Final = 12


class MediaType(StrEnum):
    """What may be attached."""

    PDF = "application/pdf"
    JPEG = "image/jpeg"
    PNG = "image/png"

    @property
    def extension(self) -> str:
        """What a file of that type is called."""
        return {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}[self.value]


class AttachmentKind(StrEnum):
    """What the paper is."""

    #: the application form itself, stamped and signed
    FORM = "form"
    #: one of the proofs of Article 5 (2)
    DOCUMENT = "document"
    OTHER = "other"

    @property
    def zh(self) -> str:
        """As the offices say it."""
        return {"form": "申请表", "document": "证明材料", "other": "其他"}[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that is kept with an application. The content lies in a store of its own, under its hash."""

    application: str
    #: SHA-256 of the content, lower-case hex
    sha256: str
    #: as `safe_name` gives it
    name: str
    media_type: MediaType
    #: bytes
    size: int
    kind: AttachmentKind
    #: which of the proofs, e.g. 营业执照; "" for a form
    document_type: str = ""
    added_at: datetime
    added_by: str
    #: number in the register; 0 before it is recorded
    id: int = 0


# --- names -----------------------------------------------------------------------------------------------------------

#: what file systems, shells and archive formats trip over
_NOT_IN_NAMES: Final = re.compile(r'[<>:"|?*]')
_DEVICES: Final = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_SPACES: Final = re.compile(r"\s+")


def safe_name(name: str, media_type: MediaType) -> str:
    """A name under which the file can be listed and exported anywhere: no path, no control or bidi character.

    The extension becomes that of the content, a name that is too long loses its middle, and an ID number in it is
    masked, since names stand in lists. Where nothing is left, «attachment».
    """
    last = re.split(r"[/\\]", name)[-1]
    visible = "".join(character for character in unicodedata.normalize("NFC", last) if _is_visible(character))
    text = _NOT_IN_NAMES.sub("_", _SPACES.sub(" ", visible))
    text = without_id_numbers(text).replace("*", "x").rstrip(" .")
    stem, dot, extension = text.rpartition(".")
    if not dot or not re.fullmatch(r"[A-Za-z0-9]{1,5}", extension):
        stem = text
    stem = _shortened(stem.strip(" ."), LONGEST_NAME_BYTES - len(media_type.extension)) or "attachment"
    return f"{'_' if _DEVICES.fullmatch(stem) else ''}{stem}{media_type.extension}"


def _is_visible(character: str) -> bool:
    """Whether it shows and moves nothing: bidi marks, controls, surrogates and unassigned characters do not belong."""
    return character.isspace() or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def _shortened(stem: str, most: int) -> str:
    """The stem in at most that many bytes of UTF-8; the middle goes, because numbers stand at either end."""
    if len(stem.encode()) <= most:
        return stem
    half = (most - len("…".encode())) // 2
    return f"{stem.encode()[:half].decode(errors='ignore')}…{stem.encode()[-half:].decode(errors='ignore')}"


# --- content ---------------------------------------------------------------------------------------------------------


def recognise(content: bytes) -> MediaType:
    """What a file is, by its content.

    Raises:
        InputError: it is empty, too large, neither PDF nor JPEG nor PNG, damaged, cut off, has something else in front
            of or behind it, or is a picture that would unfold beyond all measure.
    """
    if not content:
        raise InputError("文件为空 / the file is empty")
    if len(content) > LARGEST_BYTES:
        raise InputError(
            f"文件超过{LARGEST_BYTES // 2**20}MB，请降低扫描分辨率或分为几个文件 / the file is too large: scan with a"
            " lower resolution, or in several files"
        )
    for magic, (media_type, walk) in _WALKS.items():
        if content.startswith(magic):
            walk(content)
            return media_type
    raise InputError(
        "只接受PDF、JPEG、PNG，以内容为准 / only PDF, JPEG and PNG are taken, whatever the name says:"
        " scan or save it anew"
    )


def _damaged(kind: str, what: str) -> InputError:
    return InputError(f"{kind}文件损坏或不完整，请重新扫描或另存 / damaged or incomplete {kind} file: {what}")


def _refuse_giant(kind: str, width: int, height: int) -> None:
    if width > LARGEST_SIDE or height > LARGEST_SIDE or width * height > MOST_PIXELS:
        raise InputError(
            f"{kind}图像尺寸过大（{width}×{height}），请降低扫描分辨率 / the picture is too large: scan with a lower"
            " resolution"
        )
    if width < 1 or height < 1:
        raise _damaged(kind, "the picture has no size")


_PNG_MAGIC: Final = b"\x89PNG\r\n\x1a\n"
_PNG_CHUNK: Final = struct.Struct(">I4s")
_PNG_HEADER: Final = struct.Struct(">II5B")
_PNG_CRITICAL: Final = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
#: colour type → bits a sample that go with it (ISO/IEC 15948, 11.2.2)
_PNG_DEPTHS: Final[Mapping[int, frozenset[int]]] = MappingProxyType(
    {
        0: frozenset({1, 2, 4, 8, 16}),
        2: frozenset({8, 16}),
        3: frozenset({1, 2, 4, 8}),
        4: frozenset({8, 16}),
        6: frozenset({8, 16}),
    }
)


def _walk_png(content: bytes) -> None:
    """Every chunk with its checksum, the header first, the end last, nothing behind it."""
    position, seen = len(_PNG_MAGIC), list[bytes]()
    while not seen or seen[-1] != b"IEND":
        kind, body, position = _png_chunk(content, position)
        if not seen:
            _check_png_header(kind, body)
        elif kind == b"IHDR":
            raise _damaged("PNG", "a second header")
        if kind[:1].isupper() and kind not in _PNG_CRITICAL:
            raise _damaged("PNG", "an unknown critical chunk")
        seen.append(kind)
    if b"IDAT" not in seen:
        raise _damaged("PNG", "no picture in it")
    if position != len(content):
        raise _damaged("PNG", "something else follows its end")


def _png_chunk(content: bytes, position: int) -> tuple[bytes, bytes, int]:
    """The kind and body of the chunk at a position, and where the next one begins."""
    start = position + _PNG_CHUNK.size
    if start > len(content):
        raise _damaged("PNG", "it is cut off")
    length, kind = _PNG_CHUNK.unpack_from(content, position)
    end = start + length
    if end + 4 > len(content):
        raise _damaged("PNG", "it is cut off")
    body = content[start:end]
    if zlib.crc32(kind + body) != int.from_bytes(content[end : end + 4]):
        raise _damaged("PNG", "a checksum is wrong")
    return kind, body, end + 4


def _check_png_header(kind: bytes, body: bytes) -> None:
    if kind != b"IHDR" or len(body) != _PNG_HEADER.size:
        raise _damaged("PNG", "no header")
    width, height, depth, colour, compression, filtering, interlace = _PNG_HEADER.unpack(body)
    _refuse_giant("PNG", width, height)
    if depth not in _PNG_DEPTHS.get(colour, ()) or compression or filtering or interlace > 1:
        raise _damaged("PNG", "a wrong header")


_JPEG_MAGIC: Final = b"\xff\xd8\xff"
_JPEG_START: Final = b"\xff\xd8"
_JPEG_END: Final = 0xD9
_JPEG_SCAN: Final = 0xDA
#: the frame headers: all SOF but the ones that are tables or reserved
_JPEG_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PADDING: Final = re.compile(rb"\x00*")
#: the end of a scan: 0xFF and whatever is neither stuffing, nor a restart, nor another 0xFF
_JPEG_NEXT_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def _walk_jpeg(content: bytes) -> None:
    """From its start to its end; behind it only padding, or further pictures, as telephones store previews."""
    position = 0
    while position < len(content):
        if not content.startswith(_JPEG_START, position):
            raise _damaged("JPEG", "something else follows its end")
        position = _one_jpeg(content, position + len(_JPEG_START))
        position = _PADDING.match(content, position).end()  # type: ignore[union-attr]  # it matches nothing as well


def _one_jpeg(content: bytes, position: int) -> int:
    """Walk one picture whose start has been read; where it ends."""
    has_frame = has_scan = False
    while True:
        marker, position = _jpeg_marker(content, position)
        if marker == _JPEG_END:
            break
        body, position = _jpeg_segment(content, position)
        if marker in _JPEG_FRAMES:
            has_frame = _check_jpeg_frame(body)
        if marker == _JPEG_SCAN:
            has_scan = True
            position = _behind_scan(content, position)
    if not (has_frame and has_scan):
        raise _damaged("JPEG", "no picture in it")
    return position


def _jpeg_marker(content: bytes, position: int) -> tuple[int, int]:
    """The marker at a position, where 0xFF may be repeated, and where its segment begins."""
    if content[position : position + 1] != b"\xff":
        raise _damaged("JPEG", "it is cut off, or no marker is where one must be")
    while content[position : position + 1] == b"\xff":
        position += 1
    if position >= len(content):
        raise _damaged("JPEG", "it is cut off")
    return content[position], position + 1


def _jpeg_segment(content: bytes, position: int) -> tuple[bytes, int]:
    """The segment at a position, without its length, and where it ends."""
    length = int.from_bytes(content[position : position + 2])
    end = position + length
    if length < len(_JPEG_START) or end > len(content):
        raise _damaged("JPEG", "it is cut off")
    return content[position + 2 : end], end


def _check_jpeg_frame(body: bytes) -> bool:
    """Whether there is a frame; its size is looked at."""
    if len(body) < struct.calcsize(">BHHB"):
        raise _damaged("JPEG", "a wrong header")
    _, height, width = struct.unpack_from(">BHH", body)
    _refuse_giant("JPEG", width, height)
    return True


def _behind_scan(content: bytes, position: int) -> int:
    found = _JPEG_NEXT_MARKER.search(content, position)
    if found is None:
        raise _damaged("JPEG", "it is cut off")
    return found.start()


_PDF_HEADER: Final = re.compile(rb"%PDF-[12]\.\d[\r\n %]")
_PDF_TAIL: Final = re.compile(rb"startxref\s+\d+\s+%%EOF[\s\x00]*\Z")
#: where the tail is looked for
_TAIL_BYTES: Final = 1024


def _walk_pdf(content: bytes) -> None:
    """Header at the very beginning, end at the very end: an archive or a script beside it has no room."""
    if not _PDF_HEADER.match(content):
        raise _damaged("PDF", "a wrong header")
    if not _PDF_TAIL.search(content[-_TAIL_BYTES:]):
        raise _damaged("PDF", "it is cut off, or something else follows its end")


_WALKS: Final = MappingProxyType(
    {
        b"%PDF-": (MediaType.PDF, _walk_pdf),
        _JPEG_MAGIC: (MediaType.JPEG, _walk_jpeg),
        _PNG_MAGIC: (MediaType.PNG, _walk_png),
    }
)

#: names in a PDF that make it more than paper, and what they are. A link to a page or a form that is filled in is paper
FORBIDDEN_IN_PDF: Final[Mapping[str, str]] = MappingProxyType(
    {
        "JavaScript": "脚本 / script",
        "JS": "脚本 / script",
        "Launch": "启动程序 / starts programs",
        "EmbeddedFile": "内嵌文件 / embedded file",
        "EmbeddedFiles": "内嵌文件 / embedded file",
        "FileAttachment": "内嵌文件 / embedded file",
        "RichMedia": "多媒体 / multimedia",
        "Movie": "多媒体 / multimedia",
        "Rendition": "多媒体 / multimedia",
        "XFA": "动态表单 / dynamic form",
        "SubmitForm": "提交数据 / sends data",
        "ImportData": "导入数据 / imports data",
        "GoToR": "打开其他文件 / opens other files",
        "GoToE": "打开其他文件 / opens other files",
        "Encrypt": "加密，归档后无法保证可读 / encrypted: can't be read for good",
    }
)


def refuse_active(names: Iterable[str]) -> None:
    """Refuse a PDF that is more than paper; `names` are all names that stand in its objects.

    Raises:
        InputError: one of them is forbidden; print it to a new PDF.
    """
    found = sorted({FORBIDDEN_IN_PDF[name] for name in names if name in FORBIDDEN_IN_PDF})
    if found:
        raise InputError(
            f"PDF含有{'；'.join(found)}：请重新打印为PDF再提交 / the PDF is more than paper: print it to a new PDF"
        )


# --- retention -------------------------------------------------------------------------------------------------------


def may_be_removed(moments: Iterable[datetime], *, years: int, on: date) -> bool:
    """Whether a paper's time is over: whole years since the last thing that happened with its application.

    Shortest necessary time (个人信息保护法 第十九条), but never below the floor (reading A-24).

    Args:
        moments: when it was added, the application decided, the certificates it led to ended, the accounts closed.
        years: the setting.
        on: today in Beijing.

    Raises:
        ValueError: `years` is below the floor, or there is no moment at all.
    """
    if years < KEPT_YEARS_AT_LEAST:
        raise ValueError(f"papers are kept for {KEPT_YEARS_AT_LEAST} years at least, not {years}")
    last = max(moments)
    return is_over(beijing_date(last), months=years * _MONTHS_OF_A_YEAR, on=on)
