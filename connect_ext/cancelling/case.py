"""Everything that one walk works with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from connect_ext.cancelling.attempts import Attempts, Pace
from connect_ext.cancelling.request import CancelRequest, FoundId
from connect_ext.cancelling.settling import Settling
from connect_ext.connect.api import REVOKING, ConnectApi
from connect_ext.http.budget import Budget
from connect_ext.portal.settings import Settings
from connect_ext.vendors.base import Act, TakesBack, Vendor

if TYPE_CHECKING:
    from connect_ext.shared_state import Memory, SharedState


@dataclass(frozen=True)
class Case:
    """One delivery of one request, with its settings, Connect and the vendor."""

    request: CancelRequest
    settings: Settings
    connect: ConnectApi
    vendor: Vendor
    shared: SharedState
    memory: Memory
    budget: Budget

    @property
    def act(self) -> Act:
        """What the request asks for."""
        return Act.UNDO if self.request.status == REVOKING else Act.CANCEL

    @property
    def takes_back(self) -> TakesBack | None:
        """The vendor, if it can take a cancellation back."""
        vendor = self.vendor
        return vendor if isinstance(vendor, TakesBack) and vendor.can_take_back else None

    @property
    def is_repeatable(self) -> bool:
        """Whether no mark is needed.

        A cancellation that may be taken back needs one: only its mark says that it is ours.
        """
        needs_none = self.act is Act.CANCEL and not self.settings.policy.schedules
        return needs_none and self.vendor.is_repeatable

    @cached_property
    def subscription_id(self) -> FoundId:
        """The vendor's id, as the request's parameter gives it."""
        settings = self.settings
        return self.request.subscription_id(
            settings.subscription_id_parameter, settings.subscription_id_pattern
        )

    @cached_property
    def pace(self) -> Pace:
        """How long things take at the vendor."""
        settings = self.settings
        return Pace(settings.settles_within, settings.vendor.call_seconds, self.shared.clock)

    @cached_property
    def attempts(self) -> Attempts:
        """The attempts at the request."""
        kept = self.memory.attempts if self.act is Act.CANCEL else self.memory.undo
        return Attempts(self.request.id, self.connect.conversation, kept, self.pace, self.act)

    @cached_property
    def settling(self) -> Settling:
        """The way to approve or reject the request."""
        tokens = self.shared.vendors.tokens_of(self.settings.vendor)
        return Settling(self.request, self.settings, self.connect, tokens)
