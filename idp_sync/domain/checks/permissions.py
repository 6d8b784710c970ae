"""What the rows ask for: items of the annex of this unit, for its own district (Article 4, Annex 1 and 2)."""

from __future__ import annotations

from collections.abc import Iterator

from idp_sync.domain.application import Form, Row
from idp_sync.domain.checks.case import Case
from idp_sync.domain.finding import Code, Finding
from idp_sync.domain.permission import Permission
from idp_sync.domain.unit import Level, Unit, UserClass

#: forms with a column 申请权限 or 现申请权限
FORMS_WITH_PERMISSIONS = frozenset(
    {Form.NEW_USER, Form.KEY_REPLACEMENT, Form.USER_RENAME, Form.PERMISSION_CHANGE, Form.ENTERPRISE_NEW}
)


def are_in_the_annex_of_the_unit(case: Case) -> Iterator[Finding]:
    """Every item exists, and stands under the heading of the unit's class, level and type (Article 4, Annex 1 and 2).

    Several items in one row are allowed: 一种或多种岗位权限 (R-44), for the city's staff too (reading A-14).
    """
    if case.application.form not in FORMS_WITH_PERMISSIONS:
        return
    for row in case.application.rows:
        asked = tuple(case.asked(row))
        if not asked:
            yield Finding(code=Code.PERM_UNKNOWN, row=row.number, field="申请权限", detail="未填写")
        for item in asked:
            if item.permission is None:
                yield Finding(code=Code.PERM_UNKNOWN, row=row.number, field="申请权限", detail=item.words)
            else:
                yield from _fit_findings(row, item.permission, case.application.unit)


def _fit_findings(row: Row, permission: Permission, unit: Unit) -> Iterator[Finding]:
    label = f"{permission.code} {permission.label}"
    if permission.user_class is not unit.user_class or permission.organisation_type is not unit.organisation_type:
        yield Finding(code=Code.PERM_ORG_TYPE, row=row.number, field="申请权限", detail=label)
    elif permission.level is not unit.level:
        yield Finding(code=Code.PERM_LEVEL, row=row.number, field="申请权限", detail=label)
    elif permission.conflicts_with_separation_of_duties:
        yield Finding(code=Code.PERM_CONFLICT, row=row.number, field="申请权限", detail=label)


def stay_in_the_own_district(case: Case) -> Iterator[Finding]:
    """A district unit has a district, and asks for no other one: 本区县 (R-50)."""
    unit = case.application.unit
    if unit.user_class is not UserClass.MANAGEMENT or unit.level is not Level.DISTRICT:
        return
    own = case.book.districts.find(unit.district)
    if own is None:
        yield Finding(code=Code.SCOPE_DISTRICT, field="区", detail=unit.district or "未填写")
    for row in case.application.rows:
        if not (wanted := row.scope.strip()):
            continue
        district = case.book.districts.find(wanted)
        if district is None or district is not own:
            yield Finding(
                code=Code.SCOPE_DISTRICT,
                row=row.number,
                field="申请范围",
                detail=district.name if district is not None else wanted,
            )
