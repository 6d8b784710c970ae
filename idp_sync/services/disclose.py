"""Disclose: whole ID numbers are shown only to who needs them, each time on record (居民身份证法 第十三条)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from idp_sync.domain.errors import NotCompetent
from idp_sync.domain.journal import Actor
from idp_sync.ports import ApplicationFile, ApplicationRecord, Clock, Register
from idp_sync.services.acting import record


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclose:
    """Hands personal data out, and says so in the journal."""

    register: Register
    clock: Clock

    def file(self, id_: str, *, contents: Mapping[str, bytes] = MappingProxyType({})) -> ApplicationFile:
        """卷宗: all that the register has about an application; ID numbers are masked where it is printed.

        Contents of attachments are handed out by Attach, which records it; here they are only put in their place.
        Raises NotFound.
        """
        with self.register.transaction(read_only=True) as tx:
            return ApplicationFile(
                record=tx.applications.get(id_),
                journal=tuple(tx.journal.entries(subject=id_)),
                attachments=tx.attachments.of(id_),
                contents=contents,
            )

    def application(self, id_: str, *, actor: Actor, purpose: str) -> ApplicationRecord:
        """An application to be shown with whole ID numbers; that it was read is recorded before it is handed out.

        Raises:
            NotFound: no such application.
            NotCompetent: the office does not take such applications in: nobody else prints them for the unit.
        """
        with self.register.transaction() as tx:
            found = tx.applications.get(id_)
            if found.application.form not in actor.office.receives:
                raise NotCompetent(
                    f"{actor.office.name}不受理《{found.application.form.zh}》，无权查看完整的身份证号"
                    f" / {actor.office.english} does not take such forms in: no whole ID numbers"
                )
            record(
                tx,
                actor,
                "personal-data.read",
                id_,
                at=self.clock.now(),
                article="居民身份证法 第十三条",
                purpose=purpose,
                people=str(len(found.application.rows)),
            )
        return found
