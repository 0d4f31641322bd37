"""A process's knowledge of one account of Connect; never shared between accounts."""

from __future__ import annotations

from dataclasses import dataclass, field

from connect_ext.portal.secret import Secret
from connect_ext.single_flight import SingleFlight


@dataclass(frozen=True)
class AccountKey:
    """An end point and a token: they tell one account from another."""

    endpoint: str
    token: Secret


@dataclass
class AccountState:
    """Facts about an account that do not change from one task to the next."""

    key: AccountKey
    id: str = ""
    """The account's own id; empty: not known yet."""
    knows_conversations_by_request: bool = True
    """Whether messages can be posted by the request's id."""
    templates: dict[str, str] = field(default_factory=dict)
    """By product: the template that approves, until an approval with it is refused."""
    template_look_ups: SingleFlight[str, str] = field(default_factory=SingleFlight)
    proven_products: set[str] = field(default_factory=set)
    """Products of which a cancellation was once approved."""
