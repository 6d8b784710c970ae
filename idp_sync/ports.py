"""What the services ask of the world: adapters fulfil it, and tests/contract holds them, real or fake, to one suite."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from idp_sync.domain.account import Account
from idp_sync.domain.application import Application, State
from idp_sync.domain.attachment import Attachment
from idp_sync.domain.directory_entry import DirectoryEntry
from idp_sync.domain.duty import Duty, DutyKind
from idp_sync.domain.evidence import LoginSeen, Span
from idp_sync.domain.finding import Finding, Outcome
from idp_sync.domain.journal import Entry
from idp_sync.domain.key import Certificate, Key, KeyPackage, RevocationReason, Subject
from idp_sync.domain.notice import Notice, NoticeState
from idp_sync.domain.permission import Permission
from idp_sync.domain.plan import Change, ExpelMember
from idp_sync.domain.report import Approval, Grouped, Grouping, Holding
from idp_sync.domain.rulebook import System
from idp_sync.domain.task import Task
from idp_sync.domain.unit import RegisteredUnit, Unit, UnitState, UserClass


class Clock(Protocol):
    """The time. Only bootstrap reads the real one."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


# --- setting up ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that setting up made sure of."""

    #: e.g. «group MGMT-DIST.REG.01»
    what: str
    #: False where it was there already, as it must be
    changed: bool


# --- the directory ---------------------------------------------------------------------------------------------------


class Directory(Protocol):
    """The LDAP server, where identities live.

    Every method raises Unavailable where the server can't be reached or does not answer in time, AccessDenied where it
    refuses our credentials or rights.
    """

    def set_up(self, permissions: Iterable[Permission]) -> Iterator[Step]:
        """Make sure of the tree, and of one group for each permission; change nothing that is right already."""
        ...

    def entries(self, logins: Sequence[str] | None = None) -> Iterator[DirectoryEntry]:
        """All people of both classes with their memberships, or only those logins; each as it stands."""
        ...

    def intruders(self) -> Iterator[ExpelMember]:
        """Members of permission groups that are no entries among our people."""
        ...

    def apply(self, changes: Iterable[Change]) -> Iterator[Change]:
        """Apply changes in their order, and yield each once it is durable.

        A change is one unit of work of ordered writes that may be repeated: stopped anywhere, even by a power cut,
        nobody has more than he may have, and applying it again finishes it. Stopping the iteration stops at the edge of
        a change. Applying a change that is already in force is no error. A change that can't be carried out stops none
        of the others, and is raised when they are done.
        """
        ...


# --- the realms ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PickedUp:
    """What a realm took over from the directory."""

    user_class: UserClass
    added: int
    updated: int
    removed: int
    failed: int


class Realms(Protocol):
    """Keycloak: one realm for each user class, both with the relying systems as clients.

    Every method raises Unavailable or AccessDenied, as Directory does.
    """

    def set_up(self, permissions: Iterable[Permission], systems: Iterable[System]) -> Iterator[Step]:
        """Make sure of realms, federation, mappers, clients, login flow and event recording."""
        ...

    def pick_up(self, user_class: UserClass) -> PickedUp:
        """Let the realm take over the users that changed in the directory since the last time."""
        ...

    def forget(self, user_class: UserClass, login: str) -> bool:
        """Delete the realm's imported copy of a user; False where there was none."""
        ...

    def allow_login(self, user_class: UserClass, login: str, *, allowed: bool) -> bool:
        """Enable or disable a user; False where the realm does not know that login."""
        ...

    def end_sessions(self, user_class: UserClass, login: str) -> int:
        """End all of a user's sessions and offline sessions; the number of those that were open."""
        ...

    def login_events(self, user_class: UserClass, *, since: datetime) -> Iterator[LoginSeen]:
        """Successful logins from a moment on, oldest or newest first, without loading all at once."""
        ...

    def recording(self, user_class: UserClass) -> Recording:
        """Whether, and for how long, the realm keeps login events."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """How a realm records logins."""

    enabled: bool
    #: seconds after which an event is deleted; None for never
    kept_for: int | None


# --- the authority ---------------------------------------------------------------------------------------------------


class Authority(Protocol):
    """Who signs certificates."""

    def set_up(self) -> Iterator[Step]:
        """Make sure of the root and of one issuing authority for each user class."""
        ...

    def issue(self, subject: Subject, *, serial: int, now: datetime) -> KeyPackage:
        """Make a private key, sign its certificate, and pack both under a password of their own.

        The serial was made by new_serial and recorded before this call: no certificate without a record. The private
        key is kept nowhere here.
        """
        ...

    def new_serial(self) -> int:
        """A serial number of at least 128 random bits (RFC 5280, 4.1.2.2: positive, at most 20 octets)."""
        ...


# --- the register ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one office decided about its items of an application."""

    application: str
    #: code of the office
    office: str
    actor: str
    at: datetime
    #: approve, return, reject or withdraw
    verdict: str
    opinion: str
    #: of the application, as the person who decided had it before them
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRecord:
    """An application in the register: as handed in, what was found, and where it stands."""

    application: Application
    state: State
    outcome: Outcome
    findings: tuple[Finding, ...]
    imported_at: datetime
    #: who imported it
    imported_by: str
    #: the file that it came from
    source: str
    decisions: tuple[Decision, ...] = ()
    #: accounts that it opened or changed
    accounts: tuple[str, ...] = ()
    #: 1 when it came in, one more with each amendment: a decision counts for the version that it was made upon
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationSummary:
    """One line of a list of applications."""

    id: str
    form: str
    state: State
    outcome: Outcome
    unit_name: str
    user_class: UserClass
    people: tuple[str, ...]
    received_on: str
    codes: tuple[str, ...]


class Applications(Protocol):
    """The applications in the register. ID numbers on them are encrypted where they are kept."""

    def add(self, record: ApplicationRecord) -> None:
        """Take one in. Raises Conflict where its number is taken already."""
        ...

    def get(self, id_: str) -> ApplicationRecord:
        """One, whole. Raises NotFound."""
        ...

    def exists(self, id_: str) -> bool:
        """Whether that number is taken."""
        ...

    def summaries(
        self, *, state: State | None = None, limit: int | None = None, newest_first: bool = False, text: str = ""
    ) -> Iterator[ApplicationSummary]:
        """All, or those in one state, in the order in which they came in, or the other way round; streamed.

        With a text, only those where it is part of a person's name or login, of the unit's name or of the number:
        compatibility forms, capitals and blanks make no difference. With a limit, so many from the beginning.
        """
        ...

    def decide(self, decision: Decision, *, state: State, expected: State, accounts: Sequence[str] = ()) -> None:
        """Record a decision and the state that follows.

        Raises Conflict where the state is not `expected` any more, or where the application was amended since: its
        version is not the decision's.
        """
        ...

    def amend(self, record: ApplicationRecord, *, expected: State, version: int) -> None:
        """Replace an application's content, outcome, findings and state by a mended one, as the next version.

        Decisions stay recorded, each with the version that it was made upon. Raises NotFound, and Conflict where state
        or version are not as expected any more.
        """
        ...

    def in_flight(self, *, id_number: str = "", login: str = "") -> tuple[str, ...]:
        """Numbers of the applications, received, under review or approved, on which that person stands.

        By ID number (keyed hash) or by login name.
        """
        ...

    def move(self, id_: str, *, state: State, expected: State) -> None:
        """Set the state. Raises Conflict where it is not `expected` any more."""
        ...


class Accounts(Protocol):
    """The accounts in the register."""

    def open(self, account: Account, *, id_number: str) -> None:
        """Open one; the ID number is kept encrypted. Raises Conflict where login or person has an account already."""
        ...

    def get(self, login: str) -> Account:
        """One. Raises NotFound."""
        ...

    def find(self, login: str) -> Account | None:
        """One, or None."""
        ...

    def of_person(self, id_number: str) -> Account | None:
        """The account, not deregistered, of the person with that ID number; looked up by keyed hash."""
        ...

    def id_number(self, login: str) -> str:
        """The ID number of an account's holder, decrypted."""
        ...

    def all(self, *, logins: Sequence[str] | None = None) -> Iterator[Account]:
        """All accounts, deregistered ones too, or only those logins, by login; streamed."""
        ...

    def save(self, account: Account, *, application: str = "", at: datetime | None = None) -> None:
        """Write an account's changed fields. Raises NotFound.

        Permissions that it did not hold before are granted by that application at that moment. Where nothing is said,
        those that it held once are as they were, and others come from the application that opened it.
        """
        ...

    def next_number(self, counter: str) -> int:
        """The next running number of a counter (a login prefix, «person», «key»); never given twice."""
        ...

    def of_unit(self, unit: Unit) -> Iterator[Account]:
        """The accounts, not deregistered, of the unit with that class and identity, by login."""
        ...

    def known_logins(self) -> frozenset[str]:
        """Every login that was ever given, tombstones too."""
        ...


class Keys(Protocol):
    """The inventory and the certificates."""

    def add(self, key: Key) -> None:
        """Take a key into stock. Raises Conflict where the number is taken."""
        ...

    def get(self, number: str) -> Key:
        """One. Raises NotFound."""
        ...

    def take_from_stock(self, user_class: UserClass, number: str | None = None) -> Key:
        """A key in stock for a class, the lowest number or that number. Raises NotFound where there is none."""
        ...

    def all(self, *, login: str | None = None) -> Iterator[Key]:
        """All keys, or those of one holder, by number."""
        ...

    def save(self, key: Key) -> None:
        """Write a key's changed fields."""
        ...

    def intend(self, serial: int, *, login: str, key_number: str, at: datetime) -> None:
        """Record that a certificate with this serial is about to be signed."""
        ...

    def add_certificate(self, certificate: Certificate) -> None:
        """Record a signed certificate."""
        ...

    def certificate(self, serial: str) -> Certificate:
        """One. Raises NotFound."""
        ...

    def certificates(self, *, login: str | None = None) -> Iterator[Certificate]:
        """All certificates, or those of one holder, oldest first."""
        ...

    def revoke(self, serial: str, *, at: datetime, reason: RevocationReason) -> None:
        """Record a revocation; a second one changes nothing."""
        ...


class Evidence(Protocol):
    """Logins seen, and the spans that each source covers."""

    def record(self, seen: Iterable[LoginSeen]) -> int:
        """Keep the last login of each account and source; the number of logins read."""
        ...

    def last_logins(self, logins: Sequence[str] | None = None) -> Mapping[str, tuple[LoginSeen, ...]]:
        """By login, the last login that each source saw."""
        ...

    def cover(self, span: Span) -> None:
        """Record that a source covers a span; touching spans are joined."""
        ...

    def spans(self) -> tuple[Span, ...]:
        """All spans, by source and time."""
        ...


class Journal(Protocol):
    """The acts."""

    def write(self, entry: Entry) -> None:
        """Append one."""
        ...

    def entries(self, *, subject: str | None = None, limit: int | None = None) -> Iterator[Entry]:
        """All, or those on one subject, oldest first; with a limit the newest of them."""
        ...


class Units(Protocol):
    """The units in the register."""

    def add(self, unit: RegisteredUnit) -> None:
        """Register one. Raises Conflict where number, or class and identity, are taken."""
        ...

    def get(self, number: str) -> RegisteredUnit:
        """One. Raises NotFound."""
        ...

    def find(self, unit: Unit) -> RegisteredUnit | None:
        """The unit with that class and identity; None where it was never registered."""
        ...

    def save(self, unit: RegisteredUnit) -> None:
        """Write its changed fields. Raises NotFound, and Conflict where another unit has that identity."""
        ...

    def all(self, *, state: UnitState | None = None) -> Iterator[RegisteredUnit]:
        """All, or those in one state, by number."""
        ...


class Duties(Protocol):
    """What offices and units have still to do."""

    def add(self, *duties: Duty) -> None:
        """Record duties. One of the same kind, login, key, unit and application that is open already is not doubled."""
        ...

    def open(
        self,
        *,
        kind: DutyKind | None = None,
        login: str | None = None,
        application: str | None = None,
        unit_number: str | None = None,
    ) -> tuple[Duty, ...]:
        """Those that are not done and fit, oldest first."""
        ...

    def settle(self, duties: Iterable[Duty], *, at: datetime, outcome: str = "done") -> None:
        """Strike off; one that is done already is left as it was."""
        ...

    def cancel(self, *, application: str, at: datetime) -> None:
        """Strike off all that an application which was withdrawn had brought, with the outcome «withdrawn»."""
        ...


class Tasks(Protocol):
    """What the realms have still to be told."""

    def add(self, *tasks: Task) -> None:
        """Record tasks; a later one on the same user takes the place of its opposite (enable, disable)."""
        ...

    def pending(self, logins: Sequence[str] | None = None) -> tuple[Task, ...]:
        """All that are not done, or those on these users, in the order in which they were recorded."""
        ...

    def done(self, task: Task) -> None:
        """Strike one off; one that is gone already is no error."""
        ...

    def failed(self, task: Task, problem: str) -> None:
        """Count a failed attempt, with the reason."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An application that waits for its review."""

    number: str
    unit_name: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Which part of a long list is asked for."""

    #: rows that come before it
    skip: int = 0
    #: so many at most; None for all
    limit: int | None = None


WHOLE: Final = Cut()


class Reports(Protocol):
    """What is asked of the register as a whole. A first page takes no longer in a large register than in a small one.

    Accounts that are deregistered are nobody's users, and hold nothing; only `named` finds them.
    """

    def users(self, by: Grouping, *, of: str = "", cut: Cut = WHOLE) -> Sequence[Grouped]:
        """Users by the unit's identity, by permission held, by district (of district units), or by approving office.

        With `of` under that heading only: part of a unit's name, or a code.
        """
        ...

    def holders(self, permissions: Sequence[str], *, district: str = "", cut: Cut = WHOLE) -> Sequence[Holding]:
        """Who holds one of these permissions, by permission; with a district, only people of its units."""
        ...

    def named(self, who: str) -> tuple[Account, ...]:
        """The account of that login name, else those of all people of that name, deregistered ones too, by login."""
        ...

    def holdings(self, logins: Sequence[str]) -> Sequence[Holding]:
        """All that these accounts hold, by login and permission."""
        ...

    def held_codes(self) -> tuple[str, ...]:
        """Every permission that anybody holds, deregistered accounts too, in order."""
        ...

    def approvals(self, applications: Iterable[str]) -> Mapping[str, tuple[Approval, ...]]:
        """Who approved these applications, in their versions of today; oldest first."""
        ...

    def open_duties(self, *, limit: int | None = None) -> Sequence[Duty]:
        """Duties that are not done, oldest first."""
        ...

    def waiting(self, *, limit: int | None = None) -> Sequence[Waiting]:
        """Applications, received or under review, in the order in which they came in."""
        ...

    def acts(self, *, since: datetime, before: datetime, cut: Cut = WHOLE) -> Sequence[Entry]:
        """The acts from a moment on and before another, oldest first."""
        ...


class Transaction(Protocol):
    """The register within one transaction: all of it is written, or nothing."""

    @property
    def applications(self) -> Applications: ...

    @property
    def accounts(self) -> Accounts: ...

    @property
    def keys(self) -> Keys: ...

    @property
    def evidence(self) -> Evidence: ...

    @property
    def journal(self) -> Journal: ...

    @property
    def tasks(self) -> Tasks: ...

    @property
    def units(self) -> Units: ...

    @property
    def duties(self) -> Duties: ...

    @property
    def attachments(self) -> Attachments: ...

    @property
    def notices(self) -> Notices: ...

    @property
    def reports(self) -> Reports: ...

    @property
    def facts(self) -> Facts: ...


class Facts(Protocol):
    """Single facts about the installation, by name: when the last sweep was, what release set it up."""

    def get(self, name: str) -> str | None:
        """One, or None."""
        ...

    def set(self, name: str, value: str) -> None:
        """Write one."""
        ...


class Register(Protocol):
    """Our own database: applications, accounts, keys, evidence, journal. The truth.

    Raises NotSetUp where it does not exist, or was written by a newer release; Unavailable where it is locked or the
    disk is full.
    """

    def set_up(self) -> Iterator[Step]:
        """Create it, or bring it to this release's schema."""
        ...

    def transaction(self, *, read_only: bool = False) -> AbstractContextManager[Transaction]:
        """Begin; commit at the end of the block, roll back on any exception, KeyboardInterrupt included.

        One that writes waits for others that write. One that is `read_only` waits for nobody, keeps nobody waiting
        (long lists), and sees one state from its beginning to its end. Raises RuntimeError within another transaction
        of the same thread.
        """
        ...


# --- forms -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One application as it was read from a file, with what the reading itself found."""

    application: Application
    #: file name, and the sheet or line within it
    source: str
    #: e.g. CELL_FORMULA or ID_DAMAGED_BY_SPREADSHEET
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A file, or a line of it, that can't be read: the good ones beside it are not stopped."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """How much a reader takes in before it refuses."""

    file_bytes: int = 20 * 1024 * 1024
    unzipped_bytes: int = 100 * 1024 * 1024
    rows: int = 10_000


class FormReader(Protocol):
    """Reads applications as people send them."""

    def read(self, name: str, content: bytes) -> Iterator[Incoming | Unreadable]:
        """Every application in a file: XLSX, DOCX, CSV, JSON, JSON lines or YAML, told apart by content and name."""
        ...


# --- attachments -----------------------------------------------------------------------------------------------------


class Attachments(Protocol):
    """Which files belong to which application; their content is in the AttachmentStore."""

    def add(self, attachment: Attachment) -> Attachment:
        """Record one; it comes back with its number.

        Raises Conflict where the same content is with the application already, NotFound where that is unknown.
        """
        ...

    def of(self, application: str) -> tuple[Attachment, ...]:
        """Those of one application, in the order in which they were added."""
        ...

    def all(self) -> Iterator[Attachment]:
        """All, in the order in which they were added; streamed."""
        ...

    def in_use(self) -> frozenset[str]:
        """The hashes of all contents that belong to an application."""
        ...

    def remove(self, attachment: Attachment) -> None:
        """Forget one; the content stays until nobody uses it. One that is gone already is no error."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A content that lies in the store."""

    sha256: str
    #: when it was last put
    put_at: datetime


class AttachmentStore(Protocol):
    """Contents by their SHA-256, encrypted where they lie.

    Every method raises Unavailable where the disk fails, is full, or may not be read.
    """

    def put(self, content: bytes) -> str:
        """Keep a content; its hash. When this returns it is durable. The same content again is kept once."""
        ...

    def get(self, sha256: str) -> bytes:
        """A content, as it was put. Raises Unavailable where it is missing, damaged or was exchanged."""
        ...

    def exists(self, sha256: str) -> bool:
        """Whether there is a content of that hash, whole or not."""
        ...

    def stored(self) -> Iterator[Stored]:
        """All contents that lie there."""
        ...

    def delete(self, sha256: str, *, put_before: datetime) -> bool:
        """Delete a content unless it was put again at that moment or later; whether it was deleted."""
        ...


class PdfScrutiny(Protocol):
    """Looks into PDF files, without running or showing anything of them."""

    def names(self, content: bytes) -> frozenset[str]:
        """All names that stand in its objects, compressed and superseded ones too.

        Raises InputError where it can't be read, has no page, or would take too much to read.
        """
        ...


# --- notices ---------------------------------------------------------------------------------------------------------


class Notices(Protocol):
    """What is to be told, and what came of it."""

    def queue(self, notice: Notice) -> Notice:
        """Record a new one; it comes back with its number."""
        ...

    def get(self, number: int) -> Notice:
        """One. Raises NotFound."""
        ...

    def all(
        self, *, state: NoticeState | None = None, application: str | None = None, limit: int | None = None
    ) -> Iterator[Notice]:
        """All, or those in one state or on one application, by number; streamed. With a limit the newest of them."""
        ...

    def due(self, now: datetime, *, limit: int) -> tuple[Notice, ...]:
        """Those with an address that are to be sent now, the longest waiting first."""
        ...

    def left_behind(self, before: datetime) -> tuple[Notice, ...]:
        """Those that have been `sending` since before that moment."""
        ...

    def save(self, notice: Notice, *, was: Notice) -> None:
        """Write its state. Raises Conflict where somebody else has changed it since it was read as `was`, NotFound."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedNotice:
    """A notice in words."""

    #: one line
    subject: str
    body: str


class NoticeTemplates(Protocol):
    """Puts notices into words."""

    def render(self, notice: Notice) -> RenderedNotice:
        """Subject and body, Chinese with English beside it. Raises NotSetUp where its template is missing or faulty."""
        ...


class MailResult(StrEnum):
    """What came of handing one message to the mail server."""

    TAKEN = "taken"
    #: surely not taken, and may be another time
    NOT_NOW = "not-now"
    #: refused for good
    NEVER = "never"
    #: the conversation broke off where it may have been taken
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """One message that was handed to the mail server."""

    result: MailResult
    #: what the server said
    problem: str = ""


class MailSession(Protocol):
    """A conversation with the mail server, for any number of messages."""

    def send(self, notice: Notice) -> Handed:
        """Hand one over. Raises Unavailable where the server is gone: surely nothing was taken then."""
        ...


class Mailer(Protocol):
    """The mail server."""

    def session(self) -> AbstractContextManager[MailSession]:
        """Connect. Raises Unavailable where it can't be reached, AccessDenied where it refuses our account."""
        ...


# --- paper -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationFile:
    """卷宗: all that the register has about one application, for the archive (Article 9)."""

    record: ApplicationRecord
    #: the entries about it, oldest first
    journal: tuple[Entry, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    #: contents of attachments by hash; those that are missing here are listed only
    contents: Mapping[str, bytes] = field(default_factory=dict)
