"""The extension with a line of metrics every half second."""

from __future__ import annotations

from typing import Any, ClassVar

from connect_ext.events import CancellationApplication
from connect_ext.shared_state import SharedState

OFTEN = "tests.often:Often"
"""The handler for a runner's options."""


class Often(CancellationApplication):
    """The same extension with another interval."""

    shared: ClassVar = SharedState(metrics_seconds=0.5)

    @classmethod
    def get_descriptor(cls) -> dict[str, Any]:
        """The extension's own descriptor, which lies beside its class."""
        descriptor: dict[str, Any] = CancellationApplication.get_descriptor()
        return descriptor
