"""Users, permissions and keys of Beijing's real-estate systems: the office that carries the regulation out."""

__version__ = "0.1.0"
