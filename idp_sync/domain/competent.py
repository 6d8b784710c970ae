"""Who is competent for an application: which offices decide it, and which take it in (Article 3)."""

from __future__ import annotations

from collections.abc import Iterable

from idp_sync.domain.application import Application, Form
from idp_sync.domain.office import APPROVES, Competence, Office, Offices
from idp_sync.domain.permission import Permission
from idp_sync.domain.unit import UserClass

#: forms of which an annex or article names the one office that decides, whatever the items are
_DECIDED_BY = {
    Form.DEREGISTRATION: Competence.DEREGISTER,
    Form.RESTORE: Competence.RESTORE,
    Form.BUSINESS_DELETION: Competence.RESTORE,  # 向市城建研究中心提交书面申请 (Article 6 (3))
}


def needed_competences(application: Application, permissions: Iterable[Permission]) -> frozenset[Competence]:
    """The competences that it takes to decide an application, all of them together (Article 3).

    Management units: those for the matters of the items on the form; enterprises: the service centre's (Article 5 (2),
    reading A-22). Empty where a management unit's form names no item of the annex.
    """
    if (one := _DECIDED_BY.get(application.form)) is not None:
        return frozenset({one})
    if application.unit.user_class is UserClass.ENTERPRISE:
        return frozenset({Competence.APPROVE_ENTERPRISE})
    return frozenset(
        competence
        for permission in permissions
        if permission.user_class is UserClass.MANAGEMENT
        for competence in APPROVES[permission.matter]
    )


def approving_offices(
    application: Application, permissions: Iterable[Permission], offices: Offices
) -> tuple[Office, ...]:
    """The offices that have to decide, in the rule book's order."""
    needed = needed_competences(application, permissions)
    return tuple(office for office in offices.offices if office.competences & needed)


def receiving_offices(application: Application, deciding: tuple[Office, ...], offices: Offices) -> tuple[Office, ...]:
    """The offices at which the form may be handed in (Article 5): of those that receive such forms, the deciding ones.

    Where nobody is known to decide (no item of the annex stands on the form), any that receives such forms.
    """
    receiving = tuple(office for office in offices.offices if application.form in office.receives)
    return tuple(office for office in receiving if office in deciding) or receiving
