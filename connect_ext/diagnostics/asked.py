"""What a file of diagnostics is to be about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Asked:
    """What somebody has asked for, with the two environments."""

    variables: Mapping[str, str] | None = field(repr=False)
    """The portal's; None where they cannot be read."""
    problem: str
    """Why not."""
    subscription_id: str | None = field(repr=False)
    product_id: str
    """Empty: that of no product."""
    environment: Mapping[str, str] = field(repr=False)
    """The process's."""
