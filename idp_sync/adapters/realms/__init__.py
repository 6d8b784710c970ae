"""Keycloak as the realms of the port: desired state as data, one comparison, one place where errors are mapped."""

from idp_sync.adapters.realms.keycloak_realms import KeycloakRealms

__all__ = ["KeycloakRealms"]
