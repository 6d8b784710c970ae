"""How long lists, searches and single applications take in a register of 100,000 applications of two rows each.

    .venv/bin/python bench/applications.py [--applications 100000]

Makes a register in a temporary folder, asks it through the port and through whole command-line processes, and prints
the table of docs/benchmarks.md. Nothing is asserted: a shared machine has good days and bad ones.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from stdnum.iso7064 import mod_11_2

from idp_sync.adapters.register import SqlRegister
from idp_sync.config import FILE_NAME, RegisterSettings
from idp_sync.domain.application import Application, Form, Row, State
from idp_sync.domain.finding import Code, Finding, Outcome
from idp_sync.domain.unit import Level, Unit, UserClass
from idp_sync.ports import ApplicationRecord, Transaction

STATES = (*[State.ARCHIVED] * 16, State.CARRIED_OUT, State.APPROVED, State.RECEIVED, State.RETURNED)
DISTRICTS = [f"1101{place:02}" for place in (1, 2, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19)]
NAMES = "甲乙丙丁戊己庚辛壬癸"
START = datetime(2020, 1, 1, tzinfo=UTC)
BATCH = 2_000
REPEATS = 7
PAGE = 200

SETTINGS = """
[register]
url = "sqlite:///{register}"
key_file = "{key}"
[directory]
url = "ldaps://localhost"
suffix = "dc=example,dc=org"
bind_dn = "cn=idp-sync"
password_file = "none"
ca_file = "none"
[realms]
url = "https://localhost"
ca_file = "none"
client_secret_file = "none"
directory_url = "ldaps://localhost"
directory_bind_dn = "cn=keycloak"
directory_password_file = "none"
[authority]
folder = "authority"
passphrase_file = "none"
"""


def id_number(person: int) -> str:
    """A number of nobody: area 110000 was never given."""
    born = datetime(1950, 1, 1, tzinfo=UTC) + timedelta(days=person % 18_000)
    body = f"110000{born:%Y%m%d}{person // 18_000:03}"
    return body + mod_11_2.calc_check_digit(body)


def person(number: int) -> str:
    """A name that nobody bears."""
    return "测" + "".join(NAMES[int(digit)] for digit in f"{number:06}")


def records(count: int) -> Iterator[ApplicationRecord]:
    """Applications as the districts hand them in."""
    findings = (
        Finding(code=Code.ID_AREA_UNKNOWN, row=1, field="身份证号", detail="请核对"),
        Finding(code=Code.NORMALISED_FULLWIDTH, row=2, field="身份证号"),
    )
    for index in range(count):
        unit = Unit(
            name=f"虚构单位{index % 800}登记窗口",
            user_class=UserClass.MANAGEMENT,
            level=Level.DISTRICT,
            district=DISTRICTS[index % len(DISTRICTS)],
        )
        rows = tuple(
            Row(
                number=place + 1,
                name=person(2 * index + place),
                sex="女",
                id_number=id_number(2 * index + place),
                permissions=("MGMT-DIST.REG.01", "MGMT-DIST.REG.02", "MGMT-DIST.REG.03"),
                login=f"cy{index:06}" if place else "",
            )
            for place in range(2)
        )
        arrived = START + timedelta(minutes=30 * index)
        yield ApplicationRecord(
            application=Application(
                id=f"A3-{index:07}",
                form=Form.NEW_USER,
                received_on=f"{arrived:%Y-%m-%d}",
                received_by="房屋登记管理处",
                unit=unit,
                rows=rows,
                stamp_present=True,
                signed_by="示例负责人",
                contact_name="示例联系人",
                contact_phone="010-00000000",
                commitment_present=True,
            ),
            state=STATES[index % len(STATES)],
            outcome=Outcome.ACCEPT_WITH_WARNING,
            findings=findings,
            imported_at=arrived,
            imported_by="示例管理员",
            source=f"a3-{index:07}.xlsx / Sheet1",
        )


def fill(register: SqlRegister, count: int) -> float:
    """Make the register; the seconds that it took."""
    list(register.set_up())
    begun = time.perf_counter()
    waiting = records(count)
    while batch := list(islice(waiting, BATCH)):
        with register.transaction() as tx:
            for record in batch:
                tx.applications.add(record)
    return time.perf_counter() - begun


def milliseconds(act: Callable[[], object]) -> tuple[float, float]:
    """The median and the worst of some times, after one that nobody counts."""
    act()
    taken = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        act()
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken), max(taken)


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="idp-sync-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def asked(count: int) -> dict[str, tuple[Callable[[Transaction], object], list[str] | None]]:
    """What is measured: through the port, and as a command (None where there is none)."""
    middle = count // 2
    number, login, rare = f"A3-{middle:07}", f"cy{middle:06}", person(2 * middle)

    def page(**how: object) -> Callable[[Transaction], object]:
        return lambda tx: list(tx.applications.summaries(limit=PAGE, **how))  # type: ignore[arg-type]

    shown = ["list", "--limit", str(PAGE)]
    return {
        "list, first page": (page(), shown),
        "list, newest first": (page(newest_first=True), [*shown, "--newest"]),
        "list, in one state": (page(state=State.RETURNED), [*shown, "--state", "returned"]),
        "list, in a state that none is in": (page(state=State.DRAFT), [*shown, "--state", "draft"]),
        "find a common unit": (page(text="登记窗口"), [*shown, "--find", "登记窗口"]),
        "find one person": (page(text=rare), [*shown, "--find", rare]),
        "find one number": (page(text=number, newest_first=True), [*shown, "--newest", "--find", number]),
        "find one, in one state": (
            page(text=rare, state=State.ARCHIVED),
            [*shown, "--state", "archived", "--find", rare],
        ),
        "find a common unit, in one state": (
            page(text="登记窗口", state=State.ARCHIVED),
            [*shown, "--state", "archived", "--find", "登记窗口"],
        ),
        "find nothing": (page(text="无此人"), [*shown, "--find", "无此人"]),
        "show": (lambda tx: tx.applications.get(number), ["show", number]),
        "in flight, by ID number": (lambda tx: tx.applications.in_flight(id_number=id_number(2 * middle)), None),
        "in flight, by login": (lambda tx: tx.applications.in_flight(login=login), None),
    }


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--applications", type=int, default=100_000)
    count = parser.parse_args().applications
    with workplace() as home:
        settings = RegisterSettings(url=f"sqlite:///{home / 'register.db'}", key_file=home / "register.key")
        (home / FILE_NAME).write_text(SETTINGS.format(register=home / "register.db", key="register.key"))
        register = SqlRegister(settings)
        seconds = fill(register, count)
        size = sum(path.stat().st_size for path in home.glob("register.db*")) / 1024**2
        print(f"{count:,} applications of two rows, {size:.0f} MiB, taken in at {count / seconds:,.0f} a second\n")
        print("| asked | register, ms (worst) | whole command, ms (worst) |")
        print("| --- | ---: | ---: |")
        for what, (act, words) in asked(count).items():
            print(f"| {what} | {through_port(register, act)} | {through_command(home, words)} |", flush=True)
        print(f"| nothing: `--version` | | {through_command(home, ['--version'], noun=[])} |")
        register.close()


def through_port(register: SqlRegister, act: Callable[[Transaction], object]) -> str:
    """A transaction of its own for each time, as every use case has it."""

    def once() -> None:
        with register.transaction(read_only=True) as tx:
            act(tx)

    return "{:.1f} ({:.1f})".format(*milliseconds(once))


def through_command(home: Path, words: list[str] | None, *, noun: list[str] | None = None) -> str:
    """A process of its own for each time, from its start to its end."""
    if words is None:
        return ""
    nouns = ["applications"] if noun is None else noun
    command = [sys.executable, "-m", "idp_sync", "--home", str(home), *nouns, *words]
    return "{:.0f} ({:.0f})".format(
        *milliseconds(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))
    )


if __name__ == "__main__":
    main()
