"""The names of the schema, as templates/slapd/schema.ldif defines them."""

from __future__ import annotations

from typing import Final

# --- classes ---
PERSON: Final = "inetOrgPerson"
ACCOUNT: Final = "idpAccount"
PERMISSION: Final = "idpPermission"
BRANCH: Final = "organizationalUnit"

# --- of any entry ---
OBJECT_CLASS: Final = "objectClass"
DESCRIPTION: Final = "description"

# --- of a person ---
LOGIN: Final = "uid"
#: the person's whole name stands in each: Chinese names are never split
NAMES: Final = ("cn", "displayName", "sn")
PERSON_NUMBER: Final = "employeeNumber"
USER_CLASS: Final = "idpUserClass"
STATE: Final = "idpState"
RANK: Final = "idpRank"
DISTRICT: Final = "idpDistrict"
UNIT_NAME: Final = "idpUnitName"
UNIT_CODE: Final = "idpUnitCode"
ORGANISATION_TYPE: Final = "idpOrganisationType"
THUMBPRINT: Final = "idpThumbprint"

# --- of a permission group ---
CODE: Final = "cn"
MEMBER: Final = "member"
SYSTEM: Final = "idpSystem"

#: asks a search for no attribute at all (RFC 4511, 4.5.1.8)
NO_ATTRIBUTES: Final = "1.1"
