"""An overview as a table on a terminal. Imported by nothing that a task needs, as it needs rich."""

from __future__ import annotations

from collections.abc import Callable

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from connect_ext.redaction import shortened
from connect_ext.waiting.entry import Entry, Overview
from connect_ext.waiting.showing import MOST_OF_A_SENTENCE, age, facts, sentences, summary

WIDE = 180
"""From so many columns on, each fact has a column of its own."""

NEEDED, BESIDE = "bold yellow", "dim"
"""Where a person is needed, and what is read last."""


def print_table(overview: Overview) -> None:
    """Write the table to the terminal, as wide as that is."""
    console = Console(markup=False, highlight=False, emoji=False)
    make: Callable[[Overview], Table] = _wide if console.width >= WIDE else _narrow
    if overview.entries:
        console.print(make(overview))
    console.print(Text(summary(overview)))


def _narrow(overview: Overview) -> Table:
    """Three columns: the ids one below the other, and beside them all that is said of them."""
    table = Table("Request", "", "", box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.columns[0].no_wrap = table.columns[1].no_wrap = True
    for entry in overview.entries:
        subject = entry.subject
        ids = [
            Text(subject.id),
            *(Text(each, BESIDE) for each in (subject.asset_id, subject.product_id)),
        ]
        said = [("", Text(facts(entry), _style(entry)))]
        said += [(name, Text(text)) for name, text in sentences(entry)]
        for row in range(max(len(ids), len(said))):
            name, text = said[row] if row < len(said) else ("", Text())
            table.add_row(ids[row] if row < len(ids) else Text(), Text(name, BESIDE), text)
        table.add_row()
    return table


def _wide(overview: Overview) -> Table:
    """A column for each fact."""
    names = ("Request", "Subscription", "Product", "Waits", "In Connect", "At the vendor")
    table = Table(*names, "Now", "Last note", "Next step", box=box.SIMPLE_HEAD, leading=1)
    for column in table.columns[:4]:
        column.no_wrap = True
    for entry in overview.entries:
        subject = entry.subject
        told = (entry.decision, str(entry.note or ""), entry.next_step)
        table.add_row(
            Text(subject.id),
            Text(subject.asset_id, BESIDE),
            Text(subject.product_id, BESIDE),
            Text(age(entry.waits_seconds)),
            Text(entry.in_connect, _style(entry)),
            Text(str(entry.vendor)),
            *(Text(shortened(each, MOST_OF_A_SENTENCE)) for each in told),
        )
    return table


def _style(entry: Entry) -> str:
    return NEEDED if entry.needs_person else ""
