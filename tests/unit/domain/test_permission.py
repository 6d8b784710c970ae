"""Permissions: the catalogue, what people call an item, whose it is, and every contradiction by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from idp_sync.domain.permission import Catalogue, Permission, Scope, contradictions
from idp_sync.domain.unit import Level, OrganisationType, UserClass
from tests.builders import BOOK, CHAOYANG, CITY, DEVELOPER, permission

CATALOGUE = BOOK.catalogue
SYSTEMS = ("trading", "archive")


def enterprise_item(code: str, type_: OrganisationType, /, **fields: Any) -> Permission:  # noqa: ANN401
    sound: dict[str, Any] = {
        "user_class": UserClass.ENTERPRISE,
        "level": None,
        "organisation_type": type_,
        "scope": Scope.UNIT,
    }
    return permission(code, **{**sound, **fields})


#: the smallest sound catalogue: one item of the district, one for each organisation type
SOUND = (
    permission("MGMT-DIST.REG.01"),
    *(enterprise_item(f"ENT-{t.name}.REG.00", t) for t in OrganisationType),
)


def codes(permissions: tuple[Permission, ...]) -> set[str]:
    return {p.code for p in permissions}


# --- the catalogue ---------------------------------------------------------------------------------------------------


def test_an_item_is_found_by_its_code_and_by_no_other_word() -> None:
    found = CATALOGUE.get("MGMT-DIST.REG.01")
    assert found is not None
    assert found.title == "登记受理"
    assert CATALOGUE.get("登记受理") is None
    assert CATALOGUE.get("MGMT-DIST.REG.99") is None


def test_the_index_can_not_be_changed() -> None:
    with pytest.raises(TypeError):
        CATALOGUE.by_code["MGMT-DIST.REG.01"] = SOUND[0]  # type: ignore[index]


def test_what_is_open_to_a_unit_is_its_own_heading_of_the_annex() -> None:
    assert codes(CATALOGUE.open_to(CITY)) == {p.code for p in CATALOGUE.permissions if p.code.startswith("MGMT-CITY")}
    assert codes(CATALOGUE.open_to(CHAOYANG)) == {
        p.code for p in CATALOGUE.permissions if p.code.startswith("MGMT-DIST")
    }
    assert codes(CATALOGUE.open_to(DEVELOPER)) == {
        p.code for p in CATALOGUE.permissions if p.code.startswith("ENT-DEV")
    }


@pytest.mark.parametrize(
    ("organisation_type", "prefix", "count"),
    [
        (OrganisationType.DEVELOPER, "ENT-DEV.", 11),
        (OrganisationType.FINANCIAL, "ENT-FIN.", 4),
        (OrganisationType.OTHER, "ENT-OTH.", 7),
    ],
)
def test_an_enterprise_has_the_whole_bundle_of_its_type(
    organisation_type: OrganisationType, prefix: str, count: int
) -> None:
    bundle = CATALOGUE.bundle(organisation_type)
    assert len(bundle) == count
    assert all(code.startswith(prefix) for code in bundle)
    assert bundle == codes(CATALOGUE.open_to(replace(DEVELOPER, organisation_type=organisation_type)))


def test_the_label_is_the_title_or_the_text_without_its_full_stop() -> None:
    assert permission(title="登记受理").label == "登记受理"
    assert permission(title=None, text="楼盘表浏览。").label == "楼盘表浏览"
    assert permission(title=None, text="行政限制、注销权限；").label == "行政限制、注销权限"


# --- what people call an item ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "MGMT-DIST.REG.01",
        "  MGMT-DIST.REG.01\n",
        "登记受理",
        "登记受理权限",
        " 登 记　受理 ",
        "登记受理。",
        "登记受理：拥有各类房屋登记业务的草拟、申请和受理权限，及本区县楼盘表浏览权限。",
        "登记受理：拥有各类房屋登记业务的草拟、申请和受理权限，\n及本区县楼盘表浏览权限",
    ],
)
def test_an_item_is_called_by_its_code_its_title_or_its_text(words: str) -> None:
    found = CATALOGUE.called(words, CHAOYANG)
    assert found is not None
    assert found.code == "MGMT-DIST.REG.01"


@pytest.mark.parametrize("words", ["", "  ", "。", "权限", "登记", "登记受理和审核", "房屋登记万能权限", "mgmt"])
def test_other_words_call_nothing(words: str) -> None:
    assert CATALOGUE.called(words, CHAOYANG) is None


def test_the_unit_decides_between_items_of_the_same_words() -> None:
    words = "认购签约管理"
    of_city, of_district = CATALOGUE.called(words, CITY), CATALOGUE.called(words, CHAOYANG)
    assert of_city is not None
    assert of_district is not None
    assert (of_city.code, of_district.code) == ("MGMT-CITY.TRADE.02", "MGMT-DIST.TRADE.02")


def test_words_of_an_item_that_the_unit_can_not_have_lead_to_it_all_the_same() -> None:
    found = CATALOGUE.called("测绘成果查询", CHAOYANG)
    assert found is not None
    assert found.code == "MGMT-CITY.REG.02"
    # and a code means that very item, whoever writes it
    named = CATALOGUE.called("MGMT-CITY.TRADE.02", CHAOYANG)
    assert named is not None
    assert named.level is Level.CITY


@pytest.mark.parametrize("item", CATALOGUE.permissions, ids=lambda item: item.code)
def test_every_item_is_called_by_its_own_text_and_label(item: Permission) -> None:
    unit = {None: replace(DEVELOPER, organisation_type=item.organisation_type), Level.CITY: CITY}.get(
        item.level, CHAOYANG
    )
    assert item.belongs_to(unit)
    assert CATALOGUE.called(item.text, unit) is item
    assert CATALOGUE.called(item.label, unit) is item


# --- whose an item is ------------------------------------------------------------------------------------------------


def test_an_item_belongs_to_units_of_its_class_level_and_type_only() -> None:
    district = permission()
    developers = enterprise_item("ENT-DEV.REG.00", OrganisationType.DEVELOPER)
    assert district.belongs_to(CHAOYANG)
    assert not district.belongs_to(CITY)
    assert not district.belongs_to(DEVELOPER)
    assert developers.belongs_to(DEVELOPER)
    assert not developers.belongs_to(replace(DEVELOPER, organisation_type=OrganisationType.FINANCIAL))
    assert not developers.belongs_to(CHAOYANG)


# --- contradictions --------------------------------------------------------------------------------------------------


def test_a_sound_catalogue_has_no_contradictions() -> None:
    assert contradictions(Catalogue(SOUND), systems=SYSTEMS) == []
    assert contradictions(CATALOGUE, systems=SYSTEMS) == []


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (permission("X.A.01", level=None), "needs a level, and no organisation type"),
        (permission("X.A.01", organisation_type=OrganisationType.OTHER), "needs a level, and no organisation type"),
        (
            enterprise_item("X.A.01", OrganisationType.OTHER, organisation_type=None),
            "needs an organisation type, and no level",
        ),
        (
            enterprise_item("X.A.01", OrganisationType.OTHER, level=Level.CITY),
            "needs an organisation type, and no level",
        ),
        (permission("X.A.01", scope=Scope.UNIT), "scope unit does not fit user class management"),
        (
            enterprise_item("X.A.01", OrganisationType.OTHER, scope=Scope.CITY),
            "scope city does not fit user class enterprise",
        ),
        (
            enterprise_item("X.A.01", OrganisationType.OTHER, scope=Scope.DISTRICT),
            "scope district does not fit user class enterprise",
        ),
        (permission("X.A.01", scope=Scope.CITY), "can't reach over the whole city"),
        (permission("X.A.01", text=" \n"), "has no text"),
        (permission("X.A.01", systems=frozenset()), "concerns no system"),
        (permission("X.A.01", systems=frozenset({"trading", "nowhere"})), "concerns unknown systems nowhere"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_contradiction_is_found_by_itself_and_names_the_item(wrong: Permission, expected: str) -> None:
    (problem,) = contradictions(Catalogue((*SOUND, wrong)), systems=SYSTEMS)
    assert problem.startswith("X.A.01: ")
    assert expected in problem


def test_a_city_item_may_reach_over_the_city_or_one_district() -> None:
    items = (permission("X.A.01", level=Level.CITY, scope=Scope.CITY), permission("X.A.02", level=Level.CITY))
    assert contradictions(Catalogue((*SOUND, *items)), systems=SYSTEMS) == []


def test_a_code_that_stands_twice_is_found_once() -> None:
    assert contradictions(Catalogue((*SOUND, SOUND[0])), systems=SYSTEMS) == [
        "MGMT-DIST.REG.01: stands twice in the catalogue"
    ]


@pytest.mark.parametrize("left_out", list(OrganisationType))
def test_every_organisation_type_has_permissions(left_out: OrganisationType) -> None:
    catalogue = Catalogue(tuple(p for p in SOUND if p.organisation_type is not left_out))
    assert contradictions(catalogue, systems=SYSTEMS) == [
        f"organisation type {left_out.value}: has no permission at all"
    ]


def test_all_contradictions_are_named_together() -> None:
    wrong = permission("X.A.01", text="", systems=frozenset())
    assert len(contradictions(Catalogue((*SOUND, wrong)), systems=SYSTEMS)) == 2
