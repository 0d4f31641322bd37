"""Tells which requests belong to this environment: those for which it was given a task.

The others may belong to another environment of the same account, with another vendor. At our
vendor, their ids are unknown or belong to somebody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connect_ext.connect.client import ConnectRefusalError
from connect_ext.connect.listing import IDS_AT_ONCE, Environment, Listing
from connect_ext.errors import NotConfigured
from connect_ext.http.pace import CALLS_OF_A_LOOK, Pace
from connect_ext.open_requests.subject import Subject

_NAME = "name the products that only this environment serves"


class Ownership:
    """Tells this environment's requests from those of others."""

    def __init__(
        self,
        listing: Listing,
        environment: Environment | None,
        pace: Pace,
        named: Iterable[str] = (),
    ) -> None:
        """``named``: products whose requests all belong to this environment."""
        self._listing, self._environment, self._pace = listing, environment, pace
        self.named = frozenset(named)

    async def ours(self, subjects: Sequence[Subject]) -> set[str]:
        """Find the ids of our requests.

        Raises ``NotConfigured`` if that cannot be known, and ``NotDone``.
        """
        if self.named:
            return {each.id for each in subjects if each.product_id in self.named}
        if self._environment is None:
            raise NotConfigured(f"It is not known which requests are ours: {_NAME}.")
        ids = [each.id for each in subjects]
        try:
            return await self._with_tasks(self._environment, ids)
        except ConnectRefusalError as refusal:
            raise NotConfigured(
                "Connect does not show the tasks of this environment (HTTP"
                f" {refusal.status}): give its token the right to read them, or {_NAME}."
            ) from None

    async def _with_tasks(self, environment: Environment, ids: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for start in range(0, len(ids), IDS_AT_ONCE):
            some = ids[start : start + IDS_AT_ONCE]
            async with self._pace.taking(CALLS_OF_A_LOOK):
                found |= await self._listing.with_tasks(environment, some)
        return found
