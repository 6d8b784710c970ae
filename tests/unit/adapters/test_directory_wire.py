"""What goes over the wire is what ldap3 itself would send."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as some
from ldap3.operation.add import add_operation
from ldap3.operation.delete import delete_operation
from ldap3.operation.modify import modify_operation
from ldap3.protocol.rfc4511 import LDAPMessage, MessageID, ProtocolOp
from ldap3.utils.asn1 import encode

from idp_sync.adapters.directory.messages import MessageSocket, message_size
from idp_sync.adapters.directory.wire import Act, Add, Delete, Modification, Modify, message

ATTRIBUTES = {"objectClass": ["inetOrgPerson", "idpAccount"], "cn": ["张测试"], "description": ["x" * 70_000]}


def by_ldap3(number: int, kind: str, operation: object) -> bytes:
    built = LDAPMessage()
    built["messageID"] = MessageID(number)
    built["protocolOp"] = ProtocolOp().setComponentByName(kind, operation)
    encoded: bytes = encode(built)
    return encoded


@pytest.mark.parametrize("number", [1, 127, 128, 255, 256, 32_767, 32_768, 2**31 - 1])
def test_every_message_number_is_positive(number: int) -> None:
    expected = by_ldap3(number, "delRequest", delete_operation("uid=a,dc=example"))
    assert message(number, Delete(dn="uid=a,dc=example")) == expected


@pytest.mark.parametrize("attributes", [ATTRIBUTES, {"cn": ["x" * size for size in (0, 1, 127, 128, 255, 256)]}])
def test_add(attributes: Mapping[str, Sequence[str]]) -> None:
    dn = "uid=a,ou=management,ou=people,dc=example"
    assert message(7, Add(dn=dn, attributes=attributes)) == by_ldap3(
        7, "addRequest", add_operation(dn, attributes, auto_encode=True)
    )


def test_modify() -> None:
    dn = "cn=MGMT-DIST.REG.01,dc=example"
    parts = [
        Modification(Act.ADD, "member", [f"uid={n},dc=example" for n in range(300)]),
        Modification(Act.DELETE, "member", ["uid=x,dc=example"]),
        Modification(Act.REPLACE, "idpThumbprint", []),
    ]
    changes = {}
    for act, attribute, values in parts:
        changes.setdefault(attribute, []).append((f"MODIFY_{act.name}", list(values)))
    expected = by_ldap3(9, "modifyRequest", modify_operation(dn, changes, auto_encode=True))
    assert message(9, Modify(dn=dn, parts=parts)) == expected


@given(
    dn=some.text(some.characters(exclude_categories=["Cs"])),
    value=some.text(some.characters(exclude_categories=["Cs"])),
)
def test_any_text(dn: str, value: str) -> None:
    expected = by_ldap3(1, "addRequest", add_operation(dn, {"cn": [value]}, auto_encode=True))
    assert message(1, Add(dn=dn, attributes={"cn": [value]})) == expected


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        message(1, Add(dn="uid=a", attributes={"cn": ["\ud842"]}))


@pytest.mark.parametrize("size", [0, 1, 100, 127, 128, 255, 256, 65_535, 65_536, 1_000_000])
def test_the_size_of_a_message_is_known_from_its_header(size: int) -> None:
    whole = message(1, Delete(dn="x" * size))
    assert message_size(whole) == len(whole)
    assert message_size(whole + b"next") == len(whole)
    told = [message_size(whole[:length]) for length in range(8)]
    assert told[:2] == [None, None]
    assert set(told) <= {None, len(whole)}


class Pieces:
    """A connection on which everything arrives in pieces."""

    def __init__(self, data: bytes, size: int) -> None:
        self.pieces = [data[start : start + size] for start in range(0, len(data), size)]

    def recv(self, most: int) -> bytes:
        assert all(len(piece) <= most for piece in self.pieces)
        return self.pieces.pop(0) if self.pieces else b""


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100, 16_384])
def test_messages_arrive_whole_however_they_were_cut(size: int) -> None:
    sent = [message(number, Delete(dn="x" * number)) for number in (1, 5, 300, 2, 127, 128, 1_000)]
    connection = MessageSocket(cast("ssl.SSLSocket", Pieces(b"".join(sent), size)))
    assert [connection.recv(4096) for _ in sent] == sent
    assert connection.recv(4096) == b""
