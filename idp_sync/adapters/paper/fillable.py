"""A blank form to type in, as lines of cells: the labels and headings are those that the reader of forms knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from idp_sync.adapters.paper.definitions import WITH_DOCUMENTS, FormDefinition, document_types
from idp_sync.adapters.paper.words import REQUESTS
from idp_sync.domain.application import COMMITMENT, ROWS_ON_A_SHEET
from idp_sync.domain.unit import DocumentType, Level, OrganisationType, UserClass

#: what an enterprise writes has no limit of five rows (reading A-18 is about the annexes)
_ROWS_OF_OTHERS: Final = 20
_DOCUMENT_ROWS: Final = 8

YES_OR_NO: Final = ("是", "否")
_CHOICES: Final = {
    "用户类别": tuple(c.zh for c in UserClass),
    "级别": tuple(level.zh for level in Level),
    "机构类型": tuple(t.zh for t in OrganisationType),
    "材料类型": tuple(t.zh for t in DocumentType),
    "单位盖章": YES_OR_NO,
}
#: headings with a choice
CHOICES_OF_COLUMNS: Final = {"性别": ("男", "女")}
DOCUMENT_COLUMNS: Final = ("证明材料", "核验原件", "复印件盖章")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A label, and the place behind it."""

    label: str
    #: what stands there already
    value: str = ""
    #: what it may be; () for anything
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A blank form."""

    definition: FormDefinition
    #: the fields above the table, one or two on a line
    fields: Sequence[Sequence[Field]]
    #: how many people fit
    rows: int
    #: office that a written request is addressed to, and its words
    addressee: str = ""
    request: str = ""
    commitment: str = ""
    #: kinds of documents, where documents go with the form
    documents: tuple[str, ...] = ()

    @property
    def document_rows(self) -> int:
        """Places for documents."""
        return _DOCUMENT_ROWS if self.documents else 0


def layout(definition: FormDefinition, roles: Path) -> Layout:
    """The blank form of a definition. Raises NotSetUp where roles/ can't be used."""
    request = REQUESTS.get(definition.form)
    return Layout(
        definition=definition,
        fields=list(_fields(definition)),
        rows=ROWS_ON_A_SHEET if definition.form.is_annex else _ROWS_OF_OTHERS,
        addressee=request.addressee if request else "",
        request=request.words if request else "",
        commitment="" if definition.is_request else COMMITMENT,
        documents=document_types(roles) if definition.form in WITH_DOCUMENTS else (),
    )


def _fields(definition: FormDefinition) -> Iterator[Sequence[Field]]:
    user_class = definition.user_class
    yield [_field("单位名称"), _field("用户类别", user_class.zh if user_class else "")]
    if user_class is not UserClass.ENTERPRISE:
        yield [_field("级别"), _field("区")]
    if user_class is not UserClass.MANAGEMENT:
        yield [_field("机构类型"), _field("材料类型")]
        yield [_field("统一社会信用代码"), _field("组织机构代码")]
    yield [_field("联系人"), _field("联系电话")]
    yield [_field("负责人签字"), _field("单位盖章")]
    yield [_field("受理部门"), _field("受理日期")]


def _field(label: str, value: str = "") -> Field:
    return Field(label=label, value=value, choices=_CHOICES.get(label, ()))
