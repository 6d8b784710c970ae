"""Makes tests/cases/forms/: applications as people send them, good and bad. Nobody on them exists.

    python tests/cases/make_forms.py [FOLDER]

The same again each time: no clock, no randomness. ID numbers have the area code 110000, which is nobody's, and a right
check digit; organisation codes lie in the zone PDY, which is kept for private use.
"""

from __future__ import annotations

import io
import json
import re
import struct
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from docx import Document
from docx.document import Document as DocumentType
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

COMMITMENT = (
    "我单位郑重承诺：仅将密钥用于工作内容的必要范围，未经市住房城乡建设委同意，"
    "不以任何方式将密钥用于指定用途以外任何事项。因违反上述承诺造成的一切法律责任由我单位承担。"
)
TITLE = "用户及密钥申请表"
HEADINGS = ("序号", "用户姓名", "性别", "身份证号", "申请权限")
RECEIVED_ON = "2025-03-03"
REGISTRATION = "房屋登记管理处"
MARKET = "房屋市场管理处"
#: what the archives and the properties of made files bear for a time
_THEN = (2025, 1, 1, 0, 0, 0)

Person = tuple[str, str, str, str]


def id_number(born: str, sequence: int) -> str:
    """A synthetic ID number; odd sequence numbers are men's."""
    body = f"110000{born}{sequence:03}"
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(body))
    return body + "10X98765432"[total % 11]


def organisation_code(body: str) -> str:
    """A synthetic organisation code: eight places and the check digit of GB 11714."""
    total = sum(int(place, 36) * weight for place, weight in zip(body, (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    return body + "0123456789X"[-total % 11]


def credit_code(organisation: str) -> str:
    """A synthetic credit code of a company in 朝阳区: the check digit is that of GB 32100."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = f"91110105{organisation}"
    total = sum(alphabet.index(place) * pow(3, position, 31) for position, place in enumerate(body))
    return body + alphabet[-total % 31]


# --- the people ------------------------------------------------------------------------------------------------------

CHAOYANG = (
    ("赵样例", "男", id_number("19850412", 101), "登记受理、登记审核"),
    ("钱·试用", "女", id_number("19880923", 102), "登记受理"),
)
CITY = (
    ("孙样例", "男", id_number("19791130", 103), "登记业务查询"),
    ("李试用", "女", id_number("19900206", 104), "登记业务查询、测绘成果查询"),
)
HAIDIAN = (
    ("周䶮样", "男", id_number("19860718", 105), "预售许可管理；认购签约管理"),
    ("吴𠮷例", "女", id_number("19910105", 106), "认购签约管理"),
)
FENGTAI = (
    ("欧阳试用", "女", id_number("19871021", 108), "档案归档/档案查询"),
    ("古丽·样例", "女", id_number("19930314", 110), "扫描打印"),
)
MIXED = (("郑样例", "男", id_number("19840629", 107), "登记受理、认购签约管理"),)
DAMAGED = ("冯样例", "男", "登记受理")


def management(name: str, district: str | None, office: str) -> dict[str, str]:
    """The fields around the table of a management unit's form, by their labels."""
    where = {"级别": "区级", "区": district} if district else {"级别": "市级"}
    return {"单位名称": name, "用户类别": "管理单位", **where, "受理部门": office, "受理日期": RECEIVED_ON}


# --- workbooks and documents -----------------------------------------------------------------------------------------


def workbook(unit: dict[str, str], people: Sequence[Sequence[Any]]) -> Workbook:
    """The form of Annex 3 as a workbook, laid out like the annex."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "附件3"
    sheet["A1"] = TITLE
    sheet.merge_cells("A1:E1")
    row = 1
    for label, value in unit.items():
        row += 1
        sheet.cell(row, 1, label)
        sheet.cell(row, 2, value)
        sheet.merge_cells(start_row=row, start_column=2, end_row=row, end_column=5)
    for offset, text in enumerate(("联系人：测试联系人", "联系电话：010-00000000", "负责人签字:示例负责人"), start=1):
        sheet.cell(row + 1, offset, text)
    sheet.cell(row + 1, 4, "单位盖章")
    sheet.cell(row + 1, 5, "是")
    for column, heading in enumerate(HEADINGS, start=1):
        sheet.cell(row + 2, column, heading)
    for number in range(1, 6):
        sheet.cell(row + 2 + number, 1, number)
    for number, person in enumerate(people, start=1):
        for column, value in enumerate(person, start=2):
            sheet.cell(row + 2 + number, column, value)
    sheet.cell(row + 8, 1, "审核意见\n\n日期:")
    sheet.merge_cells(start_row=row + 8, start_column=1, end_row=row + 8, end_column=5)
    sheet.cell(row + 9, 1, COMMITMENT)
    sheet.merge_cells(start_row=row + 9, start_column=1, end_row=row + 9, end_column=5)
    return book


def document(unit: dict[str, str], people: Sequence[Person]) -> DocumentType:
    """The form of Annex 3 as a Word document."""
    made = Document()
    made.add_paragraph("附件3：")
    made.add_paragraph(TITLE)
    made.add_paragraph("　".join(f"{label}：{value}" for label, value in unit.items()))
    made.add_paragraph("单位盖章：已盖章")
    made.add_paragraph("联系人：测试联系人   联系电话：010-00000000   负责人签字:示例负责人")
    table = made.add_table(rows=1, cols=len(HEADINGS))
    for cell, heading in zip(table.rows[0].cells, HEADINGS, strict=True):
        cell.text = heading
    for number in range(1, 6):
        cells = table.add_row().cells
        filled = people[number - 1] if number <= len(people) else ("",) * 4
        for cell, value in zip(cells, (str(number), *filled), strict=True):
            cell.text = value
    review = table.add_row().cells
    review[0].merge(review[-1]).text = "审核意见\n\n日期:"
    made.add_paragraph(COMMITMENT)
    return made


def packed(made: Workbook | DocumentType) -> bytes:
    """The file, with times that do not change."""
    buffer = io.BytesIO()
    made.save(buffer)
    with zipfile.ZipFile(buffer) as archive:
        return repacked({name: archive.read(name) for name in archive.namelist()})


def repacked(parts: dict[str, bytes]) -> bytes:
    """An Office file of these parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            timeless = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2025-01-01T00:00:00Z", content)
            archive.writestr(zipfile.ZipInfo(name, _THEN), timeless, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def with_macros(content: bytes) -> bytes:
    """A workbook as Excel saves it with a macro (the macro itself is no code)."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    types = "[Content_Types].xml"
    parts[types] = parts[types].replace(
        b"vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        b"vnd.ms-excel.sheet.macroEnabled.main+xml",
    )
    parts["xl/vbaProject.bin"] = b"not a macro"
    return repacked(parts)


def encrypted() -> bytes:
    """The frame of a password-protected workbook: an OLE file with a stream EncryptedPackage."""
    free, end_of_chain, fat_sector = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIIII", 0, 1, 1, 0, 4096, end_of_chain, 0, end_of_chain, 0, 0)
    header = (header + struct.pack("<I", free) * 128)[:512]
    fat = struct.pack("<II", fat_sector, end_of_chain) + struct.pack("<I", free) * 126

    def entry(name: str, kind: int, child: int) -> bytes:
        encoded = (name + "\0").encode("utf-16-le")
        head = encoded.ljust(64, b"\0") + struct.pack("<HBBIII", len(encoded), kind, 1, free, free, child)
        return head + bytes(36) + struct.pack("<IQ", end_of_chain, 0)

    directory = entry("Root Entry", 5, 1) + entry("EncryptedPackage", 2, free) + bytes(256)
    return header + fat + directory


# --- text files ------------------------------------------------------------------------------------------------------


def delimited(unit: dict[str, str], people: Sequence[Person]) -> str:
    """The form of Annex 3 as a delimited file with the fields before the table."""
    fields = {
        "表名": TITLE,
        **unit,
        "单位盖章": "是",
        "联系人": "测试联系人",
        "联系电话": "010-00000000",
        "负责人签字": "示例负责人",
    }
    lines = [f"{label},{value}" for label, value in fields.items()]
    lines += [",".join(HEADINGS)]
    lines += [",".join((str(number), *person)) for number, person in enumerate(people, start=1)]
    lines += [COMMITMENT]
    return "\r\n".join(lines) + "\r\n"


def enterprise(
    id_: str, name: str, *, types: tuple[str, str], code: str, papers: Sequence[str], who: Person
) -> dict[str, object]:
    """An enterprise's application in the structured format."""
    organisation = organisation_code(code)
    return {
        "id": id_,
        "title": f"{name}新增用户",
        "form": "ENT-NEW",
        "received_on": RECEIVED_ON,
        "received_by": "综合服务中心",
        "unit": {
            "name": name,
            "class": "企业",
            "org_type": types[0],
            "document_type": types[1],
            "org_code": organisation,
            "uscc": credit_code(organisation),
        },
        "stamp_present": True,
        "signed_by": "示例负责人",
        "contact": {"name": "测试联系人", "phone": "010-00000000"},
        "commitment_present": True,
        "rows": [{"序号": 1, "用户姓名": who[0], "性别": who[1], "身份证号": who[2], "申请权限": [who[3]]}],
        # the legal representative's paper is taken as a copy, without its original
        "documents": [
            {"type": paper, "original_checked": not paper.startswith("法定代表人"), "copy_stamped": True}
            for paper in papers
        ],
        "review": None,
    }


def managed(id_: str, who: Person) -> dict[str, object]:
    """A district unit's application in the structured format."""
    return {
        "id": id_,
        "form": "A3",
        "received_on": RECEIVED_ON,
        "received_by": REGISTRATION,
        "unit": {"name": "虚构单位朝阳区登记窗口", "class": "管理单位", "level": "区级", "district": "110105"},
        "stamp_present": True,
        "signed_by": "示例负责人",
        "contact": {"name": "测试联系人", "phone": "010-00000000"},
        "commitment_present": True,
        "rows": [{"序号": 1, "用户姓名": who[0], "性别": who[1], "身份证号": who[2], "申请权限": [who[3]]}],
        "review": None,
    }


BUNDLE = "(按机构类型统一设置)"
PAPERS = ("营业执照", "组织机构代码证", "法定代表人身份证件", "操作用户身份证件")
DEVELOPER = ("开发企业", "企业单位")


def developer() -> str:
    """A developer's application, complete, in YAML."""
    who = ("陈样例", "男", id_number("19820517", 109), BUNDLE)
    papers = (*PAPERS, "房地产开发企业资质证书")
    made = enterprise(
        "ENT-2025-0001", "虚构样例房地产开发有限公司", types=DEVELOPER, code="PDY00201", papers=papers, who=who
    )
    return str(yaml.safe_dump(made, allow_unicode=True, sort_keys=False))


def bank() -> str:
    """A financial organisation's application, complete, in JSON."""
    who = ("褚试用", "女", id_number("19890811", 112), BUNDLE)
    papers = (*PAPERS, "金融机构许可证")
    made = enterprise(
        "ENT-2025-0002",
        "虚构样例银行支行",
        types=("金融机构", "金融机构"),
        code="PDY00202",
        papers=papers,
        who=who,
    )
    return json.dumps(made, ensure_ascii=False, indent=2) + "\n"


def faulty() -> str:
    """Three faulty applications, as JSON lines: check digit, a city permission, a missing certificate."""
    right = id_number("19810228", 111)
    wrong = right[:17] + ("1" if right[17] != "1" else "2")
    made = (
        managed("FAULTY-1", ("卫样例", "男", wrong, "MGMT-DIST.REG.01")),
        managed("FAULTY-2", ("蒋试用", "女", id_number("19950402", 114), "MGMT-CITY.REG.02")),
        enterprise(
            "FAULTY-3",
            "虚构缺证房地产开发有限公司",
            types=DEVELOPER,
            code="PDY00203",
            papers=PAPERS,
            who=("沈样例", "男", id_number("19830909", 113), BUNDLE),
        ),
    )
    return "".join(json.dumps(application, ensure_ascii=False) + "\n" for application in made)


def files() -> dict[str, bytes]:
    """All sample files by their names."""
    chaoyang = management("虚构单位朝阳区登记窗口", "110105", REGISTRATION)
    haidian = management("虚构单位海淀区交易科", "110108", MARKET)
    fengtai = management("虚构单位丰台区档案科", "110106", REGISTRATION)
    city = management("虚构单位市级登记科", None, REGISTRATION)
    # as Excel keeps it: a float, of which the last digits are gone
    number = float(id_number("19920323", 115)[:17] + "0")
    damaged = [(DAMAGED[0], DAMAGED[1], number, DAMAGED[2])]
    good = packed(workbook(chaoyang, CHAOYANG))
    return {
        "a3-chaoyang.xlsx": good,
        "a3-city.docx": packed(document(city, CITY)),
        "a3-haidian-gb18030.csv": delimited(haidian, HAIDIAN).encode("gb18030"),
        "a3-fengtai-utf8.csv": delimited(fengtai, FENGTAI).encode("utf-8-sig"),
        "a3-mixed.xlsx": packed(workbook(chaoyang, MIXED)),
        "a3-damaged-id.xlsx": packed(workbook(chaoyang, damaged)),
        "ent-developer.yaml": developer().encode(),
        "ent-bank.json": bank().encode(),
        "faulty.jsonl": faulty().encode(),
        "encrypted.xlsx": encrypted(),
        "macros.xlsm": with_macros(good),
    }


def main() -> None:
    """Write them."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "forms"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files().items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
