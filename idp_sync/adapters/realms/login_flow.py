"""How people log in: with the certificate on their key, and in no other way. Desired state as data."""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]

ALIAS: Final = "x509 browser"
CONFIG_ALIAS: Final = "key by thumbprint"
X509: Final = "auth-x509-client-username-form"

#: authenticators in their order. An open session is enough; otherwise the certificate; there is no password form
EXECUTIONS: Final = (("auth-cookie", "ALTERNATIVE"), (X509, "ALTERNATIVE"))


def flow() -> Json:
    """The flow that replaces Keycloak's own browser flow."""
    return {
        "alias": ALIAS,
        "description": "登录须使用密钥 / login with the certificate on the key only",
        "providerId": "basic-flow",
        "topLevel": True,
        "builtIn": False,
    }


def x509_config() -> Json:
    """The user is who has the thumbprint of the presented certificate in his entry (DESIGN, decision 4).

    The TLS listener has checked the chain against our authorities already; it is checked again here, as a listener may
    one day be a proxy's. CRL and OCSP come on top with the authority that publishes them.
    """
    return {
        "alias": CONFIG_ALIAS,
        "config": {
            "x509-cert-auth.mapping-source-selection": "SHA-256 Thumbprint",
            "x509-cert-auth.mapper-selection": "Custom Attribute Mapper",
            "x509-cert-auth.mapper-selection.user-attribute-name": "x509_thumbprint",
            "x509-cert-auth.timestamp-validation-enabled": "true",
            "x509-cert-auth.confirmation-page-disallowed": "true",
            "x509-cert-auth.revalidate-certificate-enabled": "true",
            "x509-cert-auth.crl-checking-enabled": "false",
            "x509-cert-auth.ocsp-checking-enabled": "false",
        },
    }
