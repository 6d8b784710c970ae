"""How an enterprise proves itself: codes, documents, and the promise of Article 6 (2)."""

from __future__ import annotations

from collections.abc import Iterator

from idp_sync.domain.application import PROMISE, Document, Form
from idp_sync.domain.checks.case import Case
from idp_sync.domain.credit_code import read_credit_code, read_organisation_code
from idp_sync.domain.finding import Code, Finding
from idp_sync.domain.rulebook import RequiredDocument
from idp_sync.domain.unit import Unit, UserClass


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
    """The documents of Article 5 (2) by document type: original checked, copy stamped."""
    application = case.application
    unit = application.unit
    if application.form is not Form.ENTERPRISE_NEW or unit.document_type is None:
        return
    for required in case.book.documents[unit.document_type]:
        if required.only_for is not None and required.only_for is not unit.organisation_type:
            continue
        document = next((d for d in application.documents if required.is_met_by(d.type)), None)
        if document is None:
            yield _missing(case, required, unit)
        else:
            yield from _document_findings(document, required)


def _missing(case: Case, required: RequiredDocument, unit: Unit) -> Finding:
    """一照一码 (reading A-15): a licence that bears a credit code serves for the organisation code certificate too."""
    if case.book.merged_licence and unit.credit_code and read_credit_code(unit.credit_code).code is not None:
        for document in case.application.documents:
            if document.type in required.replaced_by:
                return Finding(
                    code=Code.DOC_MERGED_LICENCE, field="证明材料", detail=f"{document.type}代{required.type}"
                )
    return Finding(code=Code.DOC_MISSING, field="证明材料", qualifier=required.type, detail=required.type)


def _document_findings(document: Document, required: RequiredDocument) -> Iterator[Finding]:
    """所有提交复印件均加盖单位公章; originals are checked but for the legal representative's paper (R-23, R-24)."""
    if required.original_needed and not document.original_checked:
        yield Finding(code=Code.DOC_ORIGINAL_UNCHECKED, field="证明材料", detail=document.type)
    if not document.copy_stamped:
        yield Finding(code=Code.DOC_COPY_UNSTAMPED, field="证明材料", detail=document.type)


def promise_stands_word_for_word(case: Case) -> Iterator[Finding]:
    """“提交注销用户名下没有未完成业务”, in these words (Article 6 (2), R-30)."""
    if case.application.form is Form.ENTERPRISE_CANCEL and PROMISE not in case.application.text:
        yield Finding(code=Code.PROMISE_MISSING)
