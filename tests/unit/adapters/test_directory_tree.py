"""Names: nothing that is put into one can become another name, and every name reads back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some
from ldap3.core.exceptions import LDAPInvalidDnError
from ldap3.operation.search import MATCH_EQUAL, parse_filter
from ldap3.protocol.convert import prepare_filter_for_sending
from ldap3.utils.dn import parse_dn

from idp_sync.adapters.directory.tree import Tree, escaped, filter_value
from idp_sync.domain.unit import UserClass

TREE = Tree("dc=idp-sync,dc=example")
TEXTS = some.text(some.characters(exclude_categories=["Cs"]), min_size=1)


@given(login=TEXTS)
def test_every_login_reads_back_from_its_name(login: str) -> None:
    for user_class in UserClass:
        assert TREE.login_at(TREE.person(user_class, login)) == (user_class, login)


@given(login=TEXTS)
def test_no_login_adds_a_part_to_its_name(login: str) -> None:
    assert len(parse_dn(TREE.person(UserClass.MANAGEMENT, login))) == 5


@given(value=TEXTS)
def test_no_value_is_more_than_a_value_in_a_filter(value: str) -> None:
    (parsed,) = parse_filter(f"(uid={filter_value(value)})", None, True, True, None, False).elements  # noqa: FBT003
    assert parsed.tag == MATCH_EQUAL
    assert parsed.assertion["attr"] == "uid"
    sent: bytes = prepare_filter_for_sending(parsed.assertion["value"])
    assert sent == value.encode()


def test_plain_values_stay_readable() -> None:
    assert escaped("MGMT-DIST.REG.01") == "MGMT-DIST.REG.01"
    assert TREE.group(UserClass.ENTERPRISE, "ENT-DEV.01") == (
        "cn=ENT-DEV.01,ou=enterprise,ou=permissions,dc=idp-sync,dc=example"
    )


def test_nul_is_written_in_hexadecimal() -> None:
    assert escaped("a\x00b") == "a\\00b"


@pytest.mark.parametrize(
    ("dn", "expected"),
    [
        ("uid=cy0001,ou=management,ou=people,dc=idp-sync,dc=example", (UserClass.MANAGEMENT, "cy0001")),
        ("UID=cy0001,OU=Management,ou=people,DC=idp-sync,dc=EXAMPLE", (UserClass.MANAGEMENT, "cy0001")),
        ("uid=a\\,b,ou=enterprise,ou=people,dc=idp-sync,dc=example", (UserClass.ENTERPRISE, "a,b")),
        ("uid=a\\\\,ou=enterprise,ou=people,dc=idp-sync,dc=example", (UserClass.ENTERPRISE, "a\\")),
        ("cn=cy0001,ou=management,ou=people,dc=idp-sync,dc=example", (UserClass.MANAGEMENT, "cn=cy0001")),
        ("uid=a+cn=b,ou=management,ou=people,dc=idp-sync,dc=example", (UserClass.MANAGEMENT, "uid=a+cn=b")),
        ("uid=deep,uid=a,ou=management,ou=people,dc=idp-sync,dc=example", None),
        ("uid=a\\\\,uid=b,ou=management,ou=people,dc=idp-sync,dc=example", None),
        ("uid=cy0001,ou=people,dc=idp-sync,dc=example", None),
        ("ou=management,ou=people,dc=idp-sync,dc=example", None),
        ("uid=cy0001,ou=management,ou=people,dc=elsewhere", None),
        ("", None),
    ],
)
def test_whose_name_it_is(dn: str, expected: tuple[UserClass, str] | None) -> None:
    assert TREE.login_at(dn) == expected


def test_blanks_in_the_suffix_do_not_matter() -> None:
    assert Tree("dc=idp-sync, dc=example").suffix == TREE.suffix


def test_a_suffix_that_is_no_name_is_refused() -> None:
    with pytest.raises(LDAPInvalidDnError):
        Tree("no name at all")
