"""The rule book: all that roles/ holds as data, checked and in domain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from idp_sync.domain.district import Districts
from idp_sync.domain.office import Offices
from idp_sync.domain.permission import Catalogue
from idp_sync.domain.unit import DocumentType, OrganisationType


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredDocument:
    """One proof that Article 5 (2) asks for."""

    type: str
    #: other names of the same paper
    aliases: tuple[str, ...] = ()
    #: 核验原件 (Article 5 (2)); not for the legal representative's identity paper, of which the copy is taken directly
    original_needed: bool = True
    #: papers that stand in for it under one licence, one code (reading A-15), given a credit code
    replaced_by: tuple[str, ...] = ()
    #: asked of this organisation type only; None for all
    only_for: OrganisationType | None = None

    def is_met_by(self, type_: str) -> bool:
        """Whether a paper of that name is this document."""
        return type_ in {self.type, *self.aliases}


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A relying system, one of the two of Article 1: a client in both realms (R-01)."""

    #: client id
    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBook:
    """What the rules of the domain are applied with."""

    catalogue: Catalogue
    offices: Offices
    districts: Districts
    documents: Mapping[DocumentType, tuple[RequiredDocument, ...]]
    systems: tuple[System, ...]
    #: 公布之日: nothing received before it is decided by this regulation (Article 11, R-43); None where it is not set
    effective_on: date | None = None
    #: one-licence-one-code is accepted in place of the organisation code certificate (reading A-15)
    merged_licence: bool = True
