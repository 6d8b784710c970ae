"""Reads roles/ into the rule book, and refuses a rule book that contradicts itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from idp_sync.domain.application import Form
from idp_sync.domain.district import District, Districts
from idp_sync.domain.errors import NotSetUp
from idp_sync.domain.office import Competence, Office, Offices
from idp_sync.domain.permission import Catalogue, Matter, Permission, Scope, contradictions
from idp_sync.domain.rulebook import RequiredDocument, RuleBook, System
from idp_sync.domain.unit import DocumentType, Level, OrganisationType, UserClass

_Code = Annotated[str, StringConstraints(pattern=r"^[A-Z]+(-[A-Z]+)*\.[A-Z]+\.[0-9]{2}$")]
_Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
_DistrictCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
_Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Item(_Shape):
    code: _Code
    title: _Text | None = None
    text: _Text
    scope: Scope
    systems: list[_Slug]
    conflict: bool = False
    administers: bool = False


class _Category(_Shape):
    heading: _Text
    matter: Matter
    items: list[_Item] = Field(min_length=1)


class _Section(_Shape):
    heading: _Text
    user_class: UserClass
    level: Level | None = None
    organisation_type: OrganisationType | None = None
    categories: list[_Category] = Field(min_length=1)


class _PermissionsFile(_Shape):
    sections: list[_Section] = Field(min_length=1)


class _Office(_Shape):
    code: _Slug
    name: _Text
    aliases: list[_Text] = []
    english: _Text
    competences: list[Competence]
    receives: list[Form]
    contact: str = ""


class _OfficesFile(_Shape):
    offices: list[_Office] = Field(min_length=1)


class _District(_Shape):
    code: _DistrictCode
    name: _Text
    login_prefix: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,4}$")]
    administrative: bool = True


class _FormerDistrict(_Shape):
    code: _DistrictCode
    name: _Text
    until: _Text
    now: _DistrictCode


class _DistrictsFile(_Shape):
    districts: list[_District] = Field(min_length=1)
    former: list[_FormerDistrict] = []


class _Document(_Shape):
    type: _Text
    aliases: list[_Text] = []
    original_needed: bool = True
    replaced_by: list[_Text] = []
    only_for: OrganisationType | None = None


class _DocumentsFile(_Shape):
    merged_licence: bool
    documents: dict[DocumentType, list[_Document]]


class _System(_Shape):
    code: _Slug
    name: _Text


class _SystemsFile(_Shape):
    systems: list[_System] = Field(min_length=1)


_File = TypeVar("_File", bound=_Shape)

#: login prefixes that no district may have: they are those of city units and of enterprises
_TAKEN_PREFIXES = ("sj", "qy")


def read_rule_book(folder: Path) -> RuleBook:
    """The rule book in a folder of the shape of roles/.

    Raises:
        NotSetUp: a file is missing, has another shape, or the files contradict themselves; the message names the file
            and every contradiction.
    """
    systems = tuple(System(code=s.code, name=s.name) for s in _load(folder, "systems.yaml", _SystemsFile).systems)
    catalogue = Catalogue(tuple(_permissions(_load(folder, "permissions.yaml", _PermissionsFile))))
    offices = Offices(tuple(_offices(_load(folder, "offices.yaml", _OfficesFile))))
    districts = _load(folder, "districts.yaml", _DistrictsFile)
    documents = _load(folder, "documents.yaml", _DocumentsFile)
    _refuse(folder / "systems.yaml", _twice("system", (s.code for s in systems)))
    _refuse(folder / "permissions.yaml", contradictions(catalogue, systems=(s.code for s in systems)))
    _refuse(folder / "offices.yaml", _office_problems(offices))
    _refuse(folder / "districts.yaml", _district_problems(districts))
    _refuse(
        folder / "documents.yaml",
        (f"document type {t.value}: is missing" for t in DocumentType if t not in documents.documents),
    )
    return RuleBook(
        catalogue=catalogue,
        offices=offices,
        districts=Districts(
            districts=tuple(
                District(code=d.code, name=d.name, login_prefix=d.login_prefix, administrative=d.administrative)
                for d in districts.districts
            ),
            former={f.code: f.now for f in districts.former},
        ),
        documents={
            type_: tuple(
                RequiredDocument(
                    type=d.type,
                    aliases=tuple(d.aliases),
                    original_needed=d.original_needed,
                    replaced_by=tuple(d.replaced_by),
                    only_for=d.only_for,
                )
                for d in papers
            )
            for type_, papers in documents.documents.items()
        },
        systems=systems,
        merged_licence=documents.merged_licence,
    )


def _load(folder: Path, name: str, shape: type[_File]) -> _File:
    path = folder / name
    try:
        document: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return shape.model_validate(document)
    except FileNotFoundError:
        raise NotSetUp(f"{path}: 缺少规则文件 / file of the rule book is missing") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise NotSetUp(f"{path}: 规则文件不可读 / can't be read: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise NotSetUp(f"{path}: {'; '.join(problems)}") from None


def _permissions(file: _PermissionsFile) -> Iterator[Permission]:
    for section in file.sections:
        for category in section.categories:
            for item in category.items:
                yield Permission(
                    code=item.code,
                    title=item.title,
                    text=item.text,
                    category=category.heading,
                    matter=category.matter,
                    user_class=section.user_class,
                    level=section.level,
                    organisation_type=section.organisation_type,
                    scope=item.scope,
                    systems=frozenset(item.systems),
                    conflicts_with_separation_of_duties=item.conflict,
                    administers_own_unit=item.administers,
                )


def _offices(file: _OfficesFile) -> Iterator[Office]:
    for office in file.offices:
        yield Office(
            code=office.code,
            name=office.name,
            aliases=tuple(office.aliases),
            english=office.english,
            competences=frozenset(office.competences),
            receives=frozenset(office.receives),
            contact=office.contact.strip(),
        )


def _refuse(path: Path, problems: Iterable[str]) -> None:
    if found := list(problems):
        raise NotSetUp(f"{path}: 规则自相矛盾 / contradicts itself: {'; '.join(found)}")


def _twice(what: str, names: Iterable[str]) -> Iterator[str]:
    for one, other in pairwise(sorted(names)):
        if one == other:
            yield f"{what} {one}: stands twice"


def _office_problems(offices: Offices) -> Iterator[str]:
    yield from _twice("office", (name for o in offices.offices for name in (o.code, o.name, *o.aliases)))
    for competence in Competence:
        if competence is not Competence.AUDIT and not any(o.may(competence) for o in offices.offices):
            yield f"competence {competence.value}: no office has it"
    for form in Form:
        if not any(form in o.receives for o in offices.offices):
            yield f"form {form.value}: no office receives it"
    yield from (f"office {office.code}: {problem}" for office in offices.offices for problem in _union_problems(office))


def _union_problems(office: Office) -> Iterator[str]:
    """Competences that one office may not join (Article 3; GB/T 22239-2019 8.1.4.2 d)."""
    approves_posts = office.may(Competence.APPROVE_REGISTRATION) or office.may(Competence.APPROVE_TRANSACTION)
    if approves_posts and office.may(Competence.CONFIGURE):
        yield "who approves does not configure"
    if approves_posts and office.may(Competence.ISSUE_KEYS_MANAGEMENT):
        yield "who approves management units' permissions does not issue their keys"
    if office.may(Competence.AUDIT) and len(office.competences) > 1:
        yield "who audits does nothing else"


def _district_problems(file: _DistrictsFile) -> Iterator[str]:
    codes = {d.code for d in file.districts}
    yield from _twice("district", (*(d.code for d in file.districts), *(f.code for f in file.former)))
    yield from _twice("login prefix", (*(d.login_prefix for d in file.districts), *_TAKEN_PREFIXES))
    for former in file.former:
        if former.now not in codes:
            yield f"former district {former.code}: leads to {former.now}, which is no district"
