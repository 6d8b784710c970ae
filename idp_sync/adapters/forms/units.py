"""The unit that an application comes from, out of the words of a form or a document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from idp_sync.adapters.forms.grid import compact, shown
from idp_sync.domain.district import Districts
from idp_sync.domain.errors import InputError
from idp_sync.domain.unit import DocumentType, Level, OrganisationType, Unit, UserClass

_Word = TypeVar("_Word", bound=StrEnum)

_DISTRICT_CODE: Final = re.compile(r"(?<![0-9])[0-9]{6}(?![0-9])")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitWords:
    """What was written about the unit; empty where nothing was."""

    name: str = ""
    user_class: str = ""
    level: str = ""
    district: str = ""
    organisation_type: str = ""
    document_type: str = ""
    credit_code: str = ""
    organisation_code: str = ""


def user_class_of(words: str) -> UserClass | None:
    """管理单位 or 企业, also with 用户 behind it; None for anything else."""
    return _find(UserClass, compact(words).removesuffix("用户"))


def unit_of(words: UnitWords) -> Unit:
    """The unit in domain words.

    Fields that are not of the unit's class are left out: an enterprise has no level and no district.

    Raises:
        InputError: something that must be known of a unit is missing, or is no word of the regulation.
    """
    _require({"单位名称/name": words.name, "用户类别/class": words.user_class})
    user_class = user_class_of(words.user_class)
    if user_class is None:
        raise _unknown(UserClass, words.user_class, "用户类别/class")
    return _management(words) if user_class is UserClass.MANAGEMENT else _enterprise(words)


def _management(words: UnitWords) -> Unit:
    _require({"级别/level": words.level})
    level = _read(Level, words.level, "级别/level")
    if level is Level.DISTRICT:
        _require({"区/district": words.district})
        if not _DISTRICT_CODE.fullmatch(words.district):
            raise InputError(
                f"区/district：“{shown(words.district, 20)}”不是区划代码，也不是已知的区名 / not a known district"
            )
    elif words.district:
        # the level decides which permissions there are: a contradiction is not to be guessed away
        raise InputError("区/district：市级单位不填 / a city unit has no district")
    return Unit(
        name=words.name,
        user_class=UserClass.MANAGEMENT,
        level=level,
        district=words.district or None,
        credit_code=words.credit_code or None,
        organisation_code=words.organisation_code or None,
    )


def _enterprise(words: UnitWords) -> Unit:
    _require({"机构类型/org_type": words.organisation_type, "材料类型/document_type": words.document_type})
    return Unit(
        name=words.name,
        user_class=UserClass.ENTERPRISE,
        organisation_type=_read(OrganisationType, words.organisation_type, "机构类型/org_type"),
        document_type=_read(DocumentType, words.document_type, "材料类型/document_type"),
        credit_code=words.credit_code or None,
        organisation_code=words.organisation_code or None,
    )


def _require(fields: Mapping[str, str]) -> None:
    missing = [field for field, written in fields.items() if not written]
    if missing:
        raise InputError(
            f"缺少单位信息：{'、'.join(missing)}（管理单位须有级别，区级须有区；企业须有机构类型、材料类型）"
            " / what is not known of the unit"
        )


def _read(words: type[_Word], written: str, field: str) -> _Word:
    found = _find(words, written)
    if found is None:
        raise _unknown(words, written, field)
    return found


def _unknown(words: type[StrEnum], written: str, field: str) -> InputError:
    allowed = "、".join(map(_zh, words))
    return InputError(f"{field}：“{shown(written, 20)}”应为 {allowed} / must be one of these")


def _find(words: type[_Word], written: str) -> _Word | None:
    # the annex writes 其它, Article 2 writes 其他
    wanted = compact(written).replace("其他", "其它")
    return next((word for word in words if _zh(word) == wanted), None)


def _zh(word: StrEnum) -> str:
    return str(getattr(word, "zh", word))


def district_code(written: str, districts: Districts | None) -> str:
    """The code of a district that is written as code, as name, or as both; as written where neither is known."""
    code = _DISTRICT_CODE.search(written)
    if code is not None:
        return code.group()
    known = districts.districts if districts is not None else ()
    name = compact(written)
    return next((district.code for district in known if district.name == name), written)
