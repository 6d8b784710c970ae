"""An application → sheets as they are printed: five rows each, with a header and a place for the stamp of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from idp_sync.adapters.paper import qr
from idp_sync.adapters.paper.definitions import WITH_DOCUMENTS, FormDefinition, NamedPermission
from idp_sync.adapters.paper.words import REQUESTS
from idp_sync.domain.application import COMMITMENT, ROWS_ON_A_SHEET, Application, Document, Form, Row
from idp_sync.domain.citizen_id import mask
from idp_sync.domain.errors import NotSetUp
from idp_sync.domain.unit import Unit

#: how wide a column is, against the others
_WIDTHS: Final = {
    "序号": 5,
    "性别": 5,
    "用户姓名": 10,
    "原用户姓名": 10,
    "现用户姓名": 10,
    "登录名称": 10,
    "原登录名称": 10,
    "密钥编号": 11,
    "原密钥编号": 11,
    "身份证号": 18,
    "申请权限": 24,
    "原申请权限": 24,
    "现申请权限": 24,
    "备注": 14,
}
_NO_CODE: Final = Markup()
_SAID_NOTHING: Final = "（表上未载明承诺）"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet of a form: what the template shows, all of it text."""

    definition: FormDefinition
    rows: Sequence[Sequence[str]]
    #: widths of the columns in percent
    widths: Sequence[str]
    #: number of the application; "" on a blank form
    number: str = ""
    #: the QR code that finds the application; nothing on a blank form
    code: Markup = _NO_CODE
    #: «第1页，共2页»; "" where there is one only
    place: str = ""
    unit_name: str = ""
    #: of enterprises: credit code, organisation type
    unit_facts: Sequence[tuple[str, str]] = ()
    contact_name: str = ""
    contact_phone: str = ""
    signed_by: str = ""
    opinion: str = ""
    date: str = ""
    commitment: str = ""
    #: office that a written request is addressed to
    addressee: str = ""
    #: the words of a written request, by line
    request: Sequence[str] = ()
    #: what was handed in with it
    documents: Sequence[str] = ()
    #: what the codes in the table stand for
    legend: str = ""


def blank_sheet(definition: FormDefinition) -> Sheet:
    """A form with five empty rows, to be filled in by hand."""
    empty = [""] * (len(definition.columns) - 1)
    request = REQUESTS.get(definition.form)
    return Sheet(
        definition=definition,
        rows=[[str(number), *empty] for number in range(1, ROWS_ON_A_SHEET + 1)],
        widths=_widths(definition),
        unit_facts=[(label, "") for label, _ in _unit_facts(definition.form, None)],
        commitment="" if definition.is_request else COMMITMENT,
        addressee=request.addressee if request else "",
        request=[request.words] if request else (),
    )


def filled_sheets(
    definition: FormDefinition,
    application: Application,
    names: Iterable[NamedPermission],
    *,
    whole_id: bool = False,
    padded: bool = False,
) -> Sequence[Sheet]:
    """A form as it was handed in; nothing is printed that was not written, but what is printed on the blank form.

    Args:
        definition: of the application's form.
        application: as it was handed in.
        names: what the codes stand for.
        whole_id: ID numbers whole, not masked; the caller has to journal that (居民身份证法 第十三条).
        padded: with empty rows up to five on each sheet, as on paper.

    Raises:
        NotSetUp: the form has a column that nobody knows.
    """
    cells = [
        [_cell(row, column, application.form, whole_id=whole_id) for column in definition.columns]
        for row in application.rows
    ]
    starts = range(0, max(len(cells), 1), ROWS_ON_A_SHEET)
    parts = [cells[start : start + ROWS_ON_A_SHEET] for start in starts]
    review, request = application.review, REQUESTS.get(application.form)
    legend = _legend(application.rows, names)
    return [
        Sheet(
            definition=definition,
            rows=_pad(part, definition) if padded else part,
            widths=_widths(definition),
            number=application.id,
            code=qr.svg(f"application:{application.id}"),
            place=f"第{page}张，共{len(parts)}张" if len(parts) > 1 else "",
            unit_name=application.unit.name,
            unit_facts=_unit_facts(application.form, application.unit),
            contact_name=application.contact_name,
            contact_phone=application.contact_phone,
            signed_by=application.signed_by,
            opinion=review.opinion if review else "",
            date=review.date if review else "",
            commitment=_commitment(definition, application),
            addressee=request.addressee if request else "",
            request=application.text.splitlines(),
            documents=[_paper(document) for document in application.documents],
            legend=legend,
        )
        for page, part in enumerate(parts, start=1)
    ]


def _pad(rows: Sequence[Sequence[str]], definition: FormDefinition) -> Sequence[Sequence[str]]:
    empty = [""] * len(definition.columns)
    return [*rows, *[empty] * (ROWS_ON_A_SHEET - len(rows))]


def _widths(definition: FormDefinition) -> Sequence[str]:
    widths = [_WIDTHS.get(column, 12) for column in definition.columns]
    return [f"{100 * width / sum(widths):.2f}%" for width in widths]


def _commitment(definition: FormDefinition, application: Application) -> str:
    if definition.is_request:
        return ""
    return COMMITMENT if application.commitment_present else _SAID_NOTHING


def _unit_facts(form: Form, unit: Unit | None) -> Sequence[tuple[str, str]]:
    """What tells an enterprise from others; the annexes have no place for it."""
    if form not in {*WITH_DOCUMENTS, Form.ENTERPRISE_CANCEL}:
        return ()
    kind = unit.organisation_type.zh if unit and unit.organisation_type else ""
    return (
        ("机构类型", kind),
        ("统一社会信用代码", (unit.credit_code or "") if unit else ""),
        ("组织机构代码", (unit.organisation_code or "") if unit else ""),
    )


def _paper(document: Document) -> str:
    original = "原件已核验" if document.original_checked else "原件未核验"
    stamped = "复印件已盖章" if document.copy_stamped else "复印件未盖章"
    return f"{document.type}（{original}，{stamped}）"


def _legend(rows: Iterable[Row], names: Iterable[NamedPermission]) -> str:
    asked = {code for row in rows for code in (*row.permissions, *row.present_permissions)}
    return "；".join(f"{item.code} {item.label}" for item in names if item.code in asked)


def _cell(row: Row, column: str, form: Form, *, whole_id: bool) -> str:
    permissions = "、".join(filter(None, (*row.permissions, row.permission_words)))
    cells = {
        "序号": str(row.number),
        "用户姓名": row.name,
        "原用户姓名": row.name,
        "现用户姓名": row.new_name,
        "性别": row.sex,
        "身份证号": row.id_number if whole_id else mask(row.id_number),
        "登录名称": row.login,
        "原登录名称": row.login,
        "密钥编号": row.key_number,
        "原密钥编号": row.key_number,
        "申请权限": permissions,
        "现申请权限": permissions,
        "原申请权限": "、".join(row.present_permissions),
        "备注": row.remarks,
    }
    if column not in cells:
        raise NotSetUp(f"roles/forms.yaml: {form.value}: 未知的列“{column}” / unknown column")
    return cells[column]
