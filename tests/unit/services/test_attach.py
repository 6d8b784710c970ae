"""Scans are kept with their application, for who has to do with it, and for as long as they have to be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from idp_sync.domain.account import AccountState
from idp_sync.domain.application import State
from idp_sync.domain.attachment import Attachment, AttachmentKind, MediaType
from idp_sync.domain.errors import Conflict, InputError, NotCompetent, NotFound, Refused, Unavailable
from idp_sync.domain.key import RevocationReason
from idp_sync.services import attach as module
from idp_sync.services.acting import record
from tests.house import CONFIGURES, MARKET, REGISTRATION, RESEARCH, SECURITY, SERVICE, House, person
from tests.scans import jpeg, pdf, pdf_with_file, pdf_with_script, png

AUDIT = "审计一@审计"


@pytest.fixture
def file(office: House) -> str:
    """An application that came in."""
    office.take_in("NEW-1", "A3", person(), by=REGISTRATION)
    return "NEW-1"


def add(
    office: House, application: str, content: bytes = b"", *, by: str = REGISTRATION, name: str = "表.pdf"
) -> Attachment:
    return office.attach.attach(application, name, content or pdf(), actor=office.who(by), kind=AttachmentKind.FORM)


def contents(office: House) -> list[Path]:
    folder = office.home / "attachments"
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "lock") if folder.exists() else []


def exported(office: House, application: str, *, by: str = REGISTRATION) -> dict[str, bytes]:
    out: dict[str, bytes] = {}
    office.attach.export(application, out.__setitem__, actor=office.who(by))
    return out


class TestAdding:
    def test_it_is_kept_as_it_was(self, office: House, file: str) -> None:
        scan = jpeg()
        added = office.attach.attach(
            file,
            "C:\\scans\\营业执照.pdf",
            scan,
            actor=office.who(REGISTRATION),
            kind=AttachmentKind.DOCUMENT,
            document_type=" 营业执照 ",
        )
        assert (added.name, added.media_type, added.size) == ("营业执照.jpg", MediaType.JPEG, len(scan))
        assert (added.kind, added.document_type, added.added_by) == (AttachmentKind.DOCUMENT, "营业执照", "登记一")
        assert office.attach.of(file) == (added,)
        assert exported(office, file) == {"01-营业执照.jpg": scan}
        act = office.journal_of(file)[-2]
        assert (act.act, act.article, act.detail["sha256"]) == ("attachment.add", "第九条", added.sha256)

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"", "empty"),
            (b"MZ\x90", "only PDF, JPEG and PNG"),
            (pdf()[:-20], "cut off"),
            (png() + b"PK\x03\x04", "something else follows"),
            (pdf_with_script(), "script"),
            (pdf_with_file(), "embedded file"),
        ],
        ids=["empty", "program", "cut off", "polyglot", "script", "embedded"],
    )
    def test_what_may_not_be_kept_leaves_nothing(self, office: House, file: str, content: bytes, why: str) -> None:
        with pytest.raises(InputError, match=why):
            office.attach.attach(file, "表.pdf", content, actor=office.who(REGISTRATION))
        assert (office.attach.of(file), contents(office)) == ((), [])

    @pytest.mark.parametrize(
        ("kind", "document"),
        [(AttachmentKind.DOCUMENT, " "), (AttachmentKind.FORM, "营业执照"), (AttachmentKind.DOCUMENT, "长" * 51)],
    )
    def test_a_proof_has_a_name_and_nothing_else_has(
        self, office: House, file: str, kind: AttachmentKind, document: str
    ) -> None:
        with pytest.raises(InputError, match="a document needs its type"):
            office.attach.attach(
                file, "a.pdf", pdf(), actor=office.who(REGISTRATION), kind=kind, document_type=document
            )

    @pytest.mark.parametrize("who", [REGISTRATION, MARKET, RESEARCH])
    def test_by_who_takes_such_forms_in_and_by_who_issues_the_keys(self, office: House, file: str, who: str) -> None:
        assert add(office, file, by=who).added_by == who.partition("@")[0]

    @pytest.mark.parametrize("who", [SERVICE, SECURITY, AUDIT, CONFIGURES])
    def test_by_nobody_else(self, office: House, file: str, who: str) -> None:
        with pytest.raises(NotCompetent, match="第九条"):
            add(office, file, by=who)
        assert contents(office) == []

    def test_to_nothing(self, office: House) -> None:
        with pytest.raises(NotFound):
            add(office, "NONE-1")
        with pytest.raises(NotFound):
            office.attach.of("NONE-1")
        assert contents(office) == []

    def test_not_twice(self, office: House, file: str) -> None:
        add(office, file)
        with pytest.raises(Conflict, match="already"):
            add(office, file, name="别名.pdf")
        assert len(contents(office)) == 1

    def test_not_to_a_file_that_is_closed(self, office: House, file: str) -> None:
        set_state(office, file, State.ARCHIVED)
        with pytest.raises(Refused, match="is archived"):
            add(office, file)

    def test_not_without_end(self, office: House, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "MOST_OF_ONE_APPLICATION", 2)
        add(office, file, pdf(1))
        add(office, file, pdf(2))
        with pytest.raises(Refused, match="too many attachments"):
            add(office, file, pdf(3))

    def test_a_full_disk_leaves_the_register_as_it_was(
        self, office: House, file: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("os.fsync", _full)
        with pytest.raises(Unavailable):
            add(office, file)
        monkeypatch.undo()
        assert office.attach.of(file) == ()


def _full(_: int) -> None:
    raise OSError(28, "No space left on device")


def set_state(office: House, number: str, state: State) -> None:
    with office.register.transaction() as tx:
        tx.applications.move(number, state=state, expected=tx.applications.get(number).state)


class TestExporting:
    def test_each_under_a_name_of_its_own_in_the_order_of_adding(self, office: House, file: str) -> None:
        for pages in (1, 2):
            add(office, file, pdf(pages))
        assert exported(office, file) == {"01-表.pdf": pdf(1), "02-表.pdf": pdf(2)}

    def test_it_is_recorded_and_audit_may_read(self, office: House, file: str) -> None:
        add(office, file)
        exported(office, file, by=AUDIT)
        act = office.journal_of(file)[-1]
        assert (act.act, act.actor, act.detail["count"]) == ("attachment.export", "审计一", "1")

    @pytest.mark.parametrize("who", [SERVICE, SECURITY])
    def test_who_has_nothing_to_do_with_it_reads_nothing(self, office: House, file: str, who: str) -> None:
        add(office, file)
        with pytest.raises(NotCompetent):
            exported(office, file, by=who)

    def test_nothing_is_handed_out_where_one_is_damaged(self, office: House, file: str) -> None:
        add(office, file, pdf(1))
        add(office, file, pdf(2))
        contents(office)[1].write_bytes(b"damaged")
        out: dict[str, bytes] = {}
        with pytest.raises(Unavailable):
            office.attach.export(file, out.__setitem__, actor=office.who(REGISTRATION))
        assert out == {}


class TestChecking:
    def test_what_is_damaged_or_missing_is_named(self, office: House, file: str) -> None:
        added = {add(office, file, pdf(pages)).sha256 for pages in (1, 2, 3)}
        paths = contents(office)
        paths[0].write_bytes(b"damaged")
        paths[1].unlink()
        seen: list[tuple[int, int]] = []
        checked = office.attach.check(progress=lambda done, total: seen.append((done, total)))
        assert {p.attachment.sha256 for p in checked.problems} == added - {paths[2].name}
        assert sorted("missing" in p.problem for p in checked.problems) == [False, True]
        assert (checked.count, checked.orphans, seen) == (3, (), [(1, 3), (2, 3), (3, 3)])

    def test_orphans_are_left_alone_for_a_day(self, office: House, file: str) -> None:
        orphan = office.attach.store.put(pdf(7))  # a process was killed before its transaction
        used = add(office, file)
        office.pass_time(hours=23)
        assert office.attach.check().orphans == ()
        office.pass_time(hours=2)
        assert office.attach.check().orphans == (orphan,)
        assert len(contents(office)) == 2  # looking changes nothing
        assert office.attach.remove_orphans(actor=office.who(CONFIGURES)) == (orphan,)
        assert [path.name for path in contents(office)] == [used.sha256]
        assert office.journal_of("attachments")[-1].act == "attachment.sweep"
        assert office.attach.remove_orphans(actor=office.who(CONFIGURES)) == ()
        assert len(office.journal_of("attachments")) == 1

    def test_an_orphan_that_is_wanted_again_stays(self, office: House, file: str) -> None:
        office.attach.store.put(pdf())
        office.pass_time(days=2)
        add(office, file)
        assert office.attach.remove_orphans(actor=office.who(CONFIGURES)) == ()
        assert exported(office, file) == {"01-表.pdf": pdf()}

    def test_only_the_information_centre_cleans_up(self, office: House) -> None:
        with pytest.raises(NotCompetent):
            office.attach.remove_orphans(actor=office.who(REGISTRATION))


class TestRetention:
    """Five years are the setting where nobody says otherwise."""

    @pytest.fixture
    def archived(self, office: House) -> str:
        """The file of somebody who was deregistered on 3 March 2025; the application is archived."""
        login = office.clerk("NEW-1")
        add(office, "NEW-1", by=RESEARCH)
        with office.register.transaction() as tx:
            tx.accounts.save(replace(tx.accounts.get(login), state=AccountState.DEREGISTERED))
            for certificate in tx.keys.certificates(login=login):
                tx.keys.revoke(
                    certificate.serial, at=office.clock.now(), reason=RevocationReason.CESSATION_OF_OPERATION
                )
        set_state(office, "NEW-1", State.ARCHIVED)
        return login

    def test_it_goes_when_its_time_is_over(self, office: House, archived: str) -> None:
        del archived
        office.pass_time(days=5 * 365 + 1)  # 3 March 2030
        assert office.attach.plan_retention().attachments == ()
        office.pass_time(days=1)
        plan = office.attach.plan_retention()
        assert [a.application for a in plan.attachments] == ["NEW-1"]
        assert len(contents(office)) == 1
        assert office.attach.apply_retention(plan, actor=office.who(CONFIGURES)) == plan.attachments
        assert (office.attach.of("NEW-1"), contents(office)) == ((), [])
        act = office.journal_of("NEW-1")[-1]
        assert (act.act, act.article) == ("attachment.remove", "个人信息保护法 第十九条")
        assert office.attach.plan_retention().attachments == ()

    @pytest.mark.parametrize(
        "hold",
        [
            lambda o, _: set_state(o, "NEW-1", State.CARRIED_OUT),
            lambda o, login: set_account(o, login, AccountState.SUSPENDED),
            lambda o, _: _late_act(o, "NEW-1", "application.archive"),
            lambda o, login: _late_act(o, login, "key.return"),
        ],
        ids=["under way", "account lives", "application", "account"],
    )
    def test_it_stays_while_there_is_a_reason(
        self, office: House, archived: str, hold: Callable[[House, str], None]
    ) -> None:
        office.pass_time(days=5 * 365 - 100)
        hold(office, archived)
        office.pass_time(days=150)
        assert office.attach.plan_retention().attachments == ()

    def test_looking_at_it_does_not_make_it_younger(self, office: House, archived: str) -> None:
        del archived
        office.pass_time(days=5 * 365 - 100)
        exported(office, "NEW-1")
        office.pass_time(days=150)
        assert len(office.attach.plan_retention().attachments) == 1

    def test_a_certificate_that_ended_late_keeps_it(self, office: House) -> None:
        login = office.clerk("NEW-1")
        add(office, "NEW-1")
        set_account(office, login, AccountState.DEREGISTERED)  # and the certificate ran on to its end
        set_state(office, "NEW-1", State.ARCHIVED)
        with office.register.transaction(read_only=True) as tx:
            (certificate,) = tx.keys.certificates(login=login)
        office.pass_time(days=5 * 365 + 10)
        assert office.attach.plan_retention().attachments == ()
        office.clock.at = certificate.not_after + timedelta(days=5 * 365 + 10)
        assert len(office.attach.plan_retention().attachments) == 1

    @pytest.mark.parametrize("state", [State.REJECTED, State.WITHDRAWN])
    def test_what_came_to_nothing_goes_as_well(self, office: House, file: str, state: State) -> None:
        add(office, file)
        set_state(office, file, state)
        office.pass_time(days=5 * 365 + 10)
        assert len(office.attach.plan_retention().attachments) == 1

    def test_a_content_that_another_application_has_stays(self, office: House, archived: str) -> None:
        del archived
        office.take_in("NEW-2", "A3", person(name="测试乙", id_number="110000199001019026", sex="女"), by=REGISTRATION)
        add(office, "NEW-2")
        office.pass_time(days=5 * 365 + 10)
        plan = office.attach.plan_retention()
        assert len(office.attach.apply_retention(plan, actor=office.who(CONFIGURES))) == 1
        assert exported(office, "NEW-2") == {"01-表.pdf": pdf()}

    def test_what_changed_since_the_plan_was_made_stays(self, office: House, archived: str) -> None:
        office.pass_time(days=5 * 365 + 10)
        plan = office.attach.plan_retention()
        set_account(office, archived, AccountState.ACTIVE)
        assert office.attach.apply_retention(plan, actor=office.who(CONFIGURES)) == ()
        assert len(contents(office)) == 1

    def test_another_setting_needs_another_plan(self, office: House) -> None:
        plan = office.attach.plan_retention()
        office.__dict__["settings"] = office.settings.model_copy(update={"attachments_kept_years": 9})
        with pytest.raises(Conflict, match="was changed"):
            office.attach.apply_retention(plan, actor=office.who(CONFIGURES))

    def test_only_the_information_centre_removes(self, office: House) -> None:
        with pytest.raises(NotCompetent):
            office.attach.apply_retention(office.attach.plan_retention(), actor=office.who(REGISTRATION))


def set_account(office: House, login: str, state: AccountState) -> None:
    with office.register.transaction() as tx:
        tx.accounts.save(replace(tx.accounts.get(login), state=state))


def _late_act(office: House, subject: str, act: str) -> None:
    with office.register.transaction() as tx:
        record(tx, office.who(RESEARCH), act, subject, at=office.clock.now(), article="第九条")
