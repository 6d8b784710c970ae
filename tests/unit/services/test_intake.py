"""Applications come in: each by itself, checked by the rules and by what the register knows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from idp_sync.domain.application import State
from idp_sync.domain.errors import Unavailable
from idp_sync.ports import Incoming
from idp_sync.services.intake import Arrival, Intake, TakenIn
from tests.builders import id_number
from tests.house import REGISTRATION, WINDOW, House, person

FORMS = Path(__file__).parents[2] / "cases" / "forms"


def document(number: str, **fields: Any) -> str:  # noqa: ANN401
    """One application as a line of JSON."""
    whole = {
        "id": number,
        "form": "A3",
        "received_on": "2025-03-03",
        "received_by": "房屋登记管理处",
        "unit": WINDOW,
        "stamp_present": True,
        "signed_by": "示例负责人",
        "contact": {"name": "测试联系人", "phone": "010-00000000"},
        "commitment_present": True,
        "rows": [{"序号": 1, **person()}],
        **fields,
    }
    return json.dumps(whole, ensure_ascii=False)


def take_in(office: House, *lines: str) -> list[TakenIn]:
    """A file of these lines comes in."""
    content = "\n".join(lines).encode()
    return list(office.intake().take_in("applications.jsonl", content, actor=office.who(REGISTRATION)))


def people(count: int) -> list[dict[str, Any]]:
    """So many rows, somebody else on each."""
    return [{"序号": n, **person(name=f"测试{n}", id_number=id_number(n))} for n in range(1, count + 1)]


def test_what_comes_in_stands_in_the_register_with_its_findings(office: House) -> None:
    good, bad = take_in(office, document("A-1"), document("A-2", stamp_present=False))
    assert (good.arrival, bad.arrival) == (Arrival.RECEIVED, Arrival.RECEIVED)
    assert good.verdict is not None
    assert good.verdict.codes == ()
    assert bad.verdict is not None
    assert "STAMP_MISSING" in bad.verdict.codes
    assert office.state("A-1") is office.state("A-2") is State.RECEIVED
    (entry,) = office.journal_of("A-2")
    assert (entry.act, entry.actor, entry.office, entry.detail["codes"]) == (
        "application.receive",
        "登记一",
        "registration",
        " ".join(bad.verdict.codes),
    )


def test_the_journal_bears_no_id_number(office: House) -> None:
    take_in(office, document("A-1"), document("A-2", rows=[{"序号": 1, **person(id_number="110000199001019011")}]))
    acts = [*office.journal_of("A-1"), *office.journal_of("A-2")]
    assert len(acts) == 2
    assert not any("19900101" in str(entry) for entry in acts)


def test_a_line_that_can_not_be_read_stops_none_of_the_others(office: House) -> None:
    arrivals = [
        item.arrival
        for item in take_in(office, document("A-1"), "{", document("A-2", unit={"class": "幽灵"}), document("A-3"))
    ]
    assert arrivals == [Arrival.RECEIVED, Arrival.UNREADABLE, Arrival.UNREADABLE, Arrival.RECEIVED]


def test_the_same_again_changes_nothing(office: House) -> None:
    take_in(office, document("A-1"))
    (again,) = take_in(office, document("A-1"))
    assert again.arrival is Arrival.KNOWN_ALREADY
    assert len(office.journal_of("A-1")) == 1


def test_another_one_under_a_number_that_is_taken_is_told_apart(office: House) -> None:
    take_in(office, document("A-1"))
    (other,) = take_in(office, document("A-1", rows=[{"序号": 1, **person(name="另一人")}]))
    assert other.arrival is Arrival.NUMBER_TAKEN
    with office.register.transaction(read_only=True) as tx:
        assert tx.applications.get("A-1").application.rows[0].name == "测试甲"


def test_the_same_person_on_two_at_once(office: House) -> None:
    first, second = take_in(office, document("A-1"), document("A-2"))
    assert first.verdict is not None
    assert first.verdict.codes == ()
    assert second.verdict is not None
    assert "APPLICATION_IN_FLIGHT" in second.verdict.codes


def test_who_has_an_account_already_gets_no_second(office: House) -> None:
    office.clerk("A-1")
    (again,) = take_in(office, document("A-2"))
    assert again.verdict is not None
    assert "USER_EXISTS" in again.verdict.codes


def test_hundreds_of_rows_are_too_many_for_a_sheet_and_still_an_answer(office: House) -> None:
    (taken,) = take_in(office, document("A-1", rows=people(490)))
    assert taken.verdict is not None
    assert "ROWS_OVERFLOW" in taken.verdict.codes
    assert not taken.verdict.outcome.may_be_approved


@pytest.mark.parametrize(
    "hostile",
    [
        "",
        " ",
        "甲\0乙",
        "甲\n乙",
        "甲\u202e乙",
        "\x1b[31m甲",
        "*)(uid=*",
        'cn=甲,dc=example+#;<>"\\',
        "甲" * 5000,
        "\U000e0041",
    ],
)
def test_nothing_in_a_name_or_unit_stops_the_good_one_beside_it(office: House, hostile: str) -> None:
    unit = {**WINDOW, "name": hostile}
    *odd, good = take_in(
        office,
        document("A-1", rows=[{"序号": 1, **person(name=hostile)}]),
        document("A-2", unit=unit, rows=[{"序号": 1, **person(id_number=id_number(2))}]),
        document("A-3", rows=[{"序号": 1, **person(id_number=id_number(3))}]),
    )
    assert good.arrival is Arrival.RECEIVED
    assert good.verdict is not None
    assert good.verdict.outcome.may_be_approved
    assert {item.arrival for item in odd} <= {Arrival.RECEIVED, Arrival.UNREADABLE}
    sentences = [finding.sentence() for item in odd if item.verdict is not None for finding in item.verdict.findings]
    assert not any(mark in sentence for sentence in sentences for mark in "\0\n\x1b\u202e")


def test_every_sample_comes_in_once(office: House) -> None:
    files = sorted(path for path in FORMS.iterdir() if path.is_file())
    actor = office.who(REGISTRATION)
    taken = [[*office.intake().take_in(path.name, path.read_bytes(), actor=actor)] for path in files]
    again = [[*office.intake().take_in(path.name, path.read_bytes(), actor=actor)] for path in files]
    arrivals = [
        (one.arrival, two.arrival)
        for before, after in zip(taken, again, strict=True)
        for one, two in zip(before, after, strict=True)
    ]
    assert set(arrivals) == {(Arrival.RECEIVED, Arrival.KNOWN_ALREADY), (Arrival.UNREADABLE, Arrival.UNREADABLE)}


def test_a_register_that_fails_in_the_middle_has_what_came_before(
    office: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Intake._take_in_one

    def fail_at_the_second(self: Intake, incoming: Incoming, *arguments: Any) -> TakenIn:  # noqa: ANN401
        if incoming.application.id == "A-2":
            raise Unavailable("disk is full")
        return whole(self, incoming, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Intake, "_take_in_one", fail_at_the_second)
        with pytest.raises(Unavailable):
            take_in(office, document("A-1"), document("A-2"))
    assert office.state("A-1") is State.RECEIVED
    with office.register.transaction(read_only=True) as tx:
        assert not tx.applications.exists("A-2")
