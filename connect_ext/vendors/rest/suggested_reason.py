"""Finds the human-readable reason in an answer that refuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jmespath

from connect_ext.vendors.explaining import Suggestion
from connect_ext.vendors.rest.objects import joined
from connect_ext.vendors.rest.vocabulary import (
    LISTS_OF_REASONS,
    NAME,
    REASON_PLACES,
    REASONS,
    TITLE,
    snake,
)

MAX_DEPTH = 3


@dataclass(frozen=True, order=True)
class _Text:
    """A text in an answer; the smallest is the best."""

    is_code: bool
    """Whether it is a single word, not a sentence."""
    is_title: bool
    depth: int
    place_rank: int
    name_rank: int
    path: str


def suggested_reason(document: Any, initial: str) -> Iterator[Suggestion]:
    """Propose a path to the reason, unless the initial path finds an equally good text."""
    best = min(_texts(document), default=None)
    reached = _joined_texts(jmespath.search(initial, document))
    if best and (not reached or (_is_code(reached) and not best.is_code)):
        what = "a text" if best.is_code else "a sentence"
        yield Suggestion("REST_REASON_PATH", best.path, f"The answer has {what} at {best.path}.")


def _texts(document: Any) -> Iterator[_Text]:
    """The texts named like a reason, in the answer and in its error objects."""
    waiting = [("", len(REASON_PLACES), 0, document)]
    for path, place, depth, value in waiting:
        if isinstance(value, list):
            waiting += [(f"{path}[]", place, depth, each) for each in value[:1]]
        if not isinstance(value, dict):
            continue
        for key, inner in value.items():
            name = snake(key) if NAME.fullmatch(key) else ""
            to_inner = joined(path, key)
            if name in REASONS and isinstance(inner, str) and inner.strip():
                is_title, rank = name == TITLE, REASONS.index(name)
                yield _Text(_is_code(inner), is_title, depth, place, rank, to_inner)
            elif name in LISTS_OF_REASONS and (text := _joined_texts(inner)):
                rank = REASON_PLACES.index(name)
                yield _Text(_is_code(text), False, depth, rank, 0, to_inner)
            elif name in REASON_PLACES and depth < MAX_DEPTH:
                waiting.append((to_inner, REASON_PLACES.index(name), depth + 1, inner))


def _joined_texts(found: Any) -> str:
    """The reason in an expression's result, read as the extension reads it."""
    texts = found if isinstance(found, list) else [found]
    return "; ".join(text.strip() for text in texts if isinstance(text, str))


def _is_code(text: str) -> bool:
    return " " not in text.strip()
