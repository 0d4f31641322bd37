"""The subject of a diagnostics file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Asked:
    """The options of the command, with both kinds of variables."""

    variables: Mapping[str, str] | None = field(repr=False)
    """The portal's; None if they cannot be read."""
    problem: str
    """Why they cannot be read."""
    subscription_id: str | None = field(repr=False)
    product_id: str
    """Empty for no product."""
    environment: Mapping[str, str] = field(repr=False)
    """The process's environment."""
