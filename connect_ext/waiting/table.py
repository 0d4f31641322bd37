"""Formats an overview as a table on a terminal. No task imports this: it needs rich."""

from __future__ import annotations

from itertools import zip_longest

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from connect_ext.waiting.entry import Entry, Overview
from connect_ext.waiting.showing import facts, sentences, summary

NEEDED, BESIDE = "bold yellow", "dim"
"""The style of entries that need a person, and of secondary text."""


def print_table(overview: Overview) -> None:
    """Write the table to the terminal, using its full width."""
    console = Console(markup=False, highlight=False, emoji=False)
    if overview.entries:
        console.print(_table(overview))
    console.print(Text(summary(overview)))


def _table(overview: Overview) -> Table:
    """Put the ids below one another, and the facts about the request beside them.

    With a column for each fact, the sentences would be too narrow in any terminal.
    """
    table = Table("Request", "", "What it waits for", box=box.SIMPLE_HEAD, show_edge=False)
    table.pad_edge = False
    for column in table.columns[:2]:
        column.no_wrap = True
    for entry in overview.entries:
        for row in zip_longest(_ids(entry), *zip(*_said(entry), strict=True), fillvalue=Text()):
            table.add_row(*row)
        table.add_row()
    return table


def _ids(entry: Entry) -> list[Text]:
    subject = entry.subject
    beside = (Text(each, BESIDE) for each in (subject.asset_id, subject.product_id))
    return [Text(subject.id), *beside]


def _said(entry: Entry) -> list[tuple[Text, Text]]:
    first = Text(facts(entry), NEEDED if entry.needs_person else "")
    return [(Text(), first), *((Text(n, BESIDE), Text(t)) for n, t in sentences(entry))]
