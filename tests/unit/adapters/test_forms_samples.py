"""The sample files: what is read of each, what the checks say, and that the generator still makes them."""

from __future__ import annotations

import importlib.util
import io
import zipfile
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest

from idp_sync.adapters.forms import Reader
from idp_sync.adapters.forms.columns import FORM_COLUMNS
from idp_sync.adapters.rulebook import read_rule_book
from idp_sync.domain.application import Form
from idp_sync.domain.checks import check
from idp_sync.domain.citizen_id import read_id_number
from idp_sync.ports import Incoming, Unreadable
from idp_sync.shipped import folder

CASES = Path(__file__).parents[2] / "cases"
SAMPLES = CASES / "forms"
TODAY = date(2025, 3, 10)

#: file → for each application: form, people, outcome, codes
EXPECTED = {
    "a3-chaoyang.xlsx": [("A3", ["赵样例", "钱·试用"], "accept", ())],
    "a3-city.docx": [("A3", ["孙样例", "李试用"], "accept", ())],
    "a3-haidian-gb18030.csv": [("A3", ["周䶮样", "吴𠮷例"], "accept", ())],
    "a3-fengtai-utf8.csv": [("A3", ["欧阳试用", "古丽·样例"], "accept", ())],
    "ent-developer.yaml": [("ENT-NEW", ["陈样例"], "accept", ())],
    "ent-bank.json": [("ENT-NEW", ["褚试用"], "accept", ())],
    "a3-mixed.xlsx": [("A3", ["郑样例"], "split", ("NEEDS_BOTH_APPROVALS",))],
    "a3-damaged-id.xlsx": [("A3", ["冯样例"], "return", ("ID_DAMAGED_BY_SPREADSHEET",))],
    "faulty.jsonl": [
        ("A3", ["卫样例"], "return", ("ID_CHECKSUM",)),
        ("A3", ["蒋试用"], "reject", ("PERM_LEVEL",)),
        ("ENT-NEW", ["沈样例"], "return", ("DOC_MISSING:房地产开发企业资质证书",)),
    ],
}
REFUSED = {"encrypted.xlsx": "文件已加密", "macros.xlsm": "文件带有宏"}


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_forms", CASES / "make_forms.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(name: str) -> list[Incoming | Unreadable]:
    return list(Reader().read(name, (SAMPLES / name).read_bytes()))


def test_every_sample_is_expected() -> None:
    assert {path.name for path in SAMPLES.iterdir()} == EXPECTED.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_sample_is_read_and_checked(name: str) -> None:
    book = read_rule_book(Path(str(folder("roles"))))
    found = []
    for item in read(name):
        assert isinstance(item, Incoming), item
        verdict = check(item.application, book=book, today=TODAY, read=item.findings)
        people = [row.name for row in item.application.rows]
        found.append((item.application.form.value, people, verdict.outcome.value, verdict.codes))
    assert found == EXPECTED[name]


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_sample_is_refused_in_one_line(name: str) -> None:
    (item,) = read(name)
    assert isinstance(item, Unreadable)
    assert item.source == name
    assert item.reason.startswith(REFUSED[name])
    assert "\n" not in item.reason


def test_id_numbers_are_right_synthetic_and_unique() -> None:
    read_numbers = [
        row.id_number
        for name in EXPECTED
        if name != "a3-damaged-id.xlsx"
        for item in read(name)
        if isinstance(item, Incoming) and item.application.id != "FAULTY-1"
        for row in item.application.rows
    ]
    assert len(set(read_numbers)) == len(read_numbers) == 13
    assert all(number.startswith("110000") for number in read_numbers)
    assert all(read_id_number(number, today=TODAY).number is not None for number in read_numbers)


def test_generator_still_makes_the_committed_samples() -> None:
    made = generator().files()
    assert {path.name for path in SAMPLES.iterdir()} == made.keys()
    for name, content in made.items():
        # compression may differ between releases of zlib: the parts count
        assert unpacked(content) == unpacked((SAMPLES / name).read_bytes()), name


def unpacked(content: bytes) -> dict[str, bytes] | bytes:
    if not content.startswith(b"PK"):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("form", list(Form))
def test_reader_knows_the_columns_of_the_shipped_forms(form: Form) -> None:
    import yaml  # noqa: PLC0415 - only here

    shipped = yaml.safe_load((Path(str(folder("roles"))) / "forms.yaml").read_text("utf-8"))["forms"]
    (printed,) = [entry["columns"] for entry in shipped if entry["form"] == form.value]
    assert set(printed) <= FORM_COLUMNS[form]


def test_same_application_has_the_same_number_and_another_has_another() -> None:
    first, again = read("a3-chaoyang.xlsx"), read("a3-chaoyang.xlsx")
    renamed = list(Reader().read("副本.xlsx", (SAMPLES / "a3-chaoyang.xlsx").read_bytes()))
    other = read("a3-mixed.xlsx")
    numbers = [item.application.id for item in (*first, *again, *renamed, *other) if isinstance(item, Incoming)]
    assert numbers[0] == numbers[1] == numbers[2] != numbers[3]
    assert numbers[0].startswith("A3-")
