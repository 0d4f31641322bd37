"""The canonical form of a vendor's text: no escapes, no markup, nothing that does not show."""

from __future__ import annotations

import html
import re
from unicodedata import category, normalize

MAX_INPUT_CHARACTERS = 4000
MOST_ROUNDS = 5
"""How often a text may have been escaped."""

_ESCAPES = re.compile(
    r"(?P<bytes>(?:%[0-9A-Fa-f]{2})+|(?:\\x[0-9A-Fa-f]{2})+)|(?P<octal>(?:\\[0-3][0-7]{2})+)"
    r"|\\u(?P<code>[0-9A-Fa-f]{4})|\\u\{(?P<braced>[0-9A-Fa-f]{1,6})\}|\\U(?P<long>[0-9A-Fa-f]{8})"
    r"|\\(?P<blank>[nrt])|\\(?P<sign>[\"'/\\])"
)
_MARKUP = re.compile(
    r"<!--.*?(?:-->|$)|</?[A-Za-z][A-Za-z0-9:-]*(?:[\s/][^<>]*)?(?:>|$)", re.DOTALL
)
# What is left of markup within markup could begin a tag; with a blank behind it, it does not.
_BEGINNING = re.compile(r"<(?=[A-Za-z/!?])")
_LINK = re.compile(r"!?\[([^\[\]]{0,500})\]\(([^()]{0,500})\)")
# Unicode calls these letters, and nobody sees them.
_BLANK_LETTERS = "\u115f\u1160\u3164\uffa0"

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
    text = unescaped(text[:MAX_INPUT_CHARACTERS])
    # Some single characters stand for eighteen, though in no vendor's sentence.
    if len(text) > MAX_INPUT_CHARACTERS or _NOT_FOR_PEOPLE.search(text):
        return ""
    return one_line(_LINK.sub(r"\1 \2", _BEGINNING.sub("< ", _MARKUP.sub(" ", text))))


def across_breaks(text: str) -> str:
    """What a text says if the breaks in it have gone through escapes; else an empty text."""
    text = text[:MAX_INPUT_CHARACTERS]
    joined = unescaped("".join(text.split()))
    return "" if joined == "".join(unescaped(text).split()) else joined


def unescaped(text: str) -> str:
    """The text without escapes and invisible letters; empty if some rounds do not get there."""
    for _ in range(MOST_ROUNDS):
        before = text
        text = _with_pairs_joined(_ESCAPES.sub(_unescaped, html.unescape(text)))
        # An escape may be written in full-width or with invisible letters itself.
        text = "".join(filter(_is_visible, normalize("NFKC", text)))
        if text == before:
            return text
    return ""


def one_line(text: str) -> str:
    """The text with every run of what does not print as one blank."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _is_visible(character: str) -> bool:
    return character.isascii() or (category(character) != "Cf" and character not in _BLANK_LETTERS)


def _with_pairs_joined(text: str) -> str:
    """JSON escapes a character beyond the first 65,536 as two halves."""
    if not re.search("[\ud800-\udbff][\udc00-\udfff]", text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _unescaped(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "bytes":
            return text_of(bytes.fromhex(re.sub(r"%|\\x", "", found["bytes"])))
        case "octal":
            return text_of(bytes(int(code, 8) for code in found["octal"].split("\\")[1:]))
        case "blank":
            return " "
        case "sign":
            return found["sign"]
        case kind:
            code = int(found[kind or 0], 16)
            return chr(code) if code < 0x110000 else " "


def text_of(raw: bytes) -> str:
    """The text of bytes in one of the two usual encodings."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
