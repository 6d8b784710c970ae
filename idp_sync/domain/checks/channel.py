"""Where it is handed in: at the office that decides it (Articles 3, 5 and 6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from idp_sync.domain.application import Form
from idp_sync.domain.checks.case import Case
from idp_sync.domain.checks.permissions import FORMS_WITH_PERMISSIONS
from idp_sync.domain.competent import approving_offices, receiving_offices
from idp_sync.domain.finding import Code, Finding
from idp_sync.domain.unit import UserClass

#: whose forms they are: Annex 3 to 7 are management units' (Articles 5 (1) and 6 (1)); enterprises have their own, and
#: only those ask for the documents of Article 5 (2); what goes to 城建研究中心 is open to both
_WHOSE: Mapping[Form, UserClass] = {
    **{form: UserClass.MANAGEMENT for form in Form if form.is_annex},
    Form.ENTERPRISE_NEW: UserClass.ENTERPRISE,
    Form.ENTERPRISE_CHANGE: UserClass.ENTERPRISE,
    Form.ENTERPRISE_CANCEL: UserClass.ENTERPRISE,
}


def leads_to_the_deciding_office(case: Case) -> Iterator[Finding]:
    """Annex 3 to 6 go to the office whose matter the items are (Article 5), the others to the one that takes them in.

    Annex 7 goes to 信息中心 (Article 6 (1)).

    Items of both matters, and 系统管理权限, need both offices: each approves its own, and either may take the form in
    (readings A-12, A-13). A form of the other class would go round the offices and the proofs of its own.
    """
    application = case.application
    whose = _WHOSE.get(application.form, application.unit.user_class)
    if whose is not application.unit.user_class:
        detail = f"{application.form.zh}供{whose.zh}使用，申请单位是{application.unit.user_class.zh}"
        yield Finding(code=Code.CHANNEL_WRONG, field="表格", detail=detail)
        return
    permissions = [p for row in application.rows for asked in case.asked(row) if (p := asked.permission) is not None]
    deciding = approving_offices(application, permissions, case.book.offices)
    split = (
        application.unit.user_class is UserClass.MANAGEMENT
        and application.form in FORMS_WITH_PERMISSIONS
        and len(deciding) > 1
    )
    if split:
        yield Finding(
            code=Code.NEEDS_BOTH_APPROVALS, field="申请权限", detail="、".join(office.name for office in deciding)
        )
    right = receiving_offices(application, deciding, case.book.offices)
    if case.book.offices.find(application.received_by) not in right:
        yield Finding(
            code=Code.CHANNEL_WRONG,
            field="受理部门",
            detail=f"{application.received_by or '未填写'} → {'、'.join(office.name for office in right)}",
        )
