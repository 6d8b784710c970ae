"""Reports as CSV, XLSX and PDF: what was written is read back by others' programs."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from idp_sync.adapters.paper.tables import Tables, harmless, width
from idp_sync.domain.errors import NotSetUp, Refused
from idp_sync.domain.report import Cell, Column, Report
from idp_sync.shipped import folder

NOW = datetime(2025, 7, 10, 4, tzinfo=UTC)
TABLES = Tables(folder("templates"))
FORMULAS = (
    '=HYPERLINK("http://example.org")',
    "+1+2",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(A1)",
    "  =1+1",
    "\u3000=1+1",
)


def report(*rows: tuple[Cell, ...], **changes: object) -> Report:
    columns = (Column(key="name", zh="姓名", en="name"), Column(key="n", zh="数", en="number"))
    return replace(Report(zh="测试报表", en="test report", columns=columns, rows=rows, at=NOW), **changes)  # type: ignore[arg-type]


def read_csv(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


class TestHarmless:
    @pytest.mark.parametrize("text", FORMULAS)
    def test_an_apostrophe_stands_before_what_would_run(self, text: str) -> None:
        assert harmless(text) == f"'{text}"

    @pytest.mark.parametrize("text", ["", "测试甲", "a=b", "cy0001", "110105", "—", " 测试", "'=1"])
    def test_everything_else_is_left(self, text: str) -> None:
        assert harmless(text) == text


class TestCsv:
    def test_it_is_what_spreadsheets_expect(self) -> None:
        content = TABLES.csv(report(('测试"甲",', -3), (None, NOW), ("\ud840𠮷", None)))
        assert content.startswith(b"\xef\xbb\xbf")
        assert content.count(b"\r\n") == 4
        assert read_csv(content) == [
            ["姓名 / name", "数 / number"],
            ['测试"甲",', "-3"],
            ["", "2025-07-10 12:00"],
            ["\ufffd𠮷", ""],
        ]
        assert b",-3\r\n" in content  # a number stays one

    @pytest.mark.parametrize("text", FORMULAS)
    def test_nothing_in_it_runs(self, text: str) -> None:
        (_, (cell, _)) = read_csv(TABLES.csv(report((text, 1))))
        assert cell.startswith("'")

    def test_a_separator_of_another_country_opens_no_cell(self) -> None:
        assert b'"a;=1+1"' in TABLES.csv(report(("a;=1+1", 1)))

    def test_without_rows(self) -> None:
        assert read_csv(TABLES.csv(report())) == [["姓名 / name", "数 / number"]]


class TestXlsx:
    def test_texts_are_texts_and_numbers_numbers(self) -> None:
        content = TABLES.xlsx(report(*((text, 7) for text in FORMULAS), ("110105", None), ("a\x00b\ud840", 1)))
        sheet = load_workbook(io.BytesIO(content)).active
        assert sheet is not None
        rows = list(sheet.iter_rows())
        assert [cell.value for cell in rows[0]] == ["姓名 / name", "数 / number"]
        for row in rows[1 : len(FORMULAS) + 1]:
            assert (row[0].data_type, row[0].number_format, str(row[0].value)[0]) == ("s", "@", "'")
            assert (row[1].data_type, row[1].value) == ("n", 7)
        assert [row[0].value for row in rows[-2:]] == ["110105", "a b\ufffd"]
        assert rows[-2][1].value in {None, ""}
        assert sheet.freeze_panes == "A2"

    def test_columns_are_as_wide_as_what_is_in_them(self) -> None:
        sheet = load_workbook(io.BytesIO(TABLES.xlsx(report(("测" * 12, 1), ("x" * 500, 2))))).active
        assert sheet is not None
        assert sheet.column_dimensions["A"].width == 62
        assert sheet.column_dimensions["B"].width == width("数 / number") + 2 == 13
        assert width("测" * 12) == 24

    def test_more_rows_than_a_sheet_has(self) -> None:
        with pytest.raises(Refused, match="CSV"):
            TABLES.xlsx(report(*[("x", 1)] * 1_048_576))


class TestPdf:
    def test_all_is_on_paper_the_head_on_each_page(self) -> None:
        content = TABLES.pdf(report(*((f"测试{n:03}", n) for n in range(90)), more=True))
        pages = PdfReader(io.BytesIO(content)).pages
        assert len(pages) > 1
        assert pages[0].mediabox.width > pages[0].mediabox.height
        texts = [page.extract_text() for page in pages]
        assert all("姓名" in text for text in texts)
        assert "测试报表" in texts[0]
        assert "2025-07-10 12:00" in texts[0]
        assert "more follow" in texts[0]
        assert all(f"测试{n:03}" in "".join(texts) for n in range(90))

    def test_only_what_is_too_long_for_a_column_is_cut_in_two(self) -> None:
        wide = tuple(Column(key=str(n), zh="列", en="column") for n in range(12))
        row = ("cy0001", "x" * 300, " ", *("虚构单位朝阳区登记窗口",) * 9)
        page = PdfReader(io.BytesIO(TABLES.pdf(report(row, columns=wide)))).pages[0].extract_text()
        assert "cy0001" in page
        assert page.count("x") == 300

    def test_the_same_report_is_the_same_file(self) -> None:
        assert TABLES.pdf(report(("测试甲", 1))) == TABLES.pdf(report(("测试甲", 1)))

    def test_nothing_in_it_is_markup(self) -> None:
        text = PdfReader(io.BytesIO(TABLES.pdf(report(("<b>甲</b><img src=file:///etc/passwd>", 1))))).pages[0]
        assert "<b>甲</b><img" in text.extract_text()

    def test_a_character_that_no_font_has_is_its_code(self) -> None:
        text = PdfReader(io.BytesIO(TABLES.pdf(report(("测\U0003ffff试", 1))))).pages[0].extract_text()
        assert "测[U+3FFFF]试" in text.replace("\n", "")

    def test_without_rows(self) -> None:
        assert "无 / none" in PdfReader(io.BytesIO(TABLES.pdf(report()))).pages[0].extract_text()

    def test_too_long_for_paper(self) -> None:
        with pytest.raises(Refused, match="--limit"):
            TABLES.pdf(report(*[("x", 1)] * 2_001))

    def test_without_a_template(self, tmp_path: Path) -> None:
        with pytest.raises(NotSetUp, match=r"report\.html"):
            Tables(tmp_path).pdf(report())
