"""PDF files as a reader sees them: their words, and their pages as pictures."""

from __future__ import annotations

import io

import pypdfium2
import zxingcpp
from PIL.Image import Image
from pypdf import PdfReader


def words(pdf: bytes) -> list[str]:
    """The text of each page, without blanks and line ends: those are the layout's."""
    return ["".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages]


def sizes(pdf: bytes) -> list[tuple[int, int]]:
    """Width and height of each page in millimetres."""
    boxes = [page.mediabox for page in PdfReader(io.BytesIO(pdf)).pages]
    return [(round(float(box.width) / 72 * 25.4), round(float(box.height) / 72 * 25.4)) for box in boxes]


def pictures(pdf: bytes, *, dpi: int = 150) -> list[Image]:
    """Each page as a picture."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.render(scale=dpi / 72).to_pil() for page in document]
    finally:
        document.close()


def codes(pdf: bytes) -> list[list[str]]:
    """What the QR codes on each page hold, read off the page as a scanner would, at 150 dpi."""
    return [[code.text for code in zxingcpp.read_barcodes(picture)] for picture in pictures(pdf)]
