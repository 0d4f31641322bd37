"""Searches the extension's output for secrets, in every form they could take."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from unicodedata import normalize

LEAST_CHARACTERS = 8
"""A shorter form could match by chance."""

_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")


def bare(text: str) -> str:
    """The letters and digits of a text in one case: no blank, line break or sign hides a secret."""
    return _NOT_ALPHANUMERIC.sub("", normalize("NFKC", text).casefold())


def forms(secret: str) -> set[str]:
    """The texts by which a secret shows, bare or encoded, even between other letters."""
    raw = secret.encode()
    found = [
        secret,
        raw.hex(),  # percent-encoding as well
        *(base64.b64encode(b"\0" * pad + raw).decode().rstrip("=")[4:-1] for pad in range(3)),
        base64.b32encode(raw).decode().rstrip("=")[:-1],
        *(
            "".join(form.format(byte) for byte in raw)
            for form in ("{}", "{:o}", "{:03o}", "x{:x}", "x{:02x}", "u{:04x}")
        ),
    ]
    return {form for form in map(bare, found) if len(form) >= LEAST_CHARACTERS}


def leaks(text: str, secrets: Mapping[str, str] | Iterable[str]) -> list[str]:
    """The secrets that a text shows, by name if they have one."""
    named = secrets if isinstance(secrets, Mapping) else {secret: secret for secret in secrets}
    shown = bare(text)
    return [name for name, secret in named.items() if any(f in shown for f in forms(secret))]
