"""How a realm reads the directory. Desired state as data.

Federation is READ_ONLY with import. What decides about a login (thumbprint, roles) is read from the directory at each
login: nothing of it is cached or copied.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from idp_sync.config import RealmsSettings
from idp_sync.domain.unit import UserClass

Json = dict[str, Any]

PROVIDER_TYPE: Final = "org.keycloak.storage.UserStorageProvider"
MAPPER_TYPE: Final = "org.keycloak.storage.ldap.mappers.LDAPStorageMapper"
NAME: Final = "directory"

#: user attribute in the realm ← attribute in the directory
ATTRIBUTES: Final[Mapping[str, str]] = {
    "lastName": "displayName",
    "person_number": "employeeNumber",
    "level": "idpRank",
    "district": "idpDistrict",
    "unit": "idpUnitName",
    "unit_code": "idpUnitCode",
    "user_class": "idpUserClass",
    "organisation_type": "idpOrganisationType",
}

#: the attribute that opens an account, and where it stands in the directory
THUMBPRINT: Final = ("x509_thumbprint", "idpThumbprint")

#: what Keycloak adds to a new federation on its own: it would split Chinese names and read mail addresses
UNWANTED_MAPPERS: Final = ("first name", "last name", "email", "creation date", "modify date")

_CONNECT_MS: Final = 5_000
_READ_MS: Final = 30_000


def provider(user_class: UserClass, settings: RealmsSettings, suffix: str) -> Json:
    """The federation itself, without the password, which can't be read back and so can't be compared."""
    return {
        "name": NAME,
        "providerId": "ldap",
        "providerType": PROVIDER_TYPE,
        "config": _values(
            {
                "enabled": "true",
                "priority": "0",
                "vendor": "other",
                "connectionUrl": settings.directory_url,
                "bindDn": settings.directory_bind_dn,
                "authType": "simple",
                "startTls": "false",
                "useTruststoreSpi": "always",
                "connectionPooling": "true",
                "connectionTimeout": str(_CONNECT_MS),
                "readTimeout": str(_READ_MS),
                "editMode": "READ_ONLY",
                "importEnabled": "true",
                "syncRegistrations": "false",
                "trustEmail": "false",
                "usersDn": f"ou={user_class.value},ou=people,{suffix}",
                "searchScope": "1",
                "userObjectClasses": "inetOrgPerson, idpAccount",
                "usernameLDAPAttribute": "uid",
                "rdnLDAPAttribute": "uid",
                "uuidLDAPAttribute": "entryUUID",
                "pagination": "true",
                "batchSizeForSync": "1000",
                "fullSyncPeriod": "-1",
                "changedSyncPeriod": "-1",
                "cachePolicy": "NO_CACHE",
                "validatePasswordPolicy": "false",
                "allowKerberosAuthentication": "false",
            }
        ),
    }


def mappers(user_class: UserClass, suffix: str, systems: list[str]) -> list[Json]:
    """The mappers of a federation: login name, attributes, and one mapper of roles for each system."""
    return [
        _attribute("username", "username", "uid", mandatory=True),
        *(_attribute(name, name, source, always=True) for name, source in ATTRIBUTES.items()),
        # Keycloak copies an attribute to its own database when it imports a user, and looks users up there first: a
        # thumbprint that is gone from the directory would go on opening the account until the next synchronisation,
        # whatever always.read.value.from.ldap says. What is declared binary is never copied (seen on 26.7.3).
        _attribute(THUMBPRINT[0], *THUMBPRINT, always=True, binary=True),
        *(_roles(user_class, suffix, system) for system in systems),
    ]


def _attribute(
    name: str, target: str, source: str, *, mandatory: bool = False, always: bool = False, binary: bool = False
) -> Json:
    return {
        "name": name,
        "providerId": "user-attribute-ldap-mapper",
        "providerType": MAPPER_TYPE,
        "config": _values(
            {
                "ldap.attribute": source,
                "user.model.attribute": target,
                "read.only": "true",
                "always.read.value.from.ldap": str(always).lower(),
                "is.mandatory.in.ldap": str(mandatory).lower(),
                "is.binary.attribute": str(binary).lower(),
            }
        ),
    }


def _roles(user_class: UserClass, suffix: str, system: str) -> Json:
    return {
        "name": f"permissions of {system}",
        "providerId": "role-ldap-mapper",
        "providerType": MAPPER_TYPE,
        "config": _values(
            {
                "roles.dn": f"ou={user_class.value},ou=permissions,{suffix}",
                "role.name.ldap.attribute": "cn",
                "role.object.classes": "idpPermission",
                "membership.ldap.attribute": "member",
                "membership.attribute.type": "DN",
                "membership.user.ldap.attribute": "uid",
                "roles.ldap.filter": f"(idpSystem={system})",
                "mode": "READ_ONLY",
                "user.roles.retrieve.strategy": "LOAD_ROLES_BY_MEMBER_ATTRIBUTE",
                "use.realm.roles.mapping": "false",
                "client.id": system,
            }
        ),
    }


def _values(config: Mapping[str, str]) -> dict[str, list[str]]:
    """As Keycloak keeps the configuration of a component: every value is a list."""
    return {key: [value] for key, value in config.items()}
