"""Look-ups in the metadata of installed packages, whose answers never change within a process."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from connect_ext.runner_speed.runner import RUNNER, loaded

# Module, function, the names of its parameters.
_LOOKUPS = (
    (f"{RUNNER}.handlers.base", "iter_entry_points", ("group", "name")),
    (f"{RUNNER}.config", "get_version", ()),
    ("connect.client.utils", "get_version", ()),
)


def unexpected() -> str:
    """The first look-up with unexpected parameters; '' if there is none."""
    for module, name, parameters in _LOOKUPS:
        if _parameters(loaded(module, name)) != parameters:
            return f"{module}.{name}"
    return ""


def _parameters(function: Any) -> tuple[str, ...] | None:
    return tuple(inspect.signature(function).parameters) if inspect.isfunction(function) else None


def remember() -> None:
    """Let each look-up remember its answers."""
    for module, name, parameters in _LOOKUPS:
        original = loaded(module, name)
        setattr(sys.modules[module], name, _remembering(original, iterates=bool(parameters)))


def _remembering(look_up: Callable[..., Any], *, iterates: bool) -> Callable[..., Any]:
    if not iterates:
        return cache(look_up)

    @cache
    def found(group: str, name: str | None) -> tuple[Any, ...]:
        return tuple(look_up(group, name))

    def iter_entry_points(group: str, name: str | None = None) -> Iterator[Any]:
        return iter(found(group, name))

    return iter_entry_points
