"""The rule book: what is shipped, and every contradiction refused with the name of the file."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from idp_sync.adapters.rulebook import read_rule_book
from idp_sync.domain.errors import NotSetUp
from idp_sync.domain.permission import Matter, Scope
from idp_sync.domain.unit import DocumentType
from idp_sync.shipped import folder

ROLES = folder("roles")
BOOK = read_rule_book(ROLES)
FILES = ("permissions.yaml", "offices.yaml", "districts.yaml", "documents.yaml", "systems.yaml")

# --- what is shipped -------------------------------------------------------------------------------------------------

#: items by section and category, as Annex 1 and 2 number them
COUNTS = {
    "MGMT-CITY.TRADE": 9,
    "MGMT-CITY.REG": 2,
    "MGMT-CITY.SYS": 2,
    "MGMT-DIST.TRADE": 7,
    "MGMT-DIST.REG": 14,
    "MGMT-DIST.SYS": 1,
    "ENT-DEV.TRADE": 8,
    "ENT-DEV.REG": 1,
    "ENT-DEV.SYS": 2,
    "ENT-FIN.REG": 1,
    "ENT-FIN.SYS": 3,
    "ENT-OTH.TRADE": 4,
    "ENT-OTH.REG": 1,
    "ENT-OTH.SYS": 2,
}


def test_there_are_57_items_in_the_sections_of_the_annexes() -> None:
    assert len(BOOK.catalogue.permissions) == 57
    assert Counter(p.code.rpartition(".")[0] for p in BOOK.catalogue.permissions) == COUNTS


def test_items_are_numbered_as_they_stand() -> None:
    for category, count in COUNTS.items():
        numbers = [int(p.code[-2:]) for p in BOOK.catalogue.permissions if p.code.rpartition(".")[0] == category]
        # the one item of a category without numbers has 00
        assert numbers in ([0], list(range(1, count + 1)))


def test_code_and_meaning_agree() -> None:
    matters = {"TRADE": Matter.TRANSACTION, "REG": Matter.REGISTRATION, "SYS": Matter.SYSTEM}
    ranks = {"MGMT-CITY": "city", "MGMT-DIST": "district"}
    types = {"ENT-DEV": "developer", "ENT-FIN": "financial", "ENT-OTH": "other"}
    scopes = {"MGMT-CITY": Scope.CITY, "MGMT-DIST": Scope.DISTRICT}
    for item in BOOK.catalogue.permissions:
        section, category, _ = item.code.split(".")
        assert item.matter is matters[category]
        assert item.level == ranks.get(section)
        assert item.organisation_type == types.get(section)
        assert item.scope is scopes.get(section, Scope.UNIT)


def test_every_system_is_concerned_by_something() -> None:
    concerned = {system for item in BOOK.catalogue.permissions for system in item.systems}
    assert concerned == {system.code for system in BOOK.systems} == {"trading", "archive"}


def test_only_the_item_that_joins_business_and_administration_is_in_conflict() -> None:
    conflicts = [p.code for p in BOOK.catalogue.permissions if p.conflicts_with_separation_of_duties]
    assert conflicts == ["MGMT-CITY.SYS.02"]


def test_the_districts_are_beijings_sixteen_and_the_development_area() -> None:
    districts = BOOK.districts.districts
    assert len([d for d in districts if d.administrative]) == 16
    assert len({d.name for d in districts}) == len(districts) == 17
    assert set(BOOK.districts.former) == {"110103", "110104", "110228", "110229", "110302"}


def test_documents_and_one_licence_one_code() -> None:
    assert {t: len(papers) for t, papers in BOOK.documents.items()} == {
        DocumentType.COMPANY: 5,
        DocumentType.FINANCIAL: 5,
        DocumentType.INSTITUTION: 3,
    }
    assert BOOK.merged_licence


# --- what is refused -------------------------------------------------------------------------------------------------

Change = Callable[[Any], object]


@pytest.fixture
def roles(tmp_path: Path) -> Path:
    """A copy of the shipped rule book, to be spoilt."""
    copy = tmp_path / "roles"
    copy.mkdir()
    for name in FILES:
        shutil.copyfile(ROLES / name, copy / name)
    return copy


def spoil(roles: Path, name: str, change: Change) -> None:
    path = roles / name
    document = yaml.safe_load(path.read_text("utf-8"))
    change(document)
    path.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")


def refused(roles: Path, name: str) -> str:
    """The refusal of a rule book; it is one line and names the file."""
    with pytest.raises(NotSetUp) as caught:
        read_rule_book(roles)
    message = str(caught.value)
    assert message.startswith(f"{roles / name}: ")
    assert "\n" not in message
    return message


def section(document: Any, number: int) -> Any:  # noqa: ANN401
    return document["sections"][number]


def item(document: Any, number: int, category: int = 0) -> Any:  # noqa: ANN401
    return section(document, number)["categories"][category]["items"][0]


def office(document: Any, code: str) -> Any:  # noqa: ANN401
    return next(o for o in document["offices"] if o["code"] == code)


def test_an_unspoilt_copy_is_the_same_rule_book(roles: Path) -> None:
    for name in FILES:
        spoil(roles, name, lambda document: document)
    assert read_rule_book(roles) == BOOK


CITY, DISTRICT, DEVELOPERS = 0, 1, 2

PERMISSIONS: dict[str, tuple[Change, str]] = {
    "a code twice": (
        lambda d: item(d, DISTRICT).update(code="MGMT-CITY.TRADE.01"),
        "MGMT-CITY.TRADE.01: stands twice in the catalogue",
    ),
    "an unknown system": (
        lambda d: item(d, CITY).update(systems=["trading", "billing"]),
        "MGMT-CITY.TRADE.01: concerns unknown systems billing",
    ),
    "no system": (lambda d: item(d, CITY).update(systems=[]), "MGMT-CITY.TRADE.01: concerns no system"),
    "no level": (lambda d: section(d, DISTRICT).pop("level"), "MGMT-DIST.TRADE.01: an item for management units needs"),
    "an organisation type for management units": (
        lambda d: section(d, DISTRICT).update(organisation_type="other"),
        "MGMT-DIST.TRADE.01: an item for management units needs a level, and no organisation type",
    ),
    "no organisation type": (
        lambda d: section(d, DEVELOPERS).pop("organisation_type"),
        "organisation type developer: has no permission at all",
    ),
    "a level for enterprises": (
        lambda d: section(d, DEVELOPERS).update(level="city"),
        "ENT-DEV.TRADE.01: an item for enterprises needs an organisation type, and no level",
    ),
    "a district item that reaches over the city": (
        lambda d: item(d, DISTRICT).update(scope="city"),
        "MGMT-DIST.TRADE.01: a district item can't reach over the whole city",
    ),
    "a scope of another class": (
        lambda d: item(d, DEVELOPERS).update(scope="district"),
        "ENT-DEV.TRADE.01: scope district does not fit user class enterprise",
    ),
    "an extra key": (lambda d: item(d, CITY).update(office="market"), "sections.0.categories.0.items.0.office: Extra"),
    "a key missing": (lambda d: item(d, CITY).pop("text"), "sections.0.categories.0.items.0.text: Field required"),
    "no text": (lambda d: item(d, CITY).update(text="  "), "sections.0.categories.0.items.0.text: String should have"),
    "a code of another shape": (
        lambda d: item(d, CITY).update(code="登记受理"),
        "sections.0.categories.0.items.0.code: String should match",
    ),
    "an unknown matter": (
        lambda d: section(d, CITY)["categories"][0].update(matter="finance"),
        "sections.0.categories.0.matter: Input should be",
    ),
    "no items": (lambda d: section(d, CITY)["categories"][0].update(items=[]), "sections.0.categories.0.items: List"),
}

OFFICES: dict[str, tuple[Change, str]] = {
    "who approves configures": (
        lambda d: office(d, "registration")["competences"].append("configure"),
        "office registration: who approves does not configure",
    ),
    "who approves transactions configures": (
        lambda d: office(d, "information-centre")["competences"].append("approve-transaction"),
        "office information-centre: who approves does not configure",
    ),
    "who approves issues keys": (
        lambda d: office(d, "market")["competences"].append("issue-keys-management"),
        "office market: who approves management units' permissions does not issue their keys",
    ),
    "who audits revokes": (
        lambda d: office(d, "audit")["competences"].append("revoke"),
        "office audit: who audits does nothing else",
    ),
    "nobody for a competence": (
        lambda d: office(d, "research-centre")["competences"].remove("restore"),
        "competence restore: no office has it",
    ),
    "nobody for a form": (
        lambda d: office(d, "information-centre")["receives"].remove("A7"),
        "form A7: no office receives it",
    ),
    "an office twice": (lambda d: d["offices"].append(dict(office(d, "audit"))), "office 审计: stands twice"),
    "a name that is another's alias": (
        lambda d: office(d, "market")["aliases"].append("房屋登记管理处"),
        "office 房屋登记管理处: stands twice",
    ),
    "an unknown competence": (
        lambda d: office(d, "audit").update(competences=["rule"]),
        "offices.6.competences.0: Input should be",
    ),
    "an unknown form": (lambda d: office(d, "audit").update(receives=["A8"]), "offices.6.receives.0: Input should be"),
    "an extra key": (lambda d: office(d, "audit").update(phone="0"), "offices.6.phone: Extra inputs"),
    "no office": (lambda d: d.update(offices=[]), "offices: List should have at least 1 item"),
}

DISTRICTS: dict[str, tuple[Change, str]] = {
    "a former district that leads nowhere": (
        lambda d: d["former"][0].update(now="110199"),
        "former district 110103: leads to 110199, which is no district",
    ),
    "a former district that leads to a former one": (
        lambda d: d["former"][0].update(now="110104"),
        "former district 110103: leads to 110104, which is no district",
    ),
    "a prefix twice": (lambda d: d["districts"][0].update(login_prefix="cy"), "login prefix cy: stands twice"),
    "the prefix of enterprises": (lambda d: d["districts"][0].update(login_prefix="qy"), "login prefix qy: stands"),
    "the prefix of city units": (lambda d: d["districts"][0].update(login_prefix="sj"), "login prefix sj: stands"),
    "a district twice": (lambda d: d["districts"][0].update(code="110102"), "district 110102: stands twice"),
    "a district that is a former one": (
        lambda d: d["districts"][0].update(code="110104"),
        "district 110104: stands twice",
    ),
    "a prefix that is no login": (
        lambda d: d["districts"][0].update(login_prefix="东"),
        "districts.0.login_prefix: String should match",
    ),
    "a code that YAML took for a number": (
        lambda d: d["districts"][0].update(code=110101),
        "districts.0.code: Input should be a valid string",
    ),
    "no district": (lambda d: d.update(districts=[]), "districts: List should have at least 1 item"),
}

DOCUMENTS: dict[str, tuple[Change, str]] = {
    "a type missing": (lambda d: d["documents"].pop("financial"), "document type financial: is missing"),
    "an unknown type": (lambda d: d["documents"].update(church=[]), "documents.church.[key]: Input should be"),
    "an unknown organisation type": (
        lambda d: d["documents"]["company"][4].update(only_for="bank"),
        "documents.company.4.only_for: Input should be",
    ),
    "merged_licence not said": (lambda d: d.pop("merged_licence"), "merged_licence: Field required"),
}

SYSTEMS: dict[str, tuple[Change, str]] = {
    "a system twice": (lambda d: d["systems"].append(dict(d["systems"][0])), "system trading: stands twice"),
    "a code that is no client id": (
        lambda d: d["systems"][0].update(code="Trading System"),
        "systems.0.code: String should match",
    ),
    "no system": (lambda d: d.update(systems=[]), "systems: List should have at least 1 item"),
}

SPOILT = [
    pytest.param(name, change, expected, id=f"{name} {what}")
    for name, cases in (
        ("permissions.yaml", PERMISSIONS),
        ("offices.yaml", OFFICES),
        ("districts.yaml", DISTRICTS),
        ("documents.yaml", DOCUMENTS),
        ("systems.yaml", SYSTEMS),
    )
    for what, (change, expected) in cases.items()
]


@pytest.mark.parametrize(("name", "change", "expected"), SPOILT)
def test_a_spoilt_rule_book_is_refused(roles: Path, name: str, change: Change, expected: str) -> None:
    spoil(roles, name, change)
    assert expected in refused(roles, name)


def test_every_contradiction_of_a_file_is_named_at_once(roles: Path) -> None:
    def change(document: Any) -> None:  # noqa: ANN401
        item(document, CITY).update(systems=["billing"])
        item(document, DISTRICT).update(scope="city")

    spoil(roles, "permissions.yaml", change)
    message = refused(roles, "permissions.yaml")
    assert "规则自相矛盾 / contradicts itself" in message
    assert "billing" in message
    assert "whole city" in message


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(roles: Path, name: str) -> None:
    (roles / name).unlink()
    assert "缺少规则文件 / file of the rule book is missing" in refused(roles, name)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "content",
    [b"sections: [", b"a: b: c", b"- !!python/object/apply:os.getcwd []", "名称".encode("gb18030"), b"\x00"],
    ids=["unclosed", "two colons", "a Python object", "GB 18030", "NUL"],
)
def test_a_file_that_is_no_yaml_is_named(roles: Path, name: str, content: bytes) -> None:
    (roles / name).write_bytes(content)
    assert "规则文件不可读 / can't be read" in refused(roles, name)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", ["", "[]", "text", "other: 1"])
def test_a_file_of_another_shape_is_named(roles: Path, name: str, content: str) -> None:
    (roles / name).write_text(content, "utf-8")
    refused(roles, name)


def test_a_file_that_is_a_folder_is_named(roles: Path) -> None:
    (roles / "systems.yaml").unlink()
    (roles / "systems.yaml").mkdir()
    assert "can't be read" in refused(roles, "systems.yaml")


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotSetUp, match="nowhere"):
        read_rule_book(tmp_path / "nowhere")


# --- another bureau's rule book --------------------------------------------------------------------------------------


def test_names_of_offices_are_data(roles: Path) -> None:
    spoil(
        roles,
        "offices.yaml",
        lambda d: office(d, "registration").update(name="不动产登记中心", aliases=["房屋登记管理处"]),
    )
    spoil(roles, "documents.yaml", lambda d: d.update(merged_licence=False))
    other = read_rule_book(roles)
    found = other.offices.find("房屋登记管理处")
    assert found is not None
    assert found.name == "不动产登记中心"
    assert not other.merged_licence
