"""Verbatim: what the rule book and the forms quote stands in the regulation, word for word."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from idp_sync.adapters.rulebook import read_rule_book
from idp_sync.domain.application import COMMITMENT, PROMISE, Form
from idp_sync.domain.permission import Permission
from idp_sync.domain.unit import DocumentType, OrganisationType
from idp_sync.shipped import folder

REGULATION = (Path(__file__).parents[1] / "cases" / "regulation.zh.txt").read_text("utf-8")
LINES = [line.strip() for line in REGULATION.splitlines()]
BOOK = read_rule_book(folder("roles"))
FORMS: list[dict[str, Any]] = yaml.safe_load((folder("roles") / "forms.yaml").read_text("utf-8"))["forms"]
ANNEXES = [form for form in FORMS if Form(form["form"]).is_annex]

#: headings of the annexes, in their order, with what our codes begin with
SECTIONS = {
    "一、市级房屋交易登记管理部门用户权限": "MGMT-CITY",
    "二、区级房屋交易登记管理部门用户权限": "MGMT-DIST",
    "一、开发企业用户权限": "ENT-DEV",
    "二、金融机构用户权限": "ENT-FIN",
    "三、其它组织机构用户权限": "ENT-OTH",
}
CLOSING_RULE = "区级工作人员可根据其工作岗位职能设置、申请一种或多种岗位权限。"


def items_of_the_annexes() -> list[tuple[str, str, str]]:
    """Section, category heading and text of every item, read from the regulation itself."""
    start = LINES.index("附件1：")
    end = LINES.index("附件3：")
    found: list[tuple[str, str, str]] = []
    section = category = ""
    for line in LINES[start:end]:
        if line in SECTIONS:
            section = SECTIONS[line]
        elif line.startswith("（"):
            category = line
        elif section and line and line != CLOSING_RULE and not line.startswith(("附件", "企业用户权限")):
            found.append((section, category, re.sub(r"^[0-9]+\.", "", line)))
    return found


@pytest.mark.parametrize("item", BOOK.catalogue.permissions, ids=lambda item: item.code)
def test_every_item_stands_in_the_regulation_on_a_line_of_its_own(item: Permission) -> None:
    number = int(item.code[-2:])
    assert (f"{number}.{item.text}" if number else item.text) in LINES
    if item.title is not None:
        assert item.text.startswith(f"{item.title}：")


def test_the_catalogue_is_the_annexes_in_their_order_and_leaves_nothing_out() -> None:
    ours = [(p.code.split(".")[0], p.category, p.text) for p in BOOK.catalogue.permissions]
    assert ours == items_of_the_annexes()
    assert len(ours) == 57


def test_an_item_has_a_title_where_the_annex_has_a_colon() -> None:
    for item in BOOK.catalogue.permissions:
        assert item.title == (item.text.split("：")[0] if "：" in item.text else None)


def test_district_items_say_their_scope_in_four_places_only() -> None:
    assert [p.code for p in BOOK.catalogue.permissions if "本区县" in p.text] == [
        f"MGMT-DIST.REG.{number}" for number in ("01", "02", "06", "13")
    ]


# --- forms -----------------------------------------------------------------------------------------------------------


def test_every_form_is_defined_once() -> None:
    assert [form["form"] for form in FORMS] == [form.value for form in Form]
    assert [form["title"] for form in FORMS] == [form.zh for form in Form]


def annex_text(annex: str) -> list[str]:
    """The lines of an annex, blanks within taken out: 备 注 is 备注."""
    start = LINES.index(f"{annex}：")
    following = [i for i, line in enumerate(LINES) if i > start and re.fullmatch(r"附件[0-9]：", line)]
    return ["".join(line.split()) for line in LINES[start : following[0] if following else None]]


@pytest.mark.parametrize("form", ANNEXES, ids=lambda form: form["form"])
def test_title_columns_and_commitment_stand_in_the_annex(form: dict[str, Any]) -> None:
    text = [line for line in annex_text(form["annex"]) if line]
    assert text[1] == form["title"]
    columns = text.index("序号")
    assert text[columns : columns + len(form["columns"])] == form["columns"]
    # the first row of people follows: no column was left out
    assert text[columns + len(form["columns"])] == "1"
    assert [row for row in text if re.fullmatch("[1-5]", row)][:5] == ["1", "2", "3", "4", "5"]
    assert text.count(COMMITMENT) == 1


@pytest.mark.parametrize("form", ANNEXES, ids=lambda form: form["form"])
def test_titles_stand_in_the_list_of_annexes_and_other_titles_in_article_5(form: dict[str, Any]) -> None:
    assert f"{form['annex'][-1]}.{form['title']}" in LINES
    for title in form.get("other_titles", []):
        assert f"{title}（见{form['annex']}）" in REGULATION


def test_the_commitment_is_the_same_on_all_five_forms() -> None:
    assert REGULATION.count(COMMITMENT) == len(ANNEXES) == 5


def test_the_promise_of_article_6_stands_in_its_quotation_marks() -> None:
    assert f"“{PROMISE}”" in REGULATION


@pytest.mark.parametrize("form", [form for form in FORMS if form not in ANNEXES], ids=lambda form: form["form"])
def test_our_own_forms_name_the_article_that_they_come_from(form: dict[str, Any]) -> None:
    article, _, paragraph = form["annex"].partition("（")
    start = next(i for i, line in enumerate(LINES) if line.startswith(article))
    assert any(line.startswith(f"（{paragraph}") for line in LINES[start:])


# --- other words -----------------------------------------------------------------------------------------------------


def test_offices_that_the_regulation_names_stand_in_it() -> None:
    ours = {"security", "audit"}  # GB/T 22239-2019 asks for them
    for office in BOOK.offices.offices:
        assert (office.name in REGULATION) is (office.code not in ours)


def test_types_and_documents_stand_in_it() -> None:
    for organisation_type in OrganisationType:
        assert f"{organisation_type.zh}用户权限" in REGULATION
    paragraph = next(line for line in LINES if line.startswith("1.企业单位：提交"))
    start = LINES.index(paragraph)
    for number, document_type in enumerate(DocumentType):
        line = [text for text in LINES[start:] if text][number]
        assert line.startswith(f"{number + 1}.{document_type.zh}：")
        for document in BOOK.documents[document_type]:
            # 操作用户的身份证件 is written without 的 on the forms
            assert document.type.removeprefix("操作用户") in line
