"""The fields around the table: 单位盖章, 联系人：, 联系电话：, 负责人签字:, and our own additions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

from idp_sync.adapters.forms.grid import Cell, Line, compact
from idp_sync.domain.application import Form


class Label(StrEnum):
    """The fields, by what stands before them."""

    #: the title, where it is not written as one
    TITLE = "表名"
    NUMBER = "申请编号"
    RECEIVED_BY = "受理部门"
    RECEIVED_ON = "受理日期"
    UNIT = "单位名称"
    USER_CLASS = "用户类别"
    LEVEL = "级别"
    DISTRICT = "区"
    ORGANISATION_TYPE = "机构类型"
    DOCUMENT_TYPE = "材料类型"
    CREDIT_CODE = "统一社会信用代码"
    ORGANISATION_CODE = "组织机构代码"
    STAMP = "单位盖章"
    CONTACT = "联系人"
    PHONE = "联系电话"
    SIGNED_BY = "负责人签字"
    OPINION = "审核意见"
    DATE = "日期"
    #: the words of a written request
    TEXT = "申请内容"
    #: only as a default: on a form, the commitment is there if its words are
    COMMITMENT = "承诺"


_ALIASES: Final[Mapping[str, Label]] = {
    "单位（盖章）": Label.STAMP,
    "单位(盖章)": Label.STAMP,
    "单位公章": Label.STAMP,
    "用户类型": Label.USER_CLASS,
    "单位类别": Label.USER_CLASS,
    "单位级别": Label.LEVEL,
    "所在区": Label.DISTRICT,
    "区县": Label.DISTRICT,
    "证明材料类型": Label.DOCUMENT_TYPE,
    "审核日期": Label.DATE,
}
_LABELS: Final[Mapping[str, Label]] = {**{label.value: label for label in Label}, **_ALIASES}
#: printed without a colon, so that the words may follow after a blank
_WITHOUT_COLON: Final = ("单位盖章", "审核意见")


def _spaced(name: str) -> str:
    return r"[^\S\n]*".join(map(re.escape, name))


_LONGEST_FIRST: Final = sorted(_LABELS, key=len, reverse=True)
#: a label begins a text or follows a blank or a mark, so that 朝阳区： and 郑重承诺： are none
_PATTERN: Final = re.compile(
    r"(?<![^\s，,；;。|])(?:"
    rf"(?P<colon>{'|'.join(map(_spaced, _LONGEST_FIRST))})[^\S\n]*[:：]"
    rf"|(?P<bare>{'|'.join(map(_spaced, _WITHOUT_COLON))})(?=\s))"
)

#: how people say yes on a form
_YES: Final = frozenset(
    {"是", "有", "√", "✓", "✔", "☑", "已盖章", "已盖", "已核验", "已核", "齐全", "true", "yes", "y", "1", "对"}
)
_TICKED_YES: Final = re.compile(r"[√✓✔☑](是|有|已)")
#: how people say that a field does not apply
_NOTHING: Final = frozenset({"", "/", "-", "—", "——", "无", "null"})

#: year first, as the forms and people write dates
_DATE: Final = re.compile(r"([0-9]{4})[-年./]([0-9]{1,2})[-月./]([0-9]{1,2})日?")

_TITLES: Final[Mapping[str, Form]] = {
    **{form.zh: form for form in Form},
    # as Article 5 (1) 2 calls it, against the form itself
    "用户及密钥换领表": Form.KEY_REPLACEMENT,
}
#: what stands around a title: «附件3：» before it, «（2025年）» behind it
_DRESS: Final = re.compile(r"^附件[0-9一二三四五六七八九十]*[:：、.]?|[(（][^()（）]*[)）]$")
_LONGEST_TITLE: Final = 40


def title_in(line: Line) -> Form | None:
    """The form whose title stands in a line; None where none does.

    A title begins its cell, but for the number of the annex, or ends a cell that is alone in its line (北京市…申请表).
    Words that only mention a form («见用户及密钥申请表») are none.
    """
    filled = [compact(cell.text) for cell in line if not cell.is_blank and not cell.covered]
    for text in filled:
        bare = _DRESS.sub("", text)
        alone = len(filled) == 1 and len(bare) <= _LONGEST_TITLE
        for title, form in _TITLES.items():
            if bare.startswith(title) or (alone and bare.endswith(title)):
                return form
    return None


def form_named(words: str) -> Form | None:
    """The form of that title or code (A3, ENT-NEW)."""
    words = compact(words)
    return _TITLES.get(words) or next((form for form in Form if form.value == words.upper()), None)


def labels_in(text: str) -> list[tuple[Label, str]]:
    """The labels in a text, each with what stands behind it, to the next one; empty where there is none.

    A text that is nothing but a label, with or without colon, has that label with nothing behind it.
    """
    alone = _LABELS.get(compact(text).rstrip(":："))
    if alone is not None:
        return [(alone, "")]
    matches = list(_PATTERN.finditer(text))
    ends = [*(match.start() for match in matches[1:]), len(text)][: len(matches)]
    return [
        (_LABELS[compact(match["colon"] or match["bare"])], text[match.end() : end].strip(" \t\n\r\u3000，,；;|"))
        for match, end in zip(matches, ends, strict=True)
    ]


def fields_in(line: Line) -> Iterator[tuple[Label, Cell]]:
    """The fields of a line: what stands behind the label in its cell, else in the next filled cell."""
    waiting: Label | None = None
    for cell in line:
        if cell.covered or cell.is_blank:
            continue
        found = labels_in(cell.text)
        if not found and waiting is not None:
            yield waiting, cell
            waiting = None
        for label, value in found:
            yield label, Cell(text=value)
        if found:
            waiting = None if found[-1][1] else found[-1][0]


def says_yes(text: str) -> bool:
    """Whether somebody wrote yes: 是, 有, √, 已盖章 and the like; anything else is no."""
    words = compact(text).lower()
    return words in _YES or _TICKED_YES.search(words) is not None


def given(text: str) -> str:
    """What was written, or nothing where the field was struck out («/», «无»)."""
    return "" if compact(text).lower() in _NOTHING else text.strip()


def iso_date(text: str) -> str:
    """A date written year first, as ISO; whether there is such a day is not looked at. Anything else as it stands."""
    match = _DATE.fullmatch(compact(text))
    if match is None:
        return text.strip()
    year, month, day = match.groups()
    return f"{year}-{month:0>2}-{day:0>2}"
