"""Attachments → pages of an application file. What can't be shown is listed with the reason, and stops nothing."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from idp_sync.adapters.paper.typesetting import Image
from idp_sync.domain.attachment import Attachment, MediaType, recognise

# what it has to say about a damaged file, we say on the list
logging.getLogger("pypdf").addHandler(logging.NullHandler())

#: of one attachment: a scan has a few
_MOST_PAGES: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosed:
    """An attachment with what becomes of it in the file."""

    attachment: Attachment
    #: number on the list, from 1
    number: int
    #: empty where the attachments are only listed
    content: bytes
    #: pages that it adds
    pages: int = 0
    #: address of its image; "" where it is none
    image: str = ""
    #: why it is not shown; "" where it is
    problem: str = ""


def enclosed(attachments: Iterable[Attachment], contents: Mapping[str, bytes]) -> Sequence[Enclosed]:
    """Every attachment with its number and whether it can be shown; `contents` by their hashes."""
    return [
        _look(attachment, number, contents.get(attachment.sha256, b""))
        for number, attachment in enumerate(attachments, start=1)
    ]


def images(attachments: Iterable[Enclosed]) -> Mapping[str, Image]:
    """The images among them, by their addresses."""
    return {
        item.image: Image(content=item.content, media_type=item.attachment.media_type)
        for item in attachments
        if item.image
    }


def joined(pdf: bytes, attachments: Iterable[Enclosed], *, title: str) -> bytes:
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
        for page in PdfReader(io.BytesIO(item.content)).pages:
            _disarm(writer.add_page(page))
        writer.add_outline_item(title=f"附件{item.number} {item.attachment.name}", page_number=first)
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


def _look(attachment: Attachment, number: int, content: bytes) -> Enclosed:
    is_pdf = attachment.media_type is MediaType.PDF
    if not content:
        pages, problem = 0, "只列目录"
    elif is_pdf:
        pages, problem = _pages_of(content)
    else:
        pages, problem = 1, _image_problem(content)
    return Enclosed(
        attachment=attachment,
        number=number,
        content=content,
        pages=0 if problem else pages,
        image="" if problem or is_pdf else f"attachment/{number}",
        problem=problem,
    )


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
        recognise(content)  # Pillow shows what is left of one that is cut off, once WeasyPrint is imported
        with warnings.catch_warnings():
            # more pixels than a scan has: Pillow warns before it raises
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            with Pillow.open(io.BytesIO(content)) as image:
                image.load()
    except Exception as error:  # noqa: BLE001 - on a broken image Pillow raises anything
        return f"图像损坏或过大（{type(error).__name__}）"
    return ""
