"""The certificate authority: an adapter over cryptography, with the profiles in certs/."""

from idp_sync.adapters.authority.local import LocalAuthority, ServerFiles
from idp_sync.adapters.authority.memory import MemoryAuthority

__all__ = ["LocalAuthority", "MemoryAuthority", "ServerFiles"]
