"""The canonical form of a vendor's text: no escapes, no markup, nothing that does not show."""

from __future__ import annotations

import html
import re
from unicodedata import category, normalize

MAX_INPUT_CHARACTERS = 4000
MOST_ROUNDS = 5
"""How often a text may have been escaped."""

_ESCAPES = re.compile(
    r"(?P<percent>(?:%[0-9A-Fa-f]{2})+)|\\u(?P<code>[0-9A-Fa-f]{4})|\\x(?P<byte>[0-9A-Fa-f]{2})"
    r"|\\(?P<blank>[nrt])|\\(?P<sign>[\"'/\\])"
)
_MARKUP = re.compile(r"<!--.*?(?:-->|$)|</?[A-Za-z][A-Za-z0-9:-]*(?:\s[^<>]*)?/?(?:>|$)", re.DOTALL)
_LINK = re.compile(r"!?\[([^\[\]]{0,500})\]\(([^()]{0,500})\)")

# Written by a program for programs.
_NOT_FOR_PEOPLE = re.compile(
    r"traceback \(most recent|<\s*(?:!doctype|html|body|head|script)\b|\n\s{0,99}at \S{1,200}\("
    r"|exception in",
    re.IGNORECASE,
)


def canonical(text: str) -> str:
    """One printable line that says what the text says to people.

    A page of HTML, a stack trace, and what is still escaped after some rounds give an empty text.
    """
    text = text[:MAX_INPUT_CHARACTERS]
    for _ in range(MOST_ROUNDS):
        before, text = text, _ESCAPES.sub(_unescaped, html.unescape(text))
        if text == before:
            break
    else:
        return ""
    text = normalize("NFKC", text)[:MAX_INPUT_CHARACTERS]
    text = "".join(c for c in text if category(c) != "Cf")
    if _NOT_FOR_PEOPLE.search(text):
        return ""
    return one_line(_LINK.sub(r"\1 \2", _MARKUP.sub(" ", text)))


def one_line(text: str) -> str:
    """The text with every run of what does not print as one blank."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _unescaped(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "percent":
            return bytes.fromhex(found["percent"].replace("%", "")).decode(errors="replace")
        case "code" | "byte":
            return chr(int(found["code"] or found["byte"], 16))
        case "blank":
            return " "
        case _:
            return found["sign"]
