"""Findings: every code has its rule, the gravest outcome counts, and sentences say where and by which article."""

from __future__ import annotations

from itertools import combinations

import pytest

from idp_sync.domain.application import Form
from idp_sync.domain.citizen_id import mask
from idp_sync.domain.finding import FOUND_WHILE_READING, RULES, Code, Finding, Outcome, labels_of, outcome_of
from tests.builders import application, checked, id_number, known, row, user

ACCEPT, WARNING, SPLIT, RETURN, REJECT = Outcome

#: the notes: shown to the reviewer, no outcome, not among the codes
NOTES = {
    "ID_AREA_UNKNOWN",
    "ID_SEQ_000",
    "USCC_REGION",
    "PERM_CONFLICT",
    "GROUND_MISSING",
    "SHEET_HIDDEN",
}


@pytest.mark.parametrize("code", list(Code))
def test_every_code_has_a_rule_in_both_languages_with_its_source(code: Code) -> None:
    rule = RULES[code]
    assert code.value == code.name
    assert any("\u4e00" <= character <= "\u9fff" for character in rule.zh)
    assert any(character.isascii() and character.isalpha() for character in rule.en)
    assert any(word in rule.source for word in ("第", "附件", "GB"))
    assert rule.is_note is (rule.leads_to is None)


def test_there_is_no_rule_without_a_code() -> None:
    assert set(RULES) == set(Code)
    assert set(Code) >= FOUND_WHILE_READING


def test_what_each_code_leads_to() -> None:
    special = {
        **dict.fromkeys(NOTES),
        **dict.fromkeys(("NORMALISED_FULLWIDTH", "NORMALISED_NAME", "DOC_MERGED_LICENCE"), WARNING),
        "NEEDS_BOTH_APPROVALS": SPLIT,
        **dict.fromkeys(("PERM_LEVEL", "PERM_ORG_TYPE", "SCOPE_DISTRICT", "USER_CANCELLED"), REJECT),
    }
    # everything else that a check of the regulation finds, the applicant can mend
    for code in set(Code) - FOUND_WHILE_READING:
        assert RULES[code].leads_to is special.get(code.value, RETURN), code


def test_outcomes_from_the_best_to_the_gravest() -> None:
    assert [outcome.value for outcome in sorted(Outcome, key=lambda o: o.gravity)] == [
        "accept",
        "accept_with_warning",
        "split",
        "return",
        "reject",
    ]
    assert [outcome for outcome in Outcome if outcome.may_be_approved] == [ACCEPT, WARNING, SPLIT]


#: one code for each outcome
ONE_OF_EACH = {
    ACCEPT: Code.ID_SEQ_000,
    WARNING: Code.NORMALISED_FULLWIDTH,
    SPLIT: Code.NEEDS_BOTH_APPROVALS,
    RETURN: Code.STAMP_MISSING,
    REJECT: Code.PERM_LEVEL,
}


@pytest.mark.parametrize(("better", "graver"), list(combinations(Outcome, 2)))
def test_the_gravest_outcome_counts_in_any_order(better: Outcome, graver: Outcome) -> None:
    findings = [Finding(code=ONE_OF_EACH[better]), Finding(code=ONE_OF_EACH[graver])]
    assert outcome_of(findings) is outcome_of(reversed(findings)) is graver


def test_no_finding_is_an_acceptance() -> None:
    assert outcome_of([]) is ACCEPT
    assert labels_of([]) == ()


def test_labels_are_the_codes_with_their_qualifiers_each_once_without_notes() -> None:
    findings = [
        Finding(code=Code.DOC_MISSING, qualifier="营业执照"),
        Finding(code=Code.ID_SEQ_000, row=1),
        Finding(code=Code.ID_CHECKSUM, row=2),
        Finding(code=Code.DOC_MISSING, qualifier="组织机构代码证"),
        Finding(code=Code.ID_CHECKSUM, row=1),
    ]
    assert labels_of(findings) == ("DOC_MISSING:营业执照", "ID_CHECKSUM", "DOC_MISSING:组织机构代码证")


def test_a_sentence_says_where_what_and_by_which_article() -> None:
    assert Finding(code=Code.STAMP_MISSING).sentence() == "未加盖单位公章〔附件3至附件7；第五条〕"
    assert (
        Finding(code=Code.PERM_LEVEL, row=2, field="申请权限", detail="MGMT-CITY.REG.02 测绘成果查询").sentence()
        == "第2行 申请权限：该权限不属于申请单位的级别（MGMT-CITY.REG.02 测绘成果查询）〔第四条；附件1〕"
    )


# --- no sentence quotes an ID number ---------------------------------------------------------------------------------

NUMBER = id_number(7)
#: the same number as people write it
WRITTEN = [
    NUMBER,
    f"身份证{NUMBER}",
    NUMBER.translate({code: code + 0xFEE0 for code in range(0x30, 0x3A)}),
    f"{NUMBER[:6]} {NUMBER[6:14]} {NUMBER[14:]}",
    f"{NUMBER[:6]}-{NUMBER[6:14]}-{NUMBER[14:]}",
    "110000900101901",
]


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize(
    "field", ["sex", "permission_words", "login", "key_number", "remarks", "scope", "name", "new_name"]
)
@pytest.mark.parametrize("form", [Form.NEW_USER, Form.KEY_REPLACEMENT, Form.USER_RENAME, Form.RESTORE])
def test_a_column_that_slipped_gives_no_number_away(written: str, field: str, form: Form) -> None:
    verdict = checked(application(form, row(1, **{"login": "cy0001", field: written})), known(user()))
    for finding in verdict.findings:
        for shown in (finding.sentence(), repr(finding)):
            assert "19900101" not in shown
            assert "900101" not in shown
            assert written not in shown
            assert "１９９００１０１" not in shown


@pytest.mark.parametrize("field", ["received_on", "received_by"])
def test_the_heads_of_the_form_give_no_number_away(field: str) -> None:
    verdict = checked(application(Form.NEW_USER, **{field: NUMBER}))
    assert verdict.codes
    assert all(NUMBER not in finding.sentence() for finding in verdict.findings)
    assert any(mask(NUMBER) in finding.sentence() for finding in verdict.findings)
