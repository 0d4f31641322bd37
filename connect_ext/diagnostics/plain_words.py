"""Sentences that are safe in the file: without words that could be values or names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from connect_ext.http.aside import aside
from connect_ext.portal.secret import MASK
from connect_ext.portal.variable import Variable
from connect_ext.redaction import without_secrets
from connect_ext.vendors.words import known_words_of

_OWN_WORDS = """
    according agree agreed ahead alone answered anyway back blank brace bug bytes carried carry cert
    changing character characters circles cloudblue comma compressed concerns connect considers
    continue continues conversation conversations counting cut decided declares describe developers
    different differently dns earlier effect failing fails filled finding fit fix followed forbids
    gave hand harmonization higher html implausible invisible lead leads leaving letters lies life
    listens listing looking lost many mark marks mean meaning meanwhile mistake mistakes moment ms
    older persists pieces place placeholder placeholders point prd presets proxy python question
    raises ran refuses refusing rejecting renewing repetition repetitions requested resolve resubmit
    revocation revoking runner s sentence serves ssl stays superseded sure switched taking talks
    tell trusted unchanged unfinished unreadable usable usual usually utf vendordefinition waited
    want word words working wsdl
"""
_OWN = frozenset(_OWN_WORDS.split())
"""The extension's own words, beyond those that vendors use."""

_NUMBERS = frozenset(f"{number:{form}}" for number in range(1000) for form in ("d", "02d", "03d"))
"""Long enough for seconds, HTTP statuses and error codes; longer numbers may be personal."""

# An apostrophe inside a word does not open a quotation.
_QUOTED = re.compile(r"(?<!\w)'[^']*'")
_RUN = re.compile(r"[^\W_]+")


class PlainWords:
    """Masks quotations, secrets and unknown words in a sentence."""

    def __init__(self, declared: Iterable[Variable] = (), secrets: Iterable[str] = ()) -> None:
        """The words of the ``declared`` variables are known; ``secrets`` are never shown."""
        texts = " ".join(f"{each.name} {each.takes}" for each in declared).lower()
        self._more = _OWN | _NUMBERS | {*_RUN.findall(texts)}
        self._secrets = frozenset(secrets)

    async def of(self, text: str) -> str:
        """Mask a sentence."""
        size = len(text) + sum(map(len, self._secrets))
        return await aside(size, lambda: self._of(text))

    async def of_all(self, texts: Iterable[str]) -> list[str]:
        """Sentences, masked."""
        return [await self.of(text) for text in texts]

    def _of(self, text: str) -> str:
        text = _QUOTED.sub(f"'{MASK}'", without_secrets(text, self._secrets))
        return known_words_of(text, self._more)
