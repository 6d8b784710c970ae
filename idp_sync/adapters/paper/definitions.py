"""What stands in roles/ about forms and permissions, as far as paper needs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from idp_sync.domain.application import Form
from idp_sync.domain.errors import NotSetUp
from idp_sync.domain.unit import DocumentType, Level, OrganisationType, UserClass

_Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]

#: libyaml where PyYAML was built with it: ten times as fast
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

#: forms with as many columns are printed across the sheet, as Annex 5 is
_WIDE_COLUMNS: Final = 7
#: written requests of which the words are the application, not a table alone
WRITTEN_REQUESTS: Final = frozenset({Form.ENTERPRISE_CANCEL, Form.RESTORE, Form.BUSINESS_DELETION})
#: forms that go with the documents of Article 5 (2)
WITH_DOCUMENTS: Final = frozenset({Form.ENTERPRISE_NEW, Form.ENTERPRISE_CHANGE})


class FormDefinition(BaseModel):
    """One form of roles/forms.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    form: Form
    annex: _Text
    title: _Text
    purpose: _Text
    columns: tuple[_Text, ...] = Field(min_length=2)
    other_titles: tuple[_Text, ...] = ()

    @property
    def is_wide(self) -> bool:
        """Whether it is printed across the sheet."""
        return len(self.columns) >= _WIDE_COLUMNS

    @property
    def is_request(self) -> bool:
        """Whether it is a written request: it bears its words, and no commitment on the use of keys (R-45)."""
        return self.form in WRITTEN_REQUESTS

    @property
    def user_class(self) -> UserClass | None:
        """The only class that hands it in; None where both do (Articles 5 and 6)."""
        if self.form.is_annex:
            return UserClass.MANAGEMENT
        return UserClass.ENTERPRISE if self.form.value.startswith("ENT-") else None


class _Shape(BaseModel):
    """What the rule book's own reader checks is not checked again here."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _FormsFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    forms: tuple[FormDefinition, ...]


class _Item(_Shape):
    code: _Text
    title: _Text | None = None
    text: _Text


class _Category(_Shape):
    heading: _Text
    items: tuple[_Item, ...]


class _Section(_Shape):
    user_class: UserClass
    level: Level | None = None
    organisation_type: OrganisationType | None = None
    categories: tuple[_Category, ...]


class _PermissionsFile(_Shape):
    sections: tuple[_Section, ...]


class _Document(_Shape):
    type: _Text


class _DocumentsFile(_Shape):
    documents: dict[DocumentType, tuple[_Document, ...]]


class NamedPermission(BaseModel):
    """A permission as paper names it."""

    model_config = ConfigDict(frozen=True)

    code: str
    #: title, or the whole text where there is none
    label: str
    text: str
    #: 市级, 区级, or the organisation type
    rank: str
    category: str
    user_class: UserClass


_File = TypeVar("_File", bound=BaseModel)


def form_definition(roles: Path, form: Form) -> FormDefinition:
    """The definition of a form.

    Raises:
        NotSetUp: roles/forms.yaml is missing, has another shape, or lacks that form.
    """
    path = roles / "forms.yaml"
    found = next((d for d in _load(path, _FormsFile).forms if d.form is form), None)
    if found is None:
        raise _unusable(path, f"{form.value} is missing")
    return found


def permissions(roles: Path) -> tuple[NamedPermission, ...]:
    """All permissions, in the order of the annexes. Raises NotSetUp."""
    return tuple(_named(_load(roles / "permissions.yaml", _PermissionsFile)))


def document_types(roles: Path) -> tuple[str, ...]:
    """The names of the documents of Article 5 (2), each once. Raises NotSetUp."""
    papers = _load(roles / "documents.yaml", _DocumentsFile).documents
    return tuple(dict.fromkeys(paper.type for required in papers.values() for paper in required))


def _named(file: _PermissionsFile) -> Iterator[NamedPermission]:
    for section in file.sections:
        rank = (section.level or section.organisation_type or section.user_class).zh
        for category in section.categories:
            for item in category.items:
                yield NamedPermission(
                    code=item.code,
                    label=item.title or item.text.rstrip("。；"),
                    text=item.text,
                    rank=rank,
                    category=category.heading,
                    user_class=section.user_class,
                )


def _load(path: Path, shape: type[_File]) -> _File:
    try:
        return shape.model_validate(yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER))  # noqa: S506 - a safe one
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise _unusable(path, " ".join(str(error).split())) from None


def _unusable(path: Path, reason: str) -> NotSetUp:
    return NotSetUp(f"{path}: 表格定义不可用 / form definitions can't be used: {reason}")
