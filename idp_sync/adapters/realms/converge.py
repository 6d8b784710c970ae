"""Compare and put: read, compare only what we set, write only where it differs. Nothing here knows Keycloak."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from idp_sync.ports import Step

Json = dict[str, Any]


def covers(observed: object, desired: object) -> bool:
    """Whether an observed value holds all that is desired; what the server adds on its own is not looked at.

    Objects are compared by the keys that we set, lists without regard to their order. An attribute that we want to be
    empty may be absent.
    """
    if isinstance(desired, Mapping):
        return isinstance(observed, Mapping) and all(covers(observed.get(k), v) for k, v in desired.items())
    if isinstance(desired, list):
        return isinstance(observed, list) and _same_members(observed, desired)
    if desired in ("", None):
        return observed in ("", None)
    return observed == desired


def _same_members(observed: list[Any], desired: list[Any]) -> bool:
    left = list(observed)
    for wanted in desired:
        fitting = next((item for item in left if covers(item, wanted)), None)
        if fitting is None:
            return False
        left.remove(fitting)
    return not left


def merged(observed: Mapping[str, Any], desired: Mapping[str, Any]) -> Json:
    """The observed object with what is desired laid over it."""
    result = dict(observed)
    for key, value in desired.items():
        before = observed.get(key)
        result[key] = merged(before, value) if isinstance(value, Mapping) and isinstance(before, Mapping) else value
    return result


def ensure(
    what: str,
    *,
    observed: Json | None,
    desired: Json,
    create: Callable[[Json], object],
    update: Callable[[Json], object],
) -> Step:
    """Make the observed object the desired one with at most one write, and say whether that was needed."""
    if observed is None:
        create(desired)
    elif covers(observed, desired):
        return Step(what=what, changed=False)
    else:
        update(merged(observed, desired))
    return Step(what=what, changed=True)


def by(key: str, objects: list[Json]) -> dict[str, Json]:
    """Objects by the value of one of their keys."""
    return {str(item[key]): item for item in objects if key in item}
