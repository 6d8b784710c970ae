"""Wires everything: the one place that knows which adapter fulfils which port, and the only reader of the clock."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from idp_sync import config, shipped
from idp_sync.adapters.rulebook import read_rule_book
from idp_sync.bootstrap.clock import SystemClock
from idp_sync.domain.idleness import Limits
from idp_sync.domain.rulebook import RuleBook
from idp_sync.ports import Authority, Clock, Directory, FormReader, Realms, Register
from idp_sync.services.attach import Attach
from idp_sync.services.checklist import Checklist
from idp_sync.services.collect import Collect
from idp_sync.services.deliver import Deliver
from idp_sync.services.disclose import Disclose
from idp_sync.services.intake import Intake
from idp_sync.services.issue import Issue
from idp_sync.services.lifecycle import Lifecycle
from idp_sync.services.notify import Notify
from idp_sync.services.receipts import Receipts
from idp_sync.services.report import Reporting
from idp_sync.services.restore import Restore
from idp_sync.services.review import Review
from idp_sync.services.revoke import Revoke
from idp_sync.services.set_up import SetUp
from idp_sync.services.sweep import Sweep
from idp_sync.services.synchronise import Synchronise
from idp_sync.services.units import Units
from idp_sync.services.withhold import Withhold

if TYPE_CHECKING:
    from idp_sync.adapters.paper import Paper
    from idp_sync.adapters.paper.tables import Tables

#: environment variable that names the home folder of the installation
HOME_VARIABLE = "IDP_SYNC_HOME"


def default_home() -> Path:
    """The home folder of the installation where none is named."""
    if named := os.environ.get(HOME_VARIABLE):
        return Path(named)
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "idp-sync"


def shipped_rule_book() -> RuleBook:
    """The rule book that is shipped, for what needs no installation."""
    return read_rule_book(shipped.folder("roles"))


def shipped_paper() -> Paper:
    """The forms that are shipped, for what needs no installation."""
    from idp_sync.adapters.paper import Paper

    return Paper(shipped.folder("templates"), shipped.folder("roles"))


def system_clock() -> Clock:
    """The real clock, for what needs no installation."""
    return SystemClock()


@dataclass(frozen=True)
class Installation:
    """One installation: its settings, its adapters and its use cases, each made when it is first asked for.

    The adapters' libraries are imported where they are needed, so that a command pays only for what it uses.
    """

    home: Path

    @cached_property
    def settings(self) -> config.Settings:
        """The settings in the home folder."""
        return config.load(self.home)

    @cached_property
    def clock(self) -> Clock:
        """The clock; a stack of our own may have it moved."""
        return SystemClock(offset_seconds=self.settings.clock_offset)

    @cached_property
    def book(self) -> RuleBook:
        """The rule book, in force since the day that the settings name."""
        book = read_rule_book(self.settings.roles_folder or shipped.folder("roles"))
        return replace(book, effective_on=self.settings.effective_on)

    @property
    def is_there(self) -> bool:
        """Whether settings were made: what needs no installation falls back on what is shipped."""
        return (self.home / config.FILE_NAME).is_file()

    @cached_property
    def register(self) -> Register:
        """Our own database."""
        from idp_sync.adapters.register import SqlRegister

        return SqlRegister(self.settings.register_)

    @cached_property
    def directory(self) -> Directory:
        """The LDAP server."""
        from idp_sync.adapters.directory import LdapDirectory

        return LdapDirectory(self.settings.directory)

    @cached_property
    def realms(self) -> Realms:
        """Keycloak."""
        from idp_sync.adapters.realms import KeycloakRealms

        return KeycloakRealms(self.settings.realms, suffix=self.settings.directory.suffix)

    @cached_property
    def authority(self) -> Authority:
        """The certificate authority."""
        from idp_sync.adapters.authority import LocalAuthority

        return LocalAuthority(self.settings.authority, clock=self.clock)

    @property
    def paper(self) -> Paper:
        """Forms as they are printed."""
        from idp_sync.adapters.paper import Paper

        return Paper(shipped.folder("templates"), self.settings.roles_folder or shipped.folder("roles"))

    @property
    def reporting(self) -> Reporting:
        """Reports are made."""
        return Reporting(register=self.register, book=self.book, clock=self.clock)

    @property
    def tables(self) -> Tables:
        """Reports as CSV, XLSX and PDF."""
        from idp_sync.adapters.paper.tables import Tables

        return Tables(shipped.folder("templates"))

    @property
    def disclose(self) -> Disclose:
        """Whole ID numbers are read."""
        return Disclose(register=self.register, clock=self.clock)

    def reader(self, defaults: dict[str, str] | None = None) -> FormReader:
        """Reads forms; `defaults` fill header fields that a file does not have."""
        from idp_sync.adapters.forms import Reader

        return Reader(defaults=defaults, districts=self.book.districts)

    def intake(self, defaults: dict[str, str] | None = None) -> Intake:
        """Applications come in."""
        return Intake(register=self.register, reader=self.reader(defaults), book=self.book, clock=self.clock)

    @property
    def review(self) -> Review:
        """Offices decide."""
        return Review(
            register=self.register,
            book=self.book,
            synchronise=self.synchronise,
            notify=self.notify,
            clock=self.clock,
        )

    @property
    def lifecycle(self) -> Lifecycle:
        """Applications are handed in, mended, taken back, archived."""
        return Lifecycle(register=self.register, book=self.book, clock=self.clock)

    @property
    def checklist(self) -> Checklist:
        """Documents are seen."""
        return Checklist(register=self.register, book=self.book, clock=self.clock)

    @property
    def units(self) -> Units:
        """Units change."""
        return Units(register=self.register, book=self.book, notify=self.notify, clock=self.clock)

    @property
    def withhold(self) -> Withhold:
        """Enterprises withhold permissions from their own users."""
        return Withhold(register=self.register, book=self.book, clock=self.clock)

    @property
    def collect(self) -> Collect:
        """Keys come back."""
        return Collect(register=self.register, synchronise=self.synchronise, clock=self.clock)

    @property
    def receipts(self) -> Receipts:
        """Hand-over and return of keys on paper."""
        return Receipts(register=self.register, book=self.book, clock=self.clock)

    @property
    def synchronise(self) -> Synchronise:
        """Directory and realms follow the register."""
        return Synchronise(
            register=self.register,
            directory=self.directory,
            realms=self.realms,
            notify=self.notify,
            clock=self.clock,
        )

    @property
    def issue(self) -> Issue:
        """Keys are issued."""
        return Issue(register=self.register, authority=self.authority, notify=self.notify, clock=self.clock)

    @property
    def revoke(self) -> Revoke:
        """Keys are revoked."""
        return Revoke(register=self.register, synchronise=self.synchronise, clock=self.clock)

    @property
    def sweep(self) -> Sweep:
        """Idle accounts are suspended."""
        limits = self.settings.sweep
        return Sweep(
            register=self.register,
            realms=self.realms,
            synchronise=self.synchronise,
            notify=self.notify,
            clock=self.clock,
            limits=Limits(most_share=limits.most_share, always_allowed=limits.always_allowed),
        )

    @property
    def restore(self) -> Restore:
        """Suspended logins are restored."""
        return Restore(register=self.register, synchronise=self.synchronise, notify=self.notify, clock=self.clock)

    @property
    def attach(self) -> Attach:
        """Scans are kept with their applications."""
        from idp_sync.adapters.attachments import FileStore, PypdfScrutiny

        key_file = self.settings.register_.key_file
        return Attach(
            register=self.register,
            store=FileStore(folder=self.home / "attachments", key_file=key_file, clock=self.clock),
            pdf=PypdfScrutiny(),
            clock=self.clock,
            kept_years=self.settings.attachments_kept_years,
        )

    @property
    def notify(self) -> Notify:
        """Offices, units and people are told."""
        mail = self.settings.notices
        addresses = mail.offices if mail is not None else {}
        return Notify(offices=self.book.offices, addresses=addresses, by_mail=mail is not None)

    @property
    def deliver(self) -> Deliver:
        """Notices go out."""
        from idp_sync.adapters.notices import JinjaNoticeTemplates, SmtpMailer

        templates = JinjaNoticeTemplates(shipped.folder("templates"))
        mail = self.settings.notices
        mailer = SmtpMailer(settings=mail, templates=templates) if mail is not None else None
        return Deliver(register=self.register, templates=templates, mailer=mailer, clock=self.clock)

    @property
    def set_up(self) -> SetUp:
        """The installation is set up."""
        return SetUp(
            register=self.register,
            authority=self.authority,
            directory=self.directory,
            realms=self.realms,
            sweep=self.sweep,
            book=self.book,
        )
