"""The relying systems, and our own client. Desired state as data.

What a token says, and nothing else: who (login, number, name), which unit, how far (level, district), and the
permissions that concern the system that asked. No mail address, no roles of another system.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from idp_sync.domain.permission import Permission
from idp_sync.domain.rulebook import System
from idp_sync.domain.unit import UserClass

Json = dict[str, Any]

#: claim ← user attribute
CLAIMS: Final = {
    "preferred_username": "username",
    "name": "lastName",
    "person_number": "person_number",
    "level": "level",
    "district": "district",
    "unit": "unit",
    "unit_code": "unit_code",
    "user_class": "user_class",
    "organisation_type": "organisation_type",
}

#: the only client scope that a system has: it carries `sub` and `auth_time`
SCOPES: Final = ("basic",)

#: loopback on any port (RFC 8252, 7.3), where a system has no address in the settings
LOOPBACK: Final = ("http://127.0.0.1/callback",)

#: the least that this adapter works with, found by leaving out one after the other on Keycloak 26.7.3
OWN_ROLES: Final = ("manage-realm", "manage-clients", "manage-users", "manage-events")


def system_client(system: System, redirect_uris: Iterable[str]) -> Json:
    """A relying system: authorization code flow with PKCE, and no other way."""
    return {
        "clientId": system.code,
        "name": system.name,
        "enabled": True,
        "protocol": "openid-connect",
        "publicClient": True,
        "standardFlowEnabled": True,
        "implicitFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "serviceAccountsEnabled": False,
        "fullScopeAllowed": False,
        "consentRequired": False,
        "frontchannelLogout": False,
        "redirectUris": sorted(redirect_uris),
        "webOrigins": [],
        "attributes": {
            "pkce.code.challenge.method": "S256",
            "oauth2.device.authorization.grant.enabled": "false",
            "oidc.ciba.grant.enabled": "false",
            "backchannel.logout.session.required": "true",
        },
    }


def mappers(system: System) -> list[Json]:
    """What the tokens of a system say."""
    return [
        _mapper(
            "permissions",
            "oidc-usermodel-client-role-mapper",
            {"usermodel.clientRoleMapping.clientId": system.code, "multivalued": "true"},
        ),
        *(_mapper(claim, "oidc-usermodel-attribute-mapper", {"user.attribute": a}) for claim, a in CLAIMS.items()),
        _audience(system),
    ]


def _audience(system: System) -> Json:
    """The access token names the system that it is for: one for the archive opens nothing elsewhere."""
    return {
        "name": "audience",
        "protocol": "openid-connect",
        "protocolMapper": "oidc-audience-mapper",
        "config": {
            "included.client.audience": system.code,
            "access.token.claim": "true",
            "id.token.claim": "false",
            "introspection.token.claim": "true",
        },
    }


def _mapper(claim: str, kind: str, config: dict[str, str]) -> Json:
    return {
        "name": claim,
        "protocol": "openid-connect",
        "protocolMapper": kind,
        "config": {
            "claim.name": claim,
            "jsonType.label": "String",
            "access.token.claim": "true",
            "id.token.claim": "true",
            "userinfo.token.claim": "true",
            "introspection.token.claim": "true",
            **config,
        },
    }


def roles(system: System, user_class: UserClass, permissions: Iterable[Permission]) -> list[Json]:
    """One role for each permission of the class that concerns the system."""
    return [
        {"name": permission.code, "description": permission.label[:255]}
        for permission in permissions
        if permission.user_class is user_class and system.code in permission.systems
    ]


def own_client(client_id: str) -> Json:
    """Our own client: a service account, no login of a person; the secret is compared apart."""
    return {
        "clientId": client_id,
        "name": "idp-sync",
        "enabled": True,
        "protocol": "openid-connect",
        "publicClient": False,
        "clientAuthenticatorType": "client-secret",
        "serviceAccountsEnabled": True,
        "standardFlowEnabled": False,
        "implicitFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "redirectUris": [],
        "webOrigins": [],
    }
