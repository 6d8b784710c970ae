"""Settings: one TOML file, idp-sync.toml, in the home folder of the installation. Secrets have files of their own."""

from __future__ import annotations

import tomllib
from datetime import date
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from idp_sync.domain.attachment import KEPT_YEARS_AT_LEAST
from idp_sync.domain.errors import NotSetUp
from idp_sync.domain.notice import is_address
from idp_sync.domain.unit import UserClass

#: name of the file within the home folder
FILE_NAME = "idp-sync.toml"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _tls_only(url: str) -> str:
    if not url.startswith(("ldaps://", "https://")):
        raise ValueError("must use TLS: ldaps:// or https:// (GB/T 22239-2019 8.1.4.1 c)")
    return url.rstrip("/")


TlsUrl = Annotated[str, AfterValidator(_tls_only)]
Seconds = Annotated[float, Field(gt=0, le=600)]


class RegisterSettings(_Section):
    """Our own database."""

    #: SQLAlchemy URL
    url: str
    #: file with the key that encrypts ID numbers (32 bytes, base64)
    key_file: Path


class DirectorySettings(_Section):
    """The LDAP server, as we see it."""

    url: TlsUrl
    #: distinguished name under which our tree stands
    suffix: str
    #: our own account: it may write people and permissions, and nothing else
    bind_dn: str
    password_file: Path
    #: certificates that we trust, PEM
    ca_file: Path
    timeout: Seconds = 10


class RealmsSettings(_Section):
    """Keycloak, and the directory as Keycloak sees it."""

    url: TlsUrl
    ca_file: Path
    #: realm of each user class
    realms: dict[UserClass, str] = {UserClass.MANAGEMENT: "management", UserClass.ENTERPRISE: "enterprise"}
    #: our own client in each of these realms
    client_id: str = "idp-sync"
    client_secret_file: Path
    #: temporary administrator of the master realm; `init` uses it once and removes it
    bootstrap_client_id: str = "idp-sync-bootstrap"
    bootstrap_secret_file: Path | None = None
    directory_url: TlsUrl
    #: the account that Keycloak reads the directory with
    directory_bind_dn: str
    directory_password_file: Path
    #: where the relying systems live: client id → redirect URIs
    redirect_uris: dict[str, list[str]] = Field(default_factory=dict)
    timeout: Seconds = 30
    #: login events are kept that long; longer than half a year, so that a sweep can always look back
    events_kept_days: int = Field(default=400, ge=200)
    session_idle_minutes: int = Field(default=30, ge=1, le=24 * 60)
    session_max_hours: int = Field(default=10, ge=1, le=72)


class AuthoritySettings(_Section):
    """The certificate authority."""

    #: keys, certificates and CRLs
    folder: Path
    passphrase_file: Path


class SweepSettings(_Section):
    """Limits of the half-yearly cleaning: beyond them it refuses."""

    #: largest share of the accounts that may be suspended at once
    most_share: float = Field(default=0.3, gt=0, le=1)
    #: shares are not looked at below this number of suspensions
    always_allowed: int = Field(default=5, ge=0)


def _email(address: str) -> str:
    if not is_address(address):
        raise ValueError("must be one e-mail address, in ASCII")
    return address


EmailAddress = Annotated[str, AfterValidator(_email)]


class MailSecurity(StrEnum):
    """How the conversation with the mail server is protected."""

    #: TLS from the first byte
    TLS = "tls"
    #: TLS before anything is said; refused where the server does not offer it
    STARTTLS = "starttls"
    #: on this machine only
    NONE = "none"


class NoticesSettings(_Section):
    """The mail server. Without this section every notice is a letter to be printed."""

    host: str = Field(min_length=1)
    port: int = Field(default=465, ge=1, le=65535)
    security: MailSecurity = MailSecurity.TLS
    #: certificates that we trust, PEM; None for those of the system
    ca_file: Path | None = None
    #: None where the server asks for none
    username: str | None = None
    password_file: Path | None = None
    #: what notices come from; answers and failure reports go there
    sender: EmailAddress
    sender_name: str = "用户及密钥管理"
    #: code of an office → where it is told
    offices: dict[str, EmailAddress] = Field(default_factory=dict)
    timeout: Annotated[float, Field(gt=0, le=60)] = 30

    @model_validator(mode="after")
    def _protected(self) -> NoticesSettings:
        if self.security is MailSecurity.NONE and not _is_loopback(self.host):
            raise ValueError('security = "none" is for a mail server on this machine only (GB/T 22239-2019 8.1.4.1 c)')
        if (self.username is None) != (self.password_file is None):
            raise ValueError("username and password_file go together")
        return self


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class Settings(_Section):
    """All settings of an installation."""

    register_: RegisterSettings = Field(alias="register")
    directory: DirectorySettings
    realms: RealmsSettings
    authority: AuthoritySettings
    sweep: SweepSettings = SweepSettings()
    #: the mail server; None where every notice is a letter to be printed
    notices: NoticesSettings | None = None
    #: whole years for which scans of papers are kept after the last thing that happened with them (reading A-24). Five
    #: are what 电子签名法 第二十四条 asks of licensed authorities, by analogy
    attachments_kept_years: int = Field(default=5, ge=KEPT_YEARS_AT_LEAST, le=100)
    #: 公布之日: what was received before it is returned (Article 11, R-43); None where every day will do
    effective_on: date | None = None
    #: folder of another rule book (permissions, offices, districts, …); None for the one that is shipped
    roles_folder: Path | None = None
    #: written by `stack up`: the servers are children of this installation, for demo and tests
    stack: bool = False
    #: seconds that the clock of a stack is moved by; refused elsewhere
    clock_offset: int = 0


def load(home: Path) -> Settings:
    """The settings of the installation in that home folder; relative paths in it are relative to the home folder.

    Raises:
        NotSetUp: there is no such file, or it can't be understood.
    """
    path = home / FILE_NAME
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotSetUp(f"{path}: 没有配置文件 / no settings; run `idp-sync stack up` or write one") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise NotSetUp(f"{path}: 配置文件不可读 / can't be read: {error}") from None
    try:
        settings = Settings.model_validate(_anchored(document, home))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise NotSetUp(f"{path}: {where}: {first['msg']}") from None
    if settings.clock_offset and not settings.stack:
        raise NotSetUp(f"{path}: clock_offset: only a stack of our own may have a moved clock")
    return settings


def _anchored(document: dict[str, object], home: Path) -> dict[str, object]:
    """The document with every relative path (a key that ends in _file or folder) under the home folder."""

    def anchor(key: str, value: object) -> object:
        if isinstance(value, dict):
            return {k: anchor(k, v) for k, v in value.items()}
        if isinstance(value, str) and key.endswith(("_file", "folder")):
            return str(home / value)
        return value

    return {key: anchor(key, value) for key, value in document.items()}


def read_secret(path: Path) -> str:
    """The secret in a file, without the line end.

    Raises:
        NotSetUp: it can't be read, or is empty.
    """
    try:
        secret = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise NotSetUp(f"{path}: 密钥文件不可读 / secret can't be read: {type(error).__name__}") from None
    if not secret:
        raise NotSetUp(f"{path}: 密钥文件为空 / secret is empty")
    return secret
