"""卷宗: everything about an application in one PDF, attachments behind it, and nothing in it that acts."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import Link
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from idp_sync.adapters.paper import Paper
from idp_sync.domain.application import Form, State
from idp_sync.domain.attachment import Attachment, AttachmentKind, MediaType
from idp_sync.domain.finding import Code, Finding, Outcome
from idp_sync.domain.journal import Entry
from idp_sync.ports import ApplicationFile, ApplicationRecord, Decision
from idp_sync.shipped import folder
from tests.builders import BOOK, application, id_number, row
from tests.pages import codes, pictures, words

PAPER = Paper(templates=folder("templates"), roles=folder("roles"))
MORNING = datetime(2025, 3, 4, 1, 30, tzinfo=UTC)
EVENING = datetime(2025, 3, 5, 16, 30, tzinfo=UTC)  # the next day in Beijing

RECORD = ApplicationRecord(
    application=application(Form.NEW_USER, row(1), row(2, name="周䶮样"), id="A3-2025-0001"),
    state=State.CARRIED_OUT,
    outcome=Outcome.ACCEPT_WITH_WARNING,
    findings=(Finding(code=Code.NORMALISED_FULLWIDTH, row=1, field="身份证号"),),
    imported_at=MORNING,
    imported_by="登记一",
    source="申请.xlsx[附件3]",
    decisions=(
        Decision(
            application="A3-2025-0001",
            office="registration",
            actor="登记二",
            at=EVENING,
            verdict="approve",
            opinion="符合岗位需要",
        ),
    ),
    accounts=("cy0001", "cy0002"),
    version=2,
)
JOURNAL = (
    Entry(
        at=MORNING,
        actor="登记一",
        office="registration",
        act="application.receive",
        subject="A3-2025-0001",
        article="第五条",
        detail={"outcome": "accept_with_warning"},
    ),
    Entry(
        at=EVENING,
        actor="研究一",
        office="research-centre",
        act="personal-data.read",
        subject="A3-2025-0001",
        article="居民身份证法 第十三条",
        result="refused",
    ),
)
FILE = ApplicationFile(record=RECORD, journal=JOURNAL)


def made(file: ApplicationFile = FILE) -> bytes:
    return PAPER.file_pdf(file, BOOK.offices)


def with_attachments(*contents: tuple[str, MediaType, bytes]) -> ApplicationFile:
    attachments = tuple(
        Attachment(
            application="A3-2025-0001",
            sha256=sha256(content).hexdigest(),
            name=name,
            media_type=media_type,
            size=len(content),
            kind=AttachmentKind.DOCUMENT,
            document_type="营业执照",
            added_at=MORNING,
            added_by="登记一",
        )
        for name, media_type, content in contents
    )
    return replace(
        FILE,
        attachments=attachments,
        contents={a.sha256: c for a, (_, _, c) in zip(attachments, contents, strict=True)},
    )


def picture(kind: str, colour: str = "navy") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (400, 900), colour).save(buffer, kind)
    return buffer.getvalue()


def scan(pages: int = 2) -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(300, 400)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def armed() -> bytes:
    """A PDF with a link to elsewhere, and a script on its page."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(scan(1))))
    writer.add_annotation(0, Link(rect=(0, 0, 50, 50), url="https://example.invalid/"))
    script = DictionaryObject({NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("x()")})
    writer.pages[0][NameObject("/AA")] = DictionaryObject({NameObject("/O"): script})
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def encrypted() -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(scan(1))))
    writer.encrypt("geheim", algorithm="AES-256")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def test_the_cover_names_it_and_is_found_again() -> None:
    cover, *_ = words(made())
    for expected in (
        "卷宗用户及密钥申请表",
        "申请编号A3-2025-0001",
        "单位名称虚构单位朝阳区登记窗口",
        "用户类别管理单位",
        "状态已办结",
        "用户cy0001、cy0002",
        "第几稿2",
        "来源申请.xlsx[附件3]",
    ):
        assert expected in cover
    assert codes(made())[:2] == [["idp-sync:application:A3-2025-0001"]] * 2


def test_the_form_the_findings_the_steps_and_the_journal_stand_in_it() -> None:
    _, form, *rest = words(made())
    assert "审核意见：同意" in form
    assert "周䶮样" in form
    records = "".join(rest)
    for expected in (
        "NORMALISED_FULLWIDTH第1行身份证号：",
        "2025-03-0409:30房屋登记管理处登记一受理",
        "2025-03-0600:30房屋登记管理处登记二同意符合岗位需要",
        "没有附件",
        "房屋登记管理处登记一application.receive第五条outcome=accept_with_warning",
        "城建研究中心研究一personal-data.readrefused居民身份证法第十三条",
    ):
        assert expected in records, expected


def test_id_numbers_are_masked_throughout() -> None:
    text = "".join(words(made()))
    assert id_number(1) not in text
    assert f"110000********{id_number(1)[-4:]}" in text


def test_an_application_of_which_nothing_is_known_but_itself() -> None:
    bare = replace(RECORD, findings=(), decisions=(), accounts=(), state=State.RECEIVED)
    text = "".join(words(made(ApplicationFile(record=bare))))
    for expected in ("没有问题", "没有附件", "没有日志", "用户—", "状态已受理"):
        assert expected in text


def test_pictures_get_pages_and_pdf_files_follow_with_bookmarks() -> None:
    file = with_attachments(
        ("执照.png", MediaType.PNG, picture("PNG")),
        ("表.pdf", MediaType.PDF, scan(2)),
        ("证件.jpg", MediaType.JPEG, picture("JPEG", "maroon")),
    )
    before, after = words(made()), words(made(file))
    assert len(after) == len(before) + 1 + 2 + 1
    assert after[-4].startswith("附件1：执照.png")
    assert after[-3].startswith("附件3：证件.jpg")
    listed = "".join(after)
    assert f"1执照.png营业执照{len(picture('PNG'))}" in listed
    assert sha256(scan(2)).hexdigest()[:8] in listed
    assert "2页" in listed
    reader = PdfReader(io.BytesIO(made(file)))
    seen = [page.getpixel((page.width // 2, page.height // 2)) for page in pictures(made(file), dpi=20)[-4:-2]]
    assert seen[0] == (0, 0, 128)
    assert seen[1] == pytest.approx((128, 0, 0), abs=4)  # JPEG
    (bookmark,) = reader.outline
    assert bookmark["/Title"] == "附件2 表.pdf"
    assert reader.get_destination_page_number(bookmark) == len(reader.pages) - 2
    assert [round(float(page.mediabox.width)) for page in reader.pages[-2:]] == [300, 300]


def test_attachments_whose_content_is_not_asked_for_are_listed_only() -> None:
    file = replace(with_attachments(("表.pdf", MediaType.PDF, scan(2))), contents={})
    text = words(made(file))
    assert len(text) == len(words(made()))
    assert "未并入：只列目录" in "".join(text)


@pytest.mark.parametrize(
    ("media_type", "content", "problem"),
    [
        (MediaType.PDF, lambda: scan()[:200], "PDF损坏"),
        (MediaType.PDF, lambda: b"%PDF-1.7 nothing", "PDF损坏"),
        (MediaType.PDF, encrypted, "PDF有密码"),
        (MediaType.PDF, lambda: scan(0), "PDF没有页"),
        (MediaType.PDF, lambda: scan(501), "PDF超过500页"),
        (MediaType.PNG, lambda: picture("PNG")[:300], "图像损坏或过大"),
        (MediaType.JPEG, lambda: b"\xff\xd8\xff nothing", "图像损坏或过大"),
    ],
)
def test_what_can_not_be_shown_is_named_and_stops_nothing(
    media_type: MediaType, content: Callable[[], bytes], problem: str
) -> None:
    file = with_attachments(("坏.bin", media_type, content()), ("好.pdf", MediaType.PDF, scan(1)))
    text = words(made(file))
    assert f"未并入：{problem}" in "".join(text)
    assert len(text) == len(words(made())) + 1


def test_a_picture_that_unfolds_beyond_measure_is_not_unfolded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    text = "".join(words(made(with_attachments(("大.png", MediaType.PNG, picture("PNG"))))))
    assert "图像损坏或过大" in text


def test_nothing_in_the_file_acts() -> None:
    assert b"JavaScript" in armed()
    merged = made(with_attachments(("带脚本.pdf", MediaType.PDF, armed())))
    reader = PdfReader(io.BytesIO(merged))
    assert "/AA" not in reader.pages[-1]
    for reference in reader.pages[-1]["/Annots"]:
        assert "/A" not in reference.get_object()
    assert b"JavaScript" not in merged
    assert b"example.invalid" not in merged


def test_the_same_file_is_the_same_bytes_and_says_what_it_is() -> None:
    file = with_attachments(("表.pdf", MediaType.PDF, scan(1)), ("执照.png", MediaType.PNG, picture("PNG")))
    assert made(file) == made(file)
    metadata = PdfReader(io.BytesIO(made(file))).metadata
    assert metadata is not None
    assert metadata.title == "卷宗 A3-2025-0001"


@pytest.mark.parametrize("form", [Form.USER_RENAME, Form.ENTERPRISE_CANCEL], ids=str)
def test_every_form_fits_into_a_file(form: Form) -> None:
    record = replace(RECORD, application=application(form, id="X-1"))
    assert form.zh in words(made(ApplicationFile(record=record)))[1]
