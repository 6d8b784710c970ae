"""Certificate profiles and the authority's configuration: certs/*.yaml, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from idp_sync.adapters.authority.upstream import translated
from idp_sync.domain.unit import UserClass

Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Domain = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")]
Oid = Annotated[str, StringConstraints(pattern=r"^[0-2](\.(0|[1-9][0-9]*))+$")]
#: RFC 5280, 8: not https, which could not be checked without what is fetched
PlainUrl = Annotated[str, StringConstraints(pattern=r"^http://[^\s/]+(/[^\s]*[^\s/])?$")]
Folder = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$")]
Purpose = Literal["clientAuth", "serverAuth", "OCSPSigning"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Attribute(_Part):
    """One attribute of the subject."""

    attribute: Literal["C", "O", "OU", "CN", "serialNumber", "UID"]
    #: which fact about the subject it states
    fact: str = Field(alias="from")
    encoding: Literal["PrintableString", "UTF8String"]
    #: upper bound in characters (RFC 5280, A.1); None where the standard has none
    most: int | None = Field(default=None, ge=1)
    #: what becomes of a longer value
    longer: Literal["refuse", "cut"] = "refuse"


class Validity(_Part):
    """How long a certificate is good; the issuer's own end cuts it off."""

    months: int = Field(ge=1, le=360)
    skew_minutes: int = Field(ge=0, le=60)


class BasicConstraints(_Part):
    """Authority or not, and how many tiers may follow."""

    critical: bool
    ca: bool
    path_length: int | None


class KeyUsage(_Part):
    """Every flag is written out; none has a default."""

    critical: bool
    digital_signature: bool
    content_commitment: bool
    key_encipherment: bool
    data_encipherment: bool
    key_agreement: bool
    key_cert_sign: bool
    crl_sign: bool
    encipher_only: bool
    decipher_only: bool

    def flags(self) -> dict[str, bool]:
        """The nine bits, by name."""
        return self.model_dump(exclude={"critical"})


class ExtendedKeyUsage(_Part):
    """Purposes; «inherited» are those of the profile that an issuing authority issues."""

    critical: bool
    purposes: tuple[Purpose, ...] | Literal["inherited"] = Field(min_length=1)


class AlternativeName(_Part):
    """What the subject alternative name holds."""

    critical: bool
    holds: Literal["upn", "hosts"]


class Policies(_Part):
    """The certificate carries the one policy of its issuing authority."""

    critical: bool


class Profile(_Part):
    """What a certificate contains."""

    name: Literal["root", "issuing", "client", "server"]
    key: Literal["ec-p256"]
    signature: Literal["ecdsa-with-SHA256"]
    subject: tuple[Attribute, ...] = Field(min_length=1)
    validity: Validity
    basic_constraints: BasicConstraints
    key_usage: KeyUsage
    extended_key_usage: ExtendedKeyUsage | None
    subject_alternative_name: AlternativeName | None
    certificate_policies: Policies | None
    subject_key_identifier: bool
    authority_key_identifier: bool
    #: CDP and AIA, once there is a base URL
    revocation_pointers: bool


class RootDefinition(_Part):
    """The root, by name."""

    common_name: Text


class IssuingDefinition(_Part):
    """One issuing authority."""

    #: 密钥发放部门; OU of its subject
    office: Text
    common_name: Text
    issues: Literal["client", "server"]
    #: whom it may certify; None for servers
    user_class: UserClass | None = None
    #: last arc of its policy OID
    policy: int = Field(ge=1)
    #: what stands behind the @ of a UPN
    upn_domain: Domain | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        wanted = self.issues == "client"
        if wanted != (self.user_class is not None) or wanted != (self.upn_domain is not None):
            raise ValueError("user_class and upn_domain belong to an authority that issues client certificates")
        return self


class AuthorityDefinition(_Part):
    """The authority as a whole."""

    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    organisation: Text
    policy_arc: Oid
    base_url: PlainUrl | None
    root: RootDefinition
    issuing: Mapping[Folder, IssuingDefinition]

    @model_validator(mode="after")
    def _one_for_each(self) -> Self:
        definitions = list(self.issuing.values())
        served = sorted(d.user_class.value if d.user_class is not None else d.issues for d in definitions)
        if served != sorted([*UserClass, "server"]):
            raise ValueError("there must be one issuing authority for each user class, and one for servers")
        names = {self.root.common_name, *(d.common_name for d in definitions)}
        if len(names) != len(definitions) + 1:
            raise ValueError("every authority needs a common name of its own")
        if len({d.policy for d in definitions}) != len(definitions):
            raise ValueError("every issuing authority needs a policy of its own")
        return self

    def policy(self, name: str) -> str:
        """The policy OID of an issuing authority's certificates."""
        return f"{self.policy_arc}.{self.issuing[name].policy}"

    def name_for(self, user_class: UserClass | None) -> str:
        """The issuing authority of a user class, or of the servers (None)."""
        return next(name for name, d in self.issuing.items() if d.user_class is user_class)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiles:
    """All that certs/ says."""

    authority: AuthorityDefinition
    root: Profile
    issuing: Profile
    client: Profile
    server: Profile

    def issued_by(self, name: str) -> Profile:
        """The profile that an issuing authority issues."""
        return self.client if self.authority.issuing[name].issues == "client" else self.server

    def issuing_for(self, name: str) -> Profile:
        """The profile of an issuing authority's own certificate, with the purposes that it inherits."""
        own, below = self.issuing.extended_key_usage, self.issued_by(name).extended_key_usage
        if own is None or below is None or own.purposes != "inherited":
            return self.issuing
        return self.issuing.model_copy(
            update={"extended_key_usage": own.model_copy(update={"purposes": below.purposes})}
        )


def read_profiles(folder: Path) -> Profiles:
    """All profiles in that folder.

    Raises:
        NotSetUp: a file is missing, or says something that is not understood.
    """
    profiles = {
        name: _read(folder / f"{name}.yaml", Profile, name=name) for name in ("root", "issuing", "client", "server")
    }
    return Profiles(authority=_read(folder / "authority.yaml", AuthorityDefinition), **profiles)


_Model = TypeVar("_Model", bound=BaseModel)


def _read(path: Path, model: type[_Model], *, name: str | None = None) -> _Model:
    with translated(str(path)):
        read = model.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        if name is not None and getattr(read, "name", None) != name:
            raise ValueError(f"is not the profile {name}")
    return read
