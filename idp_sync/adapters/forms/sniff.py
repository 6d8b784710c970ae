"""What kind of file it is: by its content; the name decides only between kinds of text."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import PurePath
from typing import Final

from idp_sync.domain.errors import InputError


class Container(StrEnum):
    """How the bytes are packed."""

    #: an Office file of today, to be looked into
    ZIP = "zip"
    TEXT = "text"


class TextKind(StrEnum):
    """What a text is."""

    DELIMITED = "delimited"
    JSON = "json"
    JSON_LINES = "json-lines"
    YAML = "yaml"


_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")

#: files that people send and that nobody can read as a form
_OTHERS: Final = (
    (b"%PDF-", "PDF"),
    (b"{\\rtf", "RTF"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG", "PNG"),
    (b"GIF8", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"MZ", "Windows program"),
    (b"\x7fELF", "program"),
)
_ACCEPTED: Final = ".xlsx、.docx、.csv、.json、.jsonl、.yaml"

_JSON_LINES_NAMES: Final = frozenset({".jsonl", ".ndjson"})
_YAML_NAMES: Final = frozenset({".yaml", ".yml"})
_DELIMITED_NAMES: Final = frozenset({".csv", ".tsv"})
#: «form: A3», with or without a dash before it, or the mark of a document
_YAML_BEGINS: Final = re.compile(r"(---|(- +)?[A-Za-z_]+ *:( |$))")


def container_of(content: bytes) -> Container:
    """How a file is packed.

    Raises:
        InputError: it is empty, encrypted, of an old Office, or of a kind that holds no form.
    """
    if not content.strip():
        raise InputError("文件是空的 / the file is empty")
    if content.startswith(_OLE):
        raise InputError(_ole_reason(content))
    other = next((kind for magic, kind in _OTHERS if content.startswith(magic)), None)
    if other is not None:
        raise InputError(f"{other} 文件不能作为申请表读取，请提交 {_ACCEPTED} / {other} can't be read as a form")
    return Container.ZIP if content.startswith(b"PK") else Container.TEXT


def _ole_reason(content: bytes) -> str:
    if _ENCRYPTED in content:
        return "文件已加密，请取消密码，另存为 .xlsx 或 .docx / encrypted: remove the password, save as .xlsx or .docx"
    return (
        "旧格式（.doc、.xls）或加密的文件，请另存为 .xlsx 或 .docx / encrypted or old .doc/.xls: save as .xlsx or .docx"
    )


def text_kind(name: str, text: str) -> TextKind:
    """What a text is: JSON by its brackets, YAML by its first line or its name, else a delimited table."""
    suffix = PurePath(name).suffix.lower()
    lines = [line for line in text.lstrip().split("\n", 3)[:3] if line.strip()]
    first = lines[0] if lines else ""
    if suffix in _JSON_LINES_NAMES:
        return TextKind.JSON_LINES
    if suffix in _DELIMITED_NAMES:
        return TextKind.DELIMITED
    if suffix in _YAML_NAMES:
        return TextKind.YAML
    if first.startswith(("{", "[")):
        return TextKind.JSON_LINES if _is_lines(lines) else TextKind.JSON
    return TextKind.YAML if _YAML_BEGINS.match(first) else TextKind.DELIMITED


def _is_lines(lines: list[str]) -> bool:
    """Whether a second object begins on the second line: within one JSON document that can't be."""
    return lines[0].startswith("{") and any(line.startswith("{") for line in lines[1:2])
