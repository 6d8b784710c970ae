"""The stack's Keycloak: the shared, built Keycloak run as one child process, everything it writes in one folder.

    folder/  home/       what Keycloak takes for its own folder: links to the shared one, and data of its own (H2)
             secrets/    of the temporary administrator and of idp-sync's client
             tmp/        Java's temporary files
             run/        which process is ours
             keycloak.log

The shared folder is only read: any number of stacks may use it at once, and it may belong to somebody else.
"""

from __future__ import annotations

import http.client
import os
import re
import shutil
import ssl
import subprocess
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from idp_sync.adapters.stack.process import ServerProcess
from idp_sync.adapters.stack.secret import make_secret
from idp_sync.domain.errors import NotSetUp, Unavailable

#: the unpacked and built Keycloak, and the Java to run it with; written by the set-up script
HOME_VARIABLE: Final = "IDP_SYNC_KEYCLOAK"
JAVA_VARIABLE: Final = "IDP_SYNC_JAVA"
VERSION: Final = "26.7.3"
#: options that are fixed when Keycloak is built; without the last one it never asks a browser for a certificate
BUILD_OPTIONS: Final = {"db": "dev-file", "health-enabled": "true", "https-client-auth": "request"}
BOOTSTRAP_CLIENT_ID: Final = "idp-sync-bootstrap"
#: seconds within which it starts: 22 the first time and 10 later on two cores
PATIENCE: Final = 180.0
#: seconds within which it ends; it needs one or two
_ENDING: Final = 30.0
_POLL: Final = 0.2

_HEAP: Final = ("-Xms128m", "-Xmx640m", "-XX:MaxMetaspaceSize=256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_OPENED: Final = ("java.util", "java.util.concurrent", "java.security", "java.lang")
_FOREIGN: Final = ("KC_", "KEYCLOAK_", "QUARKUS_", "JAVA_", "JDK_", "_JAVA_")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeycloakFiles:
    """One Keycloak of ours: where it lives, and how it is started and stopped."""

    folder: Path
    #: PEM; the certificate is for localhost
    certificate_file: Path
    key_file: Path
    #: PEM; who signed the certificates of this Keycloak and of the directory
    ca_file: Path
    #: PEM; who signs the certificates on the keys of users
    users_ca_file: Path
    port: int
    #: answers whether Keycloak is ready, and nothing else
    management_port: int

    @property
    def url(self) -> str:
        """Where it answers; loopback only."""
        return f"https://localhost:{self.port}"

    @property
    def bootstrap_secret_file(self) -> Path:
        """Of the temporary administrator, client BOOTSTRAP_CLIENT_ID of the realm master."""
        return self.folder / "secrets" / "bootstrap.secret"

    @property
    def client_secret_file(self) -> Path:
        """Of idp-sync's own client in each realm."""
        return self.folder / "secrets" / "idp-sync.secret"

    @property
    def log_file(self) -> Path:
        """What Keycloak says."""
        return self.folder / "keycloak.log"

    def prepare(self) -> None:
        """Make secrets and folders, as far as they are not there yet.

        Raises:
            NotSetUp: Java, Keycloak or a certificate is missing, or this Keycloak was built without what we need.
        """
        find_java()
        shared = find_keycloak()
        _check_build(shared)
        for file in (self.certificate_file, self.key_file, self.ca_file, self.users_ca_file):
            if not file.is_file():
                raise NotSetUp(f"{file}: 证书文件不存在 / is missing; the authority makes it")
        for folder in (self.folder, self._run, self._temporary, self.folder / "secrets", self._home / "data"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in (self.bootstrap_secret_file, self.client_secret_file):
            make_secret(file)
        self._link(shared)

    def start(self, progress: Callable[[float], None] = lambda _: None) -> int:
        """Start it, and return its process id once it is ready; it outlives the caller.

        Where it runs already nothing is done. `progress` is called now and then with the seconds waited. Raises
        Unavailable where it ends or is not ready in time; then, and when interrupted, nothing is left running.
        """
        if (running := self._process.running()) is not None:
            return running
        self.log_file.write_bytes(b"")
        pid = self._process.start(
            self._command(),
            cwd=self.folder,
            log=self.log_file,
            env=self._environment(),
            until_ready=lambda process: self._wait_for(process, progress),
        )
        self._initialised.touch(mode=0o600)
        return pid

    def stop(self, pid: int | None = None) -> bool:
        """End it; False where it does not run. With a process id, only if that is the Keycloak of this folder.

        Raises Unavailable where it does not end.
        """
        return self._process.stop(pid)

    def is_running(self) -> bool:
        """Whether the Keycloak of this folder runs."""
        return self._process.running() is not None

    @property
    def _home(self) -> Path:
        return self.folder / "home"

    @property
    def _temporary(self) -> Path:
        return self.folder / "tmp"

    @property
    def _run(self) -> Path:
        return self.folder / "run"

    @property
    def _process(self) -> ServerProcess:
        return ServerProcess(name="Keycloak", record=self._run / "process", patience=_ENDING)

    @property
    def _initialised(self) -> Path:
        """There once Keycloak has been ready: its database is made, the temporary administrator with it."""
        return self._home / "data" / "idp-sync.initialised"

    def _link(self, shared: Path) -> None:
        """Keycloak writes into its home (trust store, transaction log, database): give it one that is only links."""
        for name in ("lib", "providers", "themes"):
            link = self._home / name
            if link.is_symlink() and link.readlink() == shared / name:
                continue
            link.unlink(missing_ok=True)
            link.symlink_to(shared / name)
        configuration = self._home / "conf"
        configuration.mkdir(exist_ok=True)
        shutil.copyfile(shared / "conf" / "cache-ispn.xml", configuration / "cache-ispn.xml")
        (configuration / "keycloak.conf").write_text("", encoding="ascii")  # every option is in the environment

    def _command(self) -> list[str]:
        """As bin/kc.sh has it, without the shell between us and Java."""
        return [
            str(find_java()),
            *_HEAP,
            "-XX:+ExitOnOutOfMemoryError",
            f"-Djava.io.tmpdir={self._temporary}",
            "-Dfile.encoding=UTF-8",
            "-Duser.language=en",
            "-Duser.country=US",
            "-Djdk.tls.rejectClientInitiatedRenegotiation=true",
            *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED),
            (
                "-Djava.util.concurrent.ForkJoinPool.common.threadFactory="
                "io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory"
            ),
            "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
            "-Dpicocli.disable.closures=true",
            f"-Dkc.home.dir={self._home}",
            f"-Djboss.server.config.dir={self._home / 'conf'}",
            "-cp",
            str(self._home / "lib" / "quarkus-run.jar"),
            "io.quarkus.bootstrap.runner.QuarkusEntryPoint",
            "start",
            "--optimized",
        ]

    def _environment(self) -> dict[str, str]:
        """Options, and the secret of the temporary administrator, which a command line would show to everybody."""
        options = {
            "KC_HTTP_ENABLED": "false",
            "KC_HTTP_HOST": "127.0.0.1",
            "KC_HTTPS_PORT": str(self.port),
            "KC_HTTP_MANAGEMENT_PORT": str(self.management_port),
            "KC_HOSTNAME": self.url,
            "KC_HTTPS_CERTIFICATE_FILE": str(self.certificate_file),
            "KC_HTTPS_CERTIFICATE_KEY_FILE": str(self.key_file),
            "KC_HTTPS_TRUST_STORE_FILE": str(self.users_ca_file),
            "KC_HTTPS_TRUST_STORE_TYPE": "PEM",
            "KC_TRUSTSTORE_PATHS": ",".join(sorted({str(self.ca_file), str(self.users_ca_file)})),
            "KC_CACHE": "local",
        }
        if not self._initialised.exists():
            # later starts must not bring back the administrator that `init` removed
            options["KC_BOOTSTRAP_ADMIN_CLIENT_ID"] = BOOTSTRAP_CLIENT_ID
            options["KC_BOOTSTRAP_ADMIN_CLIENT_SECRET"] = self.bootstrap_secret_file.read_text(encoding="ascii").strip()
        return {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN)} | options

    def _wait_for(self, process: subprocess.Popen[bytes], progress: Callable[[float], None]) -> None:
        begun = time.monotonic()
        while (waited := time.monotonic() - begun) < PATIENCE:
            if process.poll() is not None:
                raise Unavailable(f"Keycloak 启动失败 / ends at once, see {self.log_file}: {self._last_words()}")
            if self._is_ready():
                return
            progress(waited)
            time.sleep(_POLL)
        raise Unavailable(f"Keycloak {self.url} 没有应答 / is not ready in time, see {self.log_file}")

    def _is_ready(self) -> bool:
        context = ssl.create_default_context(cafile=str(self.ca_file))
        connection = http.client.HTTPSConnection("localhost", self.management_port, timeout=5, context=context)
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == http.HTTPStatus.OK
        except ssl.SSLCertVerificationError as error:
            raise Unavailable(f"Keycloak {self.url} 证书无效 / certificate: {error.verify_message}") from None
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _last_words(self) -> str:
        text = re.sub(r"\x1b\[[0-9;]*m", "", self.log_file.read_text(encoding="utf-8", errors="replace"))
        lines = [line for line in text.split("\n") if line.strip()]
        telling = [line.split("ERROR", 1)[-1].strip() for line in lines if "ERROR" in line]
        return next(iter(telling or lines[-1:]), "no reason given")[:300]


def find_java() -> Path:
    """The Java to run Keycloak with: the one that IDP_SYNC_JAVA names, else the system's.

    Raises:
        NotSetUp: there is none.
    """
    named = os.environ.get(JAVA_VARIABLE) or shutil.which("java")
    if named and os.access(named, os.X_OK):
        return Path(named).absolute()
    raise NotSetUp(f"没有找到 Java / Java 17 or newer is missing: `make setup` (or name it in {JAVA_VARIABLE})")


def find_keycloak() -> Path:
    """The shared Keycloak: the one that IDP_SYNC_KEYCLOAK names, else the one that set-up left in the cache.

    Raises:
        NotSetUp: there is none.
    """
    named = os.environ.get(HOME_VARIABLE)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "idp-sync"
    candidates = [Path(named)] if named else sorted(cache.glob(f"keycloak-{VERSION}-*"))
    for candidate in candidates:
        if (candidate / "lib" / "quarkus-run.jar").is_file():
            return candidate.absolute()
    raise NotSetUp(f"没有找到 Keycloak {VERSION} / is missing: `make setup` (or name it in {HOME_VARIABLE})")


def _check_build(shared: Path) -> None:
    """Refuse a Keycloak that was never built, or otherwise: some options can't be given when it is started."""
    wanted = " ".join(f"--{key}={value}" for key, value in BUILD_OPTIONS.items())
    advice = f"`{shared}/bin/kc.sh build --metrics-enabled=false {wanted}`"
    try:
        with zipfile.ZipFile(shared / "lib" / "quarkus" / "generated-bytecode.jar") as jar:
            lines = jar.read("META-INF/keycloak-persisted.properties").decode("utf-8").splitlines()
    except (OSError, KeyError, zipfile.BadZipFile):
        raise NotSetUp(f"{shared}: 尚未构建 / was not built: {advice}") from None
    if missing := sorted({f"kc.{key}={value}" for key, value in BUILD_OPTIONS.items()} - set(lines)):
        raise NotSetUp(f"{shared}: 构建选项不符 / was built without {', '.join(missing)}: {advice}")
