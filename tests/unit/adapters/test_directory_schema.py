"""The schema in templates/ and the names in the code are the same."""

from __future__ import annotations

import re

from idp_sync import shipped
from idp_sync.adapters.directory import schema
from idp_sync.adapters.directory.mapping import ATTRIBUTES, attributes_of, values_of
from idp_sync.domain.account import AccountState
from idp_sync.domain.directory_entry import DirectoryEntry
from idp_sync.domain.unit import UserClass

LDIF = (shipped.folder("templates") / "slapd" / "schema.ldif").read_text(encoding="utf-8").replace("\n  ", " ")
TYPES = dict(re.findall(r"olcAttributeTypes: \( idpAttribute:(\d+) NAME '(\w+)'", LDIF))
CLASSES = dict(re.findall(r"olcObjectClasses: \( idpClass:(\d+) NAME '(\w+)'", LDIF))
STANDARD = {"objectClass", "uid", "cn", "displayName", "sn", "employeeNumber"}
ENTRY = DirectoryEntry(
    login="cy0001",
    user_class=UserClass.MANAGEMENT,
    name="张测试",
    person_number="P1",
    state=AccountState.ACTIVE,
    rank="district",
    unit_name="虚构",
    unit_code="虚构",
)


def test_what_the_code_writes_is_defined() -> None:
    assert set(values_of(ENTRY)) | {"objectClass"} == set(ATTRIBUTES)
    assert set(ATTRIBUTES) - STANDARD == set(TYPES.values()) - {schema.SYSTEM}
    assert {schema.ACCOUNT, schema.PERMISSION} == set(CLASSES.values())


def test_every_number_is_given_once() -> None:
    assert len(re.findall(r"idpAttribute:\d+ NAME", LDIF)) == len(TYPES)
    assert len(re.findall(r"idpClass:\d+ NAME", LDIF)) == len(CLASSES)


def test_a_group_may_be_empty_and_an_account_may_lack_anything() -> None:
    permission = LDIF[LDIF.index("'idpPermission'") :]
    assert "MUST cn " in permission
    assert re.search(r"MAY \( member ", permission)
    account = LDIF[LDIF.index("'idpAccount'") : LDIF.index("'idpPermission'")]
    assert "MUST" not in account
    assert "AUXILIARY" in account


def test_what_is_empty_is_absent() -> None:
    assert {"idpDistrict", "idpThumbprint", "idpOrganisationType"}.isdisjoint(attributes_of(ENTRY))


def test_an_id_number_has_no_place() -> None:
    assert not any("number" in name.lower() for name in TYPES.values())
