"""An overview as a table on a terminal. No task imports this, since it needs rich."""

from __future__ import annotations

from itertools import zip_longest

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from connect_ext.waiting.entry import Entry, Overview
from connect_ext.waiting.showing import facts, sentences, summary

NEEDED, BESIDE = "bold yellow", "dim"
"""The styles where a person is needed, and of what is read last."""


def print_table(overview: Overview) -> None:
    """Write the table to the terminal, as wide as that is."""
    console = Console(markup=False, highlight=False, emoji=False)
    if overview.entries:
        console.print(_table(overview))
    console.print(Text(summary(overview)))


def _table(overview: Overview) -> Table:
    """The ids one below the other, and beside them what is said of the request.

    With a column for each fact the sentences would be narrow, and high, in any terminal.
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
