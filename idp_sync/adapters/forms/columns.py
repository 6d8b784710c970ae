"""The columns of the forms ↔ the fields of a row, and the permissions that stand in one cell."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from idp_sync.adapters.forms.grid import Line, compact
from idp_sync.domain.application import WHOLE_BUNDLE, Form, Row
from idp_sync.domain.citizen_id import fold_typed
from idp_sync.domain.unit import UserClass

#: of text columns: column → field of Row
TEXT_FIELDS: Final[Mapping[str, str]] = {
    "用户姓名": "name",
    "原用户姓名": "name",
    "性别": "sex",
    "身份证号": "id_number",
    "登录名称": "login",
    "原登录名称": "login",
    "原密钥编号": "key_number",
    "密钥编号": "key_number",
    "现用户姓名": "new_name",
    "备注": "remarks",
    "申请范围": "scope",
}
#: column → field of Row
PERMISSION_FIELDS: Final[Mapping[str, str]] = {
    "申请权限": "permissions",
    "现申请权限": "permissions",
    "原申请权限": "present_permissions",
}
NUMBER: Final = "序号"
#: what was written where no code fits
WORDS: Final = "申请权限原文"

COLUMNS: Final = frozenset({NUMBER, WORDS, *TEXT_FIELDS, *PERMISSION_FIELDS})

#: other names of the columns that are seen on paper
_ALIASES: Final[Mapping[str, str]] = {
    "姓名": "用户姓名",
    "身份证号码": "身份证号",
    "公民身份号码": "身份证号",
    "身份证件号码": "身份证号",
    "登录名": "登录名称",
    "登陆名称": "登录名称",
    "密钥号": "密钥编号",
}

_NEW: Final = frozenset({"序号", "用户姓名", "性别", "身份证号", "申请权限"})
_LOGIN: Final = frozenset({"序号", "用户姓名", "登录名称"})
#: the columns of Annex 3 to 7; the forms of enterprises have those of Annex 3, 5 and 7, without what their
#: type sets anyway
FORM_COLUMNS: Final[Mapping[Form, frozenset[str]]] = {
    Form.NEW_USER: _NEW,
    Form.KEY_REPLACEMENT: _LOGIN | {"原密钥编号", "密钥编号", "申请权限", "备注"},
    Form.USER_RENAME: frozenset(
        {"序号", "密钥编号", "原密钥编号", "原用户姓名", "原登录名称", "现用户姓名", "性别", "身份证号", "申请权限"}
    ),
    Form.PERMISSION_CHANGE: _LOGIN | {"原申请权限", "现申请权限"},
    Form.DEREGISTRATION: _LOGIN,
    Form.ENTERPRISE_NEW: _NEW,
    Form.ENTERPRISE_CHANGE: frozenset(
        {"序号", "密钥编号", "原密钥编号", "原用户姓名", "原登录名称", "现用户姓名", "性别", "身份证号", "备注"}
    ),
    Form.ENTERPRISE_CANCEL: _LOGIN,
    Form.RESTORE: _LOGIN,
    Form.BUSINESS_DELETION: _LOGIN | {"备注"},
}
#: our own additions, on any form
_ADDITIONS: Final = frozenset({"申请范围", WORDS})

#: what tells a form whose title is missing, most particular first
_TELLING: Final[tuple[tuple[str, Form], ...]] = (
    ("现用户姓名", Form.USER_RENAME),
    ("现申请权限", Form.PERMISSION_CHANGE),
    ("原密钥编号", Form.KEY_REPLACEMENT),
    ("身份证号", Form.NEW_USER),
    ("登录名称", Form.DEREGISTRATION),
)
#: what the same columns mean on an enterprise's form
_OF_ENTERPRISES: Final[Mapping[Form, Form]] = {
    Form.NEW_USER: Form.ENTERPRISE_NEW,
    Form.USER_RENAME: Form.ENTERPRISE_CHANGE,
    Form.DEREGISTRATION: Form.ENTERPRISE_CANCEL,
}

_HINT: Final = re.compile(r"[(（][^()（）]*[)）]$")
_CODE: Final = re.compile(r"[A-Z]+(-[A-Z]+)*\.[A-Z]+\.[0-9][0-9]")
_SEPARATORS: Final = re.compile(r"[、，,；;/\n\r]+")
#: between items that carry their own punctuation: «登记受理：拥有…，及…»
_ITEM_SEPARATORS: Final = re.compile(r"[；;\n\r]+")
#: a person's 序号 has no more digits
_NUMBER_TYPED: Final = re.compile(r"[0-9]{1,6}")


def column_named(text: str) -> str | None:
    """The column of that heading, in the form's own words; None where no form has it.

    Blanks, width, a colon, a star and a hint in brackets («身份证号（18位）») make no difference.
    """
    heading = _HINT.sub("", compact(unicodedata.normalize("NFKC", text)).strip(":*"))
    name = _ALIASES.get(heading, heading)
    return name if name in COLUMNS else None


def known_names(line: Line) -> set[str]:
    """The columns that stand in a line."""
    return {name for cell in line if (name := column_named(cell.text)) is not None}


def is_people_header(line: Line) -> bool:
    """Whether it is the header row of a table of people: the column of names and another one."""
    names = known_names(line)
    return bool(names & {"用户姓名", "原用户姓名", "现用户姓名"}) and len(names) > 1


def form_by_columns(names: set[str], user_class: UserClass | None) -> Form | None:
    """The form that has these columns; None where none has."""
    form = next((form for name, form in _TELLING if name in names), None)
    if form is not None and user_class is UserClass.ENTERPRISE:
        return _OF_ENTERPRISES.get(form, form)
    return form


def belongs_on(form: Form, column: str) -> bool:
    """Whether the form has that column."""
    return column in FORM_COLUMNS[form] or column in _ADDITIONS


def row_of(values: Mapping[str, str | Sequence[str]]) -> Row:
    """The row with these cells, by their columns; permissions may be a list of codes and words, or one text."""
    texts = {field: str(values[column]) for column, field in TEXT_FIELDS.items() if column in values}
    asked = {field: values[column] for column, field in PERMISSION_FIELDS.items() if column in values}
    codes, words = split_permissions(asked.get("permissions", ""))
    if isinstance(asked.get("permissions"), str) and words and not codes:
        # the text of an item may have marks of its own: the domain, which knows the items, cuts it
        words = (str(asked["permissions"]).strip(),)
    present_codes, present_words = split_permissions(asked.get("present_permissions", ""))
    own_words = str(values.get(WORDS, "")).strip()
    return Row(
        number=_number(str(values.get(NUMBER, ""))),
        permissions=codes,
        permission_words="、".join((*words, own_words) if own_words else words),
        # the register compares what was held: words are kept among the codes, to be resolved or found wrong there
        present_permissions=(*present_codes, *present_words),
        **texts,
    )


def _number(text: str) -> int:
    return int(text) if _NUMBER_TYPED.fullmatch(text) else 0


def split_permissions(written: str | Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What was written for permissions, as codes (and WHOLE_BUNDLE) and as other words, both in their order."""
    parts = _parts(written) if isinstance(written, str) else [part.strip() for part in written]
    codes: list[str] = []
    words: list[str] = []
    for part in filter(None, parts):
        code = _code(part)
        (words if code is None else codes).append(code or part)
    return tuple(dict.fromkeys(codes)), tuple(dict.fromkeys(words))


def _parts(text: str) -> list[str]:
    """The items of a cell. One that quotes the annex («title：text») is not cut at its own commas."""
    parts: list[str] = []
    for item in _ITEM_SEPARATORS.split(text):
        parts += [item] if re.search("[:：]", item) else _SEPARATORS.split(item)
    return [part.strip() for part in parts]


def _code(part: str) -> str | None:
    folded, _ = fold_typed(part)
    if _CODE.fullmatch(folded):
        return folded
    return WHOLE_BUNDLE if folded.strip("()") == WHOLE_BUNDLE.strip("()") else None
