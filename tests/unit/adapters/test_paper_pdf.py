"""Forms as PDF: the annex's own words, five people on a sheet, a code that finds the application again."""

from __future__ import annotations

import io
import subprocess
import sys
import unicodedata

import pytest
import yaml
from PIL import ImageFont
from pypdf import PdfReader

from idp_sync.adapters.paper import Paper, typesetting
from idp_sync.domain.application import COMMITMENT, PROMISE, Application, Form
from idp_sync.domain.errors import NotSetUp
from idp_sync.shipped import folder
from tests.builders import application, id_number, row
from tests.pages import codes, sizes, words

PAPER = Paper(templates=folder("templates"), roles=folder("roles"))
DEFINITIONS = {
    Form(form["form"]): form for form in yaml.safe_load((folder("roles") / "forms.yaml").read_text("utf-8"))["forms"]
}
A4, A4_ACROSS = (210, 297), (297, 210)
WIDE = {Form.USER_RENAME, Form.ENTERPRISE_CHANGE}
REQUESTS = {Form.ENTERPRISE_CANCEL, Form.RESTORE, Form.BUSINESS_DELETION}
#: in the private-use plane: no font has it
NO_GLYPH = "\U000f0000"


@pytest.mark.parametrize("form", list(Form), ids=str)
def test_a_blank_form_is_one_sheet_with_the_words_of_the_annex_in_their_order(form: Form) -> None:
    pdf = PAPER.blank_pdf(form)
    (text,) = words(pdf)
    definition = DEFINITIONS[form]
    expected = [definition["annex"], definition["title"], "单位盖章", "联系人：", "联系电话：", "负责人签字:"]
    expected += [*definition["columns"], "1", "2", "3", "4", "5", "审核意见", "日期:"]
    expected += [] if form in REQUESTS else [COMMITMENT]
    position = 0
    for word in expected:
        assert word in text[position:], word
        position = text.index(word, position) + len(word)
    assert (COMMITMENT in text) == (form not in REQUESTS)
    assert sizes(pdf) == [A4_ACROSS if form in WIDE else A4]
    assert codes(pdf) == [[]]


def test_written_requests_are_addressed_and_say_what_is_asked() -> None:
    cancel, restore, deletion = (words(PAPER.blank_pdf(form))[0] for form in sorted(REQUESTS, key=list(Form).index))
    assert f"市住房城乡建设委综合服务中心：因人员离职（岗），我单位申请注销下列用户，并承诺：{PROMISE}。" in cancel
    assert "市城建研究中心：下列用户因半年内未登录系统，被暂时取消登录资格" in restore
    assert "市城建研究中心：下列用户的密钥注销后发现存在未完成的业务" in deletion


def test_a_promise_that_was_not_made_is_not_printed() -> None:
    made, not_made = (
        words(PAPER.filled_pdf(application(Form.ENTERPRISE_CANCEL, text=text)))[0]
        for text in (f"我单位承诺：{PROMISE}。", "申请注销。")
    )
    assert PROMISE in made
    assert PROMISE not in not_made
    assert "申请注销。" in not_made
    (form,) = words(PAPER.filled_pdf(application(commitment_present=False)))
    assert COMMITMENT not in form
    assert "表上未载明承诺" in form


@pytest.mark.parametrize("form", list(Form), ids=str)
def test_a_filled_form_is_found_again_by_its_code(form: Form) -> None:
    number = f"{form.value}-2025-0001"
    pdf = PAPER.filled_pdf(application(form, id=number))
    (text,) = words(pdf)
    assert number in text
    assert codes(pdf) == [[f"idp-sync:application:{number}"]]


def test_more_than_five_people_go_on_further_sheets_each_with_its_own_header_and_stamp() -> None:
    rows = tuple(row(number, name=f"测试{'甲乙丙丁戊己庚'[number - 1]}") for number in range(1, 8))
    pdf = PAPER.filled_pdf(application(Form.NEW_USER, *rows, id="A3-7"))
    first, second = words(pdf)
    for text, place in ((first, "第1张，共2张"), (second, "第2张，共2张")):
        for word in (
            place,
            "用户及密钥申请表",
            "单位盖章",
            "联系人：",
            "负责人签字:",
            "身份证号",
            "审核意见",
            COMMITMENT,
        ):
            assert text.count(word) == 1, word
    assert "测试戊" in first
    assert "测试己" not in first
    assert "测试己" in second
    assert "测试庚" in second
    assert codes(pdf) == [["idp-sync:application:A3-7"]] * 2


def test_a_code_in_the_table_is_explained_below_it() -> None:
    (text,) = words(PAPER.filled_pdf(application(Form.PERMISSION_CHANGE)))
    assert "权限代码：MGMT-DIST.REG.01登记受理；MGMT-DIST.REG.02登记审核" in text


def test_an_enterprise_is_told_by_its_codes_and_its_documents_are_listed() -> None:
    (text,) = words(PAPER.filled_pdf(application(Form.ENTERPRISE_NEW)))
    assert "机构类型：开发企业统一社会信用代码：91110105PDY0010124组织机构代码：PDY001012" in text
    assert "法定代表人身份证件（原件未核验，复印件已盖章）" in text


# --- ID numbers ------------------------------------------------------------------------------------------------------


def test_id_numbers_are_masked_unless_the_caller_says_otherwise() -> None:
    handed_in = application()
    (masked,), (whole,) = words(PAPER.filled_pdf(handed_in)), words(PAPER.filled_pdf(handed_in, whole_id=True))
    assert id_number(1) not in masked
    assert f"110000********{id_number(1)[-4:]}" in masked
    assert id_number(1) in whole
    assert id_number(1) in PAPER.filled(handed_in, whole_id=True)
    assert id_number(1).encode() not in PAPER.filled_pdf(handed_in)


# --- characters ------------------------------------------------------------------------------------------------------


def test_rare_characters_are_printed_or_named_but_never_an_empty_box() -> None:
    names = ("周䶮样", "吴𠮷例", "古丽·样例", f"试{NO_GLYPH}甲")
    rows = tuple(row(number, name=name) for number, name in enumerate(names, start=1))
    (text,) = words(PAPER.filled_pdf(application(Form.NEW_USER, *rows)))
    assert "周䶮样" in text
    assert "古丽·样例" in text
    assert "吴𠮷例" in text or "吴U+20BB7例" in text  # as the fonts of the machine have it
    assert "试U+F0000甲" in text
    assert "本机字体缺字，以编码代替，请手工填写：" in text
    assert unicodedata.lookup("REPLACEMENT CHARACTER") not in text


def test_two_names_that_no_font_tells_apart_stay_two() -> None:
    one, other = (
        words(PAPER.filled_pdf(application(Form.NEW_USER, row(1, name=name)))) for name in ("\U000f0000", "\U000f0001")
    )
    assert one != other


@pytest.mark.parametrize("fonts", ["none at all", "a Latin one"])
def test_without_a_chinese_font_nothing_is_printed(tmp_path_factory: pytest.TempPathFactory, fonts: str) -> None:
    place = tmp_path_factory.mktemp("fonts")
    if fonts == "a Latin one":
        latin = ImageFont.load_default(12).path
        assert isinstance(latin, io.BytesIO)
        (place / "latin.ttf").write_bytes(latin.getvalue())
    config = place / "fonts.conf"
    config.write_text(
        f'<?xml version="1.0"?><fontconfig><dir>{place}</dir><cachedir>{place}/cache</cachedir></fontconfig>', "utf-8"
    )
    script = (
        "from idp_sync.adapters.paper import Paper\nfrom idp_sync.domain.application import Form\n"
        "from idp_sync.domain.errors import NotSetUp\nfrom idp_sync.shipped import folder\n"
        "try:\n    Paper(folder('templates'), folder('roles')).blank_pdf(Form.NEW_USER)\n"
        "except NotSetUp as error:\n    print(error)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script],
        env={"FONTCONFIG_FILE": str(config), "PYTHONUTF8": "1", "PATH": "/usr/bin:/bin"},
        cwd=folder("roles").parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "fonts-wqy-zenhei" in ran.stdout, ran.stderr


# --- the file --------------------------------------------------------------------------------------------------------


def test_the_same_form_is_the_same_file_here_and_in_another_process() -> None:
    script = (
        "import hashlib\nfrom tests.unit.adapters.test_paper_pdf import PAPER, sample\n"
        "print(hashlib.sha256(PAPER.filled_pdf(sample())).hexdigest())\n"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PYTHONUTF8": "1", "PATH": "/usr/bin:/bin", "TZ": zone},
            cwd=folder("roles").parent,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Shanghai"))
    }
    assert len(hashes) == 1


def sample() -> Application:
    return application(Form.NEW_USER, row(1, name="周䶮样"), row(2, name=f"试{NO_GLYPH}甲"), id="A3-2025-0001")


def test_the_file_says_what_it_is_and_when_it_was_made_nowhere() -> None:
    reader = PdfReader(io.BytesIO(PAPER.filled_pdf(sample())))
    assert reader.metadata is not None
    assert reader.metadata.title == "用户及密钥申请表 A3-2025-0001"
    assert "/CreationDate" not in reader.metadata
    fonts = {font for page in reader.pages for font in page["/Resources"]["/Font"]}
    assert fonts
    assert all("+" in str(_base_font(reader, font)) for font in fonts), "a font is not embedded as a subset"


def _base_font(reader: PdfReader, name: str) -> object:
    return next(
        page["/Resources"]["/Font"][name]["/BaseFont"] for page in reader.pages if name in page["/Resources"]["/Font"]
    )


@pytest.mark.parametrize(
    "address", ["https://example.invalid/x.png", "file:///etc/hostname", "data:image/png;base64,AAAA", "x.png"]
)
@pytest.mark.parametrize("where", ['<img src="{}">', "<div style=\"background: url('{}')\">x</div>"])
def test_nothing_is_fetched(address: str, where: str) -> None:
    html = f"<html><head></head><body>{where.format(address)}</body></html>"
    with pytest.raises(ValueError, match="not shipped with the page"):
        typesetting.pdf(html)


def test_a_missing_template_is_named(tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = tmp_path_factory.mktemp("templates")
    with pytest.raises(NotSetUp, match=r"forms/form\.html\.j2"):
        Paper(templates=empty, roles=folder("roles")).blank(Form.NEW_USER)


def test_a_number_too_long_for_a_code_is_printed_without_one() -> None:
    pdf = PAPER.filled_pdf(application(id="长" * 60))
    assert codes(pdf) == [[]]


def test_weasyprint_is_imported_only_when_something_is_printed() -> None:
    script = (
        "import sys\nfrom idp_sync.adapters.paper import Paper\nfrom idp_sync.domain.application import Form\n"
        "from idp_sync.shipped import folder\nPaper(folder('templates'), folder('roles')).blank(Form.NEW_USER)\n"
        "print([name for name in ('weasyprint', 'pypdf', 'openpyxl', 'docx', 'PIL') if name in sys.modules])\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=folder("roles").parent, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"
