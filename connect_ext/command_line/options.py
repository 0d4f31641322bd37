"""Readers for options of several commands; argparse calls them."""

from __future__ import annotations

from argparse import ArgumentTypeError

from connect_ext.connect.object_id import is_object_id


def product_id(text: str) -> str:
    """Read the id of a product."""
    if not is_object_id(text):
        raise ArgumentTypeError("expected an id such as PRD-123-456-789")
    return text


class WholeNumber:
    """Reads a whole number within bounds."""

    def __init__(self, least: int, most: int) -> None:
        self._least, self._most = least, most

    def __call__(self, text: str) -> int:
        """Read the number."""
        is_number = text.isascii() and text.isdecimal() and len(text) <= 9
        if not is_number or not self._least <= int(text) <= self._most:
            raise ArgumentTypeError(f"expected a whole number from {self._least} to {self._most}")
        return int(text)
