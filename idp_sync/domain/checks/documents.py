"""How an enterprise proves itself: codes, documents, and the promise of Article 6 (2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from idp_sync.domain.application import PROMISE, Document, Form
from idp_sync.domain.checks.case import Case
from idp_sync.domain.credit_code import read_credit_code, read_organisation_code
from idp_sync.domain.finding import Code, Finding
from idp_sync.domain.rulebook import RequiredDocument
from idp_sync.domain.unit import DocumentType, OrganisationType, Unit, UserClass

#: whose permissions of Annex 2 take which documents, whatever the form says: else a bank would do without its licence,
#: and a developer without 资质证书. Other organisations are 企业单位 or 事业、机关或社团组织 (reading A-16)
_PROVEN_BY: Mapping[OrganisationType, DocumentType] = {
    OrganisationType.DEVELOPER: DocumentType.COMPANY,
    OrganisationType.FINANCIAL: DocumentType.FINANCIAL,
}


def unit_codes_are_right(case: Case) -> Iterator[Finding]:
    """统一社会信用代码 and 组织机构代码: either may be missing, not both; they agree where both are there."""
    unit = case.application.unit
    if unit.user_class is not UserClass.ENTERPRISE:
        return
    if not unit.credit_code and not unit.organisation_code:
        yield Finding(code=Code.ORGCODE_FORMAT, field="组织机构代码", detail="两种代码均未填写")
        return
    inner = None
    if unit.credit_code:
        credit = read_credit_code(unit.credit_code)
        yield from credit.findings
        inner = credit.organisation_code
    if unit.organisation_code:
        organisation = read_organisation_code(unit.organisation_code)
        yield from organisation.findings
        if inner and organisation.code and inner != organisation.code:
            yield Finding(code=Code.ORGCODE_MISMATCH, field="组织机构代码")


def prove_the_enterprise(case: Case) -> Iterator[Finding]:
    """The documents of Article 5 (2) by type; 所有提交复印件均加盖单位公章, those that nobody asked for too (R-24)."""
    if case.application.form not in {Form.ENTERPRISE_NEW, Form.ENTERPRISE_CHANGE}:
        return
    for required in _required(case):
        yield from _proof_findings(case, required)
    for document in case.application.documents:
        if not document.copy_stamped:
            yield Finding(code=Code.DOC_COPY_UNSTAMPED, field="证明材料", detail=document.type)


def _proof_findings(case: Case, required: RequiredDocument) -> Iterator[Finding]:
    papers = [d for d in case.application.documents if required.is_met_by(d.type)]
    if not papers and (stand_in := _stand_in(case, required)) is not None:
        yield Finding(code=Code.DOC_MERGED_LICENCE, field="证明材料", detail=f"{stand_in.type}代{required.type}")
        papers = [stand_in]
    if not papers:
        yield Finding(code=Code.DOC_MISSING, field="证明材料", qualifier=required.type, detail=required.type)
    for paper in papers:
        # 核验原件, but for the legal representative's paper, of which the copy is taken directly
        if required.original_needed and not paper.original_checked:
            yield Finding(code=Code.DOC_ORIGINAL_UNCHECKED, field="证明材料", detail=paper.type)


def _required(case: Case) -> Iterator[RequiredDocument]:
    unit = case.application.unit
    type_ = unit.document_type
    if unit.organisation_type is not None:
        type_ = _PROVEN_BY.get(unit.organisation_type, type_)
    for required in case.book.documents[type_] if type_ is not None else ():
        if required.only_for in {None, unit.organisation_type}:
            yield required


def _stand_in(case: Case, required: RequiredDocument) -> Document | None:
    """一照一码 (reading A-15): a licence that bears a credit code serves for the organisation code certificate too."""
    if not case.book.merged_licence or not _has_credit_code(case.application.unit):
        return None
    return next((d for d in case.application.documents if d.type in required.replaced_by), None)


def _has_credit_code(unit: Unit) -> bool:
    return unit.credit_code is not None and read_credit_code(unit.credit_code).code is not None


def promise_stands_word_for_word(case: Case) -> Iterator[Finding]:
    """“提交注销用户名下没有未完成业务”, in these words (Article 6 (2), R-30)."""
    if case.application.form is Form.ENTERPRISE_CANCEL and PROMISE not in case.application.text:
        yield Finding(code=Code.PROMISE_MISSING)
