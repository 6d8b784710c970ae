"""Comparing what is with what must be, and writing only the difference."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp_sync.adapters.realms import clients, federation, login_flow, realm
from idp_sync.adapters.realms.converge import covers, ensure, merged
from idp_sync.bootstrap import shipped_rule_book
from idp_sync.domain.unit import UserClass
from idp_sync.ports import Step

#: as Keycloak's objects are: lists hold words
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=2), max_size=4),
    lambda inner: st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=3), JSON, max_size=4)


@pytest.mark.parametrize(
    ("observed", "desired", "same"),
    [
        ({"a": 1, "server": "own"}, {"a": 1}, True),
        ({"a": 1}, {"a": 2}, False),
        ({}, {"a": 1}, False),
        ({"a": True}, {"a": "true"}, False),
        ({"a": ["x", "y"]}, {"a": ["y", "x"]}, True),
        ({"a": ["x", "y", "z"]}, {"a": ["y", "x"]}, False),
        ({"a": ["x", "x"]}, {"a": ["x", "y"]}, False),
        ({"a": [{"n": 1, "id": 7}]}, {"a": [{"n": 1}]}, True),
        ({"config": {"k": ["v"], "more": ["w"]}}, {"config": {"k": ["v"]}}, True),
        ({"config": {"k": ["v"]}}, {"config": {"k": ["w"]}}, False),
        ({"config": None}, {"config": {"k": ["w"]}}, False),
        ({}, {"a": ""}, True),
        ({"a": "x"}, {"a": ""}, False),
        ({"a": []}, {"a": []}, True),
        ({}, {"a": []}, False),
    ],
)
def test_only_what_we_set_is_compared(observed: dict[str, Any], desired: dict[str, Any], *, same: bool) -> None:
    assert covers(observed, desired) is same


@given(observed=OBJECTS, desired=OBJECTS)
def test_what_was_put_is_what_is_wanted(observed: dict[str, Any], desired: dict[str, Any]) -> None:
    result = merged(observed, desired)
    assert covers(result, desired)
    assert all(key in result for key in observed)


@given(desired=OBJECTS)
def test_everything_covers_itself(desired: dict[str, Any]) -> None:
    assert covers(desired, desired)


@pytest.mark.parametrize(
    ("observed", "changed", "calls"),
    [
        (None, True, [("create", {"a": 1})]),
        ({"a": 1, "id": "x"}, False, []),
        ({"a": 2, "id": "x"}, True, [("update", {"a": 1, "id": "x"})]),
    ],
)
def test_at_most_one_write(
    observed: dict[str, Any] | None,
    *,
    changed: bool,
    calls: list[tuple[str, dict[str, Any]]],
) -> None:
    done: list[tuple[str, dict[str, Any]]] = []
    step = ensure(
        "it",
        observed=observed,
        desired={"a": 1},
        create=lambda body: done.append(("create", body)),
        update=lambda body: done.append(("update", body)),
    )
    assert step == Step(what="it", changed=changed)
    assert done == calls


def test_nobody_logs_in_with_a_password() -> None:
    assert [provider for provider, _ in login_flow.EXECUTIONS] == ["auth-cookie", "auth-x509-client-username-form"]
    for system in shipped_rule_book().systems:
        client = clients.system_client(system, ["https://trading.example/callback"])
        assert client["standardFlowEnabled"]
        assert not any(
            client[key]
            for key in (
                "directAccessGrantsEnabled",
                "implicitFlowEnabled",
                "serviceAccountsEnabled",
                "fullScopeAllowed",
            )
        )
        assert client["attributes"]["pkce.code.challenge.method"] == "S256"


def test_a_token_carries_no_mail_address_and_no_thumbprint() -> None:
    claims = {m["name"] for s in shipped_rule_book().systems for m in clients.mappers(s)}
    assert not claims & {"email", "x509_thumbprint"}
    assert {"permissions", "level", "district", "unit", "user_class"} <= claims


def test_roles_are_the_permissions_of_class_and_system() -> None:
    book = shipped_rule_book()
    for system in book.systems:
        for user_class in UserClass:
            names = {role["name"] for role in clients.roles(system, user_class, book.catalogue.permissions)}
            assert names == {
                p.code for p in book.catalogue.permissions if p.user_class is user_class and system.code in p.systems
            }


def test_what_opens_an_account_is_never_copied() -> None:
    mappers = {m["name"]: m["config"] for m in federation.mappers(UserClass.MANAGEMENT, "dc=example", ["trading"])}
    assert mappers["x509_thumbprint"]["is.binary.attribute"] == ["true"]
    assert mappers["x509_thumbprint"]["always.read.value.from.ldap"] == ["true"]
    assert {
        m["config"]["mode"][0]
        for m in federation.mappers(UserClass.MANAGEMENT, "dc=e", ["a", "b"])
        if "mode" in m["config"]
    } == {"READ_ONLY"}
    assert set(federation.ATTRIBUTES) - {"lastName"} == set(realm.PERSON_ATTRIBUTES) - {"x509_thumbprint"}
