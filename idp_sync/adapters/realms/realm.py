"""What a realm is like: session lengths, recorded events, the user profile. Desired state as data."""

from __future__ import annotations

from typing import Any, Final

from idp_sync.config import RealmsSettings
from idp_sync.domain.unit import UserClass

Json = dict[str, Any]

#: what a sweep and a security officer need; never REFRESH_TOKEN, which would be most of the table
RECORDED_EVENTS: Final = (
    "LOGIN",
    "LOGIN_ERROR",
    "LOGOUT",
    "LOGOUT_ERROR",
    "CODE_TO_TOKEN",
    "CODE_TO_TOKEN_ERROR",
    "REFRESH_TOKEN_ERROR",
    "CLIENT_LOGIN",
    "CLIENT_LOGIN_ERROR",
    "USER_DISABLED_BY_PERMANENT_LOCKOUT",
    "USER_DISABLED_BY_TEMPORARY_LOCKOUT",
)

#: user attributes that the directory fills; nobody edits them here
PERSON_ATTRIBUTES: Final = (
    "person_number",
    "level",
    "district",
    "unit",
    "unit_code",
    "user_class",
    "organisation_type",
    "x509_thumbprint",
)

#: actions that would stand between a user and his login, or give him something to edit
UNWANTED_ACTIONS: Final = (
    "VERIFY_PROFILE",
    "UPDATE_PROFILE",
    "VERIFY_EMAIL",
    "UPDATE_EMAIL",
    "UPDATE_PASSWORD",
    "CONFIGURE_TOTP",
    "CONFIGURE_RECOVERY_AUTHN_CODES",
    "webauthn-register",
    "webauthn-register-passwordless",
    "delete_account",
    "delete_credential",
    "idp_link",
)

#: Keycloak's own clients through which people could log in to something that is no relying system
UNWANTED_CLIENTS: Final = ("account", "account-console", "admin-cli", "security-admin-console")


def realm(user_class: UserClass, settings: RealmsSettings) -> Json:
    """The realm of a user class, without its login flow, which must exist before it can be named."""
    return {
        "realm": settings.realms[user_class],
        "enabled": True,
        "displayName": user_class.zh,
        "sslRequired": "all",
        "registrationAllowed": False,
        "registrationEmailAsUsername": False,
        "rememberMe": False,
        "verifyEmail": False,
        "loginWithEmailAllowed": False,
        "resetPasswordAllowed": False,
        "editUsernameAllowed": False,
        "userManagedAccessAllowed": False,
        "bruteForceProtected": True,
        "internationalizationEnabled": True,
        "supportedLocales": ["zh-CN", "en"],
        "defaultLocale": "zh-CN",
        "ssoSessionIdleTimeout": settings.session_idle_minutes * 60,
        "ssoSessionMaxLifespan": settings.session_max_hours * 3600,
        # a token that was handed out stays good until it ends: so it ends soon
        "accessTokenLifespan": 300,
    }


def events(settings: RealmsSettings) -> Json:
    """What the realm records, and for how long. Expiry is in seconds."""
    return {
        "eventsEnabled": True,
        "eventsExpiration": settings.events_kept_days * 86_400,
        "enabledEventTypes": sorted(RECORDED_EVENTS),
        "eventsListeners": ["jboss-logging"],
        "adminEventsEnabled": True,
        "adminEventsDetailsEnabled": True,
    }


def profile() -> Json:
    """The user profile: every attribute is known, nobody but the directory fills it, a user is asked nothing."""
    names = ("username", "email", "firstName", "lastName", *PERSON_ATTRIBUTES)
    return {
        "attributes": [
            {"name": name, "multivalued": False, "permissions": {"view": ["admin"], "edit": []}} for name in names
        ]
    }
