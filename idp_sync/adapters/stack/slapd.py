"""The stack's slapd: configuration built offline, one child process, everything it writes in one folder.

    folder/  slapd.d/    cn=config; built anew when what it is rendered from has changed
             data/       the database
             secrets/    passwords of the two service accounts
             run/        the socket, and which process is ours
             slapd.log

The system's own slapd, its configuration and its data are neither used nor touched.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from idp_sync import shipped
from idp_sync.adapters.stack.process import ServerProcess
from idp_sync.adapters.stack.secret import make_secret
from idp_sync.domain.errors import Conflict, NotSetUp, Unavailable

#: names the slapd to run, where it is not the system's
BINARY_VARIABLE: Final = "IDP_SYNC_SLAPD"
#: seconds within which slapd starts, or ends; it needs a tenth of one
PATIENCE: Final = 20.0

_INSTALL: Final = (
    "没有找到 slapd / slapd is missing: `apt-get install --no-install-recommends slapd`"
    f" (or name it in {BINARY_VARIABLE})"
)
_APPARMOR: Final = Path("/sys/module/apparmor/parameters/enabled")
_APPARMOR_PROFILE: Final = Path("/etc/apparmor.d/usr.sbin.slapd")
#: an anonymous simple bind; slapd refuses it, which is as good an answer as any
_ANONYMOUS_BIND: Final = bytes.fromhex("300c020101600702010304008000")
_SEQUENCE: Final = 0x30
_SAFE_LDIF: Final = re.compile(r"[\x21-\x39\x3b\x3d-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
_ROOT_RDN: Final = re.compile(r"(dc|o|ou)=([^,=+\"\\<>;#\s](?:[^,=+\"\\<>;]*[^,=+\"\\<>;\s])?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlapdFiles:
    """One slapd of ours: where it lives, and how it is started and stopped."""

    folder: Path
    suffix: str
    #: PEM; the certificate is for localhost
    certificate_file: Path
    key_file: Path
    #: PEM; who signed the certificate
    ca_file: Path
    port: int

    @property
    def url(self) -> str:
        """Where it answers; loopback only."""
        return f"ldaps://localhost:{self.port}"

    @property
    def bind_dn(self) -> str:
        """The account of idp-sync: writes people and permissions."""
        return f"cn=idp-sync,ou=services,{self.suffix}"

    @property
    def password_file(self) -> Path:
        """Its password."""
        return self.folder / "secrets" / "idp-sync.password"

    @property
    def keycloak_bind_dn(self) -> str:
        """The account of Keycloak: reads people and permissions."""
        return f"cn=keycloak,ou=services,{self.suffix}"

    @property
    def keycloak_password_file(self) -> Path:
        """Its password."""
        return self.folder / "secrets" / "keycloak.password"

    @property
    def log_file(self) -> Path:
        """What slapd says."""
        return self.folder / "slapd.log"

    @property
    def socket_url(self) -> str:
        """The socket in the folder, for the user that runs slapd: SASL EXTERNAL, all rights."""
        return f"ldapi://{quote(str(self._run / 'ldapi'), safe='')}"

    def prepare(self) -> None:
        """Make passwords, configuration and the beginning of the tree, as far as they are not there yet.

        Raises:
            NotSetUp: slapd, or a part of it, is not installed; or it does not take the configuration.
            Conflict: the configuration must be built anew while slapd is running.
        """
        for folder in (self.folder, self._run, self.folder / "secrets", self._data):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in (self.password_file, self.keycloak_password_file):
            make_secret(file)
        binary = self._binary()
        self._build_configuration(binary)
        self._build_tree(binary)

    def start(self) -> int:
        """Start it, and return its process id once it answers; it outlives the caller.

        Where it runs already nothing is done. Raises Unavailable where it ends at once or does not answer.
        """
        if (running := self._process.running()) is not None:
            return running
        self._refuse_a_taken_port()  # else the other server's answer would be taken for ours
        command = [str(self._binary()), "-F", str(self._configuration), "-h", self._listeners(), "-d", "none"]
        # the socket's path is relative to the folder that it runs in: absolute ones may be 107 bytes long at most
        return self._process.start(command, cwd=self._run, log=self.log_file, until_ready=self._wait_for)

    def stop(self, pid: int | None = None) -> bool:
        """End it; False where it does not run. With a process id, only if that is the slapd of this folder.

        Raises Unavailable where it does not end.
        """
        return self._process.stop(pid)

    def is_running(self) -> bool:
        """Whether the slapd of this folder runs."""
        return self._process.running() is not None

    def __post_init__(self) -> None:
        for name in ("folder", "certificate_file", "key_file", "ca_file"):
            object.__setattr__(self, name, getattr(self, name).absolute())

    @property
    def _run(self) -> Path:
        return self.folder / "run"

    @property
    def _process(self) -> ServerProcess:
        return ServerProcess(name="slapd", record=self._run / "process", patience=PATIENCE)

    @property
    def _configuration(self) -> Path:
        return self.folder / "slapd.d"

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _listeners(self) -> str:
        return f"{self.url}/ ldapi://ldapi"

    def _wait_for(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise Unavailable(f"slapd 启动失败 / ends at once, see {self.log_file}: {self._last_words()}")
            if self._answers():
                return
            time.sleep(0.02)
        raise Unavailable(f"slapd {self.url} 没有应答 / does not answer, see {self.log_file}")

    def _refuse_a_taken_port(self) -> None:
        try:
            socket.create_server(("localhost", self.port)).close()
        except OSError as error:
            raise Unavailable(f"slapd {self.url} 端口被占用 / port is taken: {error.strerror}") from None

    def _answers(self) -> bool:
        context = ssl.create_default_context(cafile=str(self.ca_file))
        try:
            with (
                socket.create_connection(("localhost", self.port), timeout=2) as plain,
                context.wrap_socket(plain, server_hostname="localhost") as connection,
            ):
                connection.sendall(_ANONYMOUS_BIND)
                return connection.recv(1) == bytes([_SEQUENCE])
        except ssl.SSLCertVerificationError as error:
            raise Unavailable(f"slapd {self.url} 证书无效 / certificate: {error.verify_message}") from None
        except OSError:
            return False

    def _last_words(self) -> str:
        lines = self.log_file.read_text(encoding="utf-8", errors="replace").split("\n")
        telling = [line.split(" ", 2)[-1] for line in lines if "stopped" not in line and line.strip()]
        return next((line for line in reversed(telling) if "fail" in line or "error" in line), "no reason given")

    def _binary(self) -> Path:
        found = find_slapd()
        if not (_APPARMOR_PROFILE.exists() and _is_enforced()):
            return found
        # Ubuntu's profile for the system's path allows only the system's own folders
        copy = self.folder / "bin" / "slapd"
        if not copy.exists() or copy.stat().st_size != found.stat().st_size:
            copy.parent.mkdir(mode=0o700, exist_ok=True)
            shutil.copy(found, copy)
        return copy

    def _build_configuration(self, binary: Path) -> None:
        text = self._rendered()
        digest = hashlib.sha256((text + _schema_file().read_text(encoding="utf-8")).encode()).hexdigest()
        marker = self._configuration / "idp-sync.sha256"
        if marker.exists() and marker.read_text(encoding="ascii") == digest:
            return
        if self.is_running():
            raise Conflict("slapd 正在运行，配置已变更 / its configuration has changed: `idp-sync stack down` first")
        fresh = self.folder / "slapd.d.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        _slapadd(binary, fresh, 0, text)
        (fresh / marker.name).write_text(digest, encoding="ascii")
        shutil.rmtree(self._configuration, ignore_errors=True)
        fresh.rename(self._configuration)

    def _rendered(self) -> str:
        modules, schemas = _module_folder(), _schema_folder()
        return (
            _templates()
            .get_template("config.ldif.j2")
            .render(
                run=self._run,
                data=self._data,
                certificate_file=self.certificate_file,
                key_file=self.key_file,
                ca_file=self.ca_file,
                module_folder=modules,
                argon2=_has_argon2(modules),
                schemas=[
                    path.as_uri()
                    for path in (*(schemas / f"{n}.ldif" for n in ("core", "cosine", "inetorgperson")), _schema_file())
                ],
                owner=f'dn.exact="gidNumber={os.getgid()}+uidNumber={os.getuid()},cn=peercred,cn=external,cn=auth"',
                suffix=self.suffix,
                writer=self.bind_dn,
                reader=self.keycloak_bind_dn,
            )
        )

    def _build_tree(self, binary: Path) -> None:
        """The suffix and the service accounts. The marker comes last: without it no slapd was ever started here."""
        marker = self._data / "idp-sync.seeded"
        if marker.exists():
            return
        for leftover in self._data.glob("*.mdb"):
            leftover.unlink()
        root = _ROOT_RDN.match(self.suffix)
        if root is None:
            raise NotSetUp(f"{self.suffix}: 后缀须以 dc=、o= 或 ou= 开头 / a suffix begins with dc=, o= or ou=")
        argon2 = _has_argon2(_module_folder())
        accounts = [
            {"name": name, "dn": dn, "purpose": purpose, "hash": _hashed(binary, file, argon2=argon2)}
            for name, dn, file, purpose in (
                ("idp-sync", self.bind_dn, self.password_file, "writes people and permissions"),
                ("keycloak", self.keycloak_bind_dn, self.keycloak_password_file, "reads people and permissions"),
            )
        ]
        text = (
            _templates()
            .get_template("base.ldif.j2")
            .render(suffix=self.suffix, root_type=root[1].lower(), root_value=root[2], accounts=accounts)
        )
        _slapadd(binary, self._configuration, 1, text)
        marker.touch(mode=0o600)


def find_slapd() -> Path:
    """The slapd to run: the one that IDP_SYNC_SLAPD names, else the system's.

    Raises:
        NotSetUp: there is none.
    """
    named = os.environ.get(BINARY_VARIABLE)
    candidates = [named] if named else ["/usr/sbin/slapd", shutil.which("slapd"), "/usr/libexec/slapd"]
    for candidate in candidates:
        if candidate and os.access(candidate, os.X_OK):
            return Path(candidate).absolute()
    raise NotSetUp(_INSTALL)


def _places(*below: str) -> Iterator[Path]:
    """Where a part of slapd may be: beside the binary first, as it may have been unpacked somewhere."""
    for root in (*find_slapd().parents, Path("/")):
        yield from (root / place for place in below)


def _module_folder() -> Path:
    for folder in _places("usr/lib/ldap", "lib/ldap", "usr/lib64/openldap", "usr/lib/openldap", "libexec/openldap"):
        if (folder / "back_mdb.so").exists() or (folder / "back_mdb.la").exists():
            return folder
    raise NotSetUp(_INSTALL)


def _schema_folder() -> Path:
    for folder in _places("etc/ldap/schema", "etc/openldap/schema"):
        if (folder / "inetorgperson.ldif").exists():
            return folder
    raise NotSetUp(_INSTALL)


def _has_argon2(modules: Path) -> bool:
    return (modules / "argon2.so").exists()


def _schema_file() -> Path:
    return shipped.folder("templates") / "slapd" / "schema.ldif"


def _templates() -> Environment:
    environment = Environment(  # noqa: S701 - LDIF, not HTML: every value goes through the filter
        loader=FileSystemLoader(shipped.folder("templates") / "slapd"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters["ldif"] = _ldif
    environment.filters["quoted"] = _quoted
    return environment


def _ldif(value: object) -> str:
    """«: value», or base64 where RFC 2849 does not allow it as it is: other than ASCII, line ends, blanks at an end."""
    text = str(value)
    if _SAFE_LDIF.fullmatch(text):
        return f": {text}"
    return f":: {base64.b64encode(text.encode()).decode('ascii')}"


def _quoted(value: object) -> str:
    """As one word, for the attributes that slapd cuts at blanks."""
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _is_enforced() -> bool:
    try:
        return _APPARMOR.read_text(encoding="ascii").strip() == "Y"
    except OSError:
        return False


def _hashed(binary: Path, password_file: Path, *, argon2: bool) -> str:
    scheme = ["-o", "module-load=argon2", "-h", "{ARGON2}"] if argon2 else ["-h", "{SSHA}"]
    if argon2:
        scheme[1:1] = [f"module-path={_module_folder()}", "-o"]
    password = password_file.read_text(encoding="ascii").strip()
    return _tool(binary, "passwd", *scheme, "-n", "-T", "/dev/stdin", given=password).strip()


def _slapadd(binary: Path, configuration: Path, database: int, text: str) -> None:
    _tool(binary, "add", "-F", str(configuration), "-n", str(database), given=text)


def _tool(binary: Path, tool: str, *arguments: str, given: str) -> str:
    """Run one of slapd's offline tools: they are slapd itself under another name."""
    done = subprocess.run(  # noqa: S603 - as above
        [f"slap{tool}", *arguments],
        executable=binary,
        input=given.encode(),
        capture_output=True,
        check=False,
        timeout=PATIENCE * 3,
        umask=0o077,
    )
    if done.returncode != 0:
        words = done.stderr.decode("utf-8", "replace").strip().split("\n")
        raise NotSetUp(f"slap{tool} 失败 / failed: {' '.join(words[-2:])}")
    return done.stdout.decode("ascii")
