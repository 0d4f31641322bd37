"""Writes the tables of docs/presets.md from the presets: ``python -m tools.preset_tables``.

Each table is between two comments, which name its preset; the rest is written by hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from connect_ext.portal.policy import CancellationDate
from connect_ext.portal.reader import VariableReader
from connect_ext.portal.settings import declared_variables
from connect_ext.vendors.registry import BUILT_IN, definitions

PAGE = Path(__file__).resolve().parents[1] / "docs" / "presets.md"
PRESETS = tuple(name for name, package in BUILT_IN.items() if ".presets." in package)

_TABLE = re.compile(r"(<!-- table: ([a-z-]+) -->\n).*?(<!-- end -->\n)", re.DOTALL)
_WORDS = {
    "REST_ACTIVE_VALUES": "is cancelled while it is",
    "REST_CANCELLING_VALUES": "waits while it is",
    "REST_CANCELLED_VALUES": "counts as cancelled when it is",
    "REST_DRAFT_VALUES": "has not started while it is",
}
_DETAILS = {
    "REST_STATUS_PATH": "the status",
    "REST_END_DATE_PATH": "the end",
    "REST_BUSY_WHEN": "not now",
    "REST_REASON_PATH": "the reason",
    "REST_IDEMPOTENCY_HEADER": "the idempotency key",
}


def main() -> None:
    """Update the tables on the page."""
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def with_tables(page: str) -> str:
    """Return the page with its current tables."""
    return _TABLE.sub(lambda found: found[1] + _table(found[2]) + found[3], page)


def _table(name: str) -> str:
    rows = [("set, besides `VENDOR`", _code(*needed(name)))]
    rows += [("the key", definitions()[name].key_needs)]
    rows += [(f"`{when.value}`", _cancellation(name, when)) for when in CancellationDate]
    values = _values(name, CancellationDate.IMMEDIATE)
    undo = _request(values, "REST_UNDO_REQUEST", "REST_UNDO_BODY")
    rows += [("taken back by", undo or "the vendor cannot")]
    for variable, what in _WORDS.items():
        words = [word for word in values.get(variable, "").split(",") if word]
        rows += [(what, _code(*words))] if words else []
    for variable, what in _DETAILS.items():
        rows += [(what, _code(values[variable]))] if values.get(variable) else []
    lines = ["| | |", "|---|---|", *(f"| {head} | {cell} |" for head, cell in rows)]
    return "\n".join(lines) + "\n"


def needed(name: str) -> tuple[str, ...]:
    """The variables that a preset does not set."""
    read = VariableReader(declared_variables(definitions()), {"VENDOR": name})
    read = read.with_preset(definitions()[name].preset(read))
    definitions()[name].read(read)
    return tuple(dict.fromkeys(mistake.partition(" ")[0] for mistake in read.mistakes))


def _values(name: str, when: CancellationDate) -> Mapping[str, str]:
    """The preset's values for a date; none if the vendor does not support it."""
    variables = {"VENDOR": name, "CANCELLATION_DATE": when.value}
    read = VariableReader(declared_variables(definitions()), variables)
    values = definitions()[name].preset(read)
    return {} if read.mistakes else values


def _cancellation(name: str, when: CancellationDate) -> str:
    values = _values(name, when)
    return _request(values, "REST_CANCEL_REQUEST", "REST_CANCEL_BODY") or "the vendor cannot"


def _request(values: Mapping[str, str], request: str, body: str) -> str:
    if not values.get(request):
        return ""
    fields = json.loads(values.get(body, "{}"))
    return _code(values[request]) + (f" with {_code(json.dumps(fields))}" if fields else "")


def _code(*texts: str) -> str:
    return ", ".join(_codes(texts))


def _codes(texts: tuple[str, ...]) -> Iterator[str]:
    for text in texts:
        shown = text.replace("|", "\\|")
        yield f"`` {shown} ``" if "`" in shown else f"`{shown}`"


if __name__ == "__main__":
    main()
