"""Hostile and broken files: each gives one clear line, quickly and without memory, and nothing is ever raised."""

from __future__ import annotations

import csv
import io
import resource
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final
from xml.sax import SAXParseException
from xml.sax.xmlreader import Locator

import defusedxml.common
import docx.exceptions
import docx.opc.exceptions
import openpyxl.utils.exceptions
import pydantic
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from idp_sync.adapters.forms import Reader
from idp_sync.adapters.forms.guard import REASONS, understood
from idp_sync.domain.errors import InputError, NotFound
from idp_sync.ports import Bound, Incoming, Unreadable

SAMPLES: Final = Path(__file__).parents[2] / "cases" / "forms"
GOOD: Final = (SAMPLES / "a3-chaoyang.xlsx").read_bytes()
GOOD_DOCX: Final = (SAMPLES / "a3-city.docx").read_bytes()
SHEET: Final = "xl/worksheets/sheet1.xml"
MIB: Final = 1024 * 1024


def reason(content: bytes, name: str = "申请.xlsx", bound: Bound | None = None) -> str:
    (item,) = Reader(bound=bound or Bound()).read(name, content)
    assert isinstance(item, Unreadable), item
    assert item.source == name
    assert " / " in item.reason
    assert "\n" not in item.reason
    return item.reason


def changed(content: bytes = GOOD, **parts: bytes | None) -> bytes:
    """The file with parts put in; None takes one away. Names are given as they are, through a dictionary."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name in archive.namelist():
            if name not in parts:
                made.writestr(name, archive.read(name))
        for name, part in parts.items():
            if part is not None:
                made.writestr(name, part)
    return buffer.getvalue()


def with_dtd(content: bytes, name: str, dtd: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        part = archive.read(name)
    head, found, rest = part.partition(b"?>")
    body = rest if found else part
    return changed(content, **{name: (head + b"?>" if found else b"") + dtd + body})


# --- what it is not --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "文件是空的"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "旧格式（.doc、.xls）或加密的文件"),
        (b"%PDF-1.7 ...", "PDF 文件不能作为申请表读取"),
        (b"\x89PNG\r\n\x1a\n", "PNG 文件不能作为申请表读取"),
        (b"MZ\x90\x00", "Windows program 文件不能作为申请表读取"),
        (b"PK\x03\x04", "文件已损坏或不完整"),
        (b"PK\x05\x06" + bytes(18), "不是 .xlsx 或 .docx"),
        (GOOD[: len(GOOD) // 2], "文件已损坏或不完整"),
        (GOOD[:-30], "文件已损坏或不完整"),
        (b"\x00\x01\x02\x03", "文件含有控制字符"),
    ],
)
def test_what_is_no_form_is_said(content: bytes, says: str) -> None:
    assert reason(content).startswith(says)


def test_name_is_shown_harmlessly() -> None:
    (item,) = Reader().read("a\x1b[2J\nb\u202e" + "x" * 300, b"")
    assert item.source.startswith("a�[2J b�xxx")
    assert len(item.source) == 200


def test_file_larger_than_the_bound() -> None:
    assert reason(bytes(2 * MIB), bound=Bound(file_bytes=MIB)).startswith("文件超过 1 MiB")


# --- bombs -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def gigabyte() -> bytes:
    """A real workbook with a sheet of 1 GiB."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(GOOD)) as archive,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made,
    ):
        for name in archive.namelist():
            if name != SHEET:
                made.writestr(name, archive.read(name))
        with made.open(SHEET, "w", force_zip64=True) as part:
            blank = b" " * MIB
            for _ in range(1024):
                part.write(blank)
    return buffer.getvalue()


def test_gigabyte_is_refused_within_a_second_and_without_memory(gigabyte: bytes) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    said = reason(gigabyte)
    assert time.process_time() - began < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024
    assert said.startswith("解压后有 1024 MiB，超过 100 MiB")


def test_gigabyte_that_lies_about_its_size(gigabyte: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(gigabyte)) as archive:
        size = archive.getinfo(SHEET).file_size
    # in the central directory, by which everybody unpacks
    lying = gigabyte.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert lying != gigabyte
    began = time.process_time()
    assert reason(lying).startswith("文件已损坏或不完整")
    assert time.process_time() - began < 1


def test_ratio_that_no_form_has() -> None:
    assert "压缩比异常" in reason(changed(**{"xl/media/a.png": bytes(20 * MIB)}))


def test_too_many_parts() -> None:
    many = {f"xl/media/{number}.png": b"x" for number in range(1_001)}
    assert "个文件，已拒绝" in reason(changed(**many))


def test_too_many_elements_and_too_deep() -> None:
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        sheet = archive.read(SHEET)
    wide = sheet.replace(b"<sheetData>", b"<sheetData>" + b"<row/>" * 400_001)
    loose = Bound(unzipped_bytes=200 * MIB)
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive, zipfile.ZipFile(buffer, "w") as made:
        for name in archive.namelist():
            made.writestr(name, wide if name == SHEET else archive.read(name))
    assert "文件内容过多或嵌套过深" in reason(buffer.getvalue(), bound=loose)
    deep = b"<a>" * 300 + b"</a>" * 300
    assert "文件内容过多或嵌套过深" in reason(changed(**{"customXml/item1.xml": deep}))


def test_nested_archive() -> None:
    assert "内嵌了其他文件" in reason(changed(**{"xl/media/image1.png": GOOD}))


# --- traps -----------------------------------------------------------------------------------------------------------

EXTERNAL: Final = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    b'<Relationship Id="r1" TargetMode="External" Target="http://example.invalid/x" '
    b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/%s"/></Relationships>'
)


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"xl/vbaProject.bin": b"x"}, "文件带有宏"),
        ({"xl/macrosheets/sheet1.xml": b"<a/>"}, "文件带有宏"),
        ({"xl/embeddings/oleObject1.bin": b"x"}, "文件带有内嵌对象"),
        ({"word/activeX/activeX1.bin": b"x"}, "文件带有内嵌对象"),
        ({"xl/externalLinks/externalLink1.xml": b"<a/>"}, "文件带有外部链接"),
        ({"xl/connections.xml": b"<a/>"}, "文件带有外部链接"),
        ({"xl/_rels/x.xml.rels": EXTERNAL % b"attachedTemplate"}, "文件带有外部链接（attachedTemplate）"),
        ({"xl/_rels/x.xml.rels": EXTERNAL.replace(b"External", b"Internal") % b"oleObject"}, "文件带有内嵌或外部对象"),
        ({"../../etc/passwd": b"x"}, "压缩包内的文件名“../../etc/passwd”不合法"),
        ({"/etc/passwd": b"x"}, "压缩包内的文件名"),
        ({"..\\evil": b"x"}, "压缩包内的文件名"),
        ({"C:evil": b"x"}, "压缩包内的文件名"),
        ({"XL/WORKBOOK.XML": b"<a/>"}, "压缩包内有重名文件"),
        ({"customXml/item1.xml": b"<a>"}, "文件的 XML 已损坏"),
        ({"xl/workbook.xml": None}, "文件结构异常"),
        ({"xl/workbook.xml": b"<a/>"}, "工作簿中没有填写任何可见的工作表"),
        ({SHEET: b"<a/>"}, "工作簿中没有填写任何可见的工作表"),
        ({"[Content_Types].xml": b"<Types/>"}, "既不是工作簿也不是文档"),
        ({"[Content_Types].xml": None}, "不是 .xlsx 或 .docx"),
    ],
)
def test_traps_are_refused(parts: dict[str, bytes | None], says: str) -> None:
    assert reason(changed(**parts)).startswith(says)


def test_hyperlinks_are_no_trap() -> None:
    (item,) = Reader().read("申请.xlsx", changed(**{"xl/_rels/x.xml.rels": EXTERNAL % b"hyperlink"}))
    assert isinstance(item, Incoming)


def test_macro_content_type_without_macros() -> None:
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        types = archive.read("[Content_Types].xml")
    types = types.replace(
        b"openxmlformats-officedocument.spreadsheetml.sheet.main", b"ms-excel.sheet.macroEnabled.main"
    )
    assert reason(changed(**{"[Content_Types].xml": types})).startswith("启用宏的文件")


def test_dde_formula() -> None:
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        sheet = archive.read(SHEET)
    cell = b'<row r="99"><c r="A99"><f>cmd|\'/C calc\'!A0</f></c></row></sheetData>'
    assert "DDE" in reason(changed(**{SHEET: sheet.replace(b"</sheetData>", cell)}))


BILLION_LAUGHS: Final = b'<!DOCTYPE a [<!ENTITY b "xx"><!ENTITY c "&b;&b;&b;">]>'
OUTSIDE: Final = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("dtd", [BILLION_LAUGHS, OUTSIDE, b"<!DOCTYPE a>"])
@pytest.mark.parametrize(
    ("content", "part"),
    [
        (GOOD, SHEET),
        (GOOD, "xl/styles.xml"),
        (GOOD, "[Content_Types].xml"),
        (GOOD_DOCX, "word/document.xml"),
        (GOOD_DOCX, "word/_rels/document.xml.rels"),
    ],
)
def test_dtd_is_refused_in_every_part(content: bytes, part: str, dtd: bytes) -> None:
    assert reason(with_dtd(content, part, dtd)).startswith("文件的 XML 含有 DTD 或实体定义")


def flagged(content: bytes, change: Callable[[bytearray, int], None]) -> bytes:
    """The file with something changed in the first entry of its central directory."""
    raw = bytearray(content)
    change(raw, raw.find(b"PK\x01\x02"))
    return bytes(raw)


def test_encrypted_and_oddly_packed_entries() -> None:
    def encrypted(raw: bytearray, at: int) -> None:
        raw[at + 8] |= 1

    def bzip2(raw: bytearray, at: int) -> None:
        raw[at + 10] = 12

    assert reason(flagged(GOOD, encrypted)).startswith("文件已加密")
    assert reason(flagged(GOOD, bzip2)).startswith("压缩方式不是 Office 所用")


# --- nothing is ever raised ------------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(name=st.text(max_size=20), content=st.binary(max_size=400))
def test_arbitrary_bytes_never_raise(name: str, content: bytes) -> None:
    assert all(isinstance(item, Incoming | Unreadable) for item in Reader().read(name, content))


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=200), name=st.sampled_from(["a.csv", "a.json", "a.jsonl", "a.yaml", "a"]))
def test_arbitrary_text_never_raises(name: str, text: str) -> None:
    content = text.encode("utf-8", "surrogatepass")
    assert all(isinstance(item, Incoming | Unreadable) for item in Reader().read(name, content))


@settings(max_examples=100, deadline=None)
@given(
    sample=st.sampled_from([GOOD, GOOD_DOCX]),
    where=st.floats(min_value=0, max_value=1, exclude_max=True),
    byte=st.integers(min_value=0, max_value=255),
)
def test_damaged_office_files_never_raise(sample: bytes, where: float, byte: int) -> None:
    damaged = bytearray(sample)
    damaged[int(where * len(damaged))] = byte
    items = list(Reader().read("申请", bytes(damaged)))
    assert items
    assert all(isinstance(item, Incoming | Unreadable) for item in items)


@settings(max_examples=60, deadline=None)
@given(where=st.floats(min_value=0, max_value=1, exclude_max=True), junk=st.binary(min_size=1, max_size=12))
def test_damaged_sheets_within_whole_archives_never_raise(where: float, junk: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        sheet = archive.read(SHEET)
    place = int(where * len(sheet))
    items = list(Reader().read("申请", changed(**{SHEET: sheet[:place] + junk + sheet[place + len(junk) :]})))
    assert items
    assert all(isinstance(item, Incoming | Unreadable) for item in items)


# --- the map of exceptions -------------------------------------------------------------------------------------------


def exceptions_of(*modules: object) -> list[type[Exception]]:
    return [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Exception) and not issubclass(value, Warning)
    ]


UPSTREAM: Final = sorted(
    {
        *exceptions_of(defusedxml.common, docx.exceptions, docx.opc.exceptions, openpyxl.utils.exceptions),
        *exceptions_of(yaml.error, yaml.scanner, yaml.parser, yaml.reader, yaml.composer),
        csv.Error,
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        zlib.error,
        EOFError,
        RecursionError,
        etree.XMLSyntaxError,
        pydantic.ValidationError,
    },
    key=lambda type_: f"{type_.__module__}.{type_.__qualname__}",
)


def instance(type_: type[Exception]) -> Exception:
    """An exception of that class, whatever its constructor wants."""
    if type_ is etree.XMLSyntaxError:
        return etree.XMLSyntaxError("x", 1, 1, 1)
    if type_ is pydantic.ValidationError:
        return pydantic.ValidationError.from_exception_data("x", [])
    return type_.__new__(type_)


@pytest.mark.parametrize("type_", UPSTREAM)
def test_every_exception_of_the_libraries_is_mapped(type_: type[Exception]) -> None:
    error = instance(type_)
    with pytest.raises(InputError) as caught, understood():
        raise error
    assert caught.value.__cause__ is error
    assert " / " in str(caught.value)


def test_reasons_are_particular() -> None:
    with pytest.raises(InputError, match="XML 已损坏"), understood():
        raise SAXParseException("x", None, Locator())
    assert len({reason_ for _, reason_ in REASONS}) == len(REASONS)


def test_our_own_errors_and_lack_of_memory_pass() -> None:
    for error in (NotFound("没有"), InputError("如此"), MemoryError(), KeyboardInterrupt()):
        with pytest.raises(type(error)) as caught, understood():
            raise error
        assert caught.value is error
