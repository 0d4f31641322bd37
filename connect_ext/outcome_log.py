"""The log line that ends each task, and the one at start-up."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

from connect_ext.cancelling.steps import (
    Approve,
    Confirm,
    DryRun,
    Ended,
    Final,
    Hold,
    Leave,
    Reject,
    Schedule,
    Wait,
)
from connect_ext.connect.object_id import is_object_id
from connect_ext.portal.settings import Configuration, Settings

OUTCOMES = ("approved", "scheduled", "revoked", "rejected", "waits", "held", "left", "dry-run")
"""Every outcome, as one word."""


@dataclass(frozen=True)
class TaskLine:
    """A task's line: facts as ``name=value``, then a sentence."""

    ended: Ended
    request: Any = field(repr=False)
    """Connect's JSON, which may be anything."""
    task_id: str
    milliseconds: int

    @property
    def level(self) -> int:
        """ERROR if a person is needed, WARNING for a wait or a rejection, else INFO."""
        match self.ended.step:
            case Hold() | Wait(needs_person=True):
                return logging.ERROR
            case Wait(until=None) | Reject():
                return logging.WARNING
            case _:
                return logging.INFO

    def __str__(self) -> str:
        outcome, sentence = outcome_of(self.ended.step)
        asset = _member(self.request, "asset")
        facts = {
            "task": _shown_id(self.task_id),
            "product": _id(_member(asset, "product")),
            "vendor": self.ended.vendor or "-",
            "outcome": outcome,
            "cause": self.ended.step.cause.value,
            "http": str(self.ended.http_status or "-"),
            "ms": str(self.milliseconds),
        }
        pairs = " ".join(f"{name}={value}" for name, value in facts.items())
        request_id = _id(self.request)
        return (
            f"{'a request without an id' if request_id == '-' else request_id} {pairs}: {sentence}"
        )


def outcome_of(step: Final) -> tuple[str, str]:
    """The outcome in one word, and a sentence; the vendor's words go to Connect, not to a log."""
    match step:
        case Approve():
            return "approved", "The subscription is cancelled, and the request is approved."
        case Schedule(planned=planned):
            day = f"{planned:%Y-%m-%d}"
            return "scheduled", f"The subscription is cancelled, and the request waits for {day}."
        case Confirm():
            return "revoked", "The subscription continues, and the revocation is confirmed."
        case Reject():
            return "rejected", "The request is rejected; it holds the reason."
        case Wait(seconds=seconds, why=why, needs_person=True):
            return "waits", f"Waits {seconds} s for somebody to fix this. {why}"
        case Wait(seconds=seconds, why=why):
            return "waits", f"Waits {seconds} s. {why}"
        case Hold():
            return "held", "Held for a person; the task's output and a private note say why."
        case DryRun():
            return "dry-run", "Dry run; a private note says what would have happened."
        case Leave(why=why):
            return "left", why


def at_start(configuration: Configuration, version: str) -> str:
    """The line at start-up: the vendor of each product, and whether it is a dry run."""
    products = [_served("every product", configuration.default)]
    products += [
        _served(product_id, settings)
        for product_id, settings in sorted(configuration.overrides.items())
        if (settings.vendor.name, settings.dry_run)
        != (configuration.default.vendor.name, configuration.default.dry_run)
    ]
    return f"Subscription cancellation {version}: " + ", ".join(products) + "."


def _served(product: str, settings: Settings) -> str:
    return f"{product}: {settings.vendor.name}{' (dry run)' if settings.dry_run else ''}"


def _id(owner: Any) -> str:
    return _shown_id(_member(owner, "id"))


def _shown_id(value: Any) -> str:
    """An id unchanged; a text of any other shape could forge a line."""
    return str(value) if is_object_id(value) else "-"


def _member(owner: Any, name: str) -> Any:
    return owner.get(name) if isinstance(owner, dict) else None
