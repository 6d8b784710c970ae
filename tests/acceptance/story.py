"""The main job as people do it, command by command, on real servers: the demo tells it, the acceptance test asserts it.

Nothing here reaches into the product: every act is a run of `idp-sync`, every login goes through Keycloak.
"""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import ldap3

from idp_sync.config import Settings, load, read_secret
from tests.browser import log_in_with_browser
from tests.login import ClientKey, Refused, Session, log_in

FORMS = Path(__file__).parents[1] / "cases" / "forms"

#: who acts in the story, for which office
CONFIGURES = "信息一@信息中心"
REGISTRATION = "登记一@房屋登记管理处"
MARKET = "市场一@房屋市场管理处"
SERVICE_INTAKE = "服务一@综合服务中心"
SERVICE_ISSUE = "服务二@综合服务中心"
RESEARCH = "研究一@城建研究中心"
SECURITY = "安全一@安全管理员"

#: the story begins that long ago, so that half a year can pass within minutes
LONG_AGO = "-200d"


class Failed(Exception):
    """A command ended otherwise than the story has it."""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A command that ran."""

    arguments: tuple[str, ...]
    exit_code: int
    output: str
    errors: str
    seconds: float

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON is what it is
        """What it printed, as JSON."""
        return json.loads(self.output)


@dataclass
class Story:
    """One telling of the story, in one home folder."""

    home: Path
    #: where what is shown goes to
    say: Callable[[str], None] = lambda _: None
    keys: dict[str, ClientKey] = field(default_factory=dict)
    logins: dict[str, str] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)

    # --- means -------------------------------------------------------------------------------------------------------

    def run(self, *arguments: str, by: str = "", expect: Sequence[int] = (0,), quiet: bool = False) -> Ran:
        """Run idp-sync as somebody, and show it."""
        shown = " ".join(("idp-sync", *arguments, *(("--as", by) if by else ())))
        if not quiet:
            self.say(f"$ {shown.replace(str(FORMS) + '/', '')}")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("IDP_SYNC_AS")}
        environment |= {"IDP_SYNC_HOME": str(self.home), "IDP_SYNC_AS": by, "PYTHONUTF8": "1"}
        begun = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "idp_sync", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        ran = Ran(
            arguments=arguments,
            exit_code=done.returncode,
            output=done.stdout,
            errors=done.stderr,
            seconds=time.monotonic() - begun,
        )
        if not quiet:
            for line in (done.stdout + done.stderr).splitlines():
                self.say(f"  {line}")
        if ran.exit_code not in expect:
            raise Failed(f"{shown}: exit code {ran.exit_code}\n{ran.output}{ran.errors}")
        return ran

    @property
    def settings(self) -> Settings:
        """How the servers are reached."""
        return load(self.home)

    def login_of(self, name: str) -> str:
        """The login name of a person; it never changes."""
        if name not in self.logins:
            for account in self.run("accounts", "list", "--json", quiet=True).json:
                self.logins[account["name"]] = account["login"]
                self.classes[account["login"]] = account["user_class"]
        return self.logins[name]

    def account(self, login: str) -> dict[str, Any]:
        """One account, as the register has it."""
        shown: dict[str, Any] = self.run("accounts", "show", login, "--json", quiet=True).json
        return shown

    def applications(self) -> dict[str, dict[str, Any]]:
        """All applications by number."""
        return {item["id"]: item for item in self.run("applications", "list", "--json", quiet=True).json}

    def number_for(self, person: str) -> str:
        """The number of the application that a person stands on."""
        return self.numbers_for(person)[0]

    def numbers_for(self, *people: str) -> list[str]:
        """The numbers of the applications that these people stand on."""
        found = self.applications()
        return [next(id_ for id_, item in found.items() if person in item["people"]) for person in people]

    def log_in(self, login: str, client: str, *, browser: bool = False, **more: str) -> Session:
        """Log somebody in with his key, or with none where he has none, through Keycloak's browser flow."""
        settings = self.settings.realms
        user_class = self.classes[login]
        realm = next(realm for kind, realm in settings.realms.items() if kind.value == user_class)
        key = self.keys.get(login)
        if browser and key is not None:
            return log_in_with_browser(settings.url, realm, client, ca_file=settings.ca_file, key=key)
        return log_in(settings.url, realm, client, ca_file=settings.ca_file, key=key, **more)

    def refusal(self, login: str, client: str) -> str:
        """Why Keycloak does not let somebody in; "" where it does."""
        try:
            self.log_in(login, client)
        except Refused as refused:
            return str(refused)
        return ""

    @contextmanager
    def directory(self) -> Iterator[ldap3.Connection]:
        """The directory, as somebody who changes it by hand would reach it."""
        settings = self.settings.directory
        tls = ldap3.Tls(ca_certs_file=str(settings.ca_file), validate=2)
        server = ldap3.Server(settings.url, tls=tls, get_info=ldap3.NONE)
        connection = ldap3.Connection(server, settings.bind_dn, read_secret(settings.password_file), auto_bind=True)
        try:
            yield connection
        finally:
            connection.unbind()

    def entry(self, login: str) -> dict[str, list[str]] | None:
        """Somebody's entry in the directory; None where there is none."""
        with self.directory() as connection:
            connection.search(
                f"ou=people,{self.settings.directory.suffix}", f"(uid={login})", attributes=ldap3.ALL_ATTRIBUTES
            )
            entries = connection.entries
            return {k: [str(v) for v in e] for k, e in entries[0].entry_attributes_as_dict.items()} if entries else None

    def known_to_keycloak(self, login: str) -> bool:
        """Whether Keycloak has a user of that login, imported or to be had from the directory."""
        settings = self.settings.realms
        realm = next(realm for kind, realm in settings.realms.items() if kind.value == self.classes[login])
        client = {
            "grant_type": "client_credentials",
            "client_id": settings.client_id,
            "client_secret": read_secret(settings.client_secret_file),
        }
        context = ssl.create_default_context(cafile=str(settings.ca_file))
        with httpx.Client(base_url=settings.url, verify=context, trust_env=False, timeout=30) as keycloak:
            token = keycloak.post(f"/realms/{realm}/protocol/openid-connect/token", data=client).json()["access_token"]
            found = keycloak.get(
                f"/admin/realms/{realm}/users",
                params={"username": login, "exact": "true"},
                headers={"Authorization": f"Bearer {token}"},
            )
            return bool(found.raise_for_status().json())

    def take_in(self, *papers: dict[str, Any], by: str, draft: bool = False) -> list[dict[str, Any]]:
        """Applications come in as one file of JSON lines; what became of each."""
        file = self.paper_file(*papers)
        more = ("--draft",) if draft else ()
        taken: list[dict[str, Any]] = self.run("applications", "import", str(file), *more, "--json", by=by).json
        return taken

    def paper_file(self, *papers: dict[str, Any]) -> Path:
        """The applications in a file of JSON lines."""
        file = self.home / f"{papers[0]['id']}.jsonl"
        file.write_text("\n".join(json.dumps(paper, ensure_ascii=False) for paper in papers), encoding="utf-8")
        return file

    def approve(self, number: str, *offices: str) -> Ran:
        """Each of these offices approves, one after the other; the last one's answer."""
        *_, last = (self.run("applications", "approve", number, by=office) for office in offices)
        return last

    def state(self, number: str) -> str:
        """Where an application stands."""
        shown: str = self.run("applications", "show", number, "--json", quiet=True).json["state"]
        return shown

    def opened_by(self, number: str) -> list[str]:
        """The accounts that an application opened or changed."""
        logins: list[str] = self.run("applications", "show", number, "--json", quiet=True).json["accounts"]
        for login in logins:
            account = self.account(login)
            self.logins[account["name"]], self.classes[login] = login, account["user_class"]
        return logins

    def open_tasks(self, login: str) -> list[tuple[str, str, str | None]]:
        """What is still to be done about a user: what, by whom, about which key."""
        found = self.run("duties", "--on", login, "--json", quiet=True).json
        return [(task["kind"], task["whose"], task["key"]) for task in found]

    # --- the chapters ------------------------------------------------------------------------------------------------

    def start(self) -> Ran:
        """Real servers, with a clock that stands half a year and some weeks back."""
        return self.run("stack", "up", f"--clock={LONG_AGO}")

    def set_up(self) -> Ran:
        """Register, authority, tree and realms; running it again changes nothing."""
        return self.run("init", by=CONFIGURES)

    def hand_in(self) -> list[dict[str, Any]]:
        """Applications come in as people send them, faulty ones among them."""
        files = sorted(str(path) for path in FORMS.iterdir() if path.is_file())
        shown = self.run("applications", "import", *files, by=REGISTRATION, expect=(3,))
        del shown
        again = self.run("applications", "import", *files, "--json", by=REGISTRATION, expect=(3,), quiet=True)
        taken: list[dict[str, Any]] = again.json
        return taken

    def decide(self) -> None:
        """The good ones are approved by the office whose matter it is; the faulty ones go back."""
        for people, office in (
            (("赵样例", "孙样例", "欧阳试用"), REGISTRATION),
            (("周䶮样",), MARKET),
            (("陈样例", "褚试用"), SERVICE_INTAKE),
            (("郑样例",), REGISTRATION),
            (("郑样例",), MARKET),
        ):
            self.run("applications", "approve", *self.numbers_for(*people), by=office)
        faulty = [item for item in self.applications().values() if item["state"] == "received"]
        for verb in ("return", "reject"):
            for office, user_class in ((REGISTRATION, "management"), (SERVICE_INTAKE, "enterprise")):
                ids = [i["id"] for i in faulty if (i["outcome"], i["user_class"]) == (verb, user_class)]
                if ids:
                    self.run("applications", verb, *ids, by=office)

    def synchronise(self) -> tuple[Ran, Ran, Ran]:
        """What will be created, then it is; a second sync finds nothing to do."""
        return self.run("plan"), self.run("sync", by=CONFIGURES), self.run("sync", by=CONFIGURES)

    def tamper(self, login: str, permission: str) -> tuple[Ran, Ran, Ran]:
        """Somebody changes the directory by hand; drift tells, the next sync puts it right."""
        suffix = self.settings.directory.suffix
        person = f"uid={login},ou=management,ou=people,{suffix}"
        group = f"cn={permission},ou=management,ou=permissions,{suffix}"
        self.say(f"# 有人绕过系统改了目录 / somebody gives {login} {permission}, and another name, behind our back")
        with self.directory() as connection:
            assert connection.modify(group, {"member": [(ldap3.MODIFY_ADD, [person])]}), connection.result
            assert connection.modify(person, {"displayName": [(ldap3.MODIFY_REPLACE, ["冒名"])]}), connection.result
        return self.run("drift", expect=(1,)), self.run("sync", by=CONFIGURES), self.run("drift")

    def issue(self, login: str) -> ClientKey:
        """A key is handed over: certificate, PKCS#12 and password, thumbprint bound."""
        office = RESEARCH if self.classes[login] == "management" else SERVICE_ISSUE
        name = next(name for name, known in self.logins.items() if known == login)
        folder = self.home / "handed-over" / login
        before = set(folder.glob("*.p12"))
        self.run("keys", "issue", login, "--to", name, "--out", str(folder), by=office)
        (p12,) = set(folder.glob("*.p12")) - before
        password = p12.with_suffix(".password.txt").read_text(encoding="ascii").strip()
        self.keys[login] = ClientKey.read(p12, password)
        return self.keys[login]

    def stock(self) -> None:
        """Keys are taken into stock by the office that issues them."""
        self.run("keys", "stock", "management", "10", by=RESEARCH)
        self.run("keys", "stock", "enterprise", "5", by=SERVICE_ISSUE)

    def revoke(self, login: str, client: str) -> tuple[float, float, str]:
        """Seconds from the command to its end and to the refused login, and how the login was refused."""
        key_number = self.account(login)["key"]
        begun = time.monotonic()
        ran = self.run("keys", "revoke", key_number, by=SECURITY)
        refusal = self.refusal(login, client)
        return ran.seconds, time.monotonic() - begun, refusal

    def half_a_year_passes(self) -> Ran:
        """The clock is moved to the present."""
        return self.run("stack", "clock", "0")

    def sweep(self) -> tuple[Ran, Ran]:
        """The plan with its evidence, then the suspension."""
        return self.run("sweep", by=CONFIGURES), self.run("sweep", "--apply", by=CONFIGURES)

    def restore(self, login: str) -> Ran:
        """The research centre restores the login."""
        return self.run("accounts", "restore", login, "--identity-check", "回拨单位电话核实本人", by=RESEARCH)

    def stop(self) -> Ran:
        """End exactly what was started."""
        return self.run("stack", "down")
