"""Permissions: the items of Annex 1 and 2, and which of them a unit may have at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

from idp_sync.domain.unit import Level, OrganisationType, Unit, UserClass


class Matter(StrEnum):
    """What an item is about; it decides which office approves it (Article 3)."""

    #: 登记事务, approved by 房屋登记管理处
    REGISTRATION = "registration"
    #: 交易事务, approved by 房屋市场管理处
    TRANSACTION = "transaction"
    #: 系统管理权限, approved by both offices jointly (reading A-13)
    SYSTEM = "system"


class Scope(StrEnum):
    """How far an item reaches."""

    CITY = "city"
    #: 本区县 (Annex 1, R-50): the district of the user's own unit
    DISTRICT = "district"
    #: the business of the user's own unit
    UNIT = "unit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """One item of Annex 1 or 2."""

    #: our stable identifier, e.g. MGMT-DIST.REG.01
    code: str
    #: the words before the first colon, where the item has one
    title: str | None
    #: verbatim from the regulation
    text: str
    #: heading of the category that it stands under
    category: str
    matter: Matter
    user_class: UserClass
    #: for management units
    level: Level | None
    #: for enterprises
    organisation_type: OrganisationType | None
    scope: Scope
    #: the systems whose tokens carry it
    systems: frozenset[str]
    #: bundles business with administration, against separation of duties
    conflicts_with_separation_of_duties: bool = False
    #: 对本单位用户权限管理的权限 (Annex 2): its holder withholds items from users of his own unit, and gives them back
    administers_own_unit: bool = False

    @property
    def label(self) -> str:
        """The name that people use: the title, or the whole text where there is none."""
        return self.title or self.text.rstrip("。；")

    def belongs_to(self, unit: Unit) -> bool:
        """Whether Annex 1 or 2 has this item under the heading of such a unit."""
        if self.user_class is not unit.user_class:
            return False
        if self.user_class is UserClass.MANAGEMENT:
            return self.level is unit.level
        return self.organisation_type is unit.organisation_type


@dataclass(frozen=True)
class Catalogue:
    """All permissions, by code; the order is that of the annexes."""

    permissions: tuple[Permission, ...]

    @cached_property
    def by_code(self) -> Mapping[str, Permission]:
        """The permissions by their codes."""
        return MappingProxyType({p.code: p for p in self.permissions})

    def get(self, code: str) -> Permission | None:
        """The permission of that code, or None where no annex has it."""
        return self.by_code.get(code)

    def open_to(self, unit: Unit) -> tuple[Permission, ...]:
        """What a unit of this class, level and type may have at most (Article 4)."""
        return tuple(p for p in self.permissions if p.belongs_to(unit))

    def bundle(self, organisation_type: OrganisationType) -> frozenset[str]:
        """What every enterprise of a type has: 企业用户权限根据组织机构类型统一设置 (Article 4)."""
        return frozenset(p.code for p in self.permissions if p.organisation_type is organisation_type)

    def called(self, words: str, unit: Unit) -> Permission | None:
        """The item that people mean by these words on a form of this unit: its code, its title or its text.

        Titles recur at both levels (the annex repeats them word for word), so the unit decides which is meant. Words
        that fit no item of the unit are looked up in the whole annex, so that the finding can say what is wrong with
        them.
        """
        if (exact := self.get(words.strip())) is not None:
            return exact
        wanted = _folded(words)
        if not wanted:
            return None
        fitting = [p for p in self.permissions if wanted in {_folded(p.label), _folded(p.text)}]
        own = [p for p in fitting if p.belongs_to(unit)]
        return next(iter(own or fitting), None)


def _folded(words: str) -> str:
    return "".join(words.split()).rstrip("。；;.").removesuffix("权限")


def contradictions(catalogue: Catalogue, *, systems: Iterable[str]) -> list[str]:
    """What is wrong with a catalogue, in sentences; empty where it is sound.

    A code must be unique, and stand at one place: an item for management units has a level and no organisation type,
    an item for enterprises the reverse; its scope fits; the systems that it concerns exist.
    """
    known = frozenset(systems)
    seen: set[str] = set()
    problems: list[str] = []
    for item in catalogue.permissions:
        if item.code in seen:
            problems.append(f"{item.code}: stands twice in the catalogue")
        seen.add(item.code)
        problems += [f"{item.code}: {problem}" for problem in _item_problems(item, known)]
    problems += [
        f"organisation type {t.value}: has no permission at all" for t in OrganisationType if not catalogue.bundle(t)
    ]
    return problems


def _item_problems(item: Permission, systems: frozenset[str]) -> Iterable[str]:
    management = item.user_class is UserClass.MANAGEMENT
    if management and (item.level is None or item.organisation_type is not None):
        yield "an item for management units needs a level, and no organisation type"
    if not management and (item.organisation_type is None or item.level is not None):
        yield "an item for enterprises needs an organisation type, and no level"
    if management == (item.scope is Scope.UNIT):
        yield f"scope {item.scope.value} does not fit user class {item.user_class.value}"
    if item.level is Level.DISTRICT and item.scope is Scope.CITY:
        yield "a district item can't reach over the whole city"
    if not item.text.strip():
        yield "has no text"
    if not item.systems:
        yield "concerns no system, so that no token would ever carry it"
    if unknown := sorted(item.systems - systems):
        yield f"concerns unknown systems {', '.join(unknown)}"
