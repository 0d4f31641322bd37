"""Finds texts that look like personal data or a credential, without knowing whose they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_address

from connect_ext.redaction.reading import Range


def _is_ip_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_card_number(text: str) -> bool:
    """The Luhn check: from the right, every second digit is doubled."""
    digits = [int(c) for c in text if c.isdigit()][::-1]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _always(_text: str) -> bool:
    return True


_MASKED: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = (
    (re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+"), _always),  # an e-mail address
    (re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://\S+", re.IGNORECASE), _always),  # a URL
    (re.compile(r"\bwww\.\S+\.\S+", re.IGNORECASE), _always),
    (re.compile(r"\b(?:javascript|vbscript|data|mailto|tel):\S+", re.IGNORECASE), _always),
    (re.compile(r"\b(?:bearer|basic|apikey|token)\s+\S{8,}", re.IGNORECASE), _always),
    # A key or a session.
    (re.compile(r"(?<!\w)(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{32,}(?!\w)"), _always),
    # A telephone number.
    (re.compile(r"(?:\+\d|\(\d{2,5}\))[\d\s()/.-]{5,}\d"), _always),
    # An IBAN.
    (re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"), _always),
    (re.compile(r"(?<![\w-])\d(?:[ -]?\d){12,18}(?![\w-])"), _is_card_number),
    (
        re.compile(r"(?<![\w.:])[0-9A-Fa-f]{0,4}[.:][0-9A-Fa-f.:]{1,45}(?<![.])(?!\w)"),
        _is_ip_address,
    ),
    (re.compile(r"(?<![\w.:-])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])"), _is_ip_address),
)

# A match that remains after all masking is a credential that nobody has told us about.
_CREDENTIAL = re.compile(
    r"-----BEGIN|\beyJ[\w-]{6,}|\b[spr]k_(?:live|test)_|\bAKIA[0-9A-Z]{8,}|\bgh[a-z]_\w{8,}"
    r"|\bxox[a-z]-|\b(?:password|passwd|pwd|secret|api[ _-]?key|access[ _-]?token"
    r"|client[ _-]?secret|authorization)[\"']?\s?[:=]\s?[\"']?(?!\[…)[^\s\"',;]{4,}",
    re.IGNORECASE,
)
_RUN = re.compile(r"[A-Za-z0-9_+/=]{16,}")


def ranges_that_look_personal(line: str) -> Iterator[Range]:
    """The ranges of the line to mask because of their looks."""
    for pattern, is_one in _MASKED:
        for found in pattern.finditer(line):
            if is_one(found[0]):
                yield found.span()


def looks_like_a_credential(line: str) -> bool:
    """Whether a text may still contain a credential after all masking."""
    return _CREDENTIAL.search(line) is not None or any(
        any(map(str.islower, run)) and any(map(str.isupper, run)) and any(map(str.isdigit, run))
        for run in _RUN.findall(line)
    )
