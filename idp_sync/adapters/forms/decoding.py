"""Bytes → text: UTF-8 and UTF-16 by their marks, strict UTF-8, then GB 18030.

Never the codec gb2312: it makes the middle dot of names (A1A4) a Katakana dot, and gbk does not know the rare
characters.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

from idp_sync.domain.errors import InputError

_MARKS: Final = (
    # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: what no text file holds: control characters but tab, line ends, form feed and the old end-of-file mark
_BINARY: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x19\x1b-\x1f\x7f]")

_UNDECODABLE: Final = (
    "文字编码无法识别，请用 UTF-8 或 GB 18030 保存后再提交 / neither UTF-8 nor UTF-16 with a mark nor GB 18030"
)


def decode(content: bytes) -> str:
    """The text of a file.

    Raises:
        InputError: it is in none of these encodings, or holds NUL or other control characters.
    """
    text = _decoded(content)
    control = _BINARY.search(text)
    if control is not None:
        raise InputError(
            f"文件含有控制字符 U+{ord(control.group()):04X}，不是文本文件，已拒绝 / control characters: not a text file"
        )
    return text.removesuffix("\x1a")


def _decoded(content: bytes) -> str:
    marked = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    for encoding in (marked,) if marked is not None else ("utf-8", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(_UNDECODABLE)
