"""Checks texts that become segments of a path."""

from __future__ import annotations

import re
from unicodedata import normalize
from urllib.parse import unquote

# Each of these characters ends a path segment for some server.
_CLIMBS = re.compile(r"(?:^|[/\\;?#])\.{1,2}(?:[/\\;?#]|$)")


def leads_up(text: str) -> bool:
    """Whether some server may read a text as a step up in a path, even if it is quoted."""
    return _CLIMBS.search(normalize("NFKC", unquote(text))) is not None
