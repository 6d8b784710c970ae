"""JSON, JSON lines and YAML → applications, in the format that docs/forms.md describes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from idp_sync.adapters.forms.columns import row_of
from idp_sync.adapters.forms.grid import shown
from idp_sync.adapters.forms.guard import understood
from idp_sync.adapters.forms.numbering import with_number
from idp_sync.adapters.forms.units import UnitWords, unit_of
from idp_sync.adapters.forms.yaml_documents import yaml_documents
from idp_sync.domain.account import AccountState
from idp_sync.domain.application import Application, Document, Form, Opinion, Row, numbered
from idp_sync.domain.citizen_id import fold_typed
from idp_sync.domain.errors import InputError
from idp_sync.domain.known import Known, KnownUser
from idp_sync.domain.unit import Unit
from idp_sync.ports import Incoming, Unreadable

# --- the format ------------------------------------------------------------------------------------------------------


def _encodable(text: str) -> str:
    """JSON can write half of a character (\\ud800), which no file and no database takes."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("half of a character")
    return text


def _nothing(value: object) -> object:
    return "" if value is None else value


def _digits(value: object) -> object:
    """A number where digits are meant: an integer has them all, a float shows that it lost some (1.1e+17)."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return str(value)
    return repr(value) if isinstance(value, float) else _nothing(value)


Written = Annotated[str, AfterValidator(_encodable)]
#: text; null is none
Text = Annotated[Written, BeforeValidator(_nothing)]
#: text that is made of digits, and that people write as a number
Digits = Annotated[Written, BeforeValidator(_digits)]
#: a list of codes, or one text with marks between them
Items = Annotated[list[Written] | Written, BeforeValidator(_nothing)]
Flag = Annotated[bool, BeforeValidator(lambda value: False if value is None else value)]


class _Part(BaseModel):
    """A part of the format: types as they are, and no field that it does not know."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=False)


class _Unit(_Part):
    name: Text = ""
    user_class: Text = Field(default="", alias="class")
    level: Text = ""
    district: Digits = ""
    org_type: Text = ""
    document_type: Text = ""
    org_code: Digits = ""
    uscc: Digits = ""


class _Contact(_Part):
    name: Text = ""
    phone: Digits = ""


class _Review(_Part):
    opinion: Text = ""
    date: Text = ""


class _Document(_Part):
    type: Written
    original_checked: Flag = False
    copy_stamped: Flag = False
    checked_by: Text = ""
    checked_on: Text = ""


class _Row(_Part):
    number: int | None = Field(default=None, alias="序号", ge=0, lt=1_000_000)
    name: Text = Field(default="", alias="用户姓名")
    former_name: Text = Field(default="", alias="原用户姓名")
    sex: Text = Field(default="", alias="性别")
    id_number: Digits = Field(default="", alias="身份证号")
    permissions: Items = Field(default="", alias="申请权限")
    new_permissions: Items = Field(default="", alias="现申请权限")
    present_permissions: Items = Field(default="", alias="原申请权限")
    words: Text = Field(default="", alias="申请权限原文")
    login: Digits = Field(default="", alias="登录名称")
    former_login: Digits = Field(default="", alias="原登录名称")
    key_number: Digits = Field(default="", alias="密钥编号")
    former_key_number: Digits = Field(default="", alias="原密钥编号")
    new_name: Text = Field(default="", alias="现用户姓名")
    remarks: Text = Field(default="", alias="备注")
    scope: Digits = Field(default="", alias="申请范围")


class _Application(_Part):
    id: Digits = ""
    title: Text = ""
    form: Written
    received_on: Text = ""
    received_by: Text = ""
    unit: _Unit
    stamp_present: Flag = False
    signed_by: Text = ""
    contact: _Contact | None = None
    commitment_present: Flag = False
    rows: list[_Row] = []
    documents: list[_Document] | None = None
    review: _Review | None = None
    text: Text = ""
    # read by others, or by nobody
    context: Any = None
    expected: Any = None


class _KnownUser(BaseModel):
    """What more a register may know of a user is not needed by the checks."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    name: str | None = None
    id_number: Annotated[str | None, BeforeValidator(lambda value: None if value is None else _digits(value))] = None
    key: str | None = None
    perms: list[str] | None = None
    state: str = "active"
    unit: _Unit | None = None


class _Context(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    users: dict[str, _KnownUser] | None = None
    pending_business: int | None = Field(default=None, ge=0)
    key_returned: bool | None = None
    in_flight: dict[str, list[str]] = Field(default_factory=dict)


#: of one JSON document: a list of 4,000 applications; in memory it may be thirty times that
MOST_CHARACTERS: Final = 8 * 1024 * 1024

_STATES: Final[Mapping[str, AccountState]] = {
    "active": AccountState.ACTIVE,
    "suspended": AccountState.SUSPENDED,
    "cancelled": AccountState.DEREGISTERED,
}

# --- documents → domain ----------------------------------------------------------------------------------------------


def application_from_document(document: Mapping[str, Any]) -> Application:
    """The application that a JSON or YAML document stands for; one without `id` gets a number made of what it says.

    Raises:
        InputError: a field is missing, unknown, or of the wrong type; the message names it, and quotes no ID number.
    """
    raw = _validated(_Application, document)
    form = next((form for form in Form if form.value == raw.form), None)
    if form is None:
        raise InputError(f"form：“{shown(raw.form, 20)}”应为 {'、'.join(Form)} / must be one of these")
    contact = raw.contact or _Contact()
    application = Application(
        id=raw.id.strip(),
        title=raw.title,
        form=form,
        received_on=raw.received_on,
        received_by=raw.received_by,
        unit=_unit(raw.unit),
        stamp_present=raw.stamp_present,
        signed_by=raw.signed_by.strip(),
        contact_name=contact.name.strip(),
        contact_phone=contact.phone.strip(),
        commitment_present=raw.commitment_present,
        rows=numbered(map(_row, raw.rows)),
        documents=tuple(Document(**document.model_dump()) for document in raw.documents or ()),
        review=Opinion(opinion=raw.review.opinion, date=raw.review.date) if raw.review is not None else None,
        text=raw.text,
    )
    return with_number(application)


def known_from_context(context: Mapping[str, Any] | None) -> Known:
    """What register and trading system know, out of a document's `context`; what is absent is not known.

    Raises:
        InputError: a field has the wrong type; the message names it.
    """
    raw = _validated(_Context, context or {}, within="context")
    users = None if raw.users is None else {login: _known_user(login, user) for login, user in raw.users.items()}
    in_flight = {_normalised(name) or "": tuple(numbers) for name, numbers in raw.in_flight.items()}
    return Known(
        users=users,
        pending_business=raw.pending_business,
        key_returned=raw.key_returned,
        in_flight=in_flight,
    )


def _unit(raw: _Unit) -> Unit:
    return unit_of(
        UnitWords(
            name=raw.name.strip(),
            user_class=raw.user_class,
            level=raw.level,
            district=raw.district.strip(),
            organisation_type=raw.org_type,
            document_type=raw.document_type,
            credit_code=raw.uscc,
            organisation_code=raw.org_code,
        )
    )


def _row(raw: _Row) -> Row:
    cells = raw.model_dump(by_alias=True, exclude_defaults=True)
    return row_of({**cells, "序号": str(raw.number or "")})


def _known_user(login: str, raw: _KnownUser) -> KnownUser:
    state = _STATES.get(raw.state)
    if state is None:
        raise InputError(f"context.users.{shown(login, 20)}.state：应为 {'、'.join(_STATES)} / must be one of these")
    return KnownUser(
        login=login,
        state=state,
        name=raw.name,
        id_number=_normalised(raw.id_number),
        key_number=raw.key,
        permissions=frozenset(raw.perms) if raw.perms is not None else None,
        unit=_unit(raw.unit) if raw.unit is not None else None,
    )


def _normalised(number: str | None) -> str | None:
    """The number as it is compared; a word in its place, such as «(other)», stays: it is another number."""
    if number is None or not number[:1].isdigit():
        return number
    return fold_typed(number)[0]


_Model = TypeVar("_Model", bound=BaseModel)


def _validated(model: type[_Model], document: object, *, within: str = "") -> _Model:
    try:
        return model.model_validate(document)
    except ValidationError as error:
        # without the input: it may be an ID number
        first = error.errors(include_input=False, include_url=False)[0]
        raise InputError(f"{_place(within, first['loc'])}：{_complaint(first['type'], first['msg'])}") from None


#: pydantic's kinds of errors, for the offices
_COMPLAINTS: Final[Mapping[str, str]] = {
    "missing": "缺少此字段",
    "extra_forbidden": "不认识的字段",
    "string_type": "应为文本",
    "bool_type": "应为 true 或 false",
    "int_type": "应为整数",
    "list_type": "应为列表",
    "dict_type": "应为对象",
    "model_type": "应为对象",
}


def _complaint(kind: str, english: str) -> str:
    return f"{_COMPLAINTS.get(kind, '内容不符')} / {english}"


def _place(within: str, location: Sequence[int | str]) -> str:
    """Where: rows.2.身份证号 with rows counted from 1, as people count them."""
    steps = [str(step + 1) if isinstance(step, int) else shown(step, 30) for step in location]
    # pydantic names the branches of «list or text» too
    steps = [step for step in steps if step != "str" and not step.startswith(("list[", "function-"))]
    return ".".join(filter(None, [within, *steps])) or "文件/document"


# --- files → documents -----------------------------------------------------------------------------------------------


def from_json(text: str, name: str) -> Iterator[Incoming | Unreadable]:
    """One application, or a list of them; one that is malformed does not stop the others."""
    document = _json(text)
    if isinstance(document, list):
        for position, item in enumerate(document, start=1):
            yield _read(item, f"{name}#{position}")
    else:
        yield _read(document, name)


def from_json_lines(text: str, name: str) -> Iterator[Incoming | Unreadable]:
    """One application on each line; a broken line does not stop the others."""
    # not splitlines(): U+2028 and the like may stand within a text
    for position, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        source = f"{name}:{position}"
        try:
            document = _json(line)
        except InputError as error:
            yield Unreadable(source=source, reason=str(error))
        else:
            yield _read(document, source)


def from_yaml(text: str, name: str) -> Iterator[Incoming | Unreadable]:
    """One application in each document of the stream, or a list of them in one."""
    documents = yaml_documents(text)
    items = [item for document in documents for item in (document if isinstance(document, list) else [document])]
    for position, item in enumerate(items, start=1):
        yield _read(item, f"{name}#{position}" if len(items) > 1 else name)


def _read(document: object, source: str) -> Incoming | Unreadable:
    try:
        if not isinstance(document, dict):
            raise InputError("应为一份申请（对象），见 docs/forms.md / must be an application, an object")  # noqa: TRY301
        return Incoming(application=application_from_document(document), source=source)
    except InputError as error:
        return Unreadable(source=source, reason=str(error))


def _json(text: str) -> object:
    """The document; strict: no NaN, no key twice.

    Raises:
        InputError: it is not JSON, and where it ceases to be.
    """
    if len(text) > MOST_CHARACTERS:
        raise InputError(
            "一个 JSON 文档过大，请改用 JSON lines（.jsonl）/ too large for one JSON document: use JSON lines"
        )
    with understood():
        try:
            return json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
        except json.JSONDecodeError as error:
            raise InputError(
                f"JSON 格式有误，第 {error.lineno} 行第 {error.colno} 列 / not JSON: {error.msg}"
            ) from None


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        twice = next(key for position, (key, _) in enumerate(pairs) if key in dict(pairs[:position]))
        raise InputError(f"字段“{shown(twice, 20)}”重复 / the key stands twice")
    return result


def _no_constant(word: str) -> object:
    raise InputError(f"{word} 不是 JSON 的数 / {word} is no number of JSON")
