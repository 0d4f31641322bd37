"""Texts that become segments of a path."""

from __future__ import annotations

import re
from unicodedata import normalize
from urllib.parse import unquote

# Between any signs that end a segment of a path for some server.
_CLIMBS = re.compile(r"(?:^|[/\\;?#])\.{1,2}(?:[/\\;?#]|$)")


def leads_up(text: str) -> bool:
    """Whether some server takes a text for a step up in a path, though it is quoted there."""
    return _CLIMBS.search(normalize("NFKC", unquote(text))) is not None
