"""idp-sync contacts: who answers which questions, and how to reach them (Article 10)."""

from __future__ import annotations

import click

from idp_sync.bootstrap import shipped_rule_book
from idp_sync.cli.common import as_json, installation, print_json, print_table
from idp_sync.domain.office import Competence, Office, Offices

#: what people ask, and whose it is to answer (Article 10)
_QUESTIONS = (
    ("密钥及权限问题", "keys and permissions", Competence.ANSWER),
    ("技术支持", "technical support", Competence.SUPPORT),
)


@click.command()
@as_json
@click.pass_context
def contacts(context: click.Context, *, as_json: bool) -> None:
    """疑问解答 / who answers questions on keys and permissions, and who gives technical support (Article 10).

    联系方式取自规则文件 / how to reach them stands in roles/offices.yaml, as the site has filled it in.
    """
    house = installation(context)
    found = answering(house.book.offices if house.is_there else shipped_rule_book().offices)
    if as_json:
        print_json(
            [
                {"question": zh, "question_en": en, "office": o.name, "office_en": o.english, "contact": o.contact}
                for zh, en, o in found
            ]
        )
        return
    print_table(
        "疑问解答 / contacts〔第十条〕",
        ("疑问", "部门", "联系方式"),
        ((f"{zh} / {en}", f"{o.name} / {o.english}", o.contact or "未填写 / not filled in") for zh, en, o in found),
    )


def answering(offices: Offices) -> list[tuple[str, str, Office]]:
    """Each kind of question in both languages, with the office that answers it (Article 10, R-42)."""
    return [(zh, en, offices.with_competence(competence)) for zh, en, competence in _QUESTIONS]
