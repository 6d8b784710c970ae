"""The stack: a real slapd and a real Keycloak as child processes, with the project's own authority, in one home folder.

    home/  idp-sync.toml    settings that lead to these servers
           secrets/         passphrase of the authority, key of the register
           authority/       root and issuing authorities
           stack/           ports, TLS certificates, slapd/, keycloak/

For demo and tests. In production the servers are somebody else's, and idp-sync.toml is written by hand.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from idp_sync.adapters.authority import LocalAuthority
from idp_sync.adapters.stack.keycloak import BOOTSTRAP_CLIENT_ID, KeycloakFiles
from idp_sync.adapters.stack.slapd import SlapdFiles
from idp_sync.bootstrap.clock import SystemClock
from idp_sync.config import FILE_NAME, AuthoritySettings, load
from idp_sync.domain.errors import Conflict, NotSetUp, Unavailable

SUFFIX: Final = "dc=idp-sync,dc=example"
_HOSTS: Final = ("localhost", "127.0.0.1")
_SERVERS: Final = ("slapd", "keycloak", "management")


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """Whether a server of the stack runs, and where."""

    name: str
    url: str
    running: bool


@dataclass(frozen=True)
class Stack:
    """The stack in one home folder."""

    home: Path

    def up(self, *, clock_offset: int | None = None, say: Callable[[str], None] = lambda _: None) -> list[Running]:
        """Start what does not run yet, and write the settings that lead there.

        `clock_offset` moves the installation's clock by so many seconds; None leaves it as it is.

        Raises:
            NotSetUp: slapd, Java or Keycloak is missing, or the folder belongs to another kind of installation.
            Unavailable: a server does not start.
            Conflict: the stack is being started or stopped by somebody else at this moment.
        """
        self._refuse_foreign_settings()
        try:
            for folder in (self.home, self._folder, self.home / "secrets"):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise Unavailable(f"{self.home}: 不能建立 / can't be made: {error.strerror}") from None
        with self._locked():
            slapd, keycloak = self._servers()
            ports = {"slapd": slapd.port, "keycloak": keycloak.port, "management": keycloak.management_port}
            self._write(self._folder / "ports.json", json.dumps(ports))
            offset = self._clock_offset() if clock_offset is None else clock_offset
            say("证书 / certificates")
            self._certify(offset)
            slapd.prepare()
            keycloak.prepare()
            self._write(self.home / FILE_NAME, self._settings(slapd, keycloak, offset))
            say(f"slapd {slapd.url}")
            slapd.start()
            say(f"Keycloak {keycloak.url}（十余秒 / some ten seconds）")
            keycloak.start()
        return self.status()

    def down(self) -> list[str]:
        """End exactly the servers that `up` started; the names of those that ran."""
        if not self._folder.is_dir():
            return []
        with self._locked():
            slapd, keycloak = self._servers()
            return [name for name, server in (("keycloak", keycloak), ("slapd", slapd)) if server.stop()]

    def status(self) -> list[Running]:
        """Which servers run."""
        slapd, keycloak = self._servers()
        return [
            Running(name="slapd", url=slapd.url, running=slapd.is_running()),
            Running(name="keycloak", url=keycloak.url, running=keycloak.is_running()),
        ]

    def move_clock(self, offset: int) -> None:
        """Move the installation's clock to so many seconds from the real one; 0 is the present.

        Raises:
            NotSetUp: there is no stack here.
        """
        with self._locked():
            if not load(self.home).stack:
                raise NotSetUp(f"{self.home}: 不是演示环境，时钟不可调 / no stack of ours: its clock can't be moved")
            slapd, keycloak = self._servers()
            self._write(self.home / FILE_NAME, self._settings(slapd, keycloak, offset))

    @property
    def _folder(self) -> Path:
        return self.home / "stack"

    def _refuse_foreign_settings(self) -> None:
        if (self.home / FILE_NAME).exists() and not load(self.home).stack:
            raise NotSetUp(
                f"{self.home}: 已有正式安装 / holds an installation with other servers: choose another --home"
            )

    def _clock_offset(self) -> int:
        return load(self.home).clock_offset if (self.home / FILE_NAME).exists() else 0

    def _servers(self) -> tuple[SlapdFiles, KeycloakFiles]:
        ports = self._ports()
        authority = self._authority(0)
        tls = self._folder / "tls"
        slapd = SlapdFiles(
            folder=self._folder / "slapd",
            suffix=SUFFIX,
            certificate_file=tls / "slapd" / "certificate.pem",
            key_file=tls / "slapd" / "key.pem",
            ca_file=authority.trust_anchor_file,
            port=ports["slapd"],
        )
        keycloak = KeycloakFiles(
            folder=self._folder / "keycloak",
            certificate_file=tls / "keycloak" / "certificate.pem",
            key_file=tls / "keycloak" / "key.pem",
            ca_file=authority.trust_anchor_file,
            users_ca_file=authority.trusted_file,
            port=ports["keycloak"],
            management_port=ports["management"],
        )
        return slapd, keycloak

    def _ports(self) -> dict[str, int]:
        """The ports of last time where they were written down, else free ones."""
        try:
            known = json.loads((self._folder / "ports.json").read_text(encoding="ascii"))
            return {name: int(known[name]) for name in _SERVERS}
        except (OSError, ValueError, KeyError, TypeError):
            return _free_ports()

    def _authority(self, clock_offset: int) -> LocalAuthority:
        settings = AuthoritySettings(
            folder=self.home / "authority", passphrase_file=self.home / "secrets" / "authority.passphrase"
        )
        return LocalAuthority(settings, clock=SystemClock(offset_seconds=clock_offset))

    def _certify(self, clock_offset: int) -> None:
        # the servers and their clients have the real clock: nothing of theirs may begin later than now
        for _ in self._authority(min(0, clock_offset)).set_up():
            pass
        authority = self._authority(0)
        for name in ("slapd", "keycloak"):
            folder = self._folder / "tls" / name
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not (folder / "certificate.pem").exists():
                authority.issue_server(_HOSTS, folder)

    def _settings(self, slapd: SlapdFiles, keycloak: KeycloakFiles, clock_offset: int) -> str:
        """The settings file. A TOML string is written as JSON writes it."""
        ca_file = self._authority(0).trust_anchor_file
        sections: dict[str, dict[str, object]] = {
            "register": {
                "url": f"sqlite:///{self.home.absolute() / 'register.sqlite'}",
                "key_file": "secrets/register.key",
            },
            "directory": {
                "url": slapd.url,
                "suffix": SUFFIX,
                "bind_dn": slapd.bind_dn,
                "password_file": slapd.password_file,
                "ca_file": ca_file,
            },
            "realms": {
                "url": keycloak.url,
                "ca_file": ca_file,
                "client_secret_file": keycloak.client_secret_file,
                "bootstrap_client_id": BOOTSTRAP_CLIENT_ID,
                "bootstrap_secret_file": keycloak.bootstrap_secret_file,
                "directory_url": slapd.url,
                "directory_bind_dn": slapd.keycloak_bind_dn,
                "directory_password_file": slapd.keycloak_password_file,
            },
            "authority": {"folder": "authority", "passphrase_file": "secrets/authority.passphrase"},
        }
        lines = ["# written by `idp-sync stack up`: a stack of our own, for demo and tests", "stack = true"]
        lines.append(f"clock_offset = {clock_offset}")
        for section, values in sections.items():
            lines += ["", f"[{section}]"]
            lines += [
                f"{key} = {json.dumps(self._relative(value), ensure_ascii=False)}" for key, value in values.items()
            ]
        return "\n".join(lines) + "\n"

    def _relative(self, value: object) -> str:
        if isinstance(value, Path):
            return str(value.absolute().relative_to(self.home.absolute()))
        return str(value)

    def _write(self, path: Path, text: str) -> None:
        """Replace a file whole: nobody ever reads half of it."""
        fresh = path.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.chmod(0o600)
        fresh.replace(path)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            descriptor = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise NotSetUp(f"{self.home}: 没有演示环境 / there is no stack here: {error.strerror}") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise Conflict(
                f"{self.home}: 正在由他人启动或停止 / is being started or stopped by somebody else"
            ) from None
        finally:
            os.close(descriptor)


def _free_ports() -> dict[str, int]:
    """Ports that are free now, each another one."""
    sockets = [socket.socket() for _ in _SERVERS]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return {name: one.getsockname()[1] for name, one in zip(_SERVERS, sockets, strict=True)}
    finally:
        for one in sockets:
            one.close()
