"""Files that hold the portal's variables, one ``NAME=value`` on each line."""

from __future__ import annotations

import re
from pathlib import Path

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class NotAnEnvFileError(Exception):
    """The file cannot be read, or one of its lines is not a pair; the text says which, not what."""


def read_env_file(path: Path) -> dict[str, str]:
    """The variables in a file; blank lines and lines that begin with ``#`` are left out.

    Values are taken as they are: quotes belong to them. Raises ``NotAnEnvFileError``.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise NotAnEnvFileError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise NotAnEnvFileError(f"{path} is not a text in UTF-8.") from None
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, is_pair, value = (part.strip() for part in line.partition("="))
        if not is_pair or not _NAME.fullmatch(name):
            raise NotAnEnvFileError(f"{path}, line {number}: not a NAME=value.")
        if name in found:
            raise NotAnEnvFileError(f"{path}, line {number}: a second value for {name}.")
        found[name] = value
    return found
