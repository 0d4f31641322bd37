"""Which requests are this environment's: those that it was given a task of.

Another environment of the same account, whose variables name another vendor's address, may serve
the others: to its vendor their ids are unknown, or somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterable

from connect_ext.connect.client import ConnectRefusalError
from connect_ext.connect.listing import Environment, Listing
from connect_ext.errors import NotConfigured
from connect_ext.reconcile.subject import Subject

_NAME = "name the products that only this environment serves"


class Ownership:
    """Tells this environment's requests from others'."""

    def __init__(
        self, listing: Listing, environment: Environment | None, named: Iterable[str] = ()
    ) -> None:
        """``named``: products of which every request is this environment's."""
        self._listing, self._environment = listing, environment
        self.named = frozenset(named)

    async def ours(self, subjects: Iterable[Subject]) -> set[str]:
        """The ids of those that are ours.

        Raises ``NotConfigured`` where nobody can know, and ``NotDone``.
        """
        subjects = list(subjects)
        if self.named:
            return {each.id for each in subjects if each.product_id in self.named}
        if self._environment is None:
            raise NotConfigured(f"It is not known which requests are ours: {_NAME}.")
        try:
            return await self._listing.with_tasks(self._environment, [each.id for each in subjects])
        except ConnectRefusalError as refusal:
            raise NotConfigured(
                "Connect does not show the tasks of this environment (HTTP"
                f" {refusal.status}): give its token the right to read them, or {_NAME}."
            ) from None
