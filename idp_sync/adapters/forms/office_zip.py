"""The hardened opening of XLSX and DOCX: nothing reaches openpyxl or python-docx that was not looked at here.

Refused, each with one line: what is not a whole ZIP file of a sheet or a document; what unpacks to more than the bound,
or at a ratio that no form has; macros, embedded objects, external links, DDE; names that lead out of the archive; XML
with a DTD. The parsers get a new archive, made of exactly the parts that were checked.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml import sax

from idp_sync.adapters.forms.grid import shown
from idp_sync.adapters.forms.guard import understood
from idp_sync.domain.errors import InputError
from idp_sync.ports import Bound

#: a form has some 15 to 60 parts
MOST_ENTRIES: Final = 1_000
#: the XML of large blank sheets shrinks to a fiftieth; bombs to a thousandth
MOST_RATIO: Final = 200
#: smaller parts may shrink as they like
RATIO_MATTERS_FROM: Final = 1024 * 1024
#: of all XML parts together; 10,000 rows of Annex 5, whose cells are all filled, have 170,000
MOST_ELEMENTS: Final = 400_000
MOST_DEPTH: Final = 200

_CHUNK: Final = 1024 * 1024
_ENCRYPTED_FLAG: Final = 0x1
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_NESTED: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_CONTENT_TYPES: Final = "[Content_Types].xml"


class OfficeKind(StrEnum):
    """What the main part is."""

    XLSX = "spreadsheetml.sheet.main+xml"
    DOCX = "wordprocessingml.document.main+xml"


#: parts that a form has no business to carry: pattern of the name, and what it is in Chinese and in English
_FORBIDDEN_PARTS: Final = (
    (re.compile(r"vbaproject|vbadata|macrosheets/", re.IGNORECASE), "宏", "macros"),
    (re.compile(r"/(embeddings|activex|ctrlprops)/", re.IGNORECASE), "内嵌对象", "embedded objects"),
    (re.compile(r"/externallinks/|/connections\.xml|/querytables/", re.IGNORECASE), "外部链接", "external links"),
)
#: `INCLUDETEXT`, `DDEAUTO` and the like fetch from elsewhere when the reviewer opens the file
_FETCHING_FIELD: Final = re.compile(r"\b(DDE|DDEAUTO|INCLUDETEXT|INCLUDEPICTURE|LINK|IMPORT)\b", re.IGNORECASE)
#: =cmd|'/C calc'!A0
_DDE_FORMULA: Final = re.compile(r"\w\s*\|.*!")


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """An Office file that was found harmless."""

    kind: OfficeKind
    parts: Mapping[str, bytes]
    #: by sheet part, the merged ranges (A1:C3)
    merged: Mapping[str, Sequence[str]]
    #: by sheet part, the last row with something in it
    last_rows: Mapping[str, int]
    #: has insertions or deletions that nobody has accepted
    has_revisions: bool

    def repacked(self) -> io.BytesIO:
        """A new archive of the checked parts, without document properties: parsers stumble over odd dates there."""
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in self.parts.items():
                if not name.startswith("docProps/") or self.kind is OfficeKind.DOCX:
                    archive.writestr(name, content)
        file.seek(0)
        return file


def open_package(content: bytes, bound: Bound) -> Package:
    """Unpack and check an Office file.

    Raises:
        InputError: it is not one, or is refused; the message says why.
    """
    with understood(), zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        _check_directory(entries, bound)
        kind = _kind(archive)
        parts = {entry.filename: _part(archive, entry) for entry in entries}
        return _inspected(kind, parts)


def _check_directory(entries: Sequence[zipfile.ZipInfo], bound: Bound) -> None:
    """What the archive says of itself, before anything is unpacked."""
    if len(entries) > MOST_ENTRIES:
        raise InputError(f"压缩包内有 {len(entries)} 个文件，已拒绝 / {len(entries)} parts are too many, refused")
    if len({entry.filename.lower() for entry in entries}) != len(entries):
        raise InputError("压缩包内有重名文件，已拒绝 / parts of the same name, refused")
    for entry in entries:
        _check_entry(entry)
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > bound.unzipped_bytes or any(_is_bomb(entry) for entry in entries):
        raise InputError(
            f"解压后有 {_mib(unpacked)} MiB，超过 {_mib(bound.unzipped_bytes)} MiB 或压缩比异常，已拒绝"
            f" / unpacks to {_mib(unpacked)} MiB, too much or at a suspicious ratio, refused"
        )


def _mib(size: int) -> int:
    return size // (1024 * 1024)


def _is_bomb(entry: zipfile.ZipInfo) -> bool:
    return entry.file_size > RATIO_MATTERS_FROM and entry.file_size > MOST_RATIO * max(entry.compress_size, 1)


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    if entry.flag_bits & _ENCRYPTED_FLAG:
        raise InputError("文件已加密，请取消密码后再提交 / encrypted: remove the password")
    if entry.compress_type not in _METHODS:
        raise InputError("压缩方式不是 Office 所用，已拒绝 / compressed in a way that Office does not use, refused")
    if name.startswith("/") or ".." in name.split("/") or re.search(r"[\\:\x00-\x1f]", name):
        raise InputError(f"压缩包内的文件名“{shown(name)}”不合法，已拒绝 / a part's name leads elsewhere, refused")
    for pattern, zh, en in _FORBIDDEN_PARTS:
        if pattern.search("/" + name):
            raise InputError(f"文件带有{zh}（{shown(name)}），已拒绝，请删除后另存再提交 / {en}, refused")


def _part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """One part, not a byte more than the archive declared; pictures are unpacked, and then left out."""
    with archive.open(entry) as file:
        content = file.read(entry.file_size)
        # the end makes zipfile compare the checksum: a part that is longer than declared fails here
        file.read(_CHUNK)
    if content.startswith(_NESTED):
        raise InputError(f"文件内嵌了其他文件（{shown(entry.filename)}），已拒绝 / a file within the file, refused")
    return content if _is_xml(entry.filename) else b""


def _is_xml(name: str) -> bool:
    return name.lower().endswith((".xml", ".rels", ".vml"))


def _kind(archive: zipfile.ZipFile) -> OfficeKind:
    if _CONTENT_TYPES not in archive.namelist():
        raise InputError(
            "不是 .xlsx 或 .docx（可能是普通压缩包或其他办公格式），请另存后提交 / a ZIP file, but no .xlsx or .docx"
        )
    inspector = _Inspector()
    _parse(_part(archive, archive.getinfo(_CONTENT_TYPES)), inspector)
    if any("macroenabled" in type_.lower() for type_ in inspector.content_types):
        raise InputError(
            "启用宏的文件，已拒绝，请另存为 .xlsx 或 .docx / macro-enabled, refused: save as .xlsx or .docx"
        )
    kind = next((k for k in OfficeKind if any(t.endswith(k.value) for t in inspector.content_types)), None)
    if kind is None:
        raise InputError("既不是工作簿也不是文档，请另存为 .xlsx 或 .docx / neither a workbook nor a document")
    return kind


def _inspected(kind: OfficeKind, parts: Mapping[str, bytes]) -> Package:
    merged: dict[str, Sequence[str]] = {}
    last_rows: dict[str, int] = {}
    elements = 0
    has_revisions = False
    for name, content in parts.items():
        if not _is_xml(name):
            continue
        inspector = _Inspector(elements)
        _parse(content, inspector)
        inspector.refuse_fetching()
        elements = inspector.elements
        has_revisions = has_revisions or inspector.has_revisions
        merged[name] = inspector.merged
        last_rows[name] = inspector.last_row
    return Package(kind=kind, parts=parts, merged=merged, last_rows=last_rows, has_revisions=has_revisions)


def _parse(content: bytes, inspector: _Inspector) -> None:
    sax.parseString(content, inspector, forbid_dtd=True)


class _Inspector(ContentHandler):
    """Looks at the XML of one part as it streams by: nothing is built in memory."""

    def __init__(self, elements: int = 0) -> None:
        super().__init__()
        self.elements = elements
        self.content_types: list[str] = []
        self.merged: list[str] = []
        self.last_row = 0
        self.has_revisions = False
        self._depth = 0
        self._row = 0
        #: «instrText» or «f», while within one
        self._within = ""
        self._field_code: list[str] = []
        self._formula: list[str] = []

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802 - named by xml.sax
        self.elements += 1
        self._depth += 1
        if self.elements > MOST_ELEMENTS or self._depth > MOST_DEPTH:
            raise InputError("文件内容过多或嵌套过深，请删除空白行列后再提交 / too much or too deeply nested, refused")
        local = name.rpartition(":")[2]
        look = _LOOKS.get(local)
        if look is not None:
            look(self, local, attrs)

    def endElement(self, name: str) -> None:  # noqa: N802 - named by xml.sax
        self._depth -= 1
        if self._within and name.rpartition(":")[2] == self._within:
            self._within = ""

    def characters(self, content: str) -> None:
        if self._within == "instrText":
            self._field_code.append(content)
        elif self._within == "f":
            self._formula.append(content)

    def refuse_fetching(self) -> None:
        """Raise InputError where a field or a formula fetches from elsewhere."""
        # a field code may be cut into several runs at any place
        if _FETCHING_FIELD.search("".join(self._field_code)) or _DDE_FORMULA.search("".join(self._formula)):
            raise InputError(
                "文件带有 DDE 或外部引用的域，已拒绝，请删除后另存再提交 / DDE or a field that fetches, refused"
            )

    def content_type(self, _local: str, attrs: AttributesImpl) -> None:
        """Default and Override of the content types."""
        self.content_types.append(attrs.get("ContentType", ""))

    def relationship(self, _local: str, attrs: AttributesImpl) -> None:
        """Only hyperlinks may lead outside; nobody follows them here."""
        type_ = attrs.get("Type", "").rpartition("/")[2]
        if attrs.get("TargetMode", "").lower() == "external" and type_ != "hyperlink":
            raise InputError(f"文件带有外部链接（{shown(type_)}），已拒绝，请删除后另存再提交 / external link, refused")
        if type_ in {"oleObject", "package", "vbaProject", "externalLink"}:
            raise InputError(
                f"文件带有内嵌或外部对象（{type_}），已拒绝，请删除后另存再提交 / embedded object, refused"
            )

    def merge(self, _local: str, attrs: AttributesImpl) -> None:
        """A merged range of a sheet."""
        self.merged.append(attrs.get("ref", ""))

    def row(self, _local: str, attrs: AttributesImpl) -> None:
        """A row of a sheet; r may be missing."""
        number = attrs.get("r", "")
        self._row = int(number) if re.fullmatch(r"[0-9]{1,9}", number) else self._row + 1

    def value(self, local: str, _attrs: AttributesImpl) -> None:
        """A value, an inline text or a formula of a cell."""
        self.last_row = max(self.last_row, self._row)
        if local == "f":
            self._within = local
            self._formula.append("\n")

    def revision(self, _local: str, _attrs: AttributesImpl) -> None:
        """An insertion, deletion or move that nobody has accepted."""
        self.has_revisions = True

    def field(self, local: str, attrs: AttributesImpl) -> None:
        """A field code of a document."""
        if local == "instrText":
            self._within = local
        self._field_code.append(attrs.get("w:instr", ""))


_LOOKS: Final = {
    "Default": _Inspector.content_type,
    "Override": _Inspector.content_type,
    "Relationship": _Inspector.relationship,
    "mergeCell": _Inspector.merge,
    "row": _Inspector.row,
    "v": _Inspector.value,
    "is": _Inspector.value,
    "f": _Inspector.value,
    "ins": _Inspector.revision,
    "del": _Inspector.revision,
    "moveFrom": _Inspector.revision,
    "moveTo": _Inspector.revision,
    "instrText": _Inspector.field,
    "fldSimple": _Inspector.field,
}
