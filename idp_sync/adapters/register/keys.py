"""The inventory of keys, and the certificates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, insert, select, update

from idp_sync.adapters.register import mapping, schema
from idp_sync.adapters.register.statements import Statements
from idp_sync.domain.errors import Conflict, NotFound
from idp_sync.domain.key import Certificate, Key, KeyState, RevocationReason
from idp_sync.domain.unit import UserClass

_INTENDED: Final = "intended"
_SIGNED: Final = "signed"
_REVOKED: Final = "revoked"
#: an intention that came to nothing is no certificate
_WAS_SIGNED: Final = schema.certificate.c.thumbprint.is_not(None)


class SqlKeys:
    """Fulfils idp_sync.ports.Keys."""

    def __init__(self, statements: Statements) -> None:
        """Take a transaction's statements."""
        self._sql = statements

    def add(self, key: Key) -> None:
        """Take a key into stock. Raises Conflict where the number is taken."""
        self._sql.write(
            insert(schema.key).values(mapping.key_values(key)),
            taken=f"{key.number}: 密钥编号已存在，或持有人不存在 / key number is taken, or its holder is unknown",
        )

    def get(self, number: str) -> Key:
        """One. Raises NotFound."""
        row = self._sql.row(select(schema.key).where(schema.key.c.number == number))
        if row is None:
            raise _no_key(number)
        return mapping.key_of(row)

    def take_from_stock(self, user_class: UserClass, number: str | None = None) -> Key:
        """A key in stock for a class, the lowest number or that number. Raises NotFound where there is none.

        It stays in stock until it is saved as issued; no other transaction can write, and so be given it, meanwhile.
        """
        statement = select(schema.key).where(
            schema.key.c.user_class == user_class, schema.key.c.state == KeyState.IN_STOCK
        )
        if number is None:
            statement = statement.order_by(schema.key.c.number).limit(1)
        else:
            statement = statement.where(schema.key.c.number == number)
        row = self._sql.row(statement)
        if row is None:
            which = number or user_class.zh
            raise NotFound(f"{which}: 库存中没有可发放的密钥 / no such key in stock; see `idp-sync keys stock`")
        return mapping.key_of(row)

    def all(self, *, login: str | None = None) -> Iterator[Key]:
        """All keys, or those of one holder, by number."""
        statement: Select[*tuple[Any, ...]] = select(*schema.key.c)
        if login is not None:
            statement = statement.where(schema.key.c.login == login)
        for page in self._sql.pages(statement, schema.key.c.number):
            yield from map(mapping.key_of, page)

    def save(self, key: Key) -> None:
        """Write a key's changed fields. Raises NotFound, and Conflict where its holder is unknown."""
        saved = self._sql.write(
            update(schema.key).where(schema.key.c.number == key.number).values(mapping.key_values(key)),
            taken=f"{key.number}: 持有人 {key.login} 不存在 / its holder is unknown to the register",
        )
        if not saved:
            raise _no_key(key.number)

    def intend(self, serial: int, *, login: str, key_number: str, at: datetime) -> None:
        """Record that a certificate with this serial is about to be signed.

        Raises Conflict where the serial was used before, or account or key are unknown.
        """
        number = f"{serial:x}"
        values = {"serial": number, "state": _INTENDED, "login": login, "key_number": key_number, "intended_at": at}
        self._sql.write(
            insert(schema.certificate).values(values),
            taken=f"{number}: 证书序列号已使用，或用户 {login}、密钥 {key_number} 不存在 / serial was used before, "
            "or account or key are unknown",
        )

    def add_certificate(self, certificate: Certificate) -> None:
        """Record a signed certificate. Raises Conflict where it was not intended just so, or is recorded already."""
        values = {name: getattr(certificate, name) for name in Certificate.__dataclass_fields__ if name != "serial"}
        state = _SIGNED if certificate.revoked_at is None else _REVOKED
        taken = f"{certificate.serial}: 证书未经登记或已登记 / certificate was not intended, or is recorded already"
        added = self._sql.write(
            update(schema.certificate)
            .where(
                schema.certificate.c.serial == _plain(certificate.serial),
                schema.certificate.c.login == certificate.login,
                schema.certificate.c.key_number == certificate.key_number,
                schema.certificate.c.state == _INTENDED,
            )
            .values({**values, "state": state}),
            taken=taken,
        )
        if not added:
            raise Conflict(taken)

    def certificate(self, serial: str) -> Certificate:
        """One. Raises NotFound."""
        row = self._sql.row(
            select(schema.certificate).where(schema.certificate.c.serial == _plain(serial), _WAS_SIGNED)
        )
        if row is None:
            raise _no_certificate(serial)
        return mapping.certificate_of(row)

    def certificates(self, *, login: str | None = None) -> Iterator[Certificate]:
        """All certificates, or those of one holder, oldest first."""
        statement: Select[*tuple[Any, ...]] = select(*schema.certificate.c).where(_WAS_SIGNED)
        if login is not None:
            statement = statement.where(schema.certificate.c.login == login)
        for page in self._sql.pages(statement, schema.certificate.c.seq):
            yield from map(mapping.certificate_of, page)

    def revoke(self, serial: str, *, at: datetime, reason: RevocationReason) -> None:
        """Record a revocation; a second one changes nothing. Raises NotFound.

        An intention is revoked as well: from then on no certificate of that serial is taken in.
        """
        revoked = self._sql.run(
            update(schema.certificate)
            .where(schema.certificate.c.serial == _plain(serial), schema.certificate.c.state != _REVOKED)
            .values(state=_REVOKED, revoked_at=at, reason=reason)
        )
        if not revoked and self._sql.value(_seq_of(serial)) is None:
            raise _no_certificate(serial)


def _seq_of(serial: str) -> Select[int]:
    return select(schema.certificate.c.seq).where(schema.certificate.c.serial == _plain(serial))


def _plain(serial: str) -> str:
    """A serial as it is kept; people type capitals and leading zeros, and copy the colons of other tools."""
    return serial.lower().replace(":", "").lstrip("0")


def _no_key(number: str) -> NotFound:
    return NotFound(f"{number}: 查无此密钥 / no key of that number in the register")


def _no_certificate(serial: str) -> NotFound:
    return NotFound(f"{serial}: 查无此证书 / no certificate of that serial in the register")
