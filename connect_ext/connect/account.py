"""A process's knowledge of one Connect account; never shared between accounts."""

from __future__ import annotations

from dataclasses import dataclass, field

from connect_ext.portal.secret import Secret
from connect_ext.single_flight import SingleFlight


@dataclass(frozen=True)
class AccountKey:
    """An endpoint and a token, which identify an account."""

    endpoint: str
    token: Secret


@dataclass
class AccountState:
    """Facts about an account that do not change from one task to the next."""

    key: AccountKey
    id: str = ""
    """The account's own id; empty if not known yet."""
    knows_conversations_by_request: bool = True
    """Whether a conversation can be addressed by its request's id."""
    templates: dict[str, str] = field(default_factory=dict)
    """By product: the template to approve with, until an approval with it is refused."""
    template_look_ups: SingleFlight[str, str] = field(default_factory=SingleFlight)
    proven_products: set[str] = field(default_factory=set)
    """Products that have had a cancellation approved."""
