"""What the libraries raise, in one place, as the one line that a person can act upon."""

from __future__ import annotations

import csv
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from xml.sax import SAXException

import yaml
from defusedxml.common import DefusedXmlException
from docx.exceptions import PythonDocxError
from docx.opc.exceptions import OpcError
from lxml.etree import LxmlError  # type: ignore[import-untyped]
from openpyxl.utils.exceptions import InvalidFileException
from pydantic import ValidationError

from idp_sync.domain.errors import IdpSyncError, InputError

#: the first that fits is taken; a pair is what happened, in Chinese and in English
REASONS: Final[tuple[tuple[tuple[type[Exception], ...], str], ...]] = (
    (
        (DefusedXmlException,),
        "文件的 XML 含有 DTD 或实体定义，已拒绝，请另存后再提交 / XML with a DTD or entities, refused",
    ),
    (
        (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError),
        "文件已损坏或不完整，请重新保存后提交 / the file is damaged or cut off",
    ),
    (
        (SAXException, LxmlError),
        "文件的 XML 已损坏，请重新保存后提交 / the XML within the file is damaged",
    ),
    (
        (InvalidFileException, PythonDocxError, OpcError),
        "不是可读的 .xlsx 或 .docx，请另存后提交 / not a readable .xlsx or .docx",
    ),
    ((RecursionError,), "文件嵌套层数过多，已拒绝 / nested too deeply, refused"),
    ((UnicodeError,), "文字编码无法识别，请用 UTF-8 或 GB 18030 保存 / text that is neither UTF-8 nor GB 18030"),
    (
        (csv.Error,),
        "逗号分隔文件的引号或分隔符有误 / quotes or delimiters of the CSV file are wrong",
    ),
    ((yaml.YAMLError,), "YAML 格式有误 / not well-formed YAML"),
    ((ValidationError,), "字段类型有误 / a field has the wrong type"),
)

_OTHER: Final = "文件结构异常，无法读取，请用 Excel、Word 或 WPS 另存后再提交 / built in a way that can't be read"


def reason_for(error: Exception) -> str:
    """The line for an exception of a library; never quotes the content, which may hold ID numbers."""
    for types, reason in REASONS:
        if isinstance(error, types):
            return reason
    return _OTHER


@contextmanager
def understood() -> Iterator[None]:
    """Turn whatever the libraries raise into InputError; our own errors and MemoryError pass.

    Raises:
        InputError: something was raised within the block.
    """
    try:
        yield
    except (IdpSyncError, MemoryError):
        raise
    # broad: on a hostile file the parsers raise anything (KeyError, TypeError, AttributeError, …)
    except Exception as error:
        raise InputError(reason_for(error)) from error
