"""The canonical form of a vendor's text: no escapes, no markup, no invisible characters."""

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
# A rest of markup within markup could begin a tag, unless a blank follows.
_BEGINNING = re.compile(r"<(?=[A-Za-z/!?])")
_LINK = re.compile(r"!?\[([^\[\]]{0,500})\]\(([^()]{0,500})\)")
# Unicode classifies these as letters, but they are invisible.
_BLANK_LETTERS = "\u115f\u1160\u3164\uffa0"

# Programs write these for programs.
_NOT_FOR_PEOPLE = re.compile(
    r"traceback \(most recent|<\s*(?:!doctype|html|body|head|script)\b|\n\s{0,99}at \S{1,200}\("
    r"|exception in",
    re.IGNORECASE,
)


def canonical(text: str) -> str:
    """One printable line with the text as people read it.

    It is empty for a page of HTML, a stack trace, and a text that stays escaped after some rounds.
    """
    text = unescaped(text[:MAX_INPUT_CHARACTERS])
    # Some single characters expand to eighteen, though not in any vendor's sentence.
    if len(text) > MAX_INPUT_CHARACTERS or _NOT_FOR_PEOPLE.search(text):
        return ""
    return one_line(_LINK.sub(r"\1 \2", _BEGINNING.sub("< ", _MARKUP.sub(" ", text))))


def across_breaks(text: str) -> str:
    """The text without escapes and breaks, if a break has split an escape; else an empty text."""
    text = text[:MAX_INPUT_CHARACTERS]
    joined = unescaped("".join(text.split()))
    return "" if joined == "".join(unescaped(text).split()) else joined


def unescaped(text: str) -> str:
    """The text without escapes and invisible letters; empty if some rounds are not enough."""
    for _ in range(MOST_ROUNDS):
        before = text
        text = _with_pairs_joined(_ESCAPES.sub(_unescaped, html.unescape(text)))
        # An escape may itself be written in full-width or with invisible letters.
        text = "".join(filter(_is_visible, normalize("NFKC", text)))
        if text == before:
            return text
    return ""


def one_line(text: str) -> str:
    """The text with each run of unprintable characters and blanks replaced by one blank."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _is_visible(character: str) -> bool:
    return character.isascii() or (category(character) != "Cf" and character not in _BLANK_LETTERS)


def _with_pairs_joined(text: str) -> str:
    """The text with surrogate pairs joined: JSON escapes rare characters as two halves."""
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
    """The text of some bytes, in either of the two usual encodings."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
