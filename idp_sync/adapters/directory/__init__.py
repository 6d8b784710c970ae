"""The directory: an LDAP server (OpenLDAP 2.5 or newer, or another with our schema), reached with ldap3."""

from idp_sync.adapters.directory.directory import LdapDirectory

__all__ = ["LdapDirectory"]
