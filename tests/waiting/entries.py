"""Entries as values, for the tests of their output."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from connect_ext.open_requests.subject import Subject
from connect_ext.waiting.entry import Entry, LastNote, Overview, State, VendorView

NOW = datetime(2026, 3, 2, 9, 15, 41, tzinfo=timezone.utc)
PLANNED = datetime(2031, 1, 1, tzinfo=timezone.utc)


def entry(number: int = 1, **changes: Any) -> Entry:
    subject = Subject(
        f"PR-1000-0000-{number:04d}-002", f"AS-1000-0000-{number:04d}", "PRD-100-000-001", NOW
    )
    fields: dict[str, Any] = {
        "subject": subject,
        "waits_seconds": 273_600.0,
        "status": "pending",
        "state": State.HELD,
        "planned": None,
        "vendor": VendorView("active"),
        "note": LastNote("held", "refused", NOW, "The vendor refuses: it is leased."),
        "act": "cancel",
        "decision": "The subscription would be cancelled.",
        "cause": "refused",
        "next_step": "Remove what the vendor refuses it for.",
    }
    return Entry(**{**fields, **changes})


def waiting_by_itself(number: int = 1, **changes: Any) -> Entry:
    fields: dict[str, Any] = {"state": State.WAITS, "note": None, "cause": "", "next_step": ""}
    return entry(number, **{**fields, **changes})


def overview(*entries: Entry, **changes: Any) -> Overview:
    return Overview(entries, **changes)
