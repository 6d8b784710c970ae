"""Scans for tests: real files, made with the libraries that scanners use, and what hostile people make of them."""

from __future__ import annotations

import io
import re
import struct
import zlib

from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject, StreamObject, TextStringObject


def picture(kind: str, size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    """A picture of a grey page."""
    buffer = io.BytesIO()
    Image.new("RGB", size, "#dddddd").save(buffer, kind, **options)
    return buffer.getvalue()


def png(size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    """A PNG."""
    return picture("PNG", size, **options)


def jpeg(size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    """A JPEG."""
    return picture("JPEG", size, **options)


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG, with its checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_of(*chunks: bytes) -> bytes:
    """A PNG of these chunks."""
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def header(width: int = 1, height: int = 1, *rest: int) -> bytes:
    """The header of a PNG."""
    return chunk(b"IHDR", struct.pack(">II5B", width, height, *(rest or (8, 2, 0, 0, 0))))


def written(writer: PdfWriter) -> bytes:
    """The file that a writer writes."""
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def pdf(pages: int = 1) -> bytes:
    """A PDF."""
    return written(_writer(pages))


def pdf_with_file() -> bytes:
    """A PDF with a file embedded."""
    writer = _writer()
    writer.add_attachment("payload.exe", b"MZ")
    return written(writer)


def pdf_with_script(name: str = "/JavaScript") -> bytes:
    """A PDF that runs a script when it is opened."""
    writer = _writer()
    act = {NameObject("/S"): NameObject(name), NameObject("/JS"): TextStringObject("app.alert(1)")}
    writer.root_object[NameObject("/OpenAction")] = writer._add_object(DictionaryObject(act))
    return written(writer)


def pdf_with_batch(text: bytes, *, squeezed: bytes | None = None) -> bytes:
    """A PDF with a compressed batch of objects that nothing refers to, as an older version leaves behind."""
    writer = _writer()
    batch = StreamObject()
    batch[NameObject("/Type")] = NameObject("/ObjStm")
    batch[NameObject("/Filter")] = NameObject("/FlateDecode")
    batch._data = squeezed if squeezed is not None else zlib.compress(text)
    writer._add_object(batch)
    return written(writer)


def pdf_with_words(words: bytes) -> bytes:
    """A PDF whose page shows these words: they are content, and no objects."""
    writer = _writer()
    content = DecodedStreamObject()
    content.set_data(b"BT (" + words + b") Tj ET")
    writer.pages[0][NameObject("/Contents")] = writer._add_object(content)
    return written(writer)


def encrypted_pdf() -> bytes:
    """A PDF that opens with a password only."""
    writer = _writer()
    writer.encrypt("secret", algorithm="AES-256")
    return written(writer)


def _writer(pages: int = 1) -> PdfWriter:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(595, 842)
    return writer


def pdf_with_script_superseded() -> bytes:
    """A PDF with a script, to which a later version was appended that lists something harmless in its place."""
    content = pdf_with_script()
    number = max(int(found[1]) for found in re.finditer(rb"(\d+) 0 obj", content))
    root = re.search(rb"/Root (\d+) 0 R", content)
    before = re.search(rb"startxref\s+(\d+)", content)
    assert root is not None
    assert before is not None
    at = len(content)
    content += b"%d 0 obj\n<< /S /GoTo >>\nendobj\n" % number
    table = len(content)
    content += b"xref\n%d 1\n%010d 00000 n \n" % (number, at)
    content += b"trailer\n<< /Size %d /Root %s 0 R /Prev %s >>\n" % (number + 1, root[1], before[1])
    return content + b"startxref\n%d\n%%%%EOF\n" % table
