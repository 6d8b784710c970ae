"""Units: the organisations whose people are users (Article 2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from idp_sync.domain.citizen_id import fold_typed


class UserClass(StrEnum):
    """The two classes of users of Article 2: a closed set."""

    #: 管理单位
    MANAGEMENT = "management"
    #: 企业
    ENTERPRISE = "enterprise"

    @property
    def zh(self) -> str:
        """As the forms write it."""
        return {"management": "管理单位", "enterprise": "企业"}[self.value]


class Level(StrEnum):
    """The two levels of management units."""

    #: 市级
    CITY = "city"
    #: 区级
    DISTRICT = "district"

    @property
    def zh(self) -> str:
        """As the forms write it."""
        return {"city": "市级", "district": "区级"}[self.value]


class OrganisationType(StrEnum):
    """The three types by which Annex 2 sets an enterprise's permissions."""

    #: 开发企业
    DEVELOPER = "developer"
    #: 金融机构
    FINANCIAL = "financial"
    #: 其它组织机构
    OTHER = "other"

    @property
    def zh(self) -> str:
        """As Annex 2 writes it."""
        return {"developer": "开发企业", "financial": "金融机构", "other": "其它组织机构"}[self.value]


class DocumentType(StrEnum):
    """The three types by which Article 5 (2) asks an enterprise for documents."""

    #: 企业单位
    COMPANY = "company"
    #: 金融机构
    FINANCIAL = "financial"
    #: 事业、机关或社团组织
    INSTITUTION = "institution"

    @property
    def zh(self) -> str:
        """As Article 5 (2) writes it."""
        return {"company": "企业单位", "financial": "金融机构", "institution": "事业、机关或社团组织"}[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A management unit or an enterprise, as it stands on a form and in the register."""

    name: str
    user_class: UserClass
    #: of a management unit; None for enterprises
    level: Level | None = None
    #: GB/T 2260 code; of a management unit at district level only
    district: str | None = None
    #: of an enterprise; None for management units
    organisation_type: OrganisationType | None = None
    #: of an enterprise: which documents Article 5 (2) asks for
    document_type: DocumentType | None = None
    #: unified social credit code, GB 32100
    credit_code: str | None = None
    #: organisation code, GB 11714
    organisation_code: str | None = None

    @property
    def code(self) -> str:
        """What tells this unit from others of its class: credit code, organisation code, or its name."""
        return self.credit_code or self.organisation_code or self.name

    @property
    def identity(self) -> str:
        """What makes it this unit, whatever else about it changes.

        Enterprises are told apart by organisation code (it stands within the credit code, places 9 to 17), as it is
        read: blanks, width and hyphen make no difference. Management units have no code: level, district and name
        together, since «登记科» is in every district.
        """
        name = "".join(self.name.split())
        if self.user_class is UserClass.ENTERPRISE:
            organisation, credit = (fold_typed(code or "")[0] for code in (self.organisation_code, self.credit_code))
            return organisation.replace("-", "") or credit[8:17] or name
        return "/".join((self.rank, (self.district or "").strip(), name))

    @property
    def rank(self) -> str:
        """What a token says about the level: city, district or enterprise."""
        return self.level.value if self.level is not None else self.user_class.value


class UnitState(StrEnum):
    """Whether a unit may still apply."""

    ACTIVE = "active"
    #: taken up by another unit, with its people
    MERGED = "merged"
    CLOSED = "closed"

    @property
    def zh(self) -> str:
        """As the offices say it."""
        return {"active": "正常", "merged": "已合并", "closed": "已撤销"}[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """联系人 of a unit, and where notices go."""

    name: str = ""
    phone: str = ""
    #: "" where notices are printed as letters
    email: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredUnit:
    """A unit in the register: its number stays, whatever it is called and wherever it moves."""

    #: e.g. U000001
    number: str
    #: as it is now
    unit: Unit
    state: UnitState = UnitState.ACTIVE
    contact: Contact = Contact()
    #: number of the unit that took it up
    merged_into: str = ""
