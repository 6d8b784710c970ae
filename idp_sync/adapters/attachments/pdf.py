"""The look into PDF files: which names stand in them, without running or showing anything.

pypdf reads what the cross-reference table lists, as a viewer does. But a viewer that finds the table broken looks for
objects by itself, older versions of them and whole compressed batches among them, and each viewer has its own idea of
«broken». So all that stands in the file is looked at as well, listed or not.
"""

from __future__ import annotations

import io
import logging
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject

from idp_sync.domain.errors import InputError

#: objects of one file
MOST_OBJECTS: Final = 100_000
#: bytes that compressed batches of objects unfold to, all together; a batch holds text, of which pages have little
MOST_UNFOLDED: Final = 64 * 1024 * 1024

_NAME: Final = re.compile(rb"/([^\x00\t\n\x0c\r ()<>\[\]{}/%]+)")
_HEX: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_BATCH: Final = "ObjStm"

# pypdf complains of every oddity in a file; what matters is said by the error
logging.getLogger("pypdf").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class PypdfScrutiny:
    """Fulfils idp_sync.ports.PdfScrutiny."""

    def names(self, content: bytes) -> frozenset[str]:
        """All names that stand in its objects, compressed and superseded ones too.

        Of an encrypted file only «Encrypt» and what stands in plain.

        Raises InputError where it can't be read, has no page, or would take too much to read.
        """
        try:
            return frozenset(_unlisted(content)) | frozenset(_listed(content))
        except InputError:
            raise
        except Exception as error:  # noqa: BLE001 - a hostile file makes the parser raise anything: it is refused
            raise InputError(
                f"PDF文件损坏，请重新扫描或打印为PDF / damaged PDF file: scan it anew, or print it to a PDF"
                f"（{type(error).__name__}）"
            ) from None


def _listed(content: bytes) -> Iterator[str]:
    """The names in all objects that the cross-reference table lists."""
    reader = PdfReader(io.BytesIO(content), xref_stream_maximum_entries=MOST_OBJECTS)
    yield from (str(key)[1:] for key in reader.trailer)
    if reader.is_encrypted:
        return
    plain = [(number, generation) for generation, numbers in reader.xref.items() for number in numbers]
    listed = [*plain, *((number, 0) for number in reader.xref_objStm)]
    if len(listed) > MOST_OBJECTS:
        raise InputError("PDF对象过多，请打印为新的PDF / too many objects in the PDF: print it to a new one")
    if not reader.pages:
        raise InputError("PDF没有页面 / there is no page in the PDF")
    for number, generation in listed:
        yield from _names_in(reader.get_object(IndirectObject(number, generation, reader)))


def _names_in(top: Any) -> Iterator[str]:  # noqa: ANN401 - any object of pypdf
    """The names in one object; what it refers to has its own turn."""
    waiting = [top]
    while waiting:
        match waiting.pop():
            case DictionaryObject() as dictionary:
                yield from (str(key)[1:] for key in dictionary)
                waiting.extend(dictionary.values())
            case ArrayObject() as array:
                waiting.extend(array)
            case NameObject() as name:
                yield str(name)[1:]


def _unlisted(content: bytes) -> Iterator[str]:
    """The names in whatever looks like an object, outside streams and in compressed batches, listed or not."""
    unfolded = 0
    for outside, stream in _parts(content):
        names = list(_names_of(outside))
        yield from names
        if _BATCH in names:
            batch = _unfold(stream, MOST_UNFOLDED - unfolded)
            unfolded += len(batch)
            yield from _names_of(batch)


def _parts(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The text before each stream since the last one, and the stream; the rest of the file comes with an empty one."""
    position = 0
    while (found := content.find(b"stream", position)) >= 0:
        start = found + len(b"stream")
        end = content.find(b"endstream", start)
        if end < 0:
            break
        yield content[position:found], content[start:end]
        position = end + len(b"endstream")
    yield content[position:], b""


def _names_of(text: bytes) -> Iterator[str]:
    """The names in a piece of text, #xx undone."""
    for found in _NAME.finditer(text):
        plain = _HEX.sub(lambda code: bytes([int(code[1], 16)]), found[1])
        yield plain.decode("latin-1")


def _unfold(stream: bytes, most: int) -> bytes:
    """A compressed batch of objects. Only Flate is read: whoever uses another filter there has something to hide."""
    unzip = zlib.decompressobj()
    text = unzip.decompress(stream.removeprefix(b"\r").removeprefix(b"\n"), max(most, 1))
    if unzip.unconsumed_tail:
        raise InputError("PDF展开后过大，请打印为新的PDF / the PDF unfolds to too much: print it to a new one")
    return text
