"""Set up: register, authority, directory tree and realms are there and right; running it again changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from idp_sync.domain.journal import Actor
from idp_sync.domain.office import Competence
from idp_sync.domain.rulebook import RuleBook
from idp_sync.ports import Authority, Directory, Realms, Register, Step
from idp_sync.services.sweep import Sweep


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """Sets an installation up."""

    register: Register
    authority: Authority
    directory: Directory
    realms: Realms
    sweep: Sweep
    book: RuleBook

    def set_up(self, *, actor: Actor) -> Iterator[Step]:
        """Make sure of everything, part by part; each step says whether it changed anything.

        Evidence is covered from the moment that the realms are known to record logins, never before; where somebody had
        switched that off, it is covered anew from now on, and the gap stays a gap.

        Raises:
            NotCompetent: only 信息中心 configures (Article 3, R-05).
        """
        actor.office.require(Competence.CONFIGURE, act="配置系统", source="第三条")
        yield from self.register.set_up()
        yield from self.authority.set_up()
        yield from self.directory.set_up(self.book.catalogue.permissions)
        self.sweep.notice_gaps(actor=actor)
        yield from self.realms.set_up(self.book.catalogue.permissions, self.book.systems)
        self.sweep.begin_recording(actor=actor)
