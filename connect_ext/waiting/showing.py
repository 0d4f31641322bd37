"""Formats an overview as text: for other programs, a schedule's output, and the log."""

from __future__ import annotations

from collections import Counter

from connect_ext.redaction import shortened
from connect_ext.waiting.entry import Entry, Overview

MOST_OF_A_SENTENCE = 240

COLUMNS = (
    *("request", "subscription", "product", "waits", "state", "vendor", "person", "act", "cause"),
    *("note", "decision", "next"),
)
"""The columns of a line; only the last three can contain spaces."""

NONE = "-"


def lines(overview: Overview) -> str:
    """Format each entry as a line, with columns separated by tabs."""
    return "".join(f"{_line(each)}\n" for each in overview.entries)


def _line(entry: Entry) -> str:
    subject = entry.subject
    words = (
        *(subject.id, subject.asset_id, subject.product_id, age(entry.waits_seconds)),
        *(entry.in_connect, str(entry.vendor), "person" if entry.needs_person else NONE),
        *(entry.act, entry.cause),
    )
    sentences = (str(entry.note or ""), entry.decision, entry.next_step)
    joined = [each.replace(": ", ":").replace(" ", "-") for each in words]
    return "\t".join(each or NONE for each in (*joined, *sentences))


def age(seconds: float) -> str:
    """Format a duration in its two largest units, such as ``3d4h``."""
    minutes, hours, days = int(seconds) // 60, int(seconds) // 3600, int(seconds) // 86_400
    if days:
        return f"{days}d{hours % 24}h"
    if hours:
        return f"{hours}h{minutes % 60}m"
    return f"{minutes}m" if minutes else f"{int(seconds)}s"


def summary(overview: Overview) -> str:
    """Say how many requests wait, and how many of them for a person."""
    return " ".join(filter(None, (f"{_numbers(overview)}.", _left_out(overview))))


def in_short(overview: Overview) -> str:
    """Format the overview in one line for the log: numbers and causes."""
    causes = Counter(each.cause for each in overview.needing_person)
    by_cause = ", ".join(f"{causes[each]} {each}" for each in sorted(causes))
    numbers = f"{_numbers(overview)}{f' ({by_cause})' if by_cause else ''}."
    whole = "" if overview.is_whole else "Not everything could be seen."
    return " ".join(filter(None, (numbers, _left_out(overview), whole)))


def shown(overview: Overview, most_characters: int) -> str:
    """Format the overview as plain text, with as many entries as fit, oldest first."""
    problems = (f"Not everything could be seen. {each}" for each in overview.problems)
    text = "\n".join([summary(overview), *problems])
    for number, entry in enumerate(overview.entries):
        longer = "\n".join([text, *_block(entry)])
        left = len(overview.entries) - number
        if len(longer) > most_characters - (len(_more(left)) if left > 1 else 0):
            return f"{text[: most_characters - len(_more(left))]}{_more(left)}"
        text = longer
    return text[:most_characters]


def facts(entry: Entry) -> str:
    """Format the first line about an entry, after its id."""
    waits = f"{entry.in_connect}, {age(entry.waits_seconds)}"
    return f"{waits}; at the vendor: {entry.vendor}"


def sentences(entry: Entry) -> list[tuple[str, str]]:
    """The other lines, each with its topic."""
    found = (("now", entry.decision), ("note", str(entry.note or "")), ("next", entry.next_step))
    return [(name, shortened(text, MOST_OF_A_SENTENCE)) for name, text in found if text]


def _block(entry: Entry) -> list[str]:
    subject = entry.subject
    head = f"{subject.id} ({subject.asset_id}, {subject.product_id}): {facts(entry)}"
    return [head, *(f"  {name}: {text}" for name, text in sentences(entry))]


def _more(number: int) -> str:
    return f"\nand {number} more"


def _numbers(overview: Overview) -> str:
    number, needing = len(overview.entries), len(overview.needing_person)
    if not number:
        return "No cancel request waits"
    return f"{_requests(number)} wait{'s' if number == 1 else ''}, {needing or 'none'} for a person"


def _left_out(overview: Overview) -> str:
    others = overview.others
    return f"{_requests(others)} of another environment left out." if others else ""


def _requests(number: int) -> str:
    return f"{number} request{'' if number == 1 else 's'}"
