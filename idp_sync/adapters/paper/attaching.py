"""Attachments → pages of an application file. What can't be shown is listed with the reason, and stops nothing."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from idp_sync.adapters.paper.typesetting import Image

_PDF: Final = "application/pdf"
_IMAGES: Final = frozenset({"image/jpeg", "image/png"})
#: of one attachment: a scan has a few
_MOST_PAGES: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """An attachment as it was handed in."""

    name: str
    #: by its content, not by its name
    media_type: str
    #: SHA-256, lower-case hex
    sha256: str
    #: bytes
    size: int
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """An attachment with what became of it."""

    enclosure: Enclosure
    #: number on the list, from 1
    number: int
    #: pages that it adds
    pages: int = 0
    #: address of its image; "" where it is none
    image: str = ""
    #: why it is not shown; "" where it is
    problem: str = ""


def attached(enclosures: Iterable[Enclosure]) -> Sequence[Attached]:
    """Every attachment with its number and whether it can be shown."""
    return [_look(enclosure, number) for number, enclosure in enumerate(enclosures, start=1)]


def images(attachments: Iterable[Attached]) -> Mapping[str, Image]:
    """The images among them, by their addresses."""
    return {
        item.image: Image(content=item.enclosure.content, media_type=item.enclosure.media_type)
        for item in attachments
        if item.image
    }


def joined(pdf: bytes, attachments: Iterable[Attached], *, title: str) -> bytes:
    """The file with the pages of every PDF attachment behind it, each with a bookmark.

    What such a page would do when it is opened or clicked is taken off: the archive shows, and does nothing.
    """
    from pypdf import PdfReader, PdfWriter  # noqa: PLC0415 - a fifth of a second, only for who prints
    from pypdf.generic import ByteStringObject, NameObject  # noqa: PLC0415

    reader = PdfReader(io.BytesIO(pdf))
    writer = PdfWriter()
    for page in reader.pages:
        writer.add_page(page)
    for item in attachments:
        if item.problem or item.image:
            continue
        first = len(writer.pages)
        for page in PdfReader(io.BytesIO(item.enclosure.content)).pages:
            _disarm(writer.add_page(page))
        writer.add_outline_item(title=f"附件{item.number} {item.enclosure.name}", page_number=first)
    writer.add_metadata({"/Title": title, "/Producer": "idp-sync"})
    writer.root_object[NameObject("/Lang")] = reader.root_object.get("/Lang", ByteStringObject(b"zh-CN"))
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def _disarm(page: object) -> None:
    """Take scripts and links off a page, and leave what is seen."""
    from pypdf import PageObject  # noqa: PLC0415

    if not isinstance(page, PageObject):
        return
    page.pop("/AA", None)
    for reference in page.get("/Annots") or ():
        annotation = reference.get_object()
        for action in ("/A", "/AA", "/PA"):
            annotation.pop(action, None)


def _look(enclosure: Enclosure, number: int) -> Attached:
    if enclosure.media_type == _PDF:
        pages, problem = _pages_of(enclosure.content)
        return Attached(enclosure=enclosure, number=number, pages=pages, problem=problem)
    if enclosure.media_type not in _IMAGES:
        return Attached(enclosure=enclosure, number=number, problem=f"{enclosure.media_type} 不能并入")
    problem = _image_problem(enclosure.content)
    image = "" if problem else f"attachment/{number}"
    return Attached(enclosure=enclosure, number=number, pages=0 if problem else 1, image=image, problem=problem)


def _pages_of(content: bytes) -> tuple[int, str]:
    """How many pages a PDF has, and why it can't be shown."""
    from pypdf import PdfReader, PdfWriter  # noqa: PLC0415

    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted:
            return 0, "PDF 有密码"
        pages = len(reader.pages)
        if pages > _MOST_PAGES:
            return 0, f"PDF 超过 {_MOST_PAGES} 页"
        trial = PdfWriter()
        for page in reader.pages:
            _disarm(trial.add_page(page))
        trial.write(io.BytesIO())
    except Exception as error:  # noqa: BLE001 - on a broken PDF pypdf raises anything
        return 0, f"PDF 损坏（{type(error).__name__}）"
    return pages, "" if pages else "PDF 没有页"


def _image_problem(content: bytes) -> str:
    """Why an image can't be shown; "" where it can."""
    from PIL import Image as Pillow  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            # more pixels than a scan has: Pillow warns before it raises
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            with Pillow.open(io.BytesIO(content)) as image:
                image.load()
    except Exception as error:  # noqa: BLE001 - on a broken image Pillow raises anything
        return f"图像损坏或过大（{type(error).__name__}）"
    return ""
