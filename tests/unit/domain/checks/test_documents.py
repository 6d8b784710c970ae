"""How an enterprise proves itself: each document left out, unchecked and unstamped, for each type."""

from __future__ import annotations

from dataclasses import replace

import pytest

from idp_sync.domain.application import PROMISE, Document, Form
from idp_sync.domain.checks import documents
from idp_sync.domain.checks.case import Case
from idp_sync.domain.finding import Code, Finding
from idp_sync.domain.unit import DocumentType, OrganisationType, Unit
from tests.builders import BOOK, CHAOYANG, DEVELOPER, DEVELOPERS_DOCUMENTS, TODAY, application, case, known

#: Article 5 (2), by the words of the article
ASKED = {
    (OrganisationType.DEVELOPER, DocumentType.COMPANY): [
        "营业执照",
        "组织机构代码证",
        "法定代表人身份证件",
        "操作用户身份证件",
        "房地产开发企业资质证书",
    ],
    (OrganisationType.OTHER, DocumentType.COMPANY): [
        "营业执照",
        "组织机构代码证",
        "法定代表人身份证件",
        "操作用户身份证件",
    ],
    (OrganisationType.FINANCIAL, DocumentType.FINANCIAL): [
        "营业执照",
        "组织机构代码证",
        "金融机构许可证",
        "法定代表人身份证件",
        "操作用户身份证件",
    ],
    (OrganisationType.OTHER, DocumentType.INSTITUTION): [
        "组织机构代码证",
        "法定代表人或负责人身份证件",
        "操作用户身份证件",
    ],
}
CASES = [(unit_type, document_type, paper) for (unit_type, document_type), all_ in ASKED.items() for paper in all_]


def unit_of(organisation_type: OrganisationType, document_type: DocumentType) -> Unit:
    """An enterprise without credit code: no paper stands in for another."""
    return replace(DEVELOPER, organisation_type=organisation_type, document_type=document_type, credit_code=None)


def papers(names: list[str]) -> tuple[Document, ...]:
    return tuple(Document(type=n, original_checked="法定代表人" not in n, copy_stamped=True) for n in names)


def proofs(unit: Unit, handed_in: tuple[Document, ...], form: Form = Form.ENTERPRISE_NEW) -> list[Finding]:
    return list(documents.prove_the_enterprise(case(application(form, unit=unit, documents=handed_in))))


@pytest.mark.parametrize(("organisation_type", "document_type"), ASKED)
def test_all_documents_are_enough(organisation_type: OrganisationType, document_type: DocumentType) -> None:
    asked = ASKED[organisation_type, document_type]
    assert proofs(unit_of(organisation_type, document_type), papers(asked)) == []


@pytest.mark.parametrize(("organisation_type", "document_type", "paper"), CASES)
def test_each_document_is_needed_stamped_and_but_for_the_representatives_checked(
    organisation_type: OrganisationType, document_type: DocumentType, paper: str
) -> None:
    unit = unit_of(organisation_type, document_type)
    asked = papers(ASKED[organisation_type, document_type])

    (missing,) = proofs(unit, tuple(d for d in asked if d.type != paper))
    assert missing.label == f"DOC_MISSING:{paper}"

    unstamped = tuple(replace(d, copy_stamped=d.type != paper) for d in asked)
    assert [(f.code, f.detail) for f in proofs(unit, unstamped)] == [(Code.DOC_COPY_UNSTAMPED, paper)]

    unchecked = tuple(replace(d, original_checked=d.original_checked and d.type != paper) for d in asked)
    expected = [] if "法定代表人" in paper else [(Code.DOC_ORIGINAL_UNCHECKED, paper)]
    assert [(f.code, f.detail) for f in proofs(unit, unchecked)] == expected


@pytest.mark.parametrize("stated", [DocumentType.COMPANY, DocumentType.INSTITUTION, None])
def test_a_bank_needs_its_licence_whatever_it_says_it_is(stated: DocumentType | None) -> None:
    unit = replace(unit_of(OrganisationType.FINANCIAL, DocumentType.FINANCIAL), document_type=stated)
    asked = ASKED[OrganisationType.FINANCIAL, DocumentType.FINANCIAL]
    (finding,) = proofs(unit, papers([name for name in asked if name != "金融机构许可证"]))
    assert finding.label == "DOC_MISSING:金融机构许可证"


def test_a_developer_needs_its_qualification_whatever_it_says_it_is() -> None:
    unit = unit_of(OrganisationType.DEVELOPER, DocumentType.INSTITUTION)
    found = proofs(unit, papers(ASKED[OrganisationType.OTHER, DocumentType.INSTITUTION]))
    assert {f.label for f in found} == {"DOC_MISSING:营业执照", "DOC_MISSING:房地产开发企业资质证书"}


def test_another_name_of_the_same_paper_is_the_paper() -> None:
    asked = ASKED[OrganisationType.FINANCIAL, DocumentType.FINANCIAL]
    renamed = [{"金融机构许可证": "金融许可证"}.get(name, name) for name in asked]
    assert proofs(unit_of(OrganisationType.FINANCIAL, DocumentType.FINANCIAL), papers(renamed)) == []


def test_every_paper_of_a_kind_is_looked_at() -> None:
    second = Document(type="操作用户身份证件")
    found = proofs(DEVELOPER, (*DEVELOPERS_DOCUMENTS, second))
    assert [f.code for f in found] == [Code.DOC_ORIGINAL_UNCHECKED, Code.DOC_COPY_UNSTAMPED]


def test_a_paper_that_nobody_asked_for_is_stamped_too() -> None:
    extra = Document(type="授权委托书")
    assert [f.code for f in proofs(DEVELOPER, (*DEVELOPERS_DOCUMENTS, extra))] == [Code.DOC_COPY_UNSTAMPED]
    assert proofs(DEVELOPER, (*DEVELOPERS_DOCUMENTS, replace(extra, copy_stamped=True))) == []


WITH_DOCUMENTS = {Form.ENTERPRISE_NEW, Form.ENTERPRISE_CHANGE}


def test_a_changed_user_takes_the_same_documents_as_a_new_one() -> None:
    """申请新增或变更用户权限: Article 5 (2) asks for the same of both."""
    assert proofs(DEVELOPER, DEVELOPERS_DOCUMENTS, Form.ENTERPRISE_CHANGE) == []
    (missing,) = proofs(DEVELOPER, DEVELOPERS_DOCUMENTS[:-1], Form.ENTERPRISE_CHANGE)
    assert missing.label == "DOC_MISSING:房地产开发企业资质证书"
    unstamped = (*DEVELOPERS_DOCUMENTS[:-1], replace(DEVELOPERS_DOCUMENTS[-1], copy_stamped=False))
    assert [f.code for f in proofs(DEVELOPER, unstamped, Form.ENTERPRISE_CHANGE)] == [Code.DOC_COPY_UNSTAMPED]


@pytest.mark.parametrize("form", sorted(set(Form) - WITH_DOCUMENTS), ids=str)
def test_no_other_form_needs_documents(form: Form) -> None:
    assert proofs(DEVELOPER, (), form) == []


def test_a_unit_of_no_type_is_asked_for_nothing_here() -> None:
    assert proofs(CHAOYANG, ()) == []


# --- one licence, one code -------------------------------------------------------------------------------------------

WITHOUT_CERTIFICATE = tuple(d for d in DEVELOPERS_DOCUMENTS if d.type != "组织机构代码证")


def test_a_licence_with_a_credit_code_serves_for_the_organisation_code_certificate() -> None:
    (finding,) = proofs(DEVELOPER, WITHOUT_CERTIFICATE)
    assert finding.code is Code.DOC_MERGED_LICENCE
    assert finding.detail == "营业执照代组织机构代码证"


@pytest.mark.parametrize("credit_code", [None, "", "91110105PDY001012A"])
def test_not_without_a_right_credit_code(credit_code: str | None) -> None:
    (finding,) = proofs(replace(DEVELOPER, credit_code=credit_code), WITHOUT_CERTIFICATE)
    assert finding.label == "DOC_MISSING:组织机构代码证"


def test_not_where_the_rule_book_does_not_have_it() -> None:
    form = application(Form.ENTERPRISE_NEW, documents=WITHOUT_CERTIFICATE)
    book = replace(BOOK, merged_licence=False)
    strict = Case(application=form, known=known(), book=book, today=TODAY)
    assert [f.label for f in documents.prove_the_enterprise(strict)] == ["DOC_MISSING:组织机构代码证"]


def test_not_where_the_licence_is_missing_too() -> None:
    found = proofs(DEVELOPER, tuple(d for d in WITHOUT_CERTIFICATE if d.type != "营业执照"))
    assert {f.label for f in found} == {"DOC_MISSING:营业执照", "DOC_MISSING:组织机构代码证"}


def test_what_stands_in_is_checked_and_stamped_like_what_it_stands_for() -> None:
    unit = replace(unit_of(OrganisationType.OTHER, DocumentType.INSTITUTION), credit_code="12110105PDY0010391")
    others = papers(["法定代表人或负责人身份证件", "操作用户身份证件"])
    found = proofs(unit, (Document(type="事业单位法人证书"), *others))
    assert {(f.code, f.detail) for f in found} == {
        (Code.DOC_MERGED_LICENCE, "事业单位法人证书代组织机构代码证"),
        (Code.DOC_ORIGINAL_UNCHECKED, "事业单位法人证书"),
        (Code.DOC_COPY_UNSTAMPED, "事业单位法人证书"),
    }


# --- codes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("credit_code", "organisation_code", "expected"),
    [
        ("91110105PDY0010124", "PDY001012", []),
        ("91110105PDY0010124", None, []),
        ("91110105PDY0010124", "", []),
        (None, "PDY00101-2", []),
        (None, None, [Code.ORGCODE_FORMAT]),
        ("", "", [Code.ORGCODE_FORMAT]),
        ("91110105PDY0010124", "PDY000028", [Code.ORGCODE_MISMATCH]),
        ("91110105PDY0010124", "PDY001013", [Code.ORGCODE_CHECKSUM]),
        ("91110105PDY001012A", "PDY000028", [Code.USCC_CHECKSUM]),  # not compared: the inner code may be wrong
        ("9I110105PDY000028G", None, [Code.USCC_FORMAT]),
        (None, "PDY", [Code.ORGCODE_FORMAT]),
        ("91999999PDY00001X5", None, [Code.USCC_REGION]),
        ("９1110105PDY0010124", None, [Code.NORMALISED_FULLWIDTH]),
    ],
)
@pytest.mark.parametrize(
    "form", [Form.ENTERPRISE_NEW, Form.ENTERPRISE_CHANGE, Form.ENTERPRISE_CANCEL, Form.RESTORE], ids=str
)
def test_codes_of_an_enterprise(
    form: Form, credit_code: str | None, organisation_code: str | None, expected: list[Code]
) -> None:
    unit = replace(DEVELOPER, credit_code=credit_code, organisation_code=organisation_code)
    assert [f.code for f in documents.unit_codes_are_right(case(application(form, unit=unit)))] == expected


def test_management_units_need_no_code() -> None:
    assert list(documents.unit_codes_are_right(case(application()))) == []


# --- the promise -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        (PROMISE, True),
        (f"申请注销我单位用户。{PROMISE}。", True),
        ("提交注销用户名下无未完成业务", False),
        (PROMISE[1:], False),
        (PROMISE[:-1], False),
        ("", False),
    ],
)
def test_the_promise_stands_word_for_word(text: str, stands: bool) -> None:  # noqa: FBT001
    form = application(Form.ENTERPRISE_CANCEL, text=text)
    found = [f.code for f in documents.promise_stands_word_for_word(case(form))]
    assert found == ([] if stands else [Code.PROMISE_MISSING])


@pytest.mark.parametrize("form", sorted(set(Form) - {Form.ENTERPRISE_CANCEL}), ids=str)
def test_only_enterprises_that_cancel_promise_it(form: Form) -> None:
    assert list(documents.promise_stands_word_for_word(case(application(form, text="")))) == []
