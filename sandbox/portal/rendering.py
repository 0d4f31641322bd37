"""Templates become pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from math import ceil
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from yarl import URL

HERE = Path(__file__).parent
ROWS_OF_A_PAGE = 50
# Partners and customers may write a megabyte, and a page shows it anew at every change.
MOST_CHARACTERS = 2_000


class Rendering:
    """The templates, with what every page shows."""

    def __init__(self, **shown_everywhere: Any) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(word=word, moment=moment, shortened=shortened)
        self._environment.globals.update(shown_everywhere)

    def page(
        self, asked: web.Request, template: str, status: int = 200, /, **values: Any
    ) -> web.Response:
        """A page from a template."""
        values = {"path": asked.path, "query": {"q": "", "status": "", **asked.query}, **values}
        text = self._environment.get_template(template).render(values)
        # A page that the browser takes from its store would show what was.
        return web.Response(
            # JSON can hold half of a surrogate pair, which UTF-8 cannot.
            body=text.encode("utf-8", "backslashreplace"),
            status=status,
            content_type="text/html",
            charset="utf-8",
            headers={"Cache-Control": "no-store"},
        )


class Listing:
    """One page of a list's rows: those after a filter, so many at a time."""

    def __init__(self, request: web.Request, rows: Sequence[Any]) -> None:
        self.total = len(rows)
        self.pages = max(1, ceil(self.total / ROWS_OF_A_PAGE))
        asked = request.query.get("page", "1")
        # Python refuses to read a number with thousands of digits.
        is_number = asked.isdecimal() and len(asked) < 10
        self.number = min(max(1, int(asked) if is_number else 1), self.pages)
        self.first = (self.number - 1) * ROWS_OF_A_PAGE
        self.rows = rows[self.first : self.first + ROWS_OF_A_PAGE]
        self._url = request.rel_url

    def url(self, number: int) -> URL:
        """The address of another page of the same list."""
        return self._url.update_query(page=number)


def word(status: str) -> str:
    """A status as people write it: `ends_later` is "Ends later"."""
    return status.replace("_", " ").capitalize()


def moment(value: datetime | str) -> str:
    """A date and time of this machine's zone, to the second."""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    at = at if at.tzinfo else at.replace(tzinfo=timezone.utc)
    try:
        return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"
    except (OverflowError, ValueError):
        # The first and the last day of the calendar have no neighbour.
        return str(value)


def shortened(text: str) -> str:
    """The beginning of a long text, and how much of it is missing."""
    more = len(text) - MOST_CHARACTERS
    return text if more <= 0 else f"{text[:MOST_CHARACTERS]} … and {more:,} more characters"


def matches(text: str, *fields: str) -> bool:
    """Whether one of the fields contains what somebody has typed."""
    wanted = text.strip().casefold()
    return any(wanted in field.casefold() for field in fields)
