"""Which files belong to which application."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import RowMapping, Select, delete, select

from idp_sync.adapters.register.schema import application, attachment
from idp_sync.adapters.register.statements import Statements
from idp_sync.domain.attachment import Attachment, AttachmentKind, MediaType
from idp_sync.domain.errors import NotFound


class SqlAttachments:
    """Fulfils idp_sync.ports.Attachments."""

    def __init__(self, statements: Statements) -> None:
        """Take a transaction's statements."""
        self._sql = statements

    def add(self, added: Attachment) -> Attachment:
        """Record one; it comes back with its number.

        Raises Conflict where the same content is with the application already, NotFound where that is unknown.
        """
        number = added.application
        if self._sql.value(select(application.c.seq).where(application.c.number == number)) is None:
            raise NotFound(f"{number}: 查无此申请 / no application of that number in the register")
        values = {name: getattr(added, name) for name in Attachment.__dataclass_fields__ if name != "id"}
        taken = f"{number}: 已有内容相同的附件 / the same content is with the application already: {added.name}"
        self._sql.add(attachment, values, taken=taken)
        same = (attachment.c.application == number, attachment.c.sha256 == added.sha256)
        return replace(added, id=int(self._sql.value(select(attachment.c.id).where(*same))))

    def of(self, application: str) -> tuple[Attachment, ...]:
        """Those of one application, in the order in which they were added."""
        statement = select(attachment).where(attachment.c.application == application).order_by(attachment.c.id)
        return tuple(map(_attachment_of, self._sql.rows(statement)))

    def all(self) -> Iterator[Attachment]:
        """All, in the order in which they were added; streamed, a page at a time."""
        statement: Select[*tuple[Any, ...]] = select(*attachment.c)
        for page in self._sql.pages(statement, attachment.c.id):
            yield from map(_attachment_of, page)

    def in_use(self) -> frozenset[str]:
        """The hashes of all contents that belong to an application."""
        return frozenset(row["sha256"] for row in self._sql.rows(select(attachment.c.sha256).distinct()))

    def remove(self, removed: Attachment) -> None:
        """Forget one; one that is gone already is no error."""
        self._sql.run(delete(attachment).where(attachment.c.id == removed.id))


def _attachment_of(row: RowMapping) -> Attachment:
    values = dict(row)
    return Attachment(
        **{**values, "media_type": MediaType(row["media_type"]), "kind": AttachmentKind(row["kind"])},
    )
